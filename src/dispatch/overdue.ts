import { judgeAttempt, type AttemptFacts, type StuckLimits } from '../care/stuck.ts';
import { formatId } from '../core/units.ts';
import type { Job } from '../core/job.ts';
import type { Clock, Log } from '../core/ports.ts';

export interface OverdueOptions {
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly log: Log;
  /** How long an attempt of this job may take by its own rules; null: nobody said. Asked at each look. */
  readonly limitMs: (job: Job) => number | null;
  /** Calls back at each sign of life of a job, until the returned function is called. undefined: it gives none. */
  readonly signs: (job: Job, alive: () => void) => (() => void) | undefined;
  readonly quietMs: () => number;
}

/** An attempt that is watched; disposed when it has ended. */
export interface Watched extends Disposable {
  /** Aborts with that of the lanes, or when the attempt goes on too long. */
  readonly signal: AbortSignal;
}

/** An attempt that was cut off and holds its place all the same. */
export interface Stuck {
  readonly jobId: number;
  readonly why: string;
}

/** Looks after attempts whose promise may never end: leases of the lanes are renewed as long as one is pending. */
export interface Overdue {
  watch(job: Job, signal: AbortSignal): Watched;
  /** Cuts off what is over its time. @returns what is still there although it was cut off: only a restart frees its place. */
  look(): readonly Stuck[];
}

interface Entry {
  readonly job: Job;
  readonly cut: AbortController;
  readonly startedMs: number;
  aliveMs: number | null;
  cutMs: number | null;
}

/** A command that is killed at its own limit has its output written; an agent's last call ends. */
const MARGIN_MS = 300_000;
/** An attempt settles at once when it is cut off, and tries four seconds on a full disk. */
const GRACE_MS = 60_000;

export function createOverdue(options: OverdueOptions): Overdue {
  const { clock, log } = options;
  const entries = new Map<number, Entry>();
  return {
    watch(job, signal) {
      const startedMs = clock.monoMs();
      const entry: Entry = { job, cut: new AbortController(), startedMs, aliveMs: null, cutMs: null };
      const unwatch = options.signs(job, () => {
        entry.aliveMs = clock.monoMs();
      });
      if (unwatch !== undefined) entry.aliveMs ??= startedMs;
      entries.set(job.id, entry);
      return {
        signal: AbortSignal.any([signal, entry.cut.signal]),
        [Symbol.dispose]() {
          unwatch?.();
          // A later attempt of the same job may have taken the place.
          if (entries.get(job.id) === entry) entries.delete(job.id);
        },
      };
    },
    look() {
      const limits: StuckLimits = { marginMs: MARGIN_MS, quietMs: options.quietMs(), graceMs: GRACE_MS };
      const nowMs = clock.monoMs();
      const stuck: Stuck[] = [];
      for (const entry of entries.values()) {
        const verdict = judgeAttempt(factsOf(entry, options), nowMs, limits);
        if (verdict.kind === 'stuck') stuck.push({ jobId: entry.job.id, why: verdict.why });
        if (verdict.kind !== 'cut') continue;
        entry.cutMs = nowMs;
        log.error(
          { jobId: formatId('j', entry.job.id), kind: entry.job.kind, origin: entry.job.origin, why: verdict.why },
          'job cut off',
        );
        entry.cut.abort('overdue');
      }
      return stuck;
    },
  };
}

function factsOf({ job, startedMs, aliveMs, cutMs }: Entry, { limitMs }: OverdueOptions): AttemptFacts {
  return { startedMs, limitMs: limitMs(job), aliveMs, cutMs };
}
