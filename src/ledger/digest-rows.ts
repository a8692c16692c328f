import type { JobState } from '../core/job.ts';
import type { MessageState } from '../core/message.ts';
import { markedRows } from './digest-marked.ts';
import { idRange, scan, scanPages, type Pace, type Span } from './digest-scan.ts';
import { slotRows } from './digest-slots.ts';
import type { Rows } from './reading.ts';
import { createTally } from './tally.ts';

/** Kinds shown one by one, and things listed with their ids; whatever is beyond is counted. */
const TOP = 12;
const LISTED = 20;
const TEXT_CHARS = 1_000;

/**
 * What the ledger knows of a day, and what waits at this moment: the figures of the digest (`DigestRows` in the journal
 * room). Each row counts for the day it was recorded on; what ended badly counts for the day on which it did.
 *
 * @param rows A snapshot, so that all of it is of one moment.
 * @throws What the signal was aborted with, `LEDGER_FAILED`.
 */
export async function readDay(rows: Rows, span: Span, pace: Pace) {
  return {
    events: await eventRows(rows, span, pace),
    jobs: await jobRows(rows, span, pace),
    givenUp: await givenUpRows(rows, span, pace),
    marked: await markedRows(rows, span, pace),
    messages: await messageRows(rows, span, pace),
    happened: await journalRows(rows, span, pace),
    waiting: { jobs: await waitingJobs(rows, pace), messages: await waitingMessages(rows, pace) },
    mutes: muteRows(rows, span),
    boots: bootRows(rows, span),
    slots: await slotRows(rows, span, pace),
  };
}

async function eventRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const tally = createTally<{ source: string; type: string }>();
  const counted = rows.statement(
    `SELECT source, type, count(*) AS count FROM events
     WHERE id > ? AND id <= ? AND received_at >= ? AND received_at < ? GROUP BY source, type`,
  );
  await scan(idRange(rows, 'events', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const row of counted.all<{ source: string; type: string; count: number }>(afterId, throughId, fromMs, toMs)) {
      tally.add({ source: row.source, type: row.type }, row.count);
    }
  });
  return { total: tally.total, ...tally.top(TOP) };
}

async function jobRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const byState: Partial<Record<JobState, number>> = {};
  let total = 0;
  const counted = rows.statement(
    'SELECT state, count(*) AS count FROM jobs WHERE id > ? AND id <= ? AND created_at >= ? AND created_at < ? GROUP BY state',
  );
  await scan(idRange(rows, 'jobs', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const { state, count } of counted.all<{ state: JobState; count: number }>(afterId, throughId, fromMs, toMs)) {
      byState[state] = (byState[state] ?? 0) + count;
      total += count;
    }
  });
  return { total, byState };
}

interface GivenUpRow {
  readonly id: number;
  readonly kind: string;
  readonly origin: string;
  readonly attempts: number;
  readonly error: string | null;
}

/** Jobs that came to a bad end that day, whenever they were begun. */
async function givenUpRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const items: GivenUpRow[] = [];
  let total = 0;
  const page = rows.statement(
    `SELECT id, kind, origin, attempts, substr(error, 1, ${TEXT_CHARS}) AS error, ended_at AS endedAtMs FROM jobs
     WHERE state = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  for (const state of ['failed', 'dead'] as const) {
    await scanPages(
      (afterId, limit) => page.all<GivenUpRow & { endedAtMs: number | null }>(state, afterId, limit),
      pace,
      ({ endedAtMs, ...job }) => {
        if (endedAtMs === null || endedAtMs < fromMs || endedAtMs >= toMs) return;
        total += 1;
        keepNewest(items, job);
      },
    );
  }
  return { total, items };
}

/** The newest of all, in order, at most `LISTED`. */
function keepNewest<Row extends { readonly id: number }>(items: Row[], row: Row): void {
  items.push(row);
  items.sort((a, b) => a.id - b.id);
  if (items.length > LISTED) items.shift();
}

async function messageRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const byState: Partial<Record<MessageState, number>> = {};
  const reasons = createTally<{ state: MessageState; reason: string }>();
  let total = 0;
  const counted = rows.statement(
    `SELECT state, iif(state IN ('withdrawn', 'expired', 'failed'), coalesce(reason, ''), '') AS reason, count(*) AS count
     FROM messages WHERE id > ? AND id <= ? AND queued_at >= ? AND queued_at < ? GROUP BY 1, 2`,
  );
  await scan(idRange(rows, 'messages', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const { state, reason, count } of counted.all<{ state: MessageState; reason: string; count: number }>(
      afterId,
      throughId,
      fromMs,
      toMs,
    )) {
      byState[state] = (byState[state] ?? 0) + count;
      total += count;
      if (reason !== '') reasons.add({ state, reason }, count);
    }
  });
  return { total, byState, reasons: reasons.top(TOP).top };
}

/** Kinds of lines of the daily log that tell what became of a message. */
const MESSAGE_KINDS = ['sent', 'held', 'withdrawn', 'expired', 'failed'] as const;
type MessageKindOfLine = (typeof MESSAGE_KINDS)[number];

interface LostRow {
  readonly id: number;
  readonly state: string;
  readonly topic: string;
  readonly text: string;
  readonly reason: string | null;
}

/** What became of messages that day, whenever they were queued: as the daily log has it. */
async function journalRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const counts: Record<MessageKindOfLine, number> = { sent: 0, held: 0, withdrawn: 0, expired: 0, failed: 0 };
  const lost: LostRow[] = [];
  const lines = rows.statement(
    `SELECT kind, ref FROM journal WHERE id > ? AND id <= ? AND at >= ? AND at < ?
       AND kind IN (${MESSAGE_KINDS.map((kind) => `'${kind}'`).join(', ')}) AND ref GLOB 'm[1-9]*'`,
  );
  const find = rows.statement(
    `SELECT id, state, topic, substr(text, 1, ${TEXT_CHARS}) AS text, reason FROM messages WHERE id = ?`,
  );
  await scan(idRange(rows, 'journal', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const { kind, ref } of lines.all<{ kind: MessageKindOfLine; ref: string }>(
      afterId,
      throughId,
      fromMs,
      toMs,
    )) {
      counts[kind] += 1;
      const message = kind === 'expired' || kind === 'failed' ? find.get<LostRow>(Number(ref.slice(1))) : undefined;
      if (message !== undefined) keepNewest(lost, message);
    }
  });
  return { ...counts, lost };
}

async function waitingJobs(rows: Rows, pace: Pace) {
  const counts = { queued: 0, running: 0, parked: 0 };
  const parked = createTally<{ origin: string; reason: string }>();
  const page = rows.statement(
    `SELECT id, origin, coalesce(error, '') AS reason FROM jobs WHERE state = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  for (const state of ['queued', 'running', 'parked'] as const) {
    await scanPages(
      (afterId, limit) => page.all<{ id: number; origin: string; reason: string }>(state, afterId, limit),
      pace,
      ({ origin, reason }) => {
        counts[state] += 1;
        if (state === 'parked') parked.add({ origin, reason }, 1);
      },
    );
  }
  return { ...counts, parkedBy: parked.top(TOP).top };
}

/** Held back at this moment and why; and those that were let go and that no channel has yet. */
async function waitingMessages(rows: Rows, pace: Pace) {
  const reasons = createTally<{ reason: string }>();
  let underWay = 0;
  let oldestQueuedAtMs: number | null = null;
  const page = rows.statement(
    `SELECT id, coalesce(reason, '') AS reason, released_at AS releasedAtMs, queued_at AS queuedAtMs FROM messages
     WHERE state = 'queued' AND id > ? ORDER BY id LIMIT ?`,
  );
  interface Waiting {
    readonly id: number;
    readonly reason: string;
    readonly releasedAtMs: number | null;
    readonly queuedAtMs: number;
  }
  await scanPages(
    (afterId, limit) => page.all<Waiting>(afterId, limit),
    pace,
    ({ reason, releasedAtMs, queuedAtMs }) => {
      if (releasedAtMs !== null) underWay += 1;
      else {
        reasons.add({ reason }, 1);
        oldestQueuedAtMs = Math.min(oldestQueuedAtMs ?? queuedAtMs, queuedAtMs);
      }
    },
  );
  return { held: reasons.total, underWay, oldestQueuedAtMs: oldestQueuedAtMs as number | null, reasons: reasons.top(TOP).top };
}

/** Mutes that held at the end of the span, or hold still. */
function muteRows(rows: Rows, { toMs }: Span) {
  return rows
    .statement('SELECT topic, until_at AS untilMs FROM mutes WHERE until_at > ? ORDER BY topic LIMIT 100')
    .all<{ topic: string; untilMs: number }>(toMs);
}

/** Starts of the day, how many of them followed a crash, and clean stops of the day. */
function bootRows(rows: Rows, { fromMs, toMs }: Span) {
  const { afterId, throughId } = idRange(rows, 'boots', fromMs, toMs);
  // The one before as well: whether it was stopped says how the first came about, and it may have been stopped that day.
  const found = rows
    .statement(
      `SELECT started_at AS startedAtMs, stopped_at AS stoppedAtMs, safe_mode AS safe FROM boots
       WHERE id >= (SELECT coalesce(max(id), 0) FROM boots WHERE id <= ?) AND id <= ? ORDER BY id LIMIT 20000`,
    )
    .all<{ startedAtMs: number; stoppedAtMs: number | null; safe: number }>(afterId, throughId);
  const within = (ms: number | null): boolean => ms !== null && ms >= fromMs && ms < toMs;
  const starts = found.map((boot, index) => ({ ...boot, before: found[index - 1] })).filter((boot) => within(boot.startedAtMs));
  return {
    starts: starts.length,
    afterCrash: starts.filter(({ before }) => before !== undefined && before.stoppedAtMs === null).length,
    safeMode: starts.filter(({ safe }) => safe === 1).length,
    stops: found.filter((boot) => within(boot.stoppedAtMs)).length,
  };
}
