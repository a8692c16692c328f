import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { heartbeatOptions, type HeartbeatOptions } from '../../src/notify/heartbeat-options.ts';
import { startHeartbeat, type HeartbeatPorts, type SelfCheck } from '../../src/notify/heartbeat.ts';
import { createPulse } from '../../src/care/pulses.ts';
import { checkSelf } from '../../src/notify/self-check.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { recordingLog } from '../ledger/make.ts';

const MINUTE_MS = 60_000;

/** A real receiver on a free port. */
async function receiver(answer: (response: ServerResponse) => void = (response) => response.writeHead(200).end('OK')) {
  const seen: { method: string; path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({
        method: request.method ?? '',
        path: request.url ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
      });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/secret-1234`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function world(url: string, ports: Partial<HeartbeatPorts> = {}, options: Partial<HeartbeatOptions> = {}) {
  const clock = new FakeClock();
  const log = recordingLog();
  // Time stands still while a call is on the wire, and a test waits for its end.
  const under = { way: 0 };
  const counting: HeartbeatPorts['fetch'] = async (address, init) => {
    under.way += 1;
    try {
      return await fetch(address, init);
    } finally {
      under.way -= 1;
    }
  };
  const made = {
    clock,
    log,
    random: { fraction: () => 0, bytes: (count: number) => new Uint8Array(count) },
    fetch: counting,
    check: (): SelfCheck => ({ ok: true }),
    secretOf: () => undefined,
    ...ports,
  };
  const loop = startHeartbeat({ url, every: 5 * MINUTE_MS, timeout: 10_000, ...options }, made);
  const idle = async (): Promise<void> => {
    do await settle();
    while (under.way > 0);
    await settle();
  };
  return {
    clock,
    log,
    loop,
    advance: async (ms: number, stepMs = 5_000): Promise<void> => {
      for (let left = ms; left > 0; left -= stepMs) {
        await clock.advance(Math.min(stepMs, left));
        await idle();
      }
    },
  };
}

describe('the heartbeat', () => {
  test('calls the address soon after the start and then every five minutes [HEARTBEAT-PING]', async () => {
    await using far = await receiver();
    const { advance, loop } = world(far.url);
    await using _ = loop;
    await advance(5_000);
    expect(far.seen).toEqual([]);
    await advance(5_000);
    expect(far.seen).toEqual([{ method: 'GET', path: '/ping/secret-1234', body: '' }]);
    await advance(5 * MINUTE_MS - 5_000);
    expect(far.seen).toHaveLength(1);
    await advance(5_000);
    expect(far.seen).toHaveLength(2);
    await advance(60 * MINUTE_MS);
    expect(far.seen).toHaveLength(14);
  });

  test('says /fail and why when the self-check does not pass, and nothing else [HEARTBEAT-HONEST]', async () => {
    await using far = await receiver();
    let found: SelfCheck = { ok: false, reason: `the ledger does not take events: ${'x'.repeat(400)}` };
    const check = (): SelfCheck => found;
    const { advance, loop } = world(`${far.url}?create=1`, { check });
    await using _ = loop;
    await advance(10_000);
    expect(far.seen).toMatchObject([{ method: 'POST', path: '/ping/secret-1234/fail?create=1' }]);
    expect(far.seen[0]?.body).toMatch(/^the ledger does not take events: x+$/);
    expect(far.seen[0]?.body).toHaveLength(200);
    found = { ok: true };
    await advance(5 * MINUTE_MS);
    expect(far.seen.at(-1)).toMatchObject({ method: 'GET', path: '/ping/secret-1234?create=1' });
  });

  test('takes a self-check that throws for trouble [HEARTBEAT-HONEST]', async () => {
    await using far = await receiver();
    const check = (): SelfCheck => {
      throw new Error('no ledger');
    };
    const { advance, loop } = world(far.url, { check });
    await using _ = loop;
    await advance(10_000);
    expect(far.seen).toMatchObject([{ path: '/ping/secret-1234/fail', body: 'no ledger' }]);
  });

  test('pings once after a long sleep, whichever clock stood still, and not before others had their turn [HEARTBEAT-NO-STORM]', async () => {
    await using far = await receiver();
    const { advance, clock, loop } = world(far.url);
    await using _ = loop;
    await advance(10_000);
    clock.jumpWall(8 * 3_600_000);
    await advance(30_000);
    expect(far.seen).toHaveLength(1);
    await advance(10_000);
    expect(far.seen).toHaveLength(2);
    await advance(4 * MINUTE_MS);
    expect(far.seen).toHaveLength(2);
    await advance(MINUTE_MS);
    expect(far.seen).toHaveLength(3);
    clock.jumpWall(-8 * 3_600_000);
    await advance(10 * MINUTE_MS);
    expect(far.seen).toHaveLength(5);
  });

  test('warns once an hour about pings that do not arrive, without the address, and tries again less and less soon [HEARTBEAT-QUIET]', async () => {
    let status = 500;
    await using far = await receiver((response) => response.writeHead(status).end());
    const { advance, log, loop } = world(far.url);
    await using _ = loop;
    await advance(10_000);
    await advance(30_000);
    expect(far.seen).toHaveLength(2);
    await advance(MINUTE_MS);
    expect(far.seen).toHaveLength(3);
    await advance(50 * MINUTE_MS);
    expect(far.seen.length).toBeLessThan(16);
    expect(log.lines).toEqual([
      { level: 'warn', message: 'heartbeat does not arrive', fields: { error: 'answered 500', failures: 1 } },
    ]);
    await advance(60 * MINUTE_MS);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    status = 200;
    await advance(6 * MINUTE_MS);
    expect(log.lines.at(-1)).toMatchObject({ level: 'info', message: 'heartbeat arrives again' });
    expect(JSON.stringify(log.lines)).not.toContain('secret-1234');
  });

  test('gives up on an answer that does not come, and does not follow a redirect', async () => {
    let hang = true;
    await using far = await receiver((response) => {
      if (!hang) response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    });
    const { clock, log, loop } = world(far.url);
    await using _ = loop;
    await clock.advance(10_000);
    while (far.seen.length === 0) await settle();
    await clock.advance(10_000);
    await settle();
    expect(log.lines).toMatchObject([{ fields: { error: 'no answer within 10 s' } }]);
    hang = false;
    const second = world(far.url);
    await using __ = second.loop;
    await second.advance(10_000);
    expect(second.log.lines).toMatchObject([{ fields: { error: 'answered 302; redirects are not followed' } }]);
  });

  test('stops at once, also with a call on the wire', async () => {
    await using far = await receiver(() => undefined);
    const { clock, log, loop } = world(far.url);
    await clock.advance(10_000);
    while (far.seen.length === 0) await settle();
    await loop[Symbol.asyncDispose]();
    expect(log.lines).toEqual([]);
  });

  test('takes its address from the secrets, and says which one is missing or wrong, not what it is', async () => {
    await using far = await receiver();
    const options = { url: undefined, urlEnv: 'HEARTBEAT_URL' };
    const { advance, loop } = world(far.url, { secretOf: () => `${far.url}\n` }, options);
    await using _ = loop;
    await advance(10_000);
    expect(far.seen).toHaveLength(1);
    const started = (secret: string | undefined) => () => world('', { secretOf: () => secret }, options);
    expect(started(undefined)).toThrow(expect.objectContaining({ code: 'SECRET_MISSING' }));
    expect(started('ftp://me:hidden@host')).toThrow(/^HEARTBEAT_URL must be an http or https URL(?!.*hidden)/);
  });
});

describe('heartbeat: in the configuration', () => {
  test('is off without the section, and has its times by default', () => {
    expect(heartbeatOptions.parse(undefined)).toBeUndefined();
    expect(heartbeatOptions.parse({ url: 'https://example.org/ping/1' })).toEqual({
      url: 'https://example.org/ping/1',
      every: 300_000,
      timeout: 10_000,
    });
  });

  test.each([
    [{}, /either url or urlEnv/],
    [{ url: 'https://example.org', urlEnv: 'A' }, /either url or urlEnv/],
    [{ url: 'ftp://example.org' }, /http or https/],
    [{ url: 'https://me:you@example.org' }, /user name/],
    [{ urlEnv: 'not a name' }, /name of a variable/],
    [{ url: 'https://example.org', every: '1s' }, /from 30s/],
    [{ url: 'https://example.org', timeout: '1m' }, /to 25s/],
    [{ url: 'https://example.org', fail: true }, /Unrecognized key/],
  ])('refuses %j', (section, message) => {
    expect(() => heartbeatOptions.parse(section)).toThrow(message);
  });
});

describe('the self-check', () => {
  const ok = () => ({ ok: true }) as const;

  test('passes while the ledger writes, the worker looks and the loop turns [HEARTBEAT-HONEST]', async () => {
    const clock = new FakeClock();
    const worker = createPulse(clock);
    const found = checkSelf({ clock, ledger: ok, worker });
    await clock.advance(50);
    expect(await found).toEqual({ ok: true });
  });

  test('fails for a ledger that does not write, with its reason', async () => {
    const clock = new FakeClock();
    const ledger = () => ({ ok: false, reason: 'only 3 MiB are free' }) as const;
    expect(await checkSelf({ clock, ledger, worker: createPulse(clock) })).toEqual({
      ok: false,
      reason: 'the ledger does not take events: only 3 MiB are free',
      restartHelps: false,
    });
  });

  test('fails for a worker that has not looked for three minutes, and passes when it does again', async () => {
    const clock = new FakeClock();
    const worker = createPulse(clock);
    await clock.advance(180_001);
    expect(await checkSelf({ clock, ledger: ok, worker })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^the worker has not looked/) as string,
    });
    worker.beat();
    const found = checkSelf({ clock, ledger: ok, worker });
    await clock.advance(50);
    expect(await found).toEqual({ ok: true });
  });

  test('fails for a loop that lags', async () => {
    const clock = new FakeClock();
    let late = false;
    const slow = {
      wallMs: () => clock.wallMs(),
      monoMs: () => clock.monoMs() + (late ? 6_000 : 0),
      sleep: async () => void (late = true),
    };
    expect(await checkSelf({ clock: slow, ledger: ok, worker: createPulse(clock) })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^the event loop lags by 6s/) as string,
    });
  });
});
