import { expectedMs, handOverAtMs, HISTORY_COUNT, place, type Holder } from '../budget/blocking.ts';
import { messageOf } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import type { Job, Lane } from '../core/job.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log } from '../core/ports.ts';

/** What the lanes need of the ledger. Only for jobs that do work: commands, and later the agent's runs. */
export interface LaneStore {
  dueWork(limit: number, nowMs: number): readonly Job[];
  claimWork(id: number, lane: Lane, nowMs: number, leaseMs: number): Promise<Job | undefined>;
  moveLane(id: number, lane: Lane): Promise<void>;
  renewLeases(ids: readonly number[], nowMs: number, leaseMs: number): Promise<void>;
  durationsMs(origin: string, limit: number): readonly number[];
  nextWorkDueMs(): number | undefined;
}

export interface LanesOptions {
  readonly store: LaneStore;
  readonly clock: Clock;
  readonly log: Log;
  /** How long proactive work may hold the foreground. */
  readonly budgetMs: number;
  /** Runs an attempt to its end and settles it. @param isBehind Whether it is in the background by now. */
  readonly attempt: (job: Job, signal: AbortSignal, isBehind: () => boolean) => Promise<void>;
  /** While true nothing begins: safe mode. */
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

export interface Lanes extends AsyncDisposable {
  /** There may be work to begin. */
  wake(): void;
  snapshot(): LanesSnapshot;
  /** Since when the foreground is free, by the wall clock; null: it is not. */
  idleSinceMs(): number | null;
}

const LEASE_MS = 60_000;
const RENEW_MS = 20_000;
const IDLE_MS = 30_000;
/** Due jobs looked at in one step: the places are few. */
const LOOK_MAX = 20;

/**
 * Runs jobs that take time, in two lanes. One may hold the foreground: proactive work for the budget at most, after which
 * it goes on in the background without being disturbed; reactive work takes it at once. A few more run in the background.
 */
export function startLanes(options: LanesOptions): Lanes {
  return new TwoLanes(options);
}

class TwoLanes implements Lanes {
  readonly #options: LanesOptions;
  readonly #running = new Map<number, Promise<void>>();
  readonly #cut = new AbortController();
  readonly #loop: Loop;
  #holder: Holder | undefined;
  #renewAtMs = 0;
  #freeSinceMs: number;

  constructor(options: LanesOptions) {
    this.#options = options;
    const { clock, log } = options;
    this.#freeSinceMs = clock.wallMs();
    this.#loop = startLoop({ name: 'lanes', clock, log, step: () => this.#step() });
  }

  wake(): void {
    this.#loop.wake();
  }

  idleSinceMs(): number | null {
    return this.#holder === undefined ? this.#freeSinceMs : null;
  }

  snapshot(): LanesSnapshot {
    const holder = this.#holder;
    const heldMs = Math.round(this.#options.clock.monoMs() - (holder?.sinceMs ?? 0));
    return {
      foreground: holder === undefined ? null : { jobId: holder.jobId, reactive: holder.reactive, heldMs },
      background: [...this.#running.keys()].filter((id) => id !== holder?.jobId),
    };
  }

  /** Begins nothing more, lets what runs end for a while, then cuts it off: it goes back into the queue. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
    const ended = Promise.all(this.#running.values());
    const drained = new AbortController();
    void ended.then(() => drained.abort());
    await this.#options.clock.sleep(this.#options.drainMs ?? 5_000, drained.signal);
    this.#cut.abort('stop');
    await ended;
  }

  async #step(): Promise<number> {
    const { clock, store, budgetMs, held } = this.#options;
    const handOverMs = handOverAtMs(this.#holder, budgetMs);
    if (handOverMs !== undefined && clock.monoMs() >= handOverMs) await this.#handOver('the budget is used up');
    if (this.#running.size > 0 && clock.monoMs() >= this.#renewAtMs) {
      await store.renewLeases([...this.#running.keys()], clock.wallMs(), LEASE_MS);
      this.#renewAtMs = clock.monoMs() + RENEW_MS;
    }
    const lookAtMs = held() ? Infinity : await this.#beginDue();
    return this.#untilNextMs(lookAtMs);
  }

  /** @returns When there is something to look at again, by the monotonic clock. */
  async #beginDue(): Promise<number> {
    const { store, clock, budgetMs, backgroundMax = 2 } = this.#options;
    let lookAtMs = Infinity;
    for (const due of store.dueWork(LOOK_MAX, clock.wallMs())) {
      if (this.#running.has(due.id)) continue;
      const expected = expectedMs(store.durationsMs(due.origin, HISTORY_COUNT));
      const placement = place({ reactive: due.reactive, expectedMs: expected }, this.#holder, budgetMs);
      if (placement.kind === 'wait') lookAtMs = Math.min(lookAtMs, placement.untilMs);
      else if (placement.kind === 'foreground') {
        if (placement.displaces !== undefined) await this.#handOver('the owner asked for something');
        await this.#begin(due.id, 'foreground');
      } else if (this.snapshot().background.length < backgroundMax) await this.#begin(due.id, 'background');
    }
    return lookAtMs;
  }

  async #begin(id: number, lane: Lane): Promise<void> {
    const { store, clock, log, attempt, onChange } = this.#options;
    const job = await store.claimWork(id, lane, clock.wallMs(), LEASE_MS);
    if (job === undefined) return;
    reached('work.claimed');
    if (lane === 'foreground') this.#holder = { jobId: id, reactive: job.reactive, sinceMs: clock.monoMs() };
    const ended = attempt(job, this.#cut.signal, () => this.#holder?.jobId !== id)
      .catch((error: unknown) => {
        // Its lease runs out, and then it is taken up again.
        log.error({ jobId: formatId('j', id), error: messageOf(error) }, 'the end of an attempt could not be recorded');
      })
      .then(() => this.#ended(id));
    this.#running.set(id, ended);
    onChange(id);
  }

  #ended(id: number): void {
    this.#running.delete(id);
    if (this.#holder?.jobId === id) this.#free();
    this.#options.onChange(id);
    this.wake();
  }

  async #handOver(why: string): Promise<void> {
    if (this.#holder === undefined) return;
    const { jobId, sinceMs } = this.#holder;
    const { clock, log, store, onChange } = this.#options;
    // Free at this moment, recorded after it: nobody waits for the disk.
    this.#free();
    log.info(
      { jobId: formatId('j', jobId), heldMs: Math.round(clock.monoMs() - sinceMs), why },
      'foreground handed over',
    );
    await store.moveLane(jobId, 'background');
    reached('work.moved');
    onChange(jobId);
  }

  #free(): void {
    this.#holder = undefined;
    this.#freeSinceMs = this.#options.clock.wallMs();
  }

  #untilNextMs(lookAtMs: number): number {
    const { clock, store, budgetMs } = this.#options;
    const handOverMs = handOverAtMs(this.#holder, budgetMs) ?? Infinity;
    const renewMs = this.#running.size > 0 ? this.#renewAtMs : Infinity;
    const dueInMs = (store.nextWorkDueMs() ?? Infinity) - clock.wallMs();
    const untilMs = Math.min(lookAtMs, handOverMs, renewMs) - clock.monoMs();
    // What is due already waits for a place, and the end of a job wakes the loop.
    return Math.max(0, Math.min(IDLE_MS, untilMs, dueInMs > 0 ? dueInMs : Infinity));
  }
}
