import type { JobState } from '../core/job.ts';
import { idRange, scan, scanPages, type Pace, type Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';
import { createTally, keepNewest } from './tally.ts';

const ORIGINS_MAX = 12;
const LISTED_MAX = 20;
const TEXT_CHARS = 1_000;

/** Jobs that were recorded in a time, by how they stand now. */
export async function jobRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
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
export async function givenUpRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
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
        keepNewest(items, job, LISTED_MAX);
      },
    );
  }
  return { total, items };
}

/** Jobs that have not come to an end, and which wait for what. */
export async function waitingJobs(rows: Rows, pace: Pace) {
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
  return { ...counts, parkedBy: parked.top(ORIGINS_MAX).top };
}
