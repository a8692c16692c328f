import { expectedMs, handOverAtMs, place, type Holder } from '../budget/blocking.ts';
import { messageOf } from '../core/errors.ts';
import { formatId } from '../core/ids.ts';
import type { Job, Lane } from '../core/job.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';

/** What the lanes need of the ledger. Only for jobs that do work: commands, and later the agent's runs. */
export interface LaneStore {
  /** The next due ones, reactive first, oldest first. */
  dueWork(limit: number, nowMs: number): readonly Job[];
  /** Begins one in a lane, the attempt written first. @returns undefined when it is no longer due. */
  claimWork(id: number, lane: Lane, nowMs: number, leaseMs: number): Promise<Job | undefined>;
  /** The lane a running job goes on in. */
  moveLane(id: number, lane: Lane): Promise<void>;
  /** Prolongs what runs, so that nobody takes it for abandoned. */
  renewLeases(ids: readonly number[], nowMs: number, leaseMs: number): Promise<void>;
  /** How long the last successful runs of an origin took, newest first. */
  durationsMs(origin: string, limit: number): readonly number[];
  nextWorkDueMs(): number | undefined;
}

export interface LanesOptions {
  readonly store: LaneStore;
  readonly clock: Clock;
  readonly log: Log;
  /** How long proactive work may hold the foreground. */
  readonly budgetMs: number;
  /** Runs an attempt to its end and settles it; never throws for what the job did. */
  readonly attempt: (job: Job, signal: AbortSignal) => Promise<void>;
  /** Held back entirely: safe mode, or no work is wanted now. */
  readonly held: () => boolean;
  /** A job began, changed its lane or ended. */
  readonly onChange: (jobId: number) => void;
  /** Jobs that may begin in the background; those handed over come on top. Default 2. */
  readonly backgroundMax?: number;
  /** A stop gives what runs this long before its signal aborts. Default 5 s. */
  readonly drainMs?: number;
}

/** What runs at this moment, for people. */
export interface LanesSnapshot {
  readonly foreground: { readonly jobId: number; readonly reactive: boolean; readonly heldMs: number } | null;
  readonly background: readonly number[];
}

export interface Lanes extends Loop {
  snapshot(): LanesSnapshot;
}

const LEASE_MS = 60_000;
const RENEW_MS = 20_000;
const IDLE_MS = 30_000;
const HISTORY_COUNT = 10;
const LOOK_MAX = 20;

interface Running {
  readonly ended: Promise<void>;
}

/**
 * Runs jobs that take time, in two lanes. One may hold the foreground: proactive work for the budget at most, after which
 * it goes on in the background without being disturbed; reactive work takes it at once. A few more run in the background.
 */
export function startLanes(options: LanesOptions): Lanes {
  const { store, clock, log, budgetMs, backgroundMax = 2, drainMs = 5_000 } = options;
  const running = new Map<number, Running>();
  const stopping = new AbortController();
  let holder: Holder | undefined;
  let renewAtMs = 0;

  const handOver = async (why: string): Promise<void> => {
    if (holder === undefined) return;
    const { jobId, sinceMs } = holder;
    // Free first, recorded after: nobody waits for the disk.
    holder = undefined;
    log.info({ jobId: formatId('j', jobId), heldMs: Math.round(clock.monoMs() - sinceMs), why }, 'handed over to the background');
    await store.moveLane(jobId, 'background');
    options.onChange(jobId);
  };
  const end = (jobId: number): void => {
    running.delete(jobId);
    if (holder?.jobId === jobId) holder = undefined;
    options.onChange(jobId);
    loop.wake();
  };
  const begin = async (due: Job, lane: Lane): Promise<void> => {
    const job = await store.claimWork(due.id, lane, clock.wallMs(), LEASE_MS);
    if (job === undefined) return;
    if (lane === 'foreground') holder = { jobId: job.id, reactive: job.reactive, sinceMs: clock.monoMs() };
    const attempt = options.attempt(job, stopping.signal).catch((error: unknown) => {
      log.error({ jobId: formatId('j', job.id), error: messageOf(error) }, 'attempt could not be recorded');
    });
    running.set(job.id, { ended: attempt.then(() => end(job.id)) });
    options.onChange(job.id);
  };
  /** @returns When to look again at the latest (monotonic). */
  const beginDue = async (): Promise<number> => {
    let lookAtMs = Infinity;
    for (const due of store.dueWork(LOOK_MAX, clock.wallMs())) {
      if (running.has(due.id)) continue;
      const expected = expectedMs(store.durationsMs(due.origin, HISTORY_COUNT));
      const placement = place({ reactive: due.reactive, expectedMs: expected }, holder, budgetMs);
      if (placement.kind === 'wait') lookAtMs = Math.min(lookAtMs, placement.untilMs);
      else if (placement.kind === 'foreground') {
        if (placement.displaces !== undefined) await handOver('the owner asked for something');
        await begin(due, 'foreground');
      } else if (inBackground() < backgroundMax) await begin(due, 'background');
    }
    return lookAtMs;
  };
  const inBackground = (): number => running.size - (holder === undefined ? 0 : 1);

  const loop = startLoop({
    name: 'lanes',
    clock,
    log,
    async step(signal) {
      if (signal.aborted) return 0;
      const handOverMs = handOverAtMs(holder, budgetMs);
      if (handOverMs !== undefined && clock.monoMs() >= handOverMs) await handOver('the budget is used up');
      if (running.size > 0 && clock.monoMs() >= renewAtMs) {
        await store.renewLeases([...running.keys()], clock.wallMs(), LEASE_MS);
        renewAtMs = clock.monoMs() + RENEW_MS;
      }
      const lookAtMs = options.held() ? Infinity : await beginDue();
      return untilNext(lookAtMs);
    },
  });
  const untilNext = (lookAtMs: number): number => {
    const nowMs = clock.monoMs();
    const dueMs = store.nextWorkDueMs();
    return Math.max(
      0,
      Math.min(
        IDLE_MS,
        lookAtMs - nowMs,
        (handOverAtMs(holder, budgetMs) ?? Infinity) - nowMs,
        running.size > 0 ? renewAtMs - nowMs : Infinity,
        // What is due now waits for a place: the end of a job wakes the loop.
        dueMs === undefined || dueMs <= clock.wallMs() ? Infinity : dueMs - clock.wallMs(),
      ),
    );
  };

  return {
    wake: () => loop.wake(),
    snapshot: () => ({
      foreground:
        holder === undefined
          ? null
          : { jobId: holder.jobId, reactive: holder.reactive, heldMs: Math.round(clock.monoMs() - holder.sinceMs) },
      background: [...running.keys()].filter((id) => id !== holder?.jobId),
    }),
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      const ended = Promise.all([...running.values()].map((one) => one.ended));
      const drained = new AbortController();
      void ended.then(() => drained.abort());
      await clock.sleep(drainMs, drained.signal);
      stopping.abort('stop');
      await ended;
    },
  };
}
