import { messageOf } from '../core/errors.ts';
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
 */
export async function startWorker(options: WorkerOptions): Promise<Loop> {
  await recover(options);
  const { store, clock, batchMax = 64, leaseMs = 60_000, drainMs = 5_000 } = options;
  return startLoop({
    name: 'worker',
    clock,
    log: options.log,
    async step(signal) {
      const jobs = await store.claim(batchMax, clock.wallMs(), leaseMs);
      if (jobs.length === 0) return untilDue(store.nextDueMs(), clock.wallMs());
      using limit = attemptLimit(signal, clock, { leaseMs, drainMs });
      await Promise.all(jobs.map((job) => attempt(job, options, limit.signal)));
      options.onSettled(jobs.map((job) => job.id));
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

/** A signal that aborts when the lease ends; at a stop, after the drain. Disposed with the attempts it limits. */
function attemptLimit(
  stop: AbortSignal,
  clock: Clock,
  times: { leaseMs: number; drainMs: number },
): Disposable & { readonly signal: AbortSignal } {
  const limit = new AbortController();
  const ended = new AbortController();
  void clock.sleep(times.leaseMs, AbortSignal.any([stop, ended.signal])).then(async () => {
    if (stop.aborted) await clock.sleep(times.drainMs, ended.signal);
    if (!ended.signal.aborted) limit.abort();
  });
  return { signal: limit.signal, [Symbol.dispose]: () => ended.abort() };
}

async function attempt(job: Job, options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const outcome = await run(options.handlers[job.kind], job, signal);
  const nowMs = options.clock.wallMs();
  switch (outcome.kind) {
    case 'succeeded':
      await options.store.settle(job, { state: 'succeeded', effects: outcome.effects }, nowMs);
      return;
    case 'parked':
      await options.store.settle(job, { state: 'parked', error: outcome.reason, effects: [] }, nowMs);
      return;
    case 'retry':
      await settleFailure(job, outcome.error, options);
      return;
    case 'failed':
      await options.store.settle(job, { state: 'failed', error: outcome.error, effects: [lastWord(job, outcome.error)] }, nowMs);
      return;
  }
}

async function run(handler: Handler, job: Job, signal: AbortSignal): Promise<Outcome> {
  const aborted = new Promise<Outcome>((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'retry', error: 'the attempt took too long' }), { once: true });
  });
  try {
    return await Promise.race([handler(job, signal), aborted]);
  } catch (error) {
    return { kind: 'retry', error: messageOf(error) };
  }
}

async function settleFailure(job: Job, error: string, options: WorkerOptions): Promise<void> {
  const nowMs = options.clock.wallMs();
  const verdict = afterFailure(job.attempts, nowMs, options.random.fraction(), options.retry ?? RETRY);
  options.log.warn({ jobId: formatId('j', job.id), attempts: job.attempts, error, verdict: verdict.kind }, 'job attempt failed');
  if (verdict.kind === 'retry') {
    await options.store.settle(job, { state: 'queued', error, dueAtMs: verdict.dueAtMs }, nowMs);
    return;
  }
  await options.store.settle(job, { state: 'dead', error, effects: [lastWord(job, error)] }, nowMs);
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
