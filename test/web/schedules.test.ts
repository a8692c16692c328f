import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../src/web/api.ts';
import { makeSchedule, makeServer, makeWorld, SECRET, type World } from './ports.ts';

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

describe('schedules', () => {
  test('come in the order of the configuration, in pages named by the last one [HTTP-SCHEDULES]', async () => {
    expect(await get('/api/schedules')).toEqual({ status: 200, body: { items: [], next: null } });
    world.schedules.push(...['c', 'a', 'b'].map((name) => makeSchedule(name)));
    expect((await get('/api/schedules?limit=2')).body).toMatchObject({
      items: [{ name: 'c' }, { name: 'a' }],
      next: 'a',
    });
    expect((await get('/api/schedules?limit=2&after=a')).body).toMatchObject({ items: [{ name: 'b' }], next: null });
    expect((await get('/api/schedules?limit=3')).body['next']).toBeNull();
    expect((await get('/api/schedules?after=gone')).body).toMatchObject({ code: 'INPUT_INVALID' });
    expect((await get('/api/schedules?limit=0')).status).toBe(400);
  });

  test('say in words when they are due, how they last ran and what was missed, without a secret [HTTP-SCHEDULES]', async () => {
    const atMs = Date.UTC(2026, 10, 2, 7);
    const lastRun = {
      jobId: 12,
      scheduledForMs: atMs,
      startedAtMs: atMs + 4,
      endedAtMs: atMs + 1_004,
      ended: 'exited',
      succeeded: false,
      exitCode: 3,
      error: `no ${SECRET}`,
      outputPath: 'artifacts/runs/tidy-j12-1.txt',
    };
    const missed = [{ fromMs: atMs - 86_400_000, throughMs: atMs - 1, count: 24, reason: 'kairosd was not running' }];
    world.schedules.push(makeSchedule('tidy', { lastRun, missed, unfinished: 'running' }));
    expect((await get('/api/schedules/tidy')).body).toEqual({
      name: 'tidy',
      do: 'digest',
      words: 'At 08:00 (Europe/Berlin)',
      timezone: 'Europe/Berlin',
      catchUp: 'once',
      next: ['2026-11-03T08:00:00.000+01:00', '2026-11-04T08:00:00.000+01:00'],
      unfinished: 'running',
      lastRun: {
        jobId: 'j12',
        scheduledFor: '2026-11-02T08:00:00.000+01:00',
        startedAt: '2026-11-02T08:00:00.004+01:00',
        endedAt: '2026-11-02T08:00:01.004+01:00',
        ended: 'exited',
        succeeded: false,
        exitCode: 3,
        error: 'no [redacted]',
        output: 'artifacts/runs/tidy-j12-1.txt',
      },
      missed: [
        {
          from: '2026-11-01T08:00:00.000+01:00',
          through: '2026-11-02T07:59:59.999+01:00',
          count: 24,
          reason: 'kairosd was not running',
        },
      ],
    });
    expect((await get('/api/schedules/gone')).body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  test('run when they are asked to: 202 with the event and its job, 404, or 409 while one is under way [HTTP-SCHEDULES]', async () => {
    world.schedules.push(makeSchedule('digest'), makeSchedule('busy', { unfinished: 'queued' }));
    const run = async (name: string) => {
      const answer = await app.inject({ method: 'POST', url: `/api/schedules/${name}/run`, payload: {} });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
    expect(await run('digest')).toMatchObject({
      status: 202,
      body: { event: { id: 'e1', source: 'schedule' }, job: { id: 'j1', kind: 'digest-report', origin: 'digest' } },
    });
    expect(await run('gone')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await run('busy')).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
  });
});

describe('work', () => {
  test('is in the status: what runs, what is next, what was missed, polling and heartbeat [HTTP-STATUS-WORK]', async () => {
    expect((await get('/api/status')).body).toMatchObject({
      running: [
        {
          jobId: 'j7',
          kind: 'command',
          origin: 'backup',
          lane: 'foreground',
          startedAt: '2026-11-02T12:59:00.000+01:00',
        },
      ],
      nextSchedule: { name: 'morning-digest', at: '2026-11-03T08:00:00.000+01:00' },
      missed: { runs: 3, schedules: 2 },
      polling: {
        feeds: 2,
        paused: '',
        requestsLeft: 4_990,
        polledAt: '2026-11-02T13:00:00.000+01:00',
        nextInMs: 60_000,
        troubledCount: 1,
        troubled: [{ name: 'github octo/gone events', state: 'refused', reason: '404 [redacted]' }],
      },
      heartbeat: true,
    });
  });

  test('is in the budget: both lanes, and how long each origin takes [BLOCKING-STATISTICS]', async () => {
    expect((await get('/api/budget')).body).toMatchObject({
      foreground: null,
      background: [],
      work: [{ origin: 'backup', kind: 'command', runs: 2, medianMs: 4_000, p95Ms: 60_000, background: 1 }],
    });
    world.lanes = { foreground: { jobId: 3, reactive: false, heldMs: 1_200 }, background: [1, 2] };
    expect((await get('/api/budget')).body).toMatchObject({
      foreground: { jobId: 'j3', reactive: false, heldMs: 1_200 },
      background: ['j1', 'j2'],
    });
  });
});
