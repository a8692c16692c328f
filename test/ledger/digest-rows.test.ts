import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Database, Value } from '../../src/ledger/database.ts';
import { readDay } from '../../src/ledger/digest-rows.ts';
import { DISORDER_MS, idRange, scan, type Pace } from '../../src/ledger/digest-scan.ts';
import { openSnapshot, type Rows } from '../../src/ledger/reading.ts';
import { DAY_MS, freshDatabase, NOON_MS } from './make.ts';

const FROM_MS = NOON_MS;
const TO_MS = NOON_MS + DAY_MS;
const HOUR_MS = 3_600_000;

function pace(more: Partial<Pace> = {}): Pace {
  return { clock: { monoMs: () => 0 }, signal: new AbortController().signal, pause: async () => undefined, ...more };
}

const readIt = (rows: Rows, fromMs = FROM_MS, toMs = TO_MS) => readDay(rows, { fromMs, toMs }, pace());

function inserter(database: Database) {
  const insert = (table: string, row: Readonly<Record<string, Value>>): void => {
    const names = Object.keys(row);
    database
      .statement(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
      .run(...Object.values(row));
  };
  let key = 0;
  return {
    event: (row: { at: number; source?: string; type?: string; id?: number }): void => {
      key += 1;
      insert('events', {
        ...(row.id === undefined ? {} : { id: row.id }),
        source: row.source ?? 'github',
        delivery: `d${key}`,
        type: row.type ?? 'push',
        trust: 'outside',
        received_at: row.at,
        content_type: 'application/json',
        delivery_key: Buffer.from(String(key)),
        body_bytes: 0,
      });
    },
    job: (row: {
      at: number;
      state?: string;
      kind?: string;
      ended?: number | null;
      origin?: string;
      topic?: string;
      text?: string;
      error?: string | null;
      events?: number;
    }): void => {
      insert('jobs', {
        kind: row.kind ?? 'notify',
        origin: row.origin ?? 'ci',
        reactive: 0,
        urgent: 0,
        topic: row.topic ?? 'app',
        text: row.text ?? 'text',
        state: row.state ?? 'succeeded',
        lane: 'background',
        attempts: 1,
        event_count: row.events ?? 1,
        created_at: row.at,
        due_at: row.at,
        ended_at: row.ended ?? null,
        error: row.error ?? null,
      });
    },
    message: (row: {
      at: number;
      state?: string;
      reason?: string | null;
      released?: number | null;
      topic?: string;
    }): void => {
      key += 1;
      insert('messages', {
        kind: 'proactive',
        urgent: 0,
        resolves: 0,
        topic: row.topic ?? 'app',
        text: 'text',
        count: 1,
        state: row.state ?? 'sent',
        queued_at: row.at,
        expires_at: row.at + DAY_MS,
        released_at: row.released ?? null,
        reason: row.reason ?? null,
        idempotency_key: `k${key}`,
      });
    },
    line: (row: { at: number; kind: string; ref: string }): void => insert('journal', { ...row, text: 'text' }),
    run: (row: { at: number; succeeded?: number | null; ended?: string | null }): void =>
      insert('runs', {
        schedule: 'tidy',
        job_id: 1,
        attempt: 1,
        scheduled_for: row.at,
        started_at: row.at,
        ended: row.ended ?? null,
        succeeded: row.succeeded ?? null,
      }),
    slot: (row: { at: number; state: string; decided: number; reason?: string | null; count?: number | null }): void =>
      insert('slots', {
        schedule: 'tidy',
        slot_at: row.at,
        through_at: row.at,
        state: row.state,
        count: row.count === undefined ? 1 : row.count,
        reason: row.reason ?? null,
        decided_at: row.decided,
      }),
    spend: (row: { at: number; purpose: string; charged: number | null }): void =>
      insert('spend', {
        at: row.at,
        day: '2026-11-02',
        model: 'm',
        purpose: row.purpose,
        reactive: 0,
        reserved_micro_usd: 10,
        charged_micro_usd: row.charged,
        ...(row.charged === null
          ? {}
          : { input_tokens: 1, output_tokens: 2, cache_write_tokens: 3, cache_read_tokens: 4 }),
      }),
    approval: (row: { at: number; state: string }): void => {
      key += 1;
      const texts = { tool: 'shell', shown: 'make', hash: '', risk: 'HIGH', reason: '' };
      const ids = { job_id: 1, session_id: 1, call_id: `c${key}` };
      insert('approvals', {
        kind: 'call',
        state: row.state,
        asked_at: row.at,
        expires_at: row.at + HOUR_MS,
        ...ids,
        ...texts,
      });
    },
    dream: (row: { ended: number | null; report?: object }): void =>
      insert('dreams', {
        started_at: 0,
        by_hand: 0,
        ended_at: row.ended,
        outcome: row.ended === null ? null : 'changed',
        reason: '1 added',
        generation: 1,
        report: row.report === undefined ? null : JSON.stringify(row.report),
      }),
    boot: (row: { at: number; stopped?: number | null; safe?: number }): void =>
      insert('boots', {
        started_at: row.at,
        pid: 1,
        version: '1',
        stopped_at: row.stopped ?? null,
        safe_mode: row.safe ?? 0,
      }),
  };
}

describe('the figures of a day', () => {
  test('count each event once, by source and type, the most frequent first [DIGEST-EQUALS-LEDGER]', async () => {
    using home = freshDatabase();
    const { event } = inserter(home.database);
    for (const at of [FROM_MS - 1, FROM_MS, FROM_MS + 5, TO_MS - 1, TO_MS]) event({ at });
    event({ at: TO_MS - 2, type: 'issues' });
    for (let kind = 0; kind < 14; kind += 1) event({ at: TO_MS - 1, source: 'alerts', type: `type-${kind}` });
    const { events } = await readIt(home.database);
    expect(events.total).toBe(18);
    expect(events.top.slice(0, 2)).toEqual([
      { source: 'github', type: 'push', count: 3 },
      { source: 'alerts', type: 'type-0', count: 1 },
    ]);
    expect(events).toMatchObject({ rest: 4, restKinds: 4 });
    expect(events.top).toHaveLength(12);
  });

  test('list what was given up that day, whenever it began, the newest twenty', async () => {
    using home = freshDatabase();
    const { job } = inserter(home.database);
    job({ at: FROM_MS - 40 * DAY_MS, state: 'dead', ended: FROM_MS, error: 'no route' });
    job({ at: FROM_MS, state: 'failed', ended: TO_MS, error: 'later' });
    for (let count = 0; count < 21; count += 1)
      job({ at: FROM_MS, state: 'failed', ended: TO_MS - 1, error: `no ${count}` });
    const { jobs, givenUp } = await readIt(home.database);
    expect(jobs).toEqual({ total: 22, byState: { failed: 22 } });
    expect(givenUp.total).toBe(22);
    expect(givenUp.items).toHaveLength(20);
    expect(givenUp.items.at(-1)).toEqual({ id: 23, kind: 'notify', origin: 'ci', attempts: 1, error: 'no 20' });
  });

  test('name the messages that were lost that day, and say why others wait', async () => {
    using home = freshDatabase();
    const { message, line } = inserter(home.database);
    message({ at: FROM_MS - HOUR_MS, state: 'expired', reason: 'waited 12h' });
    message({ at: FROM_MS, state: 'withdrawn', reason: 'resolved by e1' });
    message({ at: FROM_MS, state: 'queued', reason: 'quiet hours' });
    message({ at: FROM_MS, state: 'queued', released: FROM_MS });
    line({ at: FROM_MS, kind: 'expired', ref: 'm1' });
    line({ at: FROM_MS, kind: 'held', ref: 'm3' });
    line({ at: FROM_MS, kind: 'failed', ref: 'j3' });
    const { messages, happened, waiting } = await readIt(home.database);
    expect(messages).toEqual({
      total: 3,
      byState: { withdrawn: 1, queued: 2 },
      reasons: [{ state: 'withdrawn', reason: 'resolved by e1', count: 1 }],
    });
    expect(happened).toEqual({
      sent: 0,
      held: 1,
      withdrawn: 0,
      expired: 1,
      failed: 0,
      lost: [{ id: 1, state: 'expired', topic: 'app', text: 'text', reason: 'waited 12h' }],
    });
    expect(waiting.messages).toEqual({
      held: 1,
      underWay: 1,
      oldestQueuedAtMs: FROM_MS,
      reasons: [{ reason: 'quiet hours', count: 1 }],
    });
  });

  test('group what was marked for the digest by subscription and topic, the newest texts of each', async () => {
    using home = freshDatabase();
    const { job } = inserter(home.database);
    for (const text of ['a', 'b', 'a', 'c', 'd'])
      job({ at: FROM_MS, kind: 'digest', origin: 'stars', topic: 'app', text });
    job({ at: FROM_MS, kind: 'digest', origin: 'releases', topic: 'lib', text: 'v2', events: 9 });
    for (let topic = 0; topic < 40; topic += 1)
      job({ at: FROM_MS, kind: 'digest', origin: 'many', topic: `t${topic}` });
    const { marked } = await readIt(home.database);
    expect(marked.total).toBe(54);
    expect(marked.groups.slice(0, 2)).toEqual([
      { origin: 'releases', topic: 'lib', count: 9, texts: ['v2'] },
      { origin: 'stars', topic: 'app', count: 5, texts: ['a', 'c', 'd'] },
    ]);
    expect(marked.groups).toHaveLength(30);
    expect(marked.rest).toBe(12);
  });

  test('tell a start after a crash from one after a stop, also when the one before began days ago', async () => {
    using home = freshDatabase();
    const { boot } = inserter(home.database);
    boot({ at: FROM_MS - 9 * DAY_MS, stopped: FROM_MS - 8 * DAY_MS });
    boot({ at: FROM_MS - 5 * DAY_MS });
    boot({ at: FROM_MS + 1, stopped: FROM_MS + 2 });
    boot({ at: FROM_MS + 3, safe: 1 });
    expect((await readIt(home.database)).boots).toEqual({ starts: 2, afterCrash: 1, safeMode: 1, stops: 1 });
    boot({ at: TO_MS + 5 });
    const after = await readIt(home.database, TO_MS, TO_MS + DAY_MS);
    expect(after.boots).toEqual({ starts: 1, afterCrash: 1, safeMode: 0, stops: 0 });
  });

  test('tell runs of schedules from slots that were missed, the newest twenty of those', async () => {
    using home = freshDatabase();
    const { run, slot } = inserter(home.database);
    run({ at: FROM_MS - 1, succeeded: 1 });
    run({ at: FROM_MS, succeeded: 0, ended: 'exited' });
    run({ at: FROM_MS + 1, ended: 'lost' });
    run({ at: TO_MS - 1 });
    slot({ at: FROM_MS - HOUR_MS, state: 'missed', decided: FROM_MS, count: null, reason: 'asleep' });
    slot({ at: FROM_MS, state: 'run', decided: FROM_MS });
    slot({ at: FROM_MS + 1, state: 'missed', decided: TO_MS, reason: 'tomorrow' });
    expect((await readIt(home.database)).slots).toEqual({
      ran: 3,
      failed: 2,
      missed: [{ schedule: 'tidy', count: null, reason: 'asleep' }],
      missedTotal: 1,
    });
    home.database.transaction(() => {
      for (let at = 0; at < 1_200; at += 1)
        slot({ at: TO_MS + at, state: 'missed', decided: TO_MS - 1, reason: `no ${at}` });
    });
    const { slots } = await readIt(home.database);
    expect(slots).toMatchObject({ missedTotal: 1_201 });
    expect(slots?.missed).toHaveLength(20);
    expect(slots?.missed.at(-1)).toEqual({ schedule: 'tidy', count: 1, reason: 'no 1199' });
  });

  test('of a ledger from before there were schedules say nothing of them', async () => {
    using home = freshDatabase();
    home.database.exec('DROP TABLE slots; DROP TABLE runs');
    expect((await readIt(home.database)).slots).toBeNull();
  });

  test('of a ledger without rows are all nothing', async () => {
    using home = freshDatabase();
    expect(await readIt(home.database)).toMatchObject({
      events: { total: 0, top: [], rest: 0 },
      jobs: { total: 0 },
      messages: { total: 0 },
      waiting: { jobs: { queued: 0, parked: 0 }, messages: { held: 0 } },
      boots: { starts: 0, stops: 0 },
    });
  });
});

const moment = fc.integer({ min: -2 * DAY_MS, max: 3 * DAY_MS });
const history = fc.record({
  // Steps between rows; negative ones are a clock that was set back.
  events: fc.array(
    fc.record({
      stepMs: fc.integer({ min: -HOUR_MS, max: 4 * HOUR_MS }),
      type: fc.constantFrom('a', 'b', 'c'),
      gap: fc.nat(3),
    }),
    { maxLength: 60 },
  ),
  jobs: fc.array(
    fc.record({
      stepMs: fc.integer({ min: -HOUR_MS, max: 6 * HOUR_MS }),
      state: fc.constantFrom('queued', 'running', 'succeeded', 'failed', 'dead', 'parked'),
      kind: fc.constantFrom('notify', 'digest', 'log', 'agent'),
      ended: fc.option(moment),
      events: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 40 },
  ),
  messages: fc.array(
    fc.record({
      stepMs: fc.integer({ min: -HOUR_MS, max: 6 * HOUR_MS }),
      state: fc.constantFrom('queued', 'sent', 'coalesced', 'withdrawn', 'expired', 'failed'),
      reason: fc.option(fc.constantFrom('quiet hours', 'window')),
      released: fc.option(moment),
    }),
    { maxLength: 40 },
  ),
  lines: fc.array(
    fc.record({
      stepMs: fc.integer({ min: -HOUR_MS, max: 6 * HOUR_MS }),
      kind: fc.constantFrom('sent', 'held', 'withdrawn', 'expired', 'failed', 'log', 'start'),
      ref: fc.constantFrom('m1', 'm2', 'm999', 'j1', ''),
    }),
    { maxLength: 40 },
  ),
  spend: fc.array(
    fc.record({
      stepMs: fc.integer({ min: -HOUR_MS, max: 6 * HOUR_MS }),
      purpose: fc.constantFrom('run', 'dream'),
      charged: fc.option(fc.nat(9)),
    }),
    { maxLength: 40 },
  ),
  approvals: fc.array(
    fc.record({
      stepMs: fc.integer({ min: -HOUR_MS, max: 6 * HOUR_MS }),
      state: fc.constantFrom('pending', 'allowed', 'denied', 'expired'),
    }),
    { maxLength: 30 },
  ),
  dreams: fc.array(fc.option(moment), { maxLength: 10 }),
  fromMs: moment,
  lengthMs: fc.constantFrom(23 * HOUR_MS, DAY_MS, 25 * HOUR_MS),
});

describe('the figures of any history', () => {
  test('equal a naive recount of the ledger, whatever the clock did [DIGEST-EQUALS-LEDGER]', async () => {
    await fc.assert(
      fc.asyncProperty(
        history,
        async ({ events, jobs, messages, lines, spend, approvals, dreams, fromMs, lengthMs }) => {
          using home = freshDatabase();
          const make = inserter(home.database);
          const within = { from: NOON_MS + fromMs, to: NOON_MS + fromMs + lengthMs };
          let at = NOON_MS - 2 * DAY_MS;
          let id = 0;
          home.database.transaction(() => {
            for (const { stepMs, type, gap } of events) make.event({ at: (at += stepMs), type, id: (id += 1 + gap) });
            at = NOON_MS - 2 * DAY_MS;
            for (const { stepMs, ended, ...row } of jobs)
              make.job({ ...row, at: (at += stepMs), ended: ended === null ? null : NOON_MS + ended });
            at = NOON_MS - 2 * DAY_MS;
            for (const { stepMs, released, ...row } of messages)
              make.message({ ...row, at: (at += stepMs), released: released === null ? null : NOON_MS + released });
            at = NOON_MS - 2 * DAY_MS;
            for (const { stepMs, ...row } of lines) make.line({ ...row, at: (at += stepMs) });
            at = NOON_MS - 2 * DAY_MS;
            for (const { stepMs, ...row } of spend) make.spend({ ...row, at: (at += stepMs) });
            at = NOON_MS - 2 * DAY_MS;
            for (const { stepMs, state } of approvals) make.approval({ state, at: (at += stepMs) });
            for (const ended of dreams) make.dream({ ended: ended === null ? null : NOON_MS + ended });
          });
          const found = await readIt(home.database, within.from, within.to);
          expect(figuresOf(found)).toEqual(recount(home.database, within));
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** Only what is counted to the last row. */
function figuresOf(day: Awaited<ReturnType<typeof readIt>>) {
  const { lost: _, ...happened } = day.happened;
  const { parkedBy, ...jobs } = day.waiting.jobs;
  expect(parkedBy.reduce((sum, { count }) => sum + count, 0)).toBe(jobs.parked);
  expect(day.marked.groups.reduce((sum, { count }) => sum + count, day.marked.rest)).toBe(day.marked.total);
  return {
    events: day.events.top.toSorted((a, b) => (a.type < b.type ? -1 : 1)).map(({ type, count }) => [type, count]),
    total: day.events.total,
    jobs: sorted(day.jobs.byState),
    givenUp: day.givenUp.total,
    marked: day.marked.total,
    messages: sorted(day.messages.byState),
    happened,
    waitingJobs: jobs,
    held: day.waiting.messages.held,
    underWay: day.waiting.messages.underWay,
    runs: sorted(day.agent?.runs.byState ?? {}),
    asked: sorted(day.agent?.asked.byState ?? {}),
    approvals: day.agent?.approvals,
    spent: (day.agent?.models ?? []).reduce((sum, { microUsd, tokens }) => sum + microUsd + tokens, 0),
    dreamed: (day.dreams?.microUsd ?? 0) + (day.dreams?.tokens ?? 0),
    dreams: day.dreams?.total,
  };
}

function recount(database: Database, { from, to }: { from: number; to: number }) {
  const all = <Row>(sql: string, ...values: number[]): Row[] => database.statement(sql).all<Row>(...values);
  const one = (sql: string, ...values: number[]): number => all<{ n: number }>(sql, ...values)[0]?.n ?? 0;
  const pairs = (sql: string): [string, number][] =>
    all<{ key: string; n: number }>(sql, from, to).map(({ key, n }) => [key, n]);
  const lines = (kind: string): number =>
    one(`SELECT count(*) AS n FROM journal WHERE at >= ? AND at < ? AND kind = '${kind}' AND ref LIKE 'm%'`, from, to);
  const states = (rows: string) =>
    sorted(
      Object.fromEntries(
        pairs(`SELECT state AS key, count(*) AS n FROM ${rows} >= ? AND ${rows.split(' ').at(-1)} < ? GROUP BY state`),
      ),
    );
  const spent = (which: string): number =>
    one(
      `SELECT coalesce(sum(coalesce(charged_micro_usd, reserved_micro_usd) + iif(charged_micro_usd IS NULL, 0, 10)), 0) AS n
       FROM spend WHERE at >= ? AND at < ? ${which}`,
      from,
      to,
    );
  const waiting = (state: string): number => one(`SELECT count(*) AS n FROM jobs WHERE state = '${state}'`);
  return {
    events: pairs(
      'SELECT type AS key, count(*) AS n FROM events WHERE received_at >= ? AND received_at < ? GROUP BY type ORDER BY type',
    ),
    total: one('SELECT count(*) AS n FROM events WHERE received_at >= ? AND received_at < ?', from, to),
    jobs: sorted(
      Object.fromEntries(
        pairs('SELECT state AS key, count(*) AS n FROM jobs WHERE created_at >= ? AND created_at < ? GROUP BY state'),
      ),
    ),
    givenUp: one(
      "SELECT count(*) AS n FROM jobs WHERE state IN ('failed', 'dead') AND ended_at >= ? AND ended_at < ?",
      from,
      to,
    ),
    marked: one(
      "SELECT sum(event_count) AS n FROM jobs WHERE kind = 'digest' AND created_at >= ? AND created_at < ?",
      from,
      to,
    ),
    messages: sorted(
      Object.fromEntries(
        pairs('SELECT state AS key, count(*) AS n FROM messages WHERE queued_at >= ? AND queued_at < ? GROUP BY state'),
      ),
    ),
    happened: {
      sent: lines('sent'),
      held: lines('held'),
      withdrawn: lines('withdrawn'),
      expired: lines('expired'),
      failed: lines('failed'),
    },
    waitingJobs: { queued: waiting('queued'), running: waiting('running'), parked: waiting('parked') },
    held: one("SELECT count(*) AS n FROM messages WHERE state = 'queued' AND released_at IS NULL"),
    underWay: one("SELECT count(*) AS n FROM messages WHERE state = 'queued' AND released_at IS NOT NULL"),
    runs: states("jobs WHERE kind = 'agent' AND created_at"),
    asked: states('approvals WHERE asked_at'),
    approvals: one("SELECT count(*) AS n FROM approvals WHERE state = 'pending'"),
    spent: spent(''),
    dreamed: spent("AND purpose = 'dream'"),
    dreams: one('SELECT count(*) AS n FROM dreams WHERE ended_at >= ? AND ended_at < ?', from, to),
  };
}

function sorted(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

describe('the scan of a day', () => {
  test('looks at few rows to find where the day begins, and reads no other day', () => {
    using home = freshDatabase();
    home.database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
      INSERT INTO journal (id, at, kind, ref, text) SELECT i * 3, ${NOON_MS} + i * 60000, 'log', '', '' FROM n`);
    let probes = 0;
    const counting: Rows = {
      statement: (sql) => {
        const statement = home.database.statement(sql);
        const get = (...values: Value[]): unknown => ((probes += 1), statement.get(...values));
        return { ...statement, get: get as typeof statement.get };
      },
    };
    const found = idRange(counting, 'journal', NOON_MS + 2 * DAY_MS, NOON_MS + 3 * DAY_MS);
    const row = (ms: number): number => (ms / 60_000) * 3;
    expect(found.afterId).toBeLessThan(row(2 * DAY_MS - DISORDER_MS));
    expect(found.afterId).toBeGreaterThan(row(2 * DAY_MS - DISORDER_MS) - 6);
    expect(found.throughId).toBeLessThan(row(3 * DAY_MS + DISORDER_MS) + 3);
    expect(probes).toBeLessThan(50);
  });

  test('takes small steps on a slow disk and large ones on a fast one, and lets others in between', async () => {
    const walk = async (msPerRow: number): Promise<number[]> => {
      const sizes: number[] = [];
      let nowMs = 0;
      let pauses = 0;
      const slow = pace({ clock: { monoMs: () => nowMs }, pause: async () => void (pauses += 1) });
      await scan({ afterId: 10, throughId: 100_010 }, slow, ({ afterId, throughId }) => {
        sizes.push(throughId - afterId);
        nowMs += (throughId - afterId) * msPerRow;
      });
      expect(pauses).toBe(sizes.length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100_000);
      return sizes;
    };
    expect(Math.max(...(await walk(0.02))) * 0.02).toBeLessThanOrEqual(10);
    expect(Math.max(...(await walk(0.0001)))).toBe(4_000);
  });

  test('ends at its next pause when it is aborted', async () => {
    const stop = new AbortController();
    const steps: number[] = [];
    const cut = scan({ afterId: 0, throughId: 100_000 }, pace({ signal: stop.signal }), ({ afterId }) => {
      steps.push(afterId);
      stop.abort(new Error('stopped'));
    });
    await expect(cut).rejects.toThrow('stopped');
    expect(steps).toEqual([0]);
  });

  test('every statement finds its rows by number or by an index', async () => {
    using home = freshDatabase();
    const seen = new Set<string>();
    await readIt({ statement: (sql) => (seen.add(sql), home.database.statement(sql)) });
    expect(seen.size).toBeGreaterThan(15);
    const scans = [...seen].flatMap((sql) => {
      const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
      const plan = home.database.statement(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>(...values);
      return plan
        .filter(({ detail }) => detail.startsWith('SCAN') && !/^SCAN (mutes|dreams|sqlite_schema)/.test(detail))
        .map(({ detail }) => `${detail}: ${sql}`);
    });
    expect(scans).toEqual([]);
  });
});

describe('a snapshot', () => {
  test('stays as it was while the daemon writes on, and writes nothing', async () => {
    using home = freshDatabase();
    const { event } = inserter(home.database);
    event({ at: FROM_MS });
    using snapshot = openSnapshot(join(home.path, 'ledger.db'));
    event({ at: FROM_MS + 1 });
    expect((await readIt(snapshot)).events.total).toBe(1);
    using later = openSnapshot(join(home.path, 'ledger.db'));
    expect((await readIt(later)).events.total).toBe(2);
    expect(() => later.statement("INSERT INTO meta VALUES ('a', 'b')").run()).toThrow(/readonly/);
  });

  test('of a file that is not there is LEDGER_FAILED', () => {
    using home = freshDatabase();
    expect(() => openSnapshot(join(home.path, 'none.db'))).toThrow(expect.objectContaining({ code: 'LEDGER_FAILED' }));
  });
});
