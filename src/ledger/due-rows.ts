import type { Database } from './database.ts';
import { JOB_COLUMNS, type JobRow } from './job-rows.ts';

/**
 * Rules only write rows and are taken in batches; work takes time and begins one by one in a lane. `own-work` leaves out
 * what other hosts do while there are some.
 */
export type JobClass = 'rules' | 'work' | 'own-work';

/** As literals: the kinds of `WorkKind`. */
export const WORK = "kind IN ('command', 'agent')";
/** What asks for a label of other hosts, or is out with one of them, is not for the lanes (see remote.ts). */
const HERE = "label IN ('', 'brain') AND token IS NULL";
const CLASSES: Readonly<Record<JobClass, string>> = {
  rules: `NOT ${WORK}`,
  work: `${WORK} AND ${HERE}`,
  'own-work': `${WORK} AND ${HERE} AND (kind = 'agent' OR label = 'brain')`,
};

/**
 * A job that is from the future was recorded before somebody set the clock back: it has waited long enough. Unless it was begun
 * since then: what it waits for now is told by the clock as it is, and it would be begun anew at once, again and again.
 */
const CLOCK_SLACK_MS = 1_000;

/** Leases that ran out, then what is due, oldest first, then what only seems not to be. */
export function dueRows(
  database: Database,
  jobs: JobClass,
  { reactive, nowMs, limit }: { readonly reactive: number; readonly nowMs: number; readonly limit: number },
): JobRow[] {
  const select = (where: string, order: string, ...values: number[]): JobRow[] =>
    database
      .statement(
        `SELECT ${JOB_COLUMNS} FROM jobs WHERE reactive = ? AND ${where} AND ${CLASSES[jobs]} ORDER BY ${order} LIMIT ?`,
      )
      .all<JobRow>(reactive, ...values);
  const rows = select("state = 'running' AND lease_until <= ?", 'lease_until, id', nowMs, limit);
  rows.push(...select("state = 'queued' AND due_at <= ?", 'due_at, id', nowMs, limit));
  if (rows.length >= limit) return rows;
  const future = "state = 'queued' AND due_at > ? AND created_at > ? AND (started_at IS NULL OR started_at > ?)";
  const aheadMs = nowMs + CLOCK_SLACK_MS;
  return rows.concat(select(future, 'due_at, id', nowMs, aheadMs, aheadMs, limit));
}

/** When the next queued one is due or the next lease runs out. */
export function nextDue(database: Database, jobs: JobClass): number | undefined {
  const first = (column: string, state: string) =>
    database.statement(
      `SELECT min(${column}) AS at FROM jobs WHERE state = '${state}' AND reactive = ? AND ${CLASSES[jobs]}`,
    );
  const times = [first('due_at', 'queued'), first('lease_until', 'running')].flatMap((statement) =>
    [1, 0].map((reactive) => statement.get<{ at: number | null }>(reactive)?.at ?? Infinity),
  );
  const earliest = Math.min(...times);
  return earliest === Infinity ? undefined : earliest;
}
