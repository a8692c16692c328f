import { messageOf } from '../core/errors.ts';
import type { WorkKind } from '../core/job.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import { formatId } from '../core/units.ts';
import { settleEnd, type End, type SettleOptions } from './attempt.ts';
import { createPace } from './pace.ts';
import type { Arrived, Carrier, Offer, OfferedJob, RemoteKind, RemoteStore } from './remote-ports.ts';
import { judge, type Sight } from './remote-sight.ts';
import { ANY_LABEL, type Completion, type WorkerSeen } from './remote-work.ts';

export interface RemoteOptions<Run> {
  readonly brain: string;
  readonly store: RemoteStore<Run>;
  readonly carrier: Carrier;
  readonly kinds: Readonly<Partial<Record<WorkKind, RemoteKind<Run>>>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settling: Pick<SettleOptions, 'retry'>;
  /** What took longer is an event as well when it ends, as in the lanes. */
  readonly behindMs: () => number;
  /** While true nothing is offered: safe mode. */
  readonly held: () => boolean;
  readonly onSettled: (jobIds: readonly number[]) => void;
  readonly onChange: (jobId: number) => void;
  readonly limits?: Partial<RemoteLimits>;
}

interface RemoteLimits {
  /** A worker that is silent for so long has lost its jobs. Default 30 s. */
  readonly leaseMs: number;
  /** How often it is looked at what is out. Default 5 s. */
  readonly lookMs: number;
  /** Attempts out at one time. Default 2 000. */
  readonly offeredMax: number;
  /** Attempts out for each place that workers have, more while jobs are short: what lies ready when one ends. Default 4. */
  readonly perPlace: number;
  readonly offersMax: number;
  /** How long an attempt may wait to be begun before it is put back. Default 1 h. */
  readonly waitMs: number;
}

const LIMITS: RemoteLimits = {
  leaseMs: 30_000,
  lookMs: 5_000,
  offeredMax: 2_000,
  perPlace: 4,
  offersMax: 20,
  waitMs: 3_600_000,
};

/** For people: who works, and on how much. */
export interface RemoteSnapshot {
  /** Why nothing travels at this moment; null: all is well. */
  readonly trouble: string | null;
  readonly offered: number;
  /** Workers that are there, but have another key. */
  readonly unreadable: number;
  readonly workers: readonly {
    readonly name: string;
    readonly labels: readonly string[];
    readonly concurrency: number;
    readonly running: number;
    readonly seenMs: number;
  }[];
}

export interface RemoteHands extends AsyncDisposable {
  wake(): void;
  /** Whether a worker is there that takes work of this label; empty: work that asks for none. */
  serves(label: string): boolean;
  snapshot(): RemoteSnapshot;
}

interface Open {
  readonly job: OfferedJob;
  aliveMs: number;
  begun: boolean;
  unknownLooks: number;
  offers: number;
}

/**
 * The daemon's side of work on other hosts. An attempt is in the ledger, with its token, before it is offered; its outcome is
 * settled there once, and only if the token is that of the open attempt. What Redis loses is offered again, what a silent
 * worker had becomes another attempt. Takes over what a process that is gone had offered.
 */
export function startRemote<Run>(options: RemoteOptions<Run>): RemoteHands {
  return new Remote(options);
}

class Remote<Run> implements RemoteHands {
  readonly #options: RemoteOptions<Run>;
  readonly #limits: RemoteLimits;
  readonly #open = new Map<string, Open>();
  readonly #offering: Loop;
  readonly #collecting: Loop;
  readonly #recording = new Set<Promise<boolean>>();
  readonly #sending = new Set<Promise<void>>();
  readonly #pace = createPace();
  #workers: { readonly seen: WorkerSeen; readonly atMs: number }[] = [];
  #unreadable = 0;
  #lookAtMs = 0;
  #reachable = false;

  constructor(options: RemoteOptions<Run>) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { clock, log } = options;
    for (const job of options.store.offered()) this.#keep(job);
    this.#offering = startLoop({ name: 'remote', clock, log, step: () => this.#step() });
    this.#collecting = startLoop({ name: 'remote outcomes', clock, log, step: (signal) => this.#collect(signal) });
  }

  wake(): void {
    this.#offering.wake();
  }

  serves(label: string): boolean {
    return this.#reachable && this.#placesOf(label) > 0;
  }

  snapshot(): RemoteSnapshot {
    const nowMs = this.#options.clock.monoMs();
    return {
      trouble: this.#options.carrier.trouble() ?? null,
      offered: this.#open.size,
      unreadable: this.#unreadable,
      workers: this.#workers.map(({ seen, atMs }) => ({
        name: seen.name,
        labels: seen.labels,
        concurrency: seen.concurrency,
        running: seen.running.length,
        seenMs: Math.round(nowMs - atMs),
      })),
    };
  }

  /** What is out goes on without the daemon: whoever has it keeps the outcome in Redis until the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#offering[Symbol.asyncDispose](), this.#collecting[Symbol.asyncDispose]()]);
    await Promise.all([...this.#recording, ...this.#sending]);
    await this.#options.carrier[Symbol.asyncDispose]();
  }

  #keep(job: OfferedJob): Open {
    const open = { job, aliveMs: this.#options.clock.monoMs(), begun: false, unknownLooks: 0, offers: 1 };
    this.#open.set(job.token, open);
    return open;
  }

  async #step(): Promise<number> {
    const { carrier, clock, held } = this.#options;
    const { lookMs } = this.#limits;
    const wasReachable = this.#reachable;
    this.#reachable = carrier.trouble() === undefined;
    if (!this.#reachable) return Math.min(1_000, lookMs);
    if (!wasReachable) this.#backAgain();
    if (clock.monoMs() >= this.#lookAtMs) {
      await this.#look();
      // While nobody is there, whoever comes is waited for.
      this.#lookAtMs = clock.monoMs() + (this.#workers.length === 0 ? Math.min(lookMs, LONELY_MS) : lookMs);
    }
    const more = !held() && (await this.#offerDue());
    return more ? 0 : Math.max(0, Math.min(lookMs, this.#lookAtMs - clock.monoMs()));
  }

  /** Nobody could be heard: the time before counts against nobody, and what Redis lost is found at once. */
  #backAgain(): void {
    const nowMs = this.#options.clock.monoMs();
    for (const open of this.#open.values()) open.aliveMs = nowMs;
    this.#lookAtMs = 0;
  }

  #placesOf(label: string): number {
    const asked = label === '' ? ANY_LABEL : label;
    return this.#workers.reduce((sum, { seen }) => sum + (seen.labels.includes(asked) ? seen.concurrency : 0), 0);
  }

  /** @returns whether more may be due that there is room for. */
  async #offerDue(): Promise<boolean> {
    const labels = new Set(this.#workers.flatMap(({ seen }) => seen.labels));
    let more = false;
    for (const name of labels) more = (await this.#offerLabel(name === ANY_LABEL ? '' : name)) || more;
    return more;
  }

  async #offerLabel(label: string): Promise<boolean> {
    const { store, clock, random, kinds, log } = this.#options;
    const { perPlace, offeredMax } = this.#limits;
    const out = [...this.#open.values()].filter(({ job }) => (job.label ?? '') === label).length;
    const ready = Math.max(this.#placesOf(label) * perPlace, this.#pace.perSecond(clock.monoMs()) * READY_SECONDS);
    const room = Math.min(Math.ceil(ready) - out, offeredMax - this.#open.size, OFFER_BATCH_MAX);
    if (room < Math.min(OFFER_BATCH_MIN, this.#placesOf(label))) return false;
    const nowMs = clock.wallMs();
    const due = store.dueRemote(label, Object.keys(kinds) as WorkKind[], { limit: room, nowMs });
    if (due.length === 0) return false;
    const claims = due.map(({ id }) => ({ id, token: Buffer.from(random.bytes(16)).toString('hex') }));
    const jobs = await store.offer(claims, nowMs);
    for (const job of jobs) this.#keep(job);
    for (const { id } of jobs) this.#options.onChange(id);
    // While these travel, the next ones are written down.
    const sending = this.#send(jobs)
      .catch((error: unknown) => {
        // They are open in the ledger: the next look finds that Redis does not know them.
        log.warn({ jobs: jobs.length, error: messageOf(error) }, 'work could not be offered yet');
        this.#lookAtMs = 0;
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
    if (this.#sending.size >= SENDING_MAX) await Promise.race(this.#sending);
    return due.length === room;
  }

  async #send(jobs: readonly OfferedJob[]): Promise<void> {
    const { kinds, carrier, clock, brain } = this.#options;
    const offers: Offer[] = [];
    for (const job of jobs) {
      const packed = kinds[job.kind as WorkKind]?.pack(job) ?? { refused: `${job.kind} does not travel` };
      if ('refused' in packed) {
        await this.#settle(job, { kind: 'failed', error: packed.refused }, undefined, 0);
        this.#options.onSettled([job.id]);
        continue;
      }
      const { id: jobId, token, kind, label = '', reactive: first } = job;
      const deadlineMs = clock.wallMs() + this.#limits.waitMs;
      offers.push({ work: { brain, jobId, token, kind, label, payload: packed.payload, deadlineMs }, first });
    }
    if (offers.length > 0) await carrier.offer(offers);
  }

  async #look(): Promise<void> {
    const { carrier, clock, brain } = this.#options;
    const nowMs = clock.monoMs();
    const { seen: workers, unreadable } = await carrier.workers();
    this.#unreadable = unreadable;
    this.#workers = workers.map((seen) => ({ seen, atMs: nowMs }));
    const named = workers.flatMap(({ running }) => running.filter((one) => one.brain === brain));
    const heard = new Set(named.map(({ token }) => token));
    // Whoever works on what is not open any more is told to stop.
    const stray = [...heard].filter((token) => !this.#open.has(token));
    if (stray.length > 0) await carrier.withdraw(stray.map((token) => ({ label: '', token })));
    const open = [...this.#open.values()].filter(
      (one) => nowMs - one.aliveMs >= this.#limits.lookMs || heard.has(one.job.token),
    );
    const silent = open.filter(({ job }) => !heard.has(job.token));
    const sights = await carrier.look(silent.map(({ job }) => ({ label: job.label ?? '', token: job.token })));
    const sightOf = new Map(silent.map(({ job }, index) => [job.token, sights[index] ?? 'unknown']));
    const again: Open[] = [];
    for (const one of open) {
      if (!this.#open.has(one.job.token)) continue;
      if (await this.#judge(one, heard.has(one.job.token), sightOf.get(one.job.token) ?? 'unknown')) again.push(one);
    }
    if (again.length === 0) return;
    this.#options.log.info({ jobs: again.length }, 'work that Redis had lost is offered again');
    await this.#send(again.map(({ job }) => job).filter(({ token }) => this.#open.has(token)));
  }

  /** @returns whether it is to be offered again. */
  async #judge(one: Open, heard: boolean, sight: Sight): Promise<boolean> {
    const nowMs = this.#options.clock.monoMs();
    if (heard || sight !== 'unknown') one.unknownLooks = 0;
    else one.unknownLooks += 1;
    one.begun ||= heard || sight === 'begun';
    if (heard || sight === 'waiting') one.aliveMs = nowMs;
    const { begun, unknownLooks, offers, aliveMs, job } = one;
    const silentMs = nowMs - aliveMs;
    const judgement = judge({ heard, sight, begun, silentMs, unknownLooks, offers }, this.#limits);
    if (judgement.kind === 'lost') await this.#lose(job, judgement.why);
    if (judgement.kind !== 'offer-again') return false;
    one.offers += 1;
    one.unknownLooks = 0;
    return true;
  }

  async #lose(job: OfferedJob, why: string): Promise<void> {
    const run = this.#options.kinds[job.kind as WorkKind]?.lost(job, why);
    await this.#settle(job, { kind: 'retry', error: why }, run, 0);
    this.#options.onSettled([job.id]);
    await this.#options.carrier.withdraw([{ label: job.label ?? '', token: job.token }]);
  }

  async #collect(signal: AbortSignal): Promise<number> {
    const { carrier, log } = this.#options;
    if (carrier.trouble() !== undefined) return Math.min(1_000, this.#limits.lookMs);
    const arrivals = await carrier.collect(signal);
    if (arrivals.length === 0) return 0;
    // While these are written to the disk, the next ones come.
    const writing = this.#record(arrivals).finally(() => this.#recording.delete(writing));
    this.#recording.add(writing);
    if (this.#recording.size < RECORDING_MAX) return 0;
    const well = await Promise.race(this.#recording);
    if (well) return 0;
    log.warn({}, 'outcomes from workers wait in Redis until they can be recorded');
    return 1_000;
  }

  /** @returns whether all could be recorded. What could not stays in Redis, and comes again. */
  async #record(arrivals: readonly Arrived[]): Promise<boolean> {
    const { carrier, log, onSettled } = this.#options;
    const ends = await Promise.allSettled(arrivals.map(({ completion }) => this.#take(completion)));
    carrier.settled(arrivals.filter((_, index) => ends[index]?.status === 'fulfilled'));
    const jobIds = ends.flatMap((end) => (end.status === 'fulfilled' && end.value !== undefined ? [end.value] : []));
    if (jobIds.length > 0) onSettled(jobIds);
    this.#pace.note(jobIds.length, this.#options.clock.monoMs());
    this.wake();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined)
      log.error({ error: messageOf(failed.reason) }, 'an outcome from a worker could not be recorded yet');
    return failed === undefined;
  }

  /** @returns The job, if it was settled. */
  async #take(completion: Completion | undefined): Promise<number | undefined> {
    const { kinds, log } = this.#options;
    const open = completion && this.#open.get(completion.token);
    if (completion === undefined || open === undefined) {
      log.debug({ worker: completion?.worker }, 'an outcome of no open attempt was dropped');
      return undefined;
    }
    const { job } = open;
    const { end, worker } = completion;
    if (end.kind !== 'done') {
      log.info({ jobId: formatId('j', job.id), worker, reason: end.reason }, `work was ${end.kind}`);
      const reason = `${worker}: ${end.reason}`;
      // What is refused would be refused again at once: that is tried later, and given up in the end.
      const back: End = end.kind === 'refused' ? { kind: 'retry', error: reason } : { kind: 'handed-back', reason };
      await this.#settle(job, back, undefined, 0);
      return job.id;
    }
    const judged = await kinds[job.kind as WorkKind]?.judge(job, end, worker);
    const outcome: End = judged?.outcome ?? { kind: 'failed', error: `nothing here judges ${job.kind}` };
    await this.#settle(job, outcome, judged?.run, end.tookMs);
    return job.id;
  }

  async #settle(job: OfferedJob, end: End, run: Run | undefined, tookMs: number): Promise<void> {
    const { store, clock, random, log, settling, behindMs } = this.#options;
    const recording: SettleOptions['store'] = {
      settle: (_job, settlement, nowMs) => store.settleRemote(job, { settlement, run }, nowMs),
    };
    const isBehind = (): boolean => tookMs > behindMs();
    await settleEnd(job, end, { ...settling, store: recording, clock, random, log, isBehind }, tookMs);
    this.#open.delete(job.token);
  }
}

/** Batches of work on their way at one time. */
const SENDING_MAX = 3;
/** Batches of outcomes on their way to the disk at one time. */
const RECORDING_MAX = 4;
/** Of short jobs so much lies ready: more than it takes to write them down, send them, and write down what became of them. */
const READY_SECONDS = 2;
const LONELY_MS = 1_000;
const OFFER_BATCH_MAX = 512;
/** Below this it waits for more room: a transaction for one job at a time would be the slowest way. */
const OFFER_BATCH_MIN = 16;
