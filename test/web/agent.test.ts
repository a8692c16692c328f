import type { FastifyInstance } from 'fastify';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../src/web/api.ts';
import { createRunFeed, type RunDelta } from '../../src/web/run-feed.ts';
import { makeApproval } from './agent-world.ts';
import { makeJob, makeServer, makeWorld, SECRET, type World } from './ports.ts';

let world: World;
let app: FastifyInstance;

beforeEach(() => {
  world = makeWorld();
  app = makeServer(apiRoutes(world.deps));
});

afterEach(async () => app.close());

async function call(method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

describe('approvals', () => {
  test('are listed by state with what they are about, and answered once [HTTP-APPROVALS]', async () => {
    world.agent.approvals.push(makeApproval(1, { state: 'denied' }), makeApproval(2));
    const { body } = await call('GET', '/api/approvals?state=pending');
    expect(body).toMatchObject({ items: [{ id: 'a2', state: 'pending', jobId: 'j1', risk: 'HIGH' }], next: null });
    const allowed = await call('POST', '/api/approvals/a2', { decision: 'allow', hash: 'abcdef' });
    expect(allowed).toMatchObject({ status: 200, body: { id: 'a2', state: 'allowed', decidedBy: 'api' } });
    expect(await call('POST', '/api/approvals/a2', { decision: 'deny' })).toMatchObject({ status: 409 });
  });

  test('an answer to another call, to none, or in other words is refused [HTTP-APPROVALS]', async () => {
    world.agent.approvals.push(makeApproval(1));
    expect((await call('POST', '/api/approvals/a1', { decision: 'allow', hash: '000000' })).status).toBe(409);
    expect((await call('POST', '/api/approvals/a9', { decision: 'allow' })).status).toBe(404);
    for (const body of [
      {},
      { decision: 'yes' },
      { decision: 'allow', hash: 'xyz' },
      { decision: 'allow', force: true },
    ])
      expect((await call('POST', '/api/approvals/a1', body)).status).toBe(400);
    expect(world.agent.approvals[0]?.state).toBe('pending');
  });
});

describe('sessions and cost', () => {
  test('a session is shown with its transcript, without secrets and without thinking [HTTP-SESSIONS]', async () => {
    world.agent.sessions.push({
      id: 4,
      key: 'say',
      origin: 'say',
      startedAtMs: 0,
      lastAtMs: 1,
      endedAtMs: null,
      items: 4,
      tainted: true,
      spentMicroUsd: 2_500,
      path: 'sessions/1970/01/s4.jsonl',
    });
    expect((await call('GET', '/api/sessions')).body).toMatchObject({ items: [{ id: 's4', usd: 0.0025 }] });
    const { body } = await call('GET', '/api/sessions/s4');
    expect(body['transcript']).toMatchObject([
      { kind: 'user', text: 'tell me [redacted]', eventId: 'e7' },
      { kind: 'tool_use', tool: 'read' },
      { kind: 'tool_result', trust: 'outside' },
    ]);
    expect((await call('GET', '/api/sessions/s5')).status).toBe(404);
  });

  test('cost is in dollars, with the caps [HTTP-COST]', async () => {
    expect((await call('GET', '/api/cost')).body).toMatchObject({
      todayUsd: 1.25,
      dayUsdMax: 5,
      items: [{ day: '2026-11-02', model: 'claude-opus-5-5', usd: 1.25 }],
    });
  });

  test('the agent can be stopped and started, and the status says so [AGENT-KILL-SWITCH]', async () => {
    expect((await call('GET', '/api/status')).body['agent']).toMatchObject({ on: true, stopped: null });
    expect((await call('POST', '/api/agent/stop', { reason: 'enough' })).body['stopped']).toMatchObject({
      reason: 'enough',
    });
    expect((await call('GET', '/api/status')).body['agent']).toMatchObject({ stopped: { reason: 'enough' } });
    expect((await call('POST', '/api/agent/start')).body['stopped']).toBeNull();
  });

  test('what a run changed is shown and taken back, or it is said why not [HTTP-UNDO]', async () => {
    world.jobs.push(makeJob(1), makeJob(2));
    expect((await call('GET', '/api/jobs/j1/changes')).body).toEqual({ id: 'j1', patch: '+[redacted]\n' });
    expect((await call('POST', '/api/jobs/j1/undo')).body).toEqual({ id: 'j1', files: ['a.txt'] });
    expect(await call('POST', '/api/jobs/j2/undo')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('has changed since') as string },
    });
    expect((await call('GET', '/api/jobs/j2/changes')).status).toBe(404);
    expect((await call('POST', '/api/jobs/j3/undo')).status).toBe(404);
  });
});

describe('a run that is watched', () => {
  async function watch(url: string, enough: (text: string) => boolean): Promise<string> {
    const base = await app.listen({ port: 0, host: '127.0.0.1' });
    return new Promise((resolve, reject) => {
      const outgoing = request(`${base}${url}`, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
          if (enough(text)) outgoing.destroy();
        });
        incoming.on('close', () => resolve(text));
      });
      outgoing.on('error', (error) => (outgoing.destroyed ? undefined : reject(error)));
      outgoing.end();
    });
  }

  test('shows what was said before, then what is said, and ends with its job [HTTP-RUN-STREAM]', async () => {
    world.jobs.push(makeJob(1, { state: 'running', endedAtMs: null }));
    const { runs } = world.agent.port;
    runs.publish(1, { kind: 'text', text: `Hello ${SECRET}` });
    const seen = watch('/api/jobs/j1/stream', (text) => {
      if (text.includes('Hello') && !text.includes('read a'))
        runs.publish(1, { kind: 'tool', tool: 'read', text: 'read a' });
      else if (text.includes('read a')) runs.publish(1, { kind: 'end' });
      return false;
    });
    const text = await seen;
    expect(text).toContain('event: text\ndata: {"text":"Hello [redacted]"}');
    expect(text).toContain('event: tool\n');
    expect(text).toMatch(/event: end\ndata: \{"id":"j1"/);
  });

  test('a job that has ended, one that is parked, and one that is not there answer at once [HTTP-RUN-STREAM]', async () => {
    world.jobs.push(makeJob(1, { state: 'succeeded', endedAtMs: 5 }), makeJob(2, { state: 'parked', endedAtMs: null }));
    const base = await app.listen({ port: 0, host: '127.0.0.1' });
    for (const id of ['j1', 'j2'])
      expect(await (await fetch(`${base}/api/jobs/${id}/stream`)).text()).toContain('event: end');
    expect((await fetch(`${base}/api/jobs/j3/stream`)).status).toBe(404);
  });

  test('keeps the newest words of a run, and no run for ever', () => {
    const feed = createRunFeed();
    for (let index = 0; index < 100; index += 1)
      feed.publish(1, { kind: 'text', text: `${index}${'x'.repeat(2_000)}` });
    const seen: RunDelta[] = [];
    feed.watch(1, (delta) => seen.push(delta))();
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.length).toBeLessThan(40);
    expect(seen.at(-1)).toMatchObject({ text: expect.stringMatching(/^99x/) as string });
    feed.publish(1, { kind: 'end' });
    const after: RunDelta[] = [];
    feed.watch(1, (delta) => after.push(delta))();
    expect(after).toEqual([]);
  });
});
