import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../src/web/api.ts';
import { makeEvent, makeJob, makeMessage, makeServer, makeWorld, SECRET, type World } from './ports.ts';

let world: World;
let app: FastifyInstance;

beforeEach(() => {
  world = makeWorld();
  app = makeServer(apiRoutes(world.deps));
});

afterEach(async () => app.close());

async function get(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await app.inject({ url });
  return { status: answer.statusCode, body: answer.json() };
}

async function post(url: string, payload: object = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await app.inject({ method: 'POST', url, payload });
  return { status: answer.statusCode, body: answer.json() };
}

describe('lists', () => {
  test('are newest first in pages that meet without a gap, next null at the end [HTTP-LISTS]', async () => {
    world.events.push(...Array.from({ length: 120 }, (_, index) => makeEvent(index + 1)));
    const seen: string[] = [];
    let after = '';
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await get(`/api/events?limit=50${after}`);
      seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      after = `&after=${String(body['next'])}`;
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => `e${120 - index}`));
    expect(after).toBe('&after=null');
  });

  test('a page that ends exactly at the end has no next, and an empty list is one [HTTP-LISTS]', async () => {
    expect(await get('/api/events')).toEqual({ status: 200, body: { items: [], next: null } });
    world.events.push(makeEvent(1), makeEvent(2));
    expect((await get('/api/events?limit=2')).body['next']).toBeNull();
    expect((await get('/api/events?limit=1')).body['next']).toBe('e2');
  });

  test('take since as a duration and as a time, and state [HTTP-LISTS]', async () => {
    world.events.push(makeEvent(1), makeEvent(999));
    world.jobs.push(makeJob(1), makeJob(2, { state: 'dead' }));
    expect((await get('/api/events?since=2h')).body['items']).toMatchObject([{ id: 'e999' }]);
    expect((await get('/api/events?since=2026-11-02T10:00:00Z')).body['items']).toMatchObject([{ id: 'e999' }]);
    expect((await get('/api/jobs?state=dead')).body['items']).toMatchObject([{ id: 'j2' }]);
  });

  test.each([
    '/api/events?limit=0',
    '/api/events?limit=501',
    '/api/events?limit=ten',
    '/api/events?limit=1&limit=2',
    '/api/events?after=j1',
    '/api/events?after=12',
    '/api/events?since=yesterday',
    '/api/events?since=12',
    '/api/jobs?state=lost',
    '/api/messages?state=dead',
    '/api/jobs/e1',
  ])('%s is refused by name [HTTP-PROBLEM]', async (url) => {
    const { status, body } = await get(url);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'INPUT_INVALID', detail: expect.stringContaining('expected') as string });
  });
});

describe('rows', () => {
  test('carry the fields of the contract, times with the offset of the zone [HTTP-FIELDS]', async () => {
    world.events.push(makeEvent(1, { receivedAtMs: Date.UTC(2026, 6, 1, 12), jobs: [1], action: 'opened' }));
    world.jobs.push(makeJob(1, { error: 'gone' }));
    world.messages.push(
      makeMessage(1, { replyTo: 1, kind: 'reactive', state: 'sent', sentAtMs: Date.UTC(2026, 10, 2, 12) }),
    );
    expect((await get('/api/events/e1')).body).toMatchObject({
      id: 'e1',
      source: 'github',
      delivery: 'd-1',
      type: 'push',
      action: 'opened',
      receivedAt: '2026-07-01T14:00:00.000+02:00',
      jobs: ['j1'],
    });
    expect((await get('/api/jobs/j1')).body).toMatchObject({
      id: 'j1',
      kind: 'notify',
      state: 'queued',
      attempts: 0,
      lane: 'background',
      eventId: 'e1',
      error: 'gone',
    });
    expect((await get('/api/messages/m1')).body).toMatchObject({
      id: 'm1',
      kind: 'reactive',
      state: 'sent',
      topic: 't',
      text: 'text',
      queuedAt: '2026-11-02T12:00:00.000+01:00',
      sentAt: '2026-11-02T13:00:00.000+01:00',
      attempts: 0,
      replyTo: 'e1',
      deliveries: [{ channel: 'hook', state: 'failed', attempts: 3 }],
    });
  });

  test('hold no secret anywhere [REDACT-EVERY-SINK]', async () => {
    const secret = { topic: SECRET, text: `a ${SECRET}`, error: SECRET, reason: SECRET };
    await world.deps.events.append({
      ...makeEvent(1),
      type: SECRET,
      delivery: SECRET,
      body: Buffer.from(`{"key":"${SECRET}"}`),
      jobs: [],
    });
    world.jobs.push(makeJob(1, secret));
    world.messages.push(makeMessage(1, secret));
    world.mutes.set(SECRET, 1);
    for (const url of [
      '/api/events',
      '/api/events/e1',
      '/api/jobs',
      '/api/jobs/j1',
      '/api/messages',
      '/api/messages/m1',
      '/api/budget',
      '/api/status',
    ]) {
      const answer = await app.inject({ url });
      expect(answer.body).toContain('[redacted]');
      expect(answer.body).not.toContain(SECRET);
    }
  });

  test('a long body is cut, and a secret across the cut does not come out in halves [REDACT-EVERY-SINK]', async () => {
    for (const before of [65_530, 65_536 + 16_384 - 10]) {
      const text = `${SECRET} `.repeat(1_500).padEnd(before, '.') + SECRET + '.'.repeat(100_000);
      const { id } = await world.deps.events.append({
        ...makeEvent(1),
        delivery: String(before),
        body: Buffer.from(text),
        jobs: [],
      });
      const { body } = await get(`/api/events/e${id}`);
      expect(body).toMatchObject({ bodyTruncated: true, bodyBytes: text.length });
      expect(String(body['body']).length).toBeLessThanOrEqual(65_536);
      expect(body['body']).not.toContain(SECRET.slice(0, 8));
    }
  });

  test('that do not exist are 404 [HTTP-PROBLEM]', async () => {
    for (const url of ['/api/events/e9', '/api/jobs/j9', '/api/messages/m9']) {
      expect(await get(url)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });
});

describe('status and budget', () => {
  test('say how it is and what is held back and why', async () => {
    world.messages.push(makeMessage(1, { topic: 'acme/app', text: 'CI failed' }));
    expect((await get('/api/status')).body).toMatchObject({
      ready: true,
      pid: 42,
      startedAt: '2026-11-02T12:00:00.000+01:00',
      jobs: { queued: 1 },
      messages: { queued: 0 },
      channels: [
        { name: 'terminal', state: 'ready', open: 0, failures: 0, lastError: null, retryInMs: 0 },
        { name: 'phone', state: 'failing', open: 2, failures: 3, lastError: 'refused [redacted]', retryInMs: 4_000 },
      ],
      timezone: 'Europe/Berlin',
    });
    expect((await get('/api/budget')).body).toMatchObject({
      windows: [{ perMs: 15_000, max: 2, used: 2, freeAt: '2026-11-02T13:00:05.000+01:00' }],
      held: [{ id: 'm1', topic: 'acme/app', text: 'CI failed', reason: 'the window is full', until: null }],
      nextSlotAt: '2026-11-02T13:00:05.000+01:00',
      channels: [{ name: 'terminal' }, { name: 'phone', state: 'failing' }],
    });
    expect((await get('/api/subscriptions')).body).toMatchObject({ items: [{ name: 'all' }], next: null });
  });

  test('count what is well and name what is not, without a secret [STATUS-ROADS STATUS-AGENT]', async () => {
    expect((await get('/api/status')).body).toMatchObject({
      reconcile: {
        repositories: 2,
        asked: 2,
        checkedAt: '1970-01-01T01:00:01.000+01:00',
        troubledCount: 1,
        troubled: [{ source: 'github', repository: 'octo/lib', state: 'no-rights', reason: 'not with [redacted]' }],
      },
      listening: [{ name: 'telegram', state: 'failing', reason: 'no answer to [redacted]' }],
      agent: {
        on: true,
        stopped: null,
        approvalsPending: 0,
        todayUsd: expect.any(Number) as number,
        dayUsdMax: expect.any(Number) as number,
      },
      model: 'claude-lead',
    });
  });
});

describe('actions', () => {
  test('what is said is an event of the owner with a reactive job [HTTP-SAY]', async () => {
    const { status, body } = await post('/api/say', { text: '  how are you?  ' });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      event: { id: 'e1', source: 'say', type: 'say', trust: 'owner', jobs: ['j1'] },
      job: { id: 'j1', kind: 'reply', reactive: true, text: 'how are you?', eventId: 'e1' },
    });
    await post('/api/say', { text: 'how are you?' });
    expect(world.events).toHaveLength(2);
  });

  test.each([{}, { text: '' }, { text: '   ' }, { text: 7 }, { text: 'x'.repeat(8_001) }, { text: 'x', urgent: true }])(
    'saying %j is refused [HTTP-PROBLEM]',
    async (payload) => {
      expect(await post('/api/say', payload)).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
      expect(world.events).toEqual([]);
    },
  );

  test('a dead job is requeued, one in another state is refused [HTTP-REQUEUE]', async () => {
    world.jobs.push(makeJob(1, { state: 'dead', attempts: 8 }), makeJob(2, { state: 'running' }));
    expect(await post('/api/jobs/j1/requeue')).toMatchObject({
      status: 200,
      body: { id: 'j1', state: 'queued', attempts: 0 },
    });
    expect(await post('/api/jobs/j2/requeue')).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
    expect(await post('/api/jobs/j3/requeue')).toMatchObject({ status: 404 });
  });

  test('a replay is a new event with the same body, as often as it is asked for [CLI-WEBHOOK-REPLAY]', async () => {
    await world.deps.events.append({ ...makeEvent(1), body: Buffer.from('{"a":1}'), jobs: [] });
    expect(await post('/api/events/e1/replay')).toMatchObject({
      status: 202,
      body: {
        event: { id: 'e2', delivery: 'replay:e1:1', source: 'github', type: 'push', trust: 'outside', jobs: ['j1'] },
      },
    });
    expect((await post('/api/events/e1/replay')).body).toMatchObject({ event: { id: 'e3', delivery: 'replay:e1:2' } });
    expect((await get('/api/events/e3')).body).toMatchObject({ body: '{"a":1}' });
    expect(await post('/api/events/e9/replay')).toMatchObject({ status: 404 });
  });

  test('a mute holds for as long as it says, and is ended again [WINDOW-MUTE]', async () => {
    expect(await post('/api/mute', { duration: '2h', topic: 'acme/app' })).toEqual({
      status: 200,
      body: { topic: 'acme/app', until: '2026-11-02T15:00:00.000+01:00' },
    });
    expect(world.mutes.get('acme/app')).toBe(world.clock.wallMs() + 7_200_000);
    await post('/api/unmute', { topic: 'acme/app' });
    expect(world.mutes.get('acme/app')).toBe(0);
    for (const duration of ['0s', '31d', '2', 'soon', '']) {
      expect(await post('/api/mute', { duration })).toMatchObject({ status: 400 });
    }
  });

  test('stop answers before it stops', async () => {
    expect(await post('/api/stop')).toMatchObject({ status: 202, body: { stopping: true, pid: 42 } });
    expect(world.stops.count).toBe(1);
  });

  test('the page gets its cookie for the right token only [HTTP-TOKEN]', async () => {
    const right = await app.inject({ method: 'POST', url: '/api/session', payload: { token: 'right-token' } });
    expect(right.statusCode).toBe(204);
    expect(right.headers['set-cookie']).toMatch(
      /^kairos_token=right-token; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    const wrong = await app.inject({ method: 'POST', url: '/api/session', payload: { token: 'wrong' } });
    expect(wrong.statusCode).toBe(401);
    expect(wrong.headers['set-cookie']).toBeUndefined();
    const left = await app.inject({ method: 'DELETE', url: '/api/session' });
    expect(left.headers['set-cookie']).toContain('kairos_token=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0');
  });
});
