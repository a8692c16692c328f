import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../../src/notify/channel.ts';
import { parseRetryAfterMs, webhookChannel } from '../../src/notify/channels/webhook.ts';
import { FakeClock } from '../fakes/clock.ts';
import { makeWorld, scriptedChannel } from './world.ts';

const MESSAGE: OutgoingMessage = {
  id: 'm12',
  idempotencyKey: 'msg_abcd1234_m12',
  kind: 'proactive',
  urgent: false,
  topic: 'ci',
  text: 'CI failed: größer',
  count: 2,
  replyTo: null,
  queuedAt: '2026-11-02T12:00:00.000+00:00',
  attempt: 1,
};
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real receiver on a free port. */
async function listen(answer: (response: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
      seen.push(one);
      server.emit('seen');
      answer(response, one);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    async until(count: number) {
      while (seen.length < count) await once(server, 'seen');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(url: string, secret?: string, clock = new FakeClock(), message = MESSAGE) {
  return webhookChannel({ name: 'hook', url, secret }, { fetch, clock }).send(message, new AbortController().signal, {
    maybeReceived: false,
    earlier: [],
  });
}

describe('the webhook channel', () => {
  test('posts JSON that a receiver can verify with the shared secret [OUTBOX-SIGNED]', async () => {
    await using receiver = await listen((response) => response.writeHead(204).end());
    const clock = new FakeClock();
    expect(await send(receiver.url, SECRET, clock)).toEqual({ kind: 'sent' });
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: '' }] = receiver.seen;
    const { attempt: _, idempotencyKey, ...data } = MESSAGE;
    expect(JSON.parse(body)).toEqual({ type: 'message', timestamp: MESSAGE.queuedAt, data });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
      'webhook-id': idempotencyKey,
      'webhook-timestamp': String(clock.wallMs() / 1_000),
    });
    const key = Buffer.from(SECRET.slice(6), 'base64');
    const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  });

  test('a secret that is not whsec_ is taken as it is; without a secret nothing is signed', async () => {
    await using receiver = await listen((response) => response.end());
    await send(receiver.url, 'geheimnis');
    await send(receiver.url);
    const [first, second] = receiver.seen;
    const signed = [first?.headers['webhook-id'], first?.headers['webhook-timestamp'], first?.body].join('.');
    expect(first?.headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', 'geheimnis').update(signed).digest('base64')}`,
    );
    expect(second?.headers['webhook-signature']).toBeUndefined();
  });

  test('every attempt has the same body and id', async () => {
    await using receiver = await listen((response) => response.end());
    await send(receiver.url);
    await send(receiver.url, undefined, new FakeClock(), { ...MESSAGE, attempt: 2 });
    expect(receiver.seen[0]?.body).toBe(receiver.seen[1]?.body);
  });

  test.each([
    [200, {}, { kind: 'sent' }],
    [400, {}, { kind: 'refused', error: 'answered 400' }],
    [404, {}, { kind: 'refused', error: 'answered 404' }],
    [302, { location: 'http://127.0.0.1:1/' }, { kind: 'refused', error: 'answered 302; redirects are not followed' }],
    [408, {}, { kind: 'retry', error: 'answered 408', maybeReceived: false }],
    [429, { 'retry-after': '7' }, { kind: 'retry', error: 'answered 429', maybeReceived: false, retryAfterMs: 7_000 }],
    [500, {}, { kind: 'retry', error: 'answered 500', maybeReceived: false }],
    [
      503,
      { 'retry-after': 'Mon, 02 Nov 2026 12:01:00 GMT' },
      { kind: 'retry', error: 'answered 503', maybeReceived: false, retryAfterMs: 60_000 },
    ],
    [504, {}, { kind: 'retry', error: 'answered 504', maybeReceived: true }],
  ])('an answer of %i %j is judged %j', async (status, headers, result) => {
    await using receiver = await listen((response) => response.writeHead(status, headers).end('whatever'));
    expect(await send(receiver.url)).toEqual(result);
  });

  test('a connection that closes without an answer may have taken the message; one that is refused has not', async () => {
    await using receiver = await listen((response) => response.destroy());
    expect(await send(receiver.url)).toMatchObject({ kind: 'retry', maybeReceived: true });
    const gone = await listen(() => {});
    await gone[Symbol.asyncDispose]();
    expect(await send(gone.url)).toMatchObject({ kind: 'retry', maybeReceived: false });
  });

  test('an answer with a huge body is an answer', async () => {
    await using receiver = await listen((response) => response.end(Buffer.alloc(1_048_576)));
    expect(await send(receiver.url)).toEqual({ kind: 'sent' });
  });

  test('Retry-After is read as seconds or a date, and is ignored when it is neither', () => {
    expect(parseRetryAfterMs('120', 0)).toBe(120_000);
    expect(parseRetryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 4_000)).toBe(6_000);
    expect(parseRetryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 60_000)).toBe(0);
    for (const neither of ['-1', '1.5', 'later', '']) expect(parseRetryAfterMs(neither, 0)).toBeUndefined();
    expect(parseRetryAfterMs(null, 0)).toBeUndefined();
  });
});

describe('the outbox over real HTTP', () => {
  test('a receiver that hangs, fails, closes and limits gets the message once it can, the same bytes each time [OUTBOX-ONE-KEY] [OUTBOX-BACKOFF]', async () => {
    const clock = new FakeClock();
    const answers: ((response: ServerResponse) => void)[] = [
      () => {},
      (response) => response.writeHead(500).end(),
      (response) => response.destroy(),
      (response) => response.writeHead(429, { 'retry-after': '60' }).end(),
      (response) => response.writeHead(200).end('ok'),
    ];
    let next = 0;
    await using receiver = await listen((response) => answers[next++]?.(response));
    await using world = makeWorld(clock);
    const other = scriptedChannel('other', clock);
    const life = await world.boot([
      webhookChannel({ name: 'hook', url: receiver.url, secret: SECRET }, { fetch, clock }),
      other,
    ]);

    await life.enqueue({ text: 'CI failed', topic: 'ci' });
    await receiver.until(1);
    expect(other.receipts).toHaveLength(1);
    for (let turn = 0; turn < 200 && life.messages.countOpen('hook') > 0; turn += 1) await clock.advance(1_000);

    expect(receiver.seen).toHaveLength(5);
    expect(new Set(receiver.seen.map(({ body }) => body)).size).toBe(1);
    expect(new Set(receiver.seen.map(({ headers }) => headers['idempotency-key']))).toEqual(
      new Set(['msg_abcd1234_m1']),
    );
    const stamps = receiver.seen.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect((stamps[1] ?? 0) - (stamps[0] ?? 0)).toBeGreaterThanOrEqual(10);
    expect((stamps[4] ?? 0) - (stamps[3] ?? 0)).toBeGreaterThanOrEqual(60);
    expect(life.messages.deliveriesOf(1).find(({ channel }) => channel === 'hook')).toMatchObject({
      state: 'sent',
      attempts: 5,
    });
  });
});
