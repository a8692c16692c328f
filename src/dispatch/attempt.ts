import { KairosError, messageOf, type ErrorCode } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import type { Effect, Happening, Job, Outcome } from '../core/job.ts';
import { reached, type Clock, type Log, type Random } from '../core/ports.ts';
import { afterFailure, RETRY, type RetryPolicy } from './decide.ts';
import type { Handler, Handlers } from './handlers.ts';

/** What an attempt needs of the ledger. */
export interface SettleStore {
  settle(job: Job, settlement: Settlement, nowMs: number): Promise<boolean>;
}

type Settlement =
  | { readonly state: 'succeeded'; readonly effects: readonly Effect[] }
  | { readonly state: 'parked' | 'failed' | 'dead'; readonly error: string; readonly effects: readonly Effect[] }
  | { readonly state: 'queued'; readonly error: string; readonly dueAtMs: number }
  | {
      readonly state: 'waiting';
      readonly error: string;
      readonly dueAtMs: number;
      readonly effects: readonly Effect[];
    };

export interface AttemptOptions extends SettleOptions {
  readonly handlers: Handlers;
}

export interface SettleOptions {
  readonly store: SettleStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly retry?: RetryPolicy;
  /** Whether the job is in the background now: then its end is an event as well. */
  readonly isBehind?: (() => boolean) | undefined;
}

/**
 * Runs one attempt of a job that was claimed, and settles it: its end and its effects are one transaction.
 *
 * @param signal Cuts the attempt off; with the reason `stop` the job goes back as it was.
 * @throws {KairosError} `DISK_FULL`, `LEDGER_FAILED`, `OVERLOADED`, `STOPPING` when the end could not be recorded.
 */
export async function runAttempt(job: Job, given: AttemptOptions, signal: AbortSignal): Promise<void> {
  const startedMs = given.clock.monoMs();
  const outcome = await run(given.handlers[job.kind], job, signal);
  reached('attempt.ended');
  await settleEnd(job, outcome, given, given.clock.monoMs() - startedMs);
  reached('attempt.settled');
}

/**
 * Settles an attempt that has ended, wherever it was made.
 *
 * @param tookMs For the event that its end is, if it went on behind.
 * @throws {KairosError} as `runAttempt`.
 */
export async function settleEnd(job: Job, end: End, given: SettleOptions, tookMs: number): Promise<void> {
  const options = given.isBehind?.() === true ? { ...given, store: tellingOfEnds(given.store, tookMs) } : given;
  try {
    await persist(() => settleOutcome(job, end, options), options.clock);
  } catch (error) {
    if (diskFailed(error)) throw error;
    // The ledger refuses what the handler made, and would again: that is a failure of the job.
    await settleFailure(job, `its outcome was refused: ${messageOf(error)}`, options);
  }
}

/** As the handler said, or cut off by a stop: then it goes back as it was, however often it was begun. */
export type End = Outcome | { readonly kind: 'handed-back'; readonly reason?: string };

async function run(handler: Handler | undefined, job: Job, signal: AbortSignal): Promise<End> {
  if (handler === undefined) return { kind: 'failed', error: `nothing here runs jobs of the kind ${job.kind}` };
  // Signals live as long as the daemon: what listens to them must not outlive the attempt.
  const over = new AbortController();
  const aborted = new Promise<End>((resolve) => {
    const cut = (): void =>
      resolve(
        signal.reason === 'stop' ? { kind: 'handed-back' } : { kind: 'retry', error: 'the attempt took too long' },
      );
    signal.addEventListener('abort', cut, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([handler(job, signal), aborted]);
  } catch (error) {
    return { kind: 'retry', error: messageOf(error) };
  } finally {
    over.abort();
  }
}

async function settleOutcome(job: Job, outcome: End, options: SettleOptions): Promise<void> {
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
        // A handler that says what becomes of it has told the owner itself.
        { state: 'failed', error: outcome.error, effects: outcome.effects ?? [lastWord(job, outcome.error)] },
        nowMs,
      );
      return;
    case 'waiting':
      await store.settle(
        job,
        { state: 'waiting', error: outcome.reason, dueAtMs: outcome.untilMs, effects: outcome.effects },
        nowMs,
      );
      return;
    case 'handed-back':
      await store.settle(
        job,
        { state: 'queued', error: outcome.reason ?? 'the daemon stopped during the attempt', dueAtMs: nowMs },
        nowMs,
      );
      return;
  }
}

/** Records a failure: tried again later, or given up after too many. */
export async function settleFailure(job: Job, error: string, options: SettleOptions): Promise<void> {
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

/** Nobody waits for what went on behind: its end is recorded as an event, in the transaction that settles it. */
function tellingOfEnds(store: SettleStore, tookMs: number): SettleStore {
  return {
    settle(job, settlement, nowMs) {
      if (settlement.state === 'queued' || settlement.state === 'waiting' || settlement.state === 'parked') {
        return store.settle(job, settlement, nowMs);
      }
      const error = settlement.state === 'succeeded' ? null : settlement.error;
      const happening = finished(job, { succeeded: error === null, seconds: Math.round(tookMs) / 1_000, error });
      return store.settle(
        job,
        { ...settlement, effects: [...settlement.effects, { kind: 'event', happening }] },
        nowMs,
      );
    },
  };
}

/** Each time it is begun anew it has an end of its own. */
function finished(job: Job, end: { succeeded: boolean; seconds: number; error: string | null }): Happening {
  const id = formatId('j', job.id);
  const delivery = `job-finished:${id}@${job.startedAtMs ?? job.createdAtMs}`;
  return { type: 'job-finished', delivery, facts: { job: id, kind: job.kind, origin: job.origin, ...end } };
}

/** A job that is given up is said once, in one message; to the owner at once if it was theirs. */
function lastWord(job: Job, error: string): Effect {
  const id = formatId('j', job.id);
  const asked = job.reactive && job.eventId !== null;
  const [reason = '', ...details] = error.split('\n');
  const times = job.attempts === 1 ? 'one attempt' : `${job.attempts} attempts`;
  const lines = [
    `Job ${id} (${job.kind}, ${job.origin}) was given up after ${times}: ${reason}. Put it back with: kairos jobs requeue ${id}`,
    ...details,
  ];
  return {
    kind: 'message',
    message: {
      kind: asked ? 'reactive' : 'proactive',
      urgent: false,
      topic: 'dead-letter',
      text: lines.join('\n'),
      replyTo: asked ? job.eventId : null,
      jobId: job.id,
      count: 1,
    },
  };
}
