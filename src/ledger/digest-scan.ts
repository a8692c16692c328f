import type { Clock } from '../core/ports.ts';
import type { Rows } from './reading.ts';

/** Tables whose rows are numbered in the order in which they were recorded, and the column with their time. */
export const TIMED = {
  events: 'received_at',
  jobs: 'created_at',
  messages: 'queued_at',
  journal: 'at',
  boots: 'started_at',
  runs: 'started_at',
  spend: 'at',
  approvals: 'asked_at',
} as const;

export type TimedTable = keyof typeof TIMED;

/** Some time, from its first millisecond to before `toMs`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Rows numbered above `afterId`, up to and including `throughId`. */
export interface IdRange {
  readonly afterId: number;
  readonly throughId: number;
}

/**
 * By how much rows may be out of order: they are numbered as they are committed, and somebody may have set the clock
 * back. A step back of more than this can make a day miss rows around it; nothing else can.
 */
export const DISORDER_MS = 12 * 3_600_000;

/**
 * Where the rows of a time are: every row of [fromMs, toMs) is in the range, and others at its ends, so callers
 * compare the time as well. Found by halving, for there is no index on times: about 25 rows are looked at.
 */
export function idRange(rows: Rows, table: TimedTable, fromMs: number, toMs: number): IdRange {
  const afterId = firstAtOrAfter(rows, table, fromMs - DISORDER_MS) - 1;
  return { afterId, throughId: Math.max(afterId, firstAtOrAfter(rows, table, toMs + DISORDER_MS) - 1) };
}

/** The number of a row that is not older than this while the one before it is; one above the last when all are older. */
function firstAtOrAfter(rows: Rows, table: TimedTable, atMs: number): number {
  const last = rows.statement(`SELECT max(id) AS id FROM ${table}`).get<{ id: number | null }>()?.id ?? 0;
  const first = rows.statement(`SELECT min(id) AS id FROM ${table}`).get<{ id: number | null }>()?.id ?? 1;
  const probe = rows.statement(`SELECT id, ${TIMED[table]} AS atMs FROM ${table} WHERE id >= ? ORDER BY id LIMIT 1`);
  let low = first;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = probe.get<{ id: number; atMs: number }>(middle);
    // Numbers may be missing: the row found is the first from the middle on, and may lie behind `high` already.
    if (row === undefined || row.atMs >= atMs) high = middle;
    else low = row.id + 1;
  }
  return low;
}

/** How a scan takes its time. */
export interface Pace {
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Aborting ends the scan with an error at its next pause. */
  readonly signal: AbortSignal;
  /** Lets others have their turn; `setImmediate` in the daemon. */
  readonly pause: () => Promise<void>;
}

const STEP_FIRST = 500;
const STEP_MAX = 4_000;
const STEP_MIN = 50;
/** A step that took less is followed by a larger one, one that took more than twice as long by a smaller one. */
const STEP_MS = 5;

/**
 * Walks over a range in steps that hold the event loop for some milliseconds each, as fast as the machine is, and pauses
 * after each.
 */
export async function scan(range: IdRange, pace: Pace, step: (range: IdRange) => void): Promise<void> {
  let size = STEP_FIRST;
  for (let afterId = range.afterId; afterId < range.throughId;) {
    const throughId = Math.min(range.throughId, afterId + size);
    const startMs = pace.clock.monoMs();
    step({ afterId, throughId });
    size = nextSize(size, pace.clock.monoMs() - startMs);
    afterId = throughId;
    await rest(pace);
  }
}

/** The same over what a statement finds above a number, in order, a page at a time. */
export async function scanPages<Row extends { readonly id: number }>(
  page: (afterId: number, limit: number) => Row[],
  pace: Pace,
  take: (row: Row) => void,
): Promise<void> {
  let size = STEP_FIRST;
  for (let afterId = 0; ;) {
    const startMs = pace.clock.monoMs();
    const found = page(afterId, size);
    for (const row of found) take(row);
    const last = found.at(-1);
    if (last === undefined || found.length < size) return;
    afterId = last.id;
    size = nextSize(size, pace.clock.monoMs() - startMs);
    await rest(pace);
  }
}

function nextSize(size: number, tookMs: number): number {
  if (tookMs < STEP_MS) return Math.min(STEP_MAX, size * 2);
  return tookMs > STEP_MS * 2 ? Math.max(STEP_MIN, Math.floor(size / 2)) : size;
}

async function rest({ pause, signal }: Pace): Promise<void> {
  await pause();
  signal.throwIfAborted();
}
