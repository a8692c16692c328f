import { messageOf } from '../core/errors.ts';
import type { WorkKind } from '../core/job.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached } from '../core/ports.ts';
import { formatId } from '../core/units.ts';
import { settleEnd, type End, type SettleOptions } from './attempt.ts';
import { createPace, type Pace } from './pace.ts';
import { makeTokens, parcelSize } from './parcels.ts';
import {
  REMOTE_LIMITS,
  type RemoteHands,
  type RemoteLimits,
  type RemoteOptions,
  type RemoteSnapshot,
} from './remote-options.ts';
import type { Arrived, Offer, OfferedJob } from './remote-ports.ts';
import { judge, type Sight } from './remote-sight.ts';
import { ANY_LABEL, type Completion, type RemoteResult, type WorkerSeen } from './remote-work.ts';

interface Open {
  readonly job: OfferedJob;
  aliveMs: number;
  /** When somebody was there last who would take it. */
  servedMs: number;
  begun: boolean;
  unknownLooks: number;
  /** Since when it may be missed: two looks in one moment are one. */
  unknownMs: number;
  offers: number;
}

interface Settled {
  readonly id: number;
  readonly label: string;
  /** It was done, and not handed back or refused. */
  readonly wasDone: boolean;
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
  /** By label: each has workers and jobs of its own. */
  readonly #paces = new Map<string, Pace>();
  #workers: { readonly seen: WorkerSeen; readonly atMs: number }[] = [];
  #unreadable = 0;
  #lookAtMs = 0;
  #reachable = false;

  constructor(options: RemoteOptions<Run>) {
    this.#options = options;
    this.#limits = { ...REMOTE_LIMITS, ...options.limits };
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
        running: seen.running,
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
    const nowMs = this.#options.clock.monoMs();
    const open = { job, aliveMs: nowMs, servedMs: nowMs, begun: false, unknownLooks: 0, unknownMs: nowMs, offers: 0 };
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

  /** Nobody could be heard: the time before counts against nobody. Workers may be back later than this, with what they have. */
  #backAgain(): void {
    const nowMs = this.#options.clock.monoMs();
    for (const open of this.#open.values()) {
      open.aliveMs = open.servedMs = open.unknownMs = nowMs;
      open.unknownLooks = 0;
    }
    this.#lookAtMs = 0;
  }

  #placesOf(label: string): number {
    const asked = label === '' ? ANY_LABEL : label;
    return this.#workers.reduce((sum, { seen }) => sum + (seen.labels.includes(asked) ? seen.concurrency : 0), 0);
  }

  #paceOf(label: string): Pace {
    const known = this.#paces.get(label);
    if (known !== undefined) return known;
    const pace = createPace();
    this.#paces.set(label, pace);
    return pace;
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
    const out = [...this.#open.values()].filter(({ job }) => labelOf(job) === label).length;
    const places = this.#placesOf(label);
    const perSecond = this.#paceOf(label).perSecond(clock.monoMs());
    const swift = perSecond * READY_SECONDS;
    const ready = Math.max(places * perPlace, swift);
    const room = Math.min(Math.ceil(ready) - out, offeredMax - this.#open.size, OFFER_BATCH_MAX);
    const worthIt = Math.min(OFFER_BATCH_MAX, Math.min(swift, offeredMax) / OFFERS_READY);
    if (room < Math.max(Math.min(OFFER_BATCH_MIN, places), worthIt)) return false;
    const nowMs = clock.wallMs();
    const due = store.dueRemote(label, Object.keys(kinds) as WorkKind[], { limit: room, nowMs });
    if (due.length === 0) return false;
    const tokens = makeTokens(due, parcelSize({ perSecond, places, out }), random);
    const claims = due.map(({ id }, index) => ({ id, token: tokens[index] ?? '' }));
    const jobs = await store.offer(claims, nowMs);
    reached('remote.written');
    for (const job of jobs) this.#keep(job);
    for (const { id } of jobs) this.#options.onChange(id);
    // While these travel, the next ones are written down.
    const sending = this.#send(jobs)
      .catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'work that does not travel could not be ended yet'),
      )
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
    if (this.#sending.size >= SENDING_MAX) await Promise.race(this.#sending);
    return due.length === room;
  }

  /** Never rejects for Redis: what it did not take is open in the ledger, and the next look finds that it is not there. */
  async #send(jobs: readonly OfferedJob[]): Promise<void> {
    const { kinds, carrier, clock, brain, log } = this.#options;
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
    if (offers.length === 0) return;
    try {
      await carrier.offer(offers);
    } catch (error) {
      log.warn({ jobs: offers.length, error: messageOf(error) }, 'work could not be offered yet');
      return;
    }
    reached('remote.offered');
    for (const { work } of offers) {
      const open = this.#open.get(work.token);
      // What Redis did not take, full or read-only as it may be, counts against nobody.
      if (open !== undefined) open.offers += 1;
    }
  }

  async #look(): Promise<void> {
    const { carrier, clock, brain } = this.#options;
    const nowMs = clock.monoMs();
    const { seen: workers, unreadable } = await carrier.workers();
    this.#unreadable = unreadable;
    this.#workers = workers.map((seen) => ({ seen, atMs: nowMs }));
    const named = workers.flatMap(({ holding }) => holding.filter((one) => one.brain === brain));
    const heard = new Set(named.map(({ token }) => token));
    // Whoever works on what is not open any more is told to stop.
    const stray = [...heard].filter((token) => !this.#open.has(token));
    if (stray.length > 0) await carrier.withdraw(stray.map((token) => ({ label: '', token })));
    const open = [...this.#open.values()].filter(
      (one) => nowMs - one.aliveMs >= this.#limits.lookMs || heard.has(one.job.token),
    );
    const silent = open.filter(({ job }) => !heard.has(job.token));
    const sights = await carrier.look(silent.map(({ job }) => ({ label: labelOf(job), token: job.token })));
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
    else if (nowMs - one.unknownMs >= this.#limits.lookMs / 2) {
      one.unknownLooks += 1;
      one.unknownMs = nowMs;
    }
    one.begun ||= heard || sight === 'begun';
    if (heard || sight === 'waiting') one.aliveMs = nowMs;
    const { begun, unknownLooks, offers, aliveMs, job } = one;
    if (heard || this.serves(labelOf(job))) one.servedMs = nowMs;
    const standing = { silentMs: nowMs - aliveMs, unservedMs: nowMs - one.servedMs, unknownLooks, offers };
    const judgement = judge({ heard, sight, begun, ...standing }, this.#limits);
    if (judgement.kind === 'lost') await this.#lose(job, judgement.why);
    if (judgement.kind === 'put-back') await this.#end(job, { kind: 'handed-back', reason: judgement.why }, undefined);
    if (judgement.kind !== 'offer-again') return false;
    one.unknownLooks = 0;
    return true;
  }

  #lose(job: OfferedJob, why: string): Promise<void> {
    return this.#end(job, { kind: 'retry', error: why }, this.#options.kinds[job.kind as WorkKind]?.lost(job, why));
  }

  /** First in the ledger: whoever takes it at this moment settles nothing any more, and is told to stop. */
  async #end(job: OfferedJob, end: End, run: Run | undefined): Promise<void> {
    const { carrier, onSettled, log } = this.#options;
    await this.#settle(job, end, run, 0);
    reached('remote.given-up');
    onSettled([job.id]);
    try {
      await carrier.withdraw([{ label: labelOf(job), token: job.token }]);
    } catch (error) {
      log.debug(
        { jobId: formatId('j', job.id), error: messageOf(error) },
        'an attempt that ended could not be withdrawn',
      );
    }
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
    const ends = await Promise.all(
      arrivals.map(({ completions }) => Promise.allSettled(completions.map((completion) => this.#take(completion)))),
    );
    reached('remote.settled');
    // A letter stays until all that is in it is settled.
    carrier.settled(arrivals.filter((_, index) => ends[index]?.every(({ status }) => status === 'fulfilled')));
    const all = ends.flat();
    const settled = all.flatMap((end) => (end.status === 'fulfilled' && end.value !== undefined ? [end.value] : []));
    if (settled.length > 0) onSettled(settled.map(({ id }) => id));
    const done = settled.filter(({ wasDone }) => wasDone);
    for (const [label, { length }] of Map.groupBy(done, (one) => one.label))
      this.#paceOf(label).note(length, this.#options.clock.monoMs());
    this.wake();
    const failed = all.find((end) => end.status === 'rejected');
    if (failed !== undefined)
      log.error({ error: messageOf(failed.reason) }, 'an outcome from a worker could not be recorded yet');
    return failed === undefined;
  }

  /** @returns What was settled, if anything was. */
  async #take(completion: Completion): Promise<Settled | undefined> {
    const { kinds, log } = this.#options;
    const open = this.#open.get(completion.token);
    if (open === undefined) {
      log.debug({ worker: completion.worker }, 'an outcome of no open attempt was dropped');
      return undefined;
    }
    const { job } = open;
    const { end, worker } = completion;
    if (end.kind !== 'done') {
      log.info({ jobId: formatId('j', job.id), worker, reason: end.reason }, `work was ${end.kind}`);
      await this.#settle(job, this.#backOf(job, end, worker), undefined, 0);
      return { id: job.id, label: labelOf(job), wasDone: false };
    }
    const judged = await kinds[job.kind as WorkKind]?.judge(job, end, worker);
    reached('remote.judged');
    const outcome: End = judged?.outcome ?? { kind: 'failed', error: `nothing here judges ${job.kind}` };
    await this.#settle(job, outcome, judged?.run, end.tookMs);
    return { id: job.id, label: labelOf(job), wasDone: true };
  }

  #backOf(job: OfferedJob, { kind, reason: said }: RemoteResult & { readonly reason: string }, worker: string): End {
    const reason = `${worker}: ${said}`;
    if (kind === 'handed-back') return { kind, reason };
    // All workers were busy for so long by our clock as well: nothing failed, it waits once more.
    const waited = this.#options.clock.wallMs() - (job.startedAtMs ?? 0) >= this.#limits.waitMs;
    if (kind === 'late' && waited) return { kind: 'handed-back', reason };
    // What is refused would be refused again at once: that is tried later, and given up in the end.
    return { kind: 'retry', error: kind === 'late' ? `${reason}: do the clocks of ${worker} and here agree?` : reason };
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
/** And of a stream of short jobs so large a part of what lies ready is written at one time. */
const OFFERS_READY = 8;

/** Empty: it asks for none. */
function labelOf({ label }: OfferedJob): string {
  return label ?? '';
}
