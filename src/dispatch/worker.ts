import { KairosError, messageOf, type ErrorCode } from '../core/errors.ts';
import { formatId } from '../core/ids.ts';
import type { Effect, Job, Outcome } from '../core/job.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import { afterFailure, RETRY, type RetryPolicy } from './decide.ts';
import type { Handler, Handlers } from './handlers.ts';

/** What the worker needs of the ledger. */
export interface JobStore {
  claim(limit: number, nowMs: number, leaseMs: number): Promise<Job[]>;
  settle(job: Job, settlement: Settlement, nowMs: number): Promise<boolean>;
  interrupted(): Job[];
  nextDueMs(): number | undefined;
}

type Settlement =
  | { readonly state: 'succeeded'; readonly effects: readonly Effect[] }
  | { readonly state: 'parked' | 'failed' | 'dead'; readonly error: string; readonly effects: readonly Effect[] }
  | { readonly state: 'queued'; readonly error: string; readonly dueAtMs: number };

export interface WorkerOptions {
  readonly store: JobStore;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** After attempts were settled: their messages and log lines are there. */
  readonly onSettled: (jobIds: readonly number[]) => void;
  readonly retry?: RetryPolicy;
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
      using limit = attemptLimit(signal, clock, { leaseMs, drainMs });
      const ends = await Promise.allSettled(jobs.map((job) => attempt(job, options, limit.signal)));
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

async function attempt(job: Job, options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const outcome = await run(options.handlers[job.kind], job, signal);
  try {
    await persist(() => settleOutcome(job, outcome, options), options.clock);
  } catch (error) {
    if (diskFailed(error)) throw error;
    // The ledger refuses what the handler made, and would again: that is a failure of the job.
    await settleFailure(job, `its outcome was refused: ${messageOf(error)}`, options);
  }
}

/** As the handler said, or cut off by a stop: then it goes back as it was, however often it was begun. */
type End = Outcome | { readonly kind: 'handed-back' };

async function run(handler: Handler, job: Job, signal: AbortSignal): Promise<End> {
  const aborted = new Promise<End>((resolve) => {
    const cut = (): void =>
      resolve(
        signal.reason === 'stop' ? { kind: 'handed-back' } : { kind: 'retry', error: 'the attempt took too long' },
      );
    signal.addEventListener('abort', cut, { once: true });
  });
  try {
    return await Promise.race([handler(job, signal), aborted]);
  } catch (error) {
    return { kind: 'retry', error: messageOf(error) };
  }
}

async function settleOutcome(job: Job, outcome: End, options: WorkerOptions): Promise<void> {
  const { store, clock } = options;
  const nowMs = clock.wallMs();
  switch (outcome.kind) {
    case 'succeeded':
      await store.settle(job, { state: 'succeeded', effects: outcome.effects }, nowMs);
      return;
    case 'parked':
      await store.settle(job, { state: 'parked', error: outcome.reason, effects: [] }, nowMs);
      return;
    case 'retry':
      await settleFailure(job, outcome.error, options);
      return;
    case 'failed':
      await store.settle(
        job,
        { state: 'failed', error: outcome.error, effects: [lastWord(job, outcome.error)] },
        nowMs,
      );
      return;
    case 'handed-back':
      await store.settle(
        job,
        { state: 'queued', error: 'the daemon stopped during the attempt', dueAtMs: nowMs },
        nowMs,
      );
      return;
  }
}

async function settleFailure(job: Job, error: string, options: WorkerOptions): Promise<void> {
  const nowMs = options.clock.wallMs();
  const verdict = afterFailure(job.attempts, nowMs, options.random.fraction(), options.retry ?? RETRY);
  options.log.warn(
    { jobId: formatId('j', job.id), attempts: job.attempts, error, verdict: verdict.kind },
    'job attempt failed',
  );
  if (verdict.kind === 'retry') {
    await options.store.settle(job, { state: 'queued', error, dueAtMs: verdict.dueAtMs }, nowMs);
    return;
  }
  await options.store.settle(job, { state: 'dead', error, effects: [lastWord(job, error)] }, nowMs);
}

const PERSIST_TRIES = 5;
const PERSIST_DELAY_MS = 250;

/** What an attempt cost is not thrown away for a moment without disk space: about four seconds of trying again. */
async function persist(write: () => Promise<void>, clock: Clock): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await write();
      return;
    } catch (error) {
      if (tries === PERSIST_TRIES || !diskFailed(error)) throw error;
      await clock.sleep(PERSIST_DELAY_MS * 2 ** (tries - 1), new AbortController().signal);
    }
  }
}

const DISK_CODES: ReadonlySet<string> = new Set<ErrorCode>(['DISK_FULL', 'LEDGER_FAILED', 'OVERLOADED', 'STOPPING']);

function diskFailed(error: unknown): boolean {
  return error instanceof KairosError && DISK_CODES.has(error.code);
}

/** A job that is given up is said once, in one message. */
function lastWord(job: Job, error: string): Effect {
  const id = formatId('j', job.id);
  return {
    kind: 'message',
    message: {
      kind: 'proactive',
      urgent: false,
      topic: 'dead-letter',
      text: `Job ${id} (${job.kind}, ${job.origin}) was given up after ${job.attempts} attempts: ${error}. Put it back with: kairos jobs requeue ${id}`,
      replyTo: null,
      jobId: job.id,
      count: 1,
    },
  };
}
