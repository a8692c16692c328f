import { performance } from 'node:perf_hooks';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/ledger/database.ts';
import { openDeliveryKeys } from '../../src/ledger/delivery-keys.ts';
import { openEvents } from '../../src/ledger/events.ts';
import { openJobs } from '../../src/ledger/jobs.ts';
import { openJournalRows } from '../../src/ledger/journal-rows.ts';
import { openMessages } from '../../src/ledger/messages.ts';
import { prune } from '../../src/ledger/retention.ts';
import { DAY_MS, event, freshDatabase, job, NOON_MS, writerOf } from './make.ts';

/** Every statement that goes through it, once. */
function recording(database: Database): Database & { readonly seen: Set<string> } {
  const seen = new Set<string>();
  return {
    seen,
    path: database.path,
    redact: database.redact,
    statement(sql) {
      seen.add(sql);
      return database.statement(sql);
    },
    exec: (sql) => database.exec(sql),
    transaction: (work) => database.transaction(work),
    get inTransaction() {
      return database.inTransaction;
    },
    reopen: () => database.reopen(),
    close: () => database.close(),
  };
}

function storesOf(database: Database) {
  const keys = openDeliveryKeys(database);
  const writer = writerOf(database, { onCommit: () => keys.committed() });
  const context = (nowMs: number) => ({ nowMs, ttlMs: DAY_MS, homeId: 'home' });
  return {
    keys,
    writer,
    events: openEvents(database, writer, keys),
    jobs: openJobs(database, writer, context),
    messages: openMessages(database, writer, context),
    journal: openJournalRows(database, writer),
  };
}

const STATES = ['queued', 'running', 'succeeded', 'failed', 'dead', 'parked'] as const;
const MESSAGE_STATES = ['queued', 'sent', 'coalesced', 'withdrawn', 'expired', 'failed'] as const;
const RETENTION = { events: 90 * DAY_MS, bodies: 30 * DAY_MS };

/** Whatever a running daemon asks of the ledger again and again. */
async function useEverything(
  { keys, writer, events, jobs, messages, journal }: ReturnType<typeof storesOf>,
  database: Database,
) {
  const { id } = await events.append(
    event('asked', { trust: 'owner', jobs: [job({ mayCoalesce: true }), job({ reactive: true, kind: 'reply' })] }),
  );
  await events.append(event('asked'));
  events.find(id);
  events.body(id);
  events.list({ limit: 50 });
  events.list({ limit: 50, after: 20, sinceMs: NOON_MS + 1 });
  jobs.counts();
  jobs.nextDueMs();
  jobs.interrupted();
  jobs.list({ limit: 50, after: 1_000 });
  for (const state of STATES) jobs.list({ limit: 50, after: 1_000, state, sinceMs: NOON_MS + 1 });
  const [claimed] = await jobs.claim(64, NOON_MS, 60_000);
  if (claimed) await jobs.settle(claimed, { state: 'dead', error: 'no', effects: [] }, NOON_MS);
  if (claimed) await jobs.requeue(claimed.id, NOON_MS);
  await messages.enqueue(
    { kind: 'proactive', urgent: false, topic: 'a', text: 't', replyTo: null, jobId: claimed?.id ?? null, count: 1 },
    NOON_MS,
  );
  messages.counts();
  messages.waiting(NOON_MS);
  messages.recentReleases(NOON_MS - 3_600_000);
  for (const state of [undefined, ...MESSAGE_STATES])
    messages.list({ limit: 50, after: 1_000, state, sinceMs: NOON_MS + 1 });
  await deliver(messages);
  await journal.append({ kind: 'log', ref: '', text: 't' }, NOON_MS);
  journal.pending(100);
  await keys.settle(writer);
  await prune(database, writer, RETENTION, NOON_MS);
}

/** An alert that is delivered, and one that is written into it. */
async function deliver(messages: ReturnType<typeof openMessages>) {
  const edits = [{ channel: 'slack', withinMs: 600_000 }];
  const release = { nowMs: NOON_MS, channels: ['slack'], render: () => 'text', edits };
  const draft = {
    kind: 'proactive',
    urgent: false,
    topic: 'grows',
    text: 't',
    replyTo: null,
    jobId: null,
    count: 1,
  } as const;
  for (const silent of [false, true]) {
    const id = await messages.enqueue(draft, NOON_MS);
    messages.growing(NOON_MS, edits);
    await messages.release(id, { ...release, silent });
    messages.openDeliveries('slack', 10);
    await messages.beginAttempt(id, 'slack', NOON_MS);
    const result = silent
      ? ({ kind: 'failed', error: 'gone' } as const)
      : ({ kind: 'sent', receipt: 'r1', note: null } as const);
    await messages.endAttempt({ messageId: id, channel: 'slack', nowMs: NOON_MS, result });
  }
}

const BIG = /\b(events|jobs|messages|delivery_keys|job_events|body_chunks|journal|deliveries)\b/;

function wholeTableScans(database: Database, sql: string): string[] {
  if (!/^\s*(SELECT|UPDATE|DELETE|INSERT)/i.test(sql)) return [];
  const plan = database.statement(`EXPLAIN QUERY PLAN ${sql}`);
  const marks = sql.match(/\?\d*/g) ?? [];
  const values = marks.every((mark) => mark === '?') ? marks.map(() => 1) : [];
  const rows = plan.all<{ detail: string }>(...values);
  return rows
    .map(({ detail }) => detail)
    .filter((detail) => detail.startsWith('SCAN') && BIG.test(detail) && !bounded(detail, sql));
}

/** A scan in the order of the rows that ends after a few, or through an index that holds few. */
function bounded(detail: string, sql: string): boolean {
  if (/ORDER BY id LIMIT \?/.test(sql) && !/INDEX/.test(detail)) return true;
  return /USING (COVERING )?INDEX (messages_(waiting|queue|expiry|under_way)|deliveries_open)\b/.test(detail);
}

describe('every statement', () => {
  test('finds its rows by an index, or looks at a bounded number of them', async () => {
    using home = freshDatabase();
    const database = recording(home.database);
    await useEverything(storesOf(database), database);
    expect(database.seen.size).toBeGreaterThan(50);
    const scans = [...database.seen].flatMap((sql) =>
      wholeTableScans(home.database, sql).map((detail) => `${detail}: ${sql}`),
    );
    expect(scans).toEqual([]);
  });
});

describe('a ledger of a million events and two hundred thousand jobs', () => {
  let home: ReturnType<typeof freshDatabase>;
  beforeAll(() => {
    home = freshDatabase();
    fill(home.database);
    return () => home[Symbol.dispose]();
  }, 60_000);

  test('answers everything that is asked again and again within 20 ms', async () => {
    const { events, jobs } = storesOf(home.database);
    const asked: [string, () => unknown][] = [
      ['events, first page', () => events.list({ limit: 100 })],
      ['events, deep page', () => events.list({ limit: 100, after: 500_000 })],
      ['events, last page', () => events.list({ limit: 100, after: 50 })],
      ['events, since now', () => events.list({ limit: 100, sinceMs: NOON_MS * 2 })],
      ['jobs, deep page', () => jobs.list({ limit: 100, after: 100_000 })],
      ...STATES.map((state): [string, () => unknown] => [
        `jobs, ${state}`,
        () => jobs.list({ limit: 100, after: 150_000, state }),
      ]),
      ['jobs, counts', () => jobs.counts()],
      ['jobs, next due', () => jobs.nextDueMs()],
      ['jobs, interrupted', () => jobs.interrupted()],
    ];
    const slow = asked.map(([name, ask]) => ({ name, ms: fastest(ask) })).filter(({ ms }) => ms > 20);
    expect(slow).toEqual([]);
    expect((await jobs.claim(64, NOON_MS, 60_000)).length).toBeGreaterThan(0);
  });
});

/** The best of five: what the machine's other work does to the rest is not the question. */
function fastest(work: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

function fill(database: Database): void {
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -65536');
  const rows = (count: number): string =>
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  database.transaction(() => {
    database.exec(`INSERT INTO events (id, source, delivery, type, action, trust, received_at, content_type, delivery_key, body_bytes, body_ref, body)
      ${rows(1_000_000)} SELECT i, 'github', 'd' || i, 'push', NULL, 'outside', ${NOON_MS} - 1000000 + i, 'application/json', CAST(i AS BLOB), 2, NULL, x'7b7d' FROM n`);
    database.exec(`INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, event_id, created_at, due_at, attempts)
      ${rows(200_000)} SELECT 'notify', 'ci', 0, 0, 't' || (i % 100), 'text',
        CASE WHEN i % 100 = 0 THEN 'dead' WHEN i % 100 = 1 THEN 'parked' WHEN i % 1000 = 2 THEN 'queued' WHEN i % 1000 = 3 THEN 'failed' ELSE 'succeeded' END,
        'background', i * 5, ${NOON_MS} - 200000 + i, ${NOON_MS} - 200000 + i, 0 FROM n`);
    database.exec("INSERT OR REPLACE INTO meta VALUES ('delivery_keys.through', '1000000')");
  });
}
