import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../src/web/api.ts';
import type { DreamOutcome, MemoryPort } from '../../src/web/memory-ports.ts';
import { makeServer, makeWorld, SECRET } from './ports.ts';

const atMs = Date.UTC(2026, 10, 2, 3);
const outcome: DreamOutcome = {
  ran: true,
  reason: '1 superseded',
  changes: [{ kind: 'supersede', topic: 'servers', text: `now ${SECRET}`, was: ['before'] }],
  generation: 4,
  failed: false,
  rejected: [{ topic: 'servers', kind: 'add', reason: 'it holds a secret' }],
  conflicts: [{ topic: 'me', yours: 'tabs', text: 'spaces', src: ['s9'] }],
  held: [],
  diff: null,
  tokens: 120,
  microUsd: 50_000,
  phasesMs: { gather: 12 },
};
const asked: unknown[] = [];
const memory: MemoryPort = {
  state: () =>
    Promise.resolve({
      index: '# Memory\n',
      topics: [{ name: 'servers', type: 'project', description: SECRET, modified: '', facts: 3, lines: 9, bytes: 200 }],
      generations: [{ generation: 4, at: '2026-11-02', author: 'dream', reason: 'dream 7', changes: 1 }],
      limits: { linesMax: 200, bytesMax: 25_600, topicsMax: 100 },
    }),
  rollback: (generation) => Promise.resolve({ generation: generation + 1, restored: ['topics/a.md'], held: [] }),
  dream: {
    state: () => ({
      gates: [
        { name: 'enabled', open: true, reason: 'dreams are on', untilMs: null },
        { name: 'time', open: false, reason: 'too soon', untilMs: atMs },
      ],
      last: { id: 7, startedAtMs: atMs, endedAtMs: null, outcome: null, reason: '', generation: null, byHand: true },
      progress: { phase: 'gather', done: 3, total: 9, sinceMs: atMs },
      jail: 'bubblewrap',
    }),
    once(request) {
      asked.push(request);
      return Promise.resolve(outcome);
    },
  },
};

let app: FastifyInstance;

afterEach(async () => app.close());

function serve(port: MemoryPort | undefined): FastifyInstance {
  app = makeServer(apiRoutes({ ...makeWorld().deps, memory: port }));
  return app;
}

describe('the memory over the API', () => {
  test('shows index, topics, generations and how dreams stand, without a secret [CLI-DREAM]', async () => {
    const answer = await serve(memory).inject('/api/memory');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      index: '# Memory\n',
      topics: [{ name: 'servers', facts: 3, description: '[redacted]' }],
      generations: [{ generation: 4, author: 'dream' }],
      limits: { linesMax: 200 },
      dream: {
        gates: [
          { name: 'enabled', open: true, until: null },
          { name: 'time', until: '2026-11-02T04:00:00.000+01:00' },
        ],
        due: false,
        progress: { phase: 'gather', done: 3, total: 9 },
        last: { id: 7, outcome: null, byHand: true },
        jail: 'bubblewrap',
      },
    });
  });

  test('a dream that is asked for is answered with what it did [CLI-DREAM]', async () => {
    const server = serve(memory);
    const answer = await server.inject({ method: 'POST', url: '/api/dream', payload: { now: true } });
    expect(answer.json()).toMatchObject({
      ran: true,
      reason: '1 superseded',
      changes: [{ kind: 'supersede', text: 'now [redacted]', was: ['before'] }],
      generation: 4,
      tokens: 120,
      usd: 0.05,
    });
    await server.inject({ method: 'POST', url: '/api/dream', payload: { dryRun: true } });
    expect(asked).toEqual([
      { byHand: true, dryRun: false },
      { byHand: false, dryRun: true },
    ]);
    const wrong = await server.inject({ method: 'POST', url: '/api/dream', payload: { soon: true } });
    expect(wrong.statusCode).toBe(400);
  });

  test('a generation is taken back by its number', async () => {
    const server = serve(memory);
    const answer = await server.inject({ method: 'POST', url: '/api/memory/rollback', payload: { generation: 4 } });
    expect(answer.json()).toEqual({ generation: 5, restored: ['topics/a.md'], held: [] });
    const wrong = await server.inject({ method: 'POST', url: '/api/memory/rollback', payload: { generation: 0 } });
    expect(wrong.json()).toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('is not there where there is no memory', async () => {
    expect((await serve(undefined).inject('/api/memory')).statusCode).toBe(404);
  });
});
