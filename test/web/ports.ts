import { createHash } from 'node:crypto';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { asKairosError, KairosError, problemOf } from '../../src/core/errors.ts';
import type { Event, EventDraft } from '../../src/core/event.ts';
import type { Job } from '../../src/core/job.ts';
import type { Message } from '../../src/core/message.ts';
import { createFeed } from '../../src/web/feed.ts';
import type { ApiDeps, LanesUse, Page, ScheduleState, Status } from '../../src/web/ports.ts';
import { makeAgent, type AgentWorld } from './agent-world.ts';
import { FakeClock } from '../fakes/clock.ts';

/** A daemon in memory, just enough for the API. */
export interface World {
  readonly deps: ApiDeps;
  readonly clock: FakeClock;
  readonly events: Event[];
  readonly jobs: Job[];
  readonly messages: Message[];
  readonly mutes: Map<string, number>;
  readonly schedules: ScheduleState[];
  readonly agent: AgentWorld;
  /** What runs in which lane. */
  lanes: LanesUse;
  readonly stops: { count: number };
}

export const SECRET = 'hunter2-hunter2-hunter2';

export function makeWorld(): World {
  const clock = new FakeClock();
  const events: Event[] = [];
  const bodies = new Map<number, Uint8Array>();
  const jobs: Job[] = [];
  const messages: Message[] = [];
  const mutes = new Map<string, number>();
  const stops = { count: 0 };
  const schedules: ScheduleState[] = [];
  const agent = makeAgent(SECRET);
  let drawn = 0;
  const append = async (draft: EventDraft): Promise<{ id: number; duplicate: boolean }> => {
    const known = events.find((event) => event.source === draft.source && event.delivery === draft.delivery);
    if (known !== undefined) return { id: known.id, duplicate: true };
    const id = events.length + 1;
    const ids = draft.jobs.map((one) => jobs.push(makeJob(jobs.length + 1, { ...one, eventId: id })));
    bodies.set(id, draft.body);
    events.push({ ...draft, id, bodyBytes: draft.body.byteLength, jobs: ids });
    return { id, duplicate: false };
  };
  const deps: ApiDeps = {
    clock,
    log: quiet,
    random: {
      fraction: () => 0.5,
      bytes: (count) =>
        createHash('sha256')
          .update(String((drawn += 1)))
          .digest()
          .subarray(0, count),
    },
    redact: (text) => text.replaceAll(SECRET, '[redacted]'),
    timeZone: () => 'Europe/Berlin',
    status: () => STATUS,
    budget: () => ({
      blockingMs: 15_000,
      windows: [{ perMs: 15_000, max: 2, used: 2, freeAtMs: clock.wallMs() + 5_000 }],
      urgentWindows: [],
      quietHours: null,
      mutes: [...mutes].map(([topic, untilMs]) => ({ topic, untilMs })),
      held: messages
        .filter(({ state }) => state === 'queued')
        .map(({ id }) => ({ id, reason: 'the window is full', untilMs: Infinity })),
      nextSlotAtMs: clock.wallMs() + 5_000,
      channels: STATUS.channels,
    }),
    work: {
      lanes: () => world.lanes,
      recentRuns: () => [
        { kind: 'command', origin: 'backup', ms: 60_000, lane: 'background' },
        { kind: 'command', origin: 'backup', ms: 4_000, lane: 'foreground' },
      ],
    },
    schedules: {
      names: () => schedules.map(({ name }) => name),
      find: async (name) => schedules.find((schedule) => schedule.name === name),
      async runNow(name) {
        const found = schedules.find((schedule) => schedule.name === name);
        if (found === undefined) throw new KairosError('NOT_FOUND', 'there is no such schedule');
        if (found.unfinished !== null) throw new KairosError('STATE_CONFLICT', 'it is under way');
        const job = { kind: 'digest-report', origin: name, topic: name, text: '', reactive: true } as const;
        const drafts = [{ ...job, urgent: false, mayCoalesce: false }];
        const draft = { ...makeEvent(0), source: 'schedule', type: name, body: Buffer.from('{}') };
        return (await append({ ...draft, jobs: drafts })).id;
      },
    },
    agent: agent.port,
    jobFor: (text) => ({
      kind: 'reply',
      origin: 'say',
      reactive: true,
      topic: '',
      text,
      urgent: false,
      mayCoalesce: false,
    }),
    subscriptions: () => [{ name: 'all', source: 'github', do: 'log', urgent: false }],
    events: {
      list: (page) => pageOf(events, page),
      find: (id) => events[id - 1],
      body: (id) => bodies.get(id),
      append,
    },
    match: async () => [
      {
        kind: 'log',
        origin: 'all',
        reactive: false,
        topic: 't',
        text: 'matched again',
        urgent: false,
        mayCoalesce: true,
      },
    ],
    jobs: {
      list: (page) => pageOf(jobs, page).filter((job) => page.state === undefined || job.state === page.state),
      find: (id) => jobs[id - 1],
      requeue: async (id) => {
        const job = jobs[id - 1];
        if (job === undefined) throw new KairosError('NOT_FOUND', 'there is no such job');
        if (job.state !== 'dead') throw new KairosError('STATE_CONFLICT', `it is ${job.state}`);
        return (jobs[id - 1] = { ...job, state: 'queued', attempts: 0 });
      },
    },
    messages: {
      list: (page) => pageOf(messages, page).filter((one) => page.state === undefined || one.state === page.state),
      find: (id) => messages[id - 1],
      deliveriesOf: () => [
        {
          channel: 'hook',
          state: 'failed',
          attempts: 3,
          nextAtMs: 0,
          attemptedAtMs: 1,
          endedAtMs: null,
          error: `no ${SECRET}`,
        },
      ],
    },
    mute: async (topic, untilMs) => void mutes.set(topic, untilMs),
    stop: () => void (stops.count += 1),
    isToken: (given) => given === 'right-token',
    feed: createFeed(),
  };
  const lanes: LanesUse = { foreground: null, background: [] };
  const world: World = { deps, clock, events, jobs, messages, mutes, schedules, agent, lanes, stops };
  return world;
}

/** A server that renders errors as the daemon's does. */
export function makeServer(...routes: ((app: FastifyInstance) => void)[]): FastifyInstance {
  const app = Fastify();
  app.setErrorHandler((thrown: FastifyError, _request, reply) => {
    const problem = problemOf(asKairosError(thrown));
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  for (const each of routes) each(app);
  return app;
}

export function makeEvent(id: number, more: Partial<Event> = {}): Event {
  return {
    id,
    source: 'github',
    delivery: `d-${id}`,
    type: 'push',
    action: null,
    trust: 'outside',
    receivedAtMs: Date.UTC(2026, 10, 2, 12, 0, 0) - 60_000 * (1_000 - id),
    contentType: 'application/json',
    bodyBytes: 2,
    jobs: [],
    ...more,
  };
}

export function makeJob(id: number, more: Partial<Job> = {}): Job {
  const atMs = Date.UTC(2026, 10, 2, 11, 0, 0);
  return {
    id,
    kind: 'notify',
    origin: 'all',
    reactive: false,
    topic: 't',
    text: 'text',
    urgent: false,
    state: 'queued',
    lane: 'background',
    attempts: 0,
    eventId: 1,
    eventCount: 1,
    createdAtMs: atMs,
    dueAtMs: atMs,
    startedAtMs: null,
    endedAtMs: null,
    error: null,
    ...more,
  };
}

export function makeSchedule(name: string, more: Partial<ScheduleState> = {}): ScheduleState {
  const atMs = Date.UTC(2026, 10, 3, 7, 0, 0);
  return {
    name,
    do: 'digest',
    words: 'At 08:00 (Europe/Berlin)',
    timeZone: 'Europe/Berlin',
    catchUp: 'once',
    nextAtMs: [atMs, atMs + 86_400_000],
    unfinished: null,
    lastRun: null,
    missed: [],
    ...more,
  };
}

export function makeMessage(id: number, more: Partial<Message> = {}): Message {
  const atMs = Date.UTC(2026, 10, 2, 11, 0, 0);
  return {
    id,
    kind: 'proactive',
    urgent: false,
    topic: 't',
    text: 'text',
    replyTo: null,
    jobId: 1,
    count: 1,
    state: 'queued',
    queuedAtMs: atMs,
    expiresAtMs: atMs + 1_000,
    releasedAtMs: null,
    sentAtMs: null,
    attempts: 0,
    reason: null,
    intoId: null,
    idempotencyKey: `msg_${id}`,
    ...more,
  };
}

function pageOf<Row extends { readonly id: number }>(rows: readonly Row[], { limit, after, sinceMs = 0 }: Page): Row[] {
  const since = (row: Row): boolean => ((row as { receivedAtMs?: number }).receivedAtMs ?? Infinity) >= sinceMs;
  return rows
    .filter((row) => row.id < (after ?? Infinity))
    .toReversed()
    .slice(0, limit)
    .filter(since);
}

const STATUS: Status = {
  version: '0.1.0',
  pid: 42,
  home: '/srv/kairos',
  url: 'http://127.0.0.1:7717',
  startedAtMs: Date.UTC(2026, 10, 2, 11, 0, 0),
  uptimeMs: 3_600_000,
  notReady: [],
  safeMode: false,
  dream: { progress: null, last: null, dueAtMs: null },
  health: null,
  lastBackup: null,
  accepting: { ok: true },
  jobs: { queued: 1 },
  messagesQueued: 0,
  writesWaiting: 0,
  freeBytes: 1,
  sources: ['github'],
  channels: [
    { name: 'terminal', state: 'ready', open: 0, failures: 0, lastError: null, retryInMs: 0 },
    { name: 'phone', state: 'failing', open: 2, failures: 3, lastError: `refused ${SECRET}`, retryInMs: 4_000 },
  ],
  running: [
    { jobId: 7, kind: 'command', origin: 'backup', lane: 'foreground', startedAtMs: Date.UTC(2026, 10, 2, 11, 59, 0) },
  ],
  reconcile: [
    { source: 'github', repository: 'octo/app', state: 'ok', reason: '', checkedAtMs: 1_000, askedCount: 2 },
    {
      source: 'github',
      repository: 'octo/lib',
      state: 'no-rights',
      reason: `not with ${SECRET}`,
      checkedAtMs: null,
      askedCount: 0,
    },
  ],
  listening: [{ name: 'telegram', state: 'failing', reason: `no answer to ${SECRET}` }],
  model: 'claude-lead',
  nextSchedule: { name: 'morning-digest', atMs: Date.UTC(2026, 10, 3, 7, 0, 0) },
  missed: { runs: 3, schedules: 2 },
  polling: {
    feeds: [
      {
        name: 'github octo/app events',
        state: 'ok',
        reason: '',
        polledAtMs: Date.UTC(2026, 10, 2, 12),
        nextInMs: 60_000,
      },
      {
        name: 'github octo/gone events',
        state: 'refused',
        reason: `404 ${SECRET}`,
        polledAtMs: null,
        nextInMs: 900_000,
      },
    ],
    paused: '',
    requestsLeft: 4_990,
  },
  heartbeat: true,
};

const quiet: ApiDeps['log'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};
