import { Worker } from 'bullmq';
import type { Json } from '../core/agent.ts';
import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import { formatId } from '../core/units.ts';
import { KEY_PREFIX, OUTCOMES_MAX, outcomesKey, queueOf, stopKey, workerKey, WORKERS_KEY } from './bullmq-keys.ts';
import { createOutcomePost, type OutcomePost } from './outcome-post.ts';
import type { RedisAddress } from './redis-address.ts';
import { openRedisLink, type RedisLink } from './redis-link.ts';
import {
  ANY_LABEL,
  HOLDING_MAX,
  parcelSchema,
  type Completion,
  type RemoteResult,
  type RemoteWork,
  type WorkerSeen,
} from './remote-work.ts';
import type { Seal } from './seal.ts';

/** Does a kind of work on this host. What it returns goes back; what it throws is a reason. Must heed the signal. */
export type RemoteHandler = (work: RemoteWork, signal: AbortSignal) => Promise<Json>;

export interface BullmqWorkerOptions {
  readonly address: RedisAddress;
  readonly seal: Seal;
  /** How people call it. */
  readonly name: string;
  /** What it has; with `any` among them it also takes work that asks for nothing. */
  readonly labels: readonly string[];
  /** Jobs at one time, for each label. */
  readonly concurrency: number;
  readonly handlers: Readonly<Record<string, RemoteHandler>>;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Partial<WorkerLimits>;
}

interface WorkerLimits {
  readonly heartbeatMs: number;
  /** Without a heartbeat for so long it is not there. */
  readonly presenceMs: number;
  /** Of a parcel that takes longer than this, what has not begun goes back. */
  readonly patienceMs: number;
  /** A stop gives what runs this long before it is cut off and handed back. */
  readonly drainMs: number;
  /** And then so long until its outcome is in Redis. */
  readonly flushMs: number;
}

const LIMITS: WorkerLimits = {
  heartbeatMs: 5_000,
  presenceMs: 20_000,
  patienceMs: 1_000,
  drainMs: 10_000,
  flushMs: 8_000,
};

/** Outcomes remembered, so that what is offered twice is done once here. */
const REMEMBERED_MAX = 10_000;
const REMEMBERED_CHARS_MAX = 4_096;
const STOPPING: RemoteResult = { kind: 'handed-back', reason: 'the worker is stopping' };
const BEHIND: RemoteResult = { kind: 'handed-back', reason: 'what came with it takes long' };
const LOCK_MS = 30_000;
const RETRY_MS = 1_000;

/** An attempt that this worker has, begun or not. */
interface Held {
  readonly work: RemoteWork;
  readonly cut: AbortController;
  readonly over: PromiseWithResolvers<void>;
  begun: boolean;
}

export interface BullmqWorker extends AsyncDisposable {
  readonly id: string;
  /** Why it can't work at this moment; undefined: it can. */
  trouble(): string | undefined;
  readonly running: number;
  /** What it has done since it began. */
  readonly done: number;
  /** Cuts off what runs, before this returns. For a process that ends at once. */
  cut(): void;
}

/**
 * The hands on another host: takes attempts of its labels, does them, and puts each outcome into the stream of the home that
 * asked, where it stays until it is settled. Connects by itself, for ever. Disposing takes nothing more, gives what runs some
 * time, then cuts it off and hands it back.
 */
export function startBullmqWorker(options: BullmqWorkerOptions): BullmqWorker {
  return new Hands(options);
}

class Hands implements BullmqWorker {
  readonly id: string;
  readonly #options: BullmqWorkerOptions;
  readonly #limits: WorkerLimits;
  readonly #link: RedisLink;
  readonly #post: OutcomePost;
  readonly #workers: readonly Worker[];
  readonly #heart: Loop;
  readonly #held = new Map<string, Held>();
  readonly #remembered = new Map<string, RemoteResult>();
  readonly #startedAtMs: number;
  readonly #over = new AbortController();
  #stopping = false;
  done = 0;

  constructor(options: BullmqWorkerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { address, random, clock, log, labels } = options;
    this.id = Buffer.from(random.bytes(8)).toString('hex');
    this.#startedAtMs = clock.wallMs();
    this.#link = openRedisLink(address, random, { maxRetriesPerRequest: null });
    this.#post = createOutcomePost({
      send: (brain, completions) => this.#send(brain, completions),
      clock,
      log,
      signal: this.#over.signal,
    });
    this.#workers = labels.map((label) => this.#listen(label === ANY_LABEL ? '' : label));
    this.#heart = startLoop({ name: 'heartbeat', clock, log, step: () => this.#beat() });
    // Redis may have lost that it is there.
    this.#link.client.on('ready', () => this.#heart.wake());
  }

  get running(): number {
    let running = 0;
    for (const { begun } of this.#held.values()) if (begun) running += 1;
    return running;
  }

  trouble(): string | undefined {
    return this.#link.trouble();
  }

  cut(): void {
    for (const { cut } of this.#held.values()) cut.abort('stop');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#options;
    this.#stopping = true;
    const pausing = this.#workers.map((worker) => worker.pause(true).catch(() => undefined));
    await withinMs(Promise.all(pausing), this.#limits.flushMs, clock);
    await withinMs(this.#allOver(), this.#limits.drainMs, clock);
    this.cut();
    await withinMs(this.#allOver(), this.#limits.flushMs, clock);
    this.#over.abort();
    await this.#heart[Symbol.asyncDispose]();
    await withinMs(this.#leave(), RETRY_MS, clock);
    await withinMs(
      Promise.all(this.#workers.map((worker) => worker.close(true).catch(() => undefined))),
      RETRY_MS,
      clock,
    );
    this.#link[Symbol.dispose]();
  }

  async #allOver(): Promise<void> {
    while (this.#held.size > 0) await Promise.all([...this.#held.values()].map(({ over }) => over.promise));
  }

  async #leave(): Promise<void> {
    if (this.trouble() !== undefined) return;
    await this.#link.client.multi().del(workerKey(this.id)).srem(WORKERS_KEY, this.id).exec();
  }

  #listen(label: string): Worker {
    const { concurrency, name, log } = this.#options;
    const worker = new Worker(queueOf(label), (job) => this.#take(job.data), {
      connection: this.#link.client,
      prefix: KEY_PREFIX,
      concurrency,
      name,
      skipVersionCheck: true,
      lockDuration: LOCK_MS,
      // Whose worker is gone is for the daemon to say: it counts the attempt before there is another one.
      maxStalledCount: 0,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      runRetryDelay: RETRY_MS,
    });
    worker.on('error', (error) => log.debug({ label, error: messageOf(error) }, 'queue error'));
    return worker;
  }

  /** Returns when the outcome of each is in Redis: then BullMQ may forget the parcel. */
  async #take(data: unknown): Promise<void> {
    const delivered: Promise<void>[] = [];
    const waiting: Held[] = [];
    for (const work of this.#open(data)) {
      const answer = this.#answerTo(work);
      if (answer === undefined) waiting.push(this.#hold(work));
      else delivered.push('kind' in answer ? this.#deliver(work, answer) : answer.over.promise);
    }
    const over = new AbortController();
    if (waiting.length > 1) void this.#handBackLater(waiting, delivered, over.signal);
    for (let held = waiting.shift(); held !== undefined; held = waiting.shift())
      delivered.push(this.#end(held, await this.#attempt(held)));
    over.abort();
    await Promise.all(delivered);
  }

  #open(data: unknown): readonly RemoteWork[] {
    const { seal, log } = this.#options;
    const sealed = (data as { readonly sealed?: unknown } | null)?.sealed;
    const opened = typeof sealed === 'string' ? seal.open('work', sealed) : undefined;
    const read = parcelSchema.safeParse(opened);
    if (read.success) return read.data;
    const why =
      opened === undefined
        ? 'work that was not sealed with our key was refused: is KAIROS_WORKER_KEY the same here and there?'
        : 'work that this version does not understand was refused: is kairosd of the same version here and there?';
    log.warn({ version: this.#options.version }, why);
    throw new Error(why);
  }

  /** What is known of an attempt without making it; undefined: it is to be made. */
  #answerTo({ token, deadlineMs }: RemoteWork): RemoteResult | Held | undefined {
    const known = this.#remembered.get(token) ?? this.#held.get(token);
    if (known !== undefined) return known;
    if (this.#stopping) return STOPPING;
    if (this.#options.clock.wallMs() > deadlineMs) return { kind: 'late', reason: 'it came after its time' };
    return undefined;
  }

  #hold(work: RemoteWork): Held {
    const held: Held = { work, cut: new AbortController(), over: Promise.withResolvers(), begun: false };
    this.#held.set(work.token, held);
    return held;
  }

  /** Whoever takes long must not keep what came with it from other hands. */
  async #handBackLater(waiting: Held[], delivered: Promise<void>[], signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(this.#limits.patienceMs, signal);
    for (const held of waiting.splice(0)) delivered.push(this.#end(held, BEHIND));
  }

  /** @returns undefined when nobody wants to know: somebody else does it by now, or it is settled. */
  async #attempt(held: Held): Promise<RemoteResult | undefined> {
    const { work, cut } = held;
    const { signal } = cut;
    if (signal.reason === 'withdrawn') return undefined;
    if (this.#stopping || signal.aborted) return STOPPING;
    const { clock, handlers, log } = this.#options;
    const startedAtMs = clock.wallMs();
    const startedMonoMs = clock.monoMs();
    log.debug({ jobId: formatId('j', work.jobId), kind: work.kind }, 'work begun');
    held.begun = true;
    let end: RemoteResult;
    try {
      const handler = handlers[work.kind];
      if (handler === undefined) end = { kind: 'refused', reason: `nothing here does work of the kind ${work.kind}` };
      else {
        const result = await handler(work, signal);
        end = { kind: 'done', result, startedAtMs, tookMs: Math.round(clock.monoMs() - startedMonoMs) };
      }
    } catch (error) {
      end = { kind: 'refused', reason: messageOf(error).slice(0, 500) };
    }
    if (signal.reason === 'withdrawn') return undefined;
    if (signal.reason === 'stop') return { kind: 'handed-back', reason: 'the worker stopped during the attempt' };
    this.#remember(work.token, end);
    return end;
  }

  async #end({ work, over, begun }: Held, end: RemoteResult | undefined): Promise<void> {
    try {
      if (end === undefined) return;
      await this.#deliver(work, end);
      if (begun) this.done += 1;
    } finally {
      this.#held.delete(work.token);
      over.resolve();
    }
  }

  #remember(token: string, end: RemoteResult): void {
    if (JSON.stringify(end).length > REMEMBERED_CHARS_MAX) return;
    this.#remembered.set(token, end);
    if (this.#remembered.size > REMEMBERED_MAX) this.#remembered.delete(this.#remembered.keys().next().value ?? '');
  }

  #deliver({ brain, token }: RemoteWork, end: RemoteResult): Promise<void> {
    return this.#post.deliver(brain, { token, worker: this.#options.name, end });
  }

  #send(brain: string, completions: readonly Completion[]): Promise<unknown> {
    const sealed = this.#options.seal.close('completion', completions);
    return this.#link.client.xadd(outcomesKey(brain), 'MAXLEN', '~', OUTCOMES_MAX, '*', 'sealed', sealed);
  }

  async #beat(): Promise<number> {
    const { seal, name, labels, concurrency, version } = this.#options;
    const { heartbeatMs, presenceMs } = this.#limits;
    if (this.trouble() !== undefined) return Math.min(heartbeatMs, RETRY_MS);
    const held = [...this.#held.values()].slice(0, HOLDING_MAX);
    const holding = held.map(({ work: { brain, token } }) => ({ brain, token }));
    const startedAtMs = this.#startedAtMs;
    // One that takes nothing more is not there any more, but what it has is not lost.
    const seen: WorkerSeen = {
      id: this.id,
      name,
      labels: this.#stopping ? [] : [...labels],
      concurrency,
      holding,
      running: this.running,
      startedAtMs,
      version,
    };
    const { client } = this.#link;
    await client
      .multi()
      .set(workerKey(this.id), seal.close('heartbeat', seen), 'PX', presenceMs)
      .sadd(WORKERS_KEY, this.id)
      .exec();
    if (holding.length === 0) return heartbeatMs;
    const stops = await client.mget(holding.map(({ token }) => stopKey(token)));
    for (const [index, { cut }] of held.entries()) if (stops[index] !== null) cut.abort('withdrawn');
    return heartbeatMs;
  }
}

/** Waits for something, but not for ever. */
async function withinMs(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  const over = new AbortController();
  void work.catch(() => undefined).then(() => over.abort());
  await clock.sleep(limitMs, over.signal);
}
