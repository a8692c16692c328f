import { existsSync } from 'node:fs';
import { openSnapshot, type Rows } from './reading.ts';

/** What waits, was given up, or never ran, seen from outside while a daemon may be running. Times are Unix milliseconds. */
export interface WorkInspection {
  /** Jobs that failed too often, and the newest of them. */
  readonly dead: { readonly count: number; readonly newest: readonly OddJob[] };
  /** Jobs whose lease ran out over a minute ago: no running daemon leaves one. */
  readonly stuck: { readonly count: number; readonly oldest: readonly OddJob[] };
  /** Running for longer than `longMs`, lease or not. */
  readonly long: { readonly count: number; readonly oldest: readonly OddJob[] };
  /** Due and waiting. */
  readonly backlog: { readonly count: number; readonly oldestDueAtMs: number | null };
  /** Starts in the last 24 hours that did not end with a clean stop; the newest start counts only if `running` says it is over. */
  readonly uncleanStarts: number;
  /** The newest start, if it was in safe mode. */
  readonly safeModeSinceMs: number | null;
  /** Schedules whose newest slots were all missed, three or more in a row; at most 20. */
  readonly missedInARow: readonly { readonly name: string; readonly count: number; readonly reason: string }[];
}

export interface OddJob {
  readonly id: number;
  readonly kind: string;
  readonly origin: string;
  /** When it was begun; for dead ones, when it was given up. */
  readonly sinceMs: number;
}

export interface WorkOptions {
  readonly nowMs: number;
  /** The process of the daemon that runs; its start is no unclean one. */
  readonly runningPid?: number | undefined;
  /** Default six hours: no limit of a command or a run of the agent is usually longer. */
  readonly longMs?: number;
}

const STUCK_MS = 60_000;
const LONG_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;
const NAMED_MAX = 5;
const IN_A_ROW_MIN = 3;
const SCHEDULES_MAX = 20;
/** Rows of one schedule that are added up. */
const SLOTS_MAX = 100;

/**
 * Counts over indices only: some milliseconds whatever the size of the ledger.
 *
 * @returns undefined when there is no ledger. @throws {KairosError} `LEDGER_FAILED` when it can't be read.
 */
export function inspectWork(path: string, options: WorkOptions): WorkInspection | undefined {
  if (!existsSync(path)) return undefined;
  const { nowMs, longMs = LONG_MS } = options;
  using rows = openSnapshot(path);
  const count = (sql: string, ...values: number[]): number => rows.statement(sql).get<{ n: number }>(...values)?.n ?? 0;
  const jobs = (rest: string, ...values: number[]): OddJob[] =>
    rows.statement(`SELECT id, kind, origin, ${rest} LIMIT ${NAMED_MAX}`).all<OddJob>(...values);
  const stuck = "FROM jobs WHERE state = 'running' AND lease_until < ?";
  const long = "FROM jobs WHERE state = 'running' AND lease_until >= ? AND started_at < ?";
  const longValues = [nowMs - STUCK_MS, nowMs - longMs] as const;
  const due = "FROM jobs WHERE state = 'queued' AND due_at <= ?";
  return {
    dead: {
      count: count("SELECT count(*) AS n FROM jobs WHERE state = 'dead'"),
      newest: jobs("coalesce(ended_at, created_at) AS sinceMs FROM jobs WHERE state = 'dead' ORDER BY id DESC"),
    },
    stuck: {
      count: count(`SELECT count(*) AS n ${stuck}`, nowMs - STUCK_MS),
      oldest: jobs(`coalesce(started_at, created_at) AS sinceMs ${stuck} ORDER BY id`, nowMs - STUCK_MS),
    },
    long: {
      count: count(`SELECT count(*) AS n ${long}`, ...longValues),
      oldest: jobs(`started_at AS sinceMs ${long} ORDER BY id`, ...longValues),
    },
    backlog: {
      count: count(`SELECT count(*) AS n ${due}`, nowMs),
      oldestDueAtMs: rows.statement(`SELECT min(due_at) AS at ${due}`).get<{ at: number | null }>(nowMs)?.at ?? null,
    },
    ...startsOf(rows, options),
    missedInARow: missedInARow(rows),
  };
}

function startsOf(
  rows: Rows,
  { nowMs, runningPid = -1 }: WorkOptions,
): Pick<WorkInspection, 'uncleanStarts' | 'safeModeSinceMs'> {
  const newest = rows
    .statement('SELECT id, pid, safe_mode AS safe, started_at AS at FROM boots ORDER BY id DESC LIMIT 1')
    .get<{ id: number; pid: number; safe: number; at: number }>();
  const running = newest?.pid === runningPid ? newest.id : -1;
  const sql = 'SELECT count(*) AS n FROM boots WHERE stopped_at IS NULL AND started_at >= ? AND id <> ?';
  return {
    uncleanStarts: rows.statement(sql).get<{ n: number }>(nowMs - DAY_MS, running)?.n ?? 0,
    safeModeSinceMs: newest?.safe === 1 ? newest.at : null,
  };
}

/** The newest slot of each schedule is looked up by its key; only those that were missed are added up. */
function missedInARow(rows: Rows): WorkInspection['missedInARow'] {
  const missed = rows
    .statement(
      `SELECT name FROM schedules WHERE
       (SELECT state FROM slots WHERE schedule = name ORDER BY slot_at DESC LIMIT 1) = 'missed' LIMIT ${SCHEDULES_MAX * 10}`,
    )
    .all<{ name: string }>();
  const slots = rows.statement(
    `SELECT state, count, reason FROM slots WHERE schedule = ? ORDER BY slot_at DESC LIMIT ${SLOTS_MAX}`,
  );
  const found = missed.flatMap(({ name }) => {
    const all = slots.all<{ state: string; count: number | null; reason: string | null }>(name);
    const ran = all.findIndex(({ state }) => state === 'run');
    const since = ran < 0 ? all : all.slice(0, ran);
    const count = since.reduce((sum, slot) => sum + (slot.count ?? IN_A_ROW_MIN), 0);
    return count < IN_A_ROW_MIN ? [] : [{ name, count, reason: since[0]?.reason ?? '' }];
  });
  return found.slice(0, SCHEDULES_MAX);
}
