import { messageOf } from '../core/errors.ts';
import type { Job } from '../core/job.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock } from '../core/ports.ts';
import { runAttempt, settleFailure, type AttemptOptions, type SettleStore } from './attempt.ts';

/** What the worker needs of the ledger. */
export interface JobStore extends SettleStore {
  claim(limit: number, nowMs: number, leaseMs: number): Promise<Job[]>;
  interrupted(): Job[];
  nextDueMs(): number | undefined;
}

export interface WorkerOptions extends AttemptOptions {
  readonly store: JobStore;
  /** After attempts were settled: their messages and log lines are there. */
  readonly onSettled: (jobIds: readonly number[]) => void;
  /** Jobs taken in one transaction. */
  readonly batchMax?: number;
  /** How long an attempt may take; then its signal aborts and it counts as failed. */
  readonly leaseMs?: number;
  /** How long a stop waits for attempts under way. */
  readonly drainMs?: number;
}

const IDLE_MS = 30_000;

/**
 * The one worker: claims what is due, runs it, settles it. An attempt is on disk before it begins; its effects and its end
 * are one transaction, so a job that is repeated after a crash leaves its effects once.
 *
 * What the process before left running is taken back first. Should the disk not allow that yet, the loop tries it again.
 */
export async function startWorker(options: WorkerOptions): Promise<Loop> {
  const { store, clock, log, batchMax = 64, leaseMs = 60_000, drainMs = 5_000 } = options;
  let recovered = false;
  const recoverOnce = async (): Promise<void> => {
    if (!recovered) await recover(options);
    recovered = true;
  };
  await recoverOnce().catch((error: unknown) => log.error({ error: messageOf(error) }, 'recovery of jobs failed'));
  return startLoop({
    name: 'worker',
    clock,
    log,
    async step(signal) {
      await recoverOnce();
      const jobs = await store.claim(batchMax, clock.wallMs(), leaseMs);
      if (jobs.length === 0) return untilDue(store.nextDueMs(), clock.wallMs());
      reached('rules.claimed');
      using limit = attemptLimit(signal, clock, { leaseMs, drainMs });
      const ends = await Promise.allSettled(jobs.map((job) => runAttempt(job, options, limit.signal)));
      options.onSettled(jobs.map((job) => job.id));
      // Whatever could not be recorded is claimed again when its lease has run out.
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return 0;
    },
  });
}

/** What a process that is gone left running goes back into the queue, or to the dead letters when that happened too often. */
async function recover(options: WorkerOptions): Promise<void> {
  for (const job of options.store.interrupted()) {
    await settleFailure(job, 'the daemon ended during the attempt', options);
    reached('job.taken-back');
  }
}

function untilDue(dueMs: number | undefined, nowMs: number): number {
  return dueMs === undefined ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, dueMs - nowMs));
}

/** Why an attempt was cut off. */
type Cut = 'lease' | 'stop';

/** A signal that aborts when the lease ends; at a stop, after the drain. Disposed with the attempts it limits. */
function attemptLimit(
  stop: AbortSignal,
  clock: Clock,
  times: { leaseMs: number; drainMs: number },
): Disposable & { readonly signal: AbortSignal } {
  const limit = new AbortController();
  const ended = new AbortController();
  const waiting = new AbortController();
  const wake = (): void => waiting.abort();
  stop.addEventListener('abort', wake, { once: true });
  void clock.sleep(times.leaseMs, waiting.signal).then(async () => {
    if (stop.aborted) await clock.sleep(times.drainMs, ended.signal);
    if (!ended.signal.aborted) limit.abort((stop.aborted ? 'stop' : 'lease') satisfies Cut);
  });
  return {
    signal: limit.signal,
    [Symbol.dispose]() {
      stop.removeEventListener('abort', wake);
      ended.abort();
      wake();
    },
  };
}
