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
  remoteWorkSchema,
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
  /** A stop gives what runs this long before it is cut off and handed back. */
  readonly drainMs: number;
  /** And then so long until its outcome is in Redis. */
  readonly flushMs: number;
}

const LIMITS: WorkerLimits = { heartbeatMs: 5_000, presenceMs: 20_000, drainMs: 10_000, flushMs: 8_000 };

/** Outcomes remembered, so that what is offered twice is done once here. */
const REMEMBERED_MAX = 10_000;
const REMEMBERED_CHARS_MAX = 4_096;
const LOCK_MS = 30_000;
const RETRY_MS = 1_000;

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
  readonly #running = new Map<
    string,
    { readonly work: RemoteWork; readonly cut: AbortController; readonly over: Promise<void> }
  >();
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
    return this.#running.size;
  }

  trouble(): string | undefined {
    return this.#link.trouble();
  }

  cut(): void {
    for (const { cut } of this.#running.values()) cut.abort('stop');
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
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ over }) => over));
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

  /** Returns when its outcome is in Redis: then BullMQ may forget the job. */
  async #take(data: unknown): Promise<void> {
    const { seal, clock, log } = this.#options;
    const sealed = (data as { readonly sealed?: unknown } | null)?.sealed;
    const read = remoteWorkSchema.safeParse(typeof sealed === 'string' ? seal.open('work', sealed) : undefined);
    if (!read.success) {
      log.warn({}, 'work that was not sealed with our key was refused: is KAIROS_WORKER_KEY the same here and there?');
      throw new Error('not sealed with the key of this worker');
    }
    const work = read.data;
    const known = this.#remembered.get(work.token);
    if (known !== undefined) return this.#deliver(work, known);
    const running = this.#running.get(work.token);
    if (running !== undefined) return running.over;
    if (this.#stopping) return this.#deliver(work, { kind: 'handed-back', reason: 'the worker is stopping' });
    if (clock.wallMs() > work.deadlineMs) {
      return this.#deliver(work, { kind: 'late', reason: 'it came after its time' });
    }
    const cut = new AbortController();
    const over = this.#do(work, cut.signal);
    this.#running.set(work.token, { work, cut, over });
    try {
      await over;
    } finally {
      this.#running.delete(work.token);
    }
  }

  async #do(work: RemoteWork, signal: AbortSignal): Promise<void> {
    const { clock, handlers, log } = this.#options;
    const startedAtMs = clock.wallMs();
    const startedMonoMs = clock.monoMs();
    log.debug({ jobId: formatId('j', work.jobId), kind: work.kind }, 'work begun');
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
    // Somebody else does it by now, or it is settled.
    if (signal.reason === 'withdrawn') return;
    if (signal.reason === 'stop') end = { kind: 'handed-back', reason: 'the worker stopped during the attempt' };
    else this.#remember(work.token, end);
    await this.#deliver(work, end);
    this.done += 1;
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
    const running = [...this.#running.values()].map(({ work: { brain, token } }) => ({ brain, token }));
    const startedAtMs = this.#startedAtMs;
    // One that takes nothing more is not there any more, but what it has is not lost.
    const seen: WorkerSeen = {
      id: this.id,
      name,
      labels: this.#stopping ? [] : [...labels],
      concurrency,
      running,
      startedAtMs,
      version,
    };
    const { client } = this.#link;
    await client
      .multi()
      .set(workerKey(this.id), seal.close('heartbeat', seen), 'PX', presenceMs)
      .sadd(WORKERS_KEY, this.id)
      .exec();
    if (running.length === 0) return heartbeatMs;
    const stops = await client.mget(running.map(({ token }) => stopKey(token)));
    for (const [index, { token }] of running.entries()) {
      if (stops[index] !== null) this.#running.get(token)?.cut.abort('withdrawn');
    }
    return heartbeatMs;
  }
}

/** Waits for something, but not for ever. */
async function withinMs(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  const over = new AbortController();
  void work.catch(() => undefined).then(() => over.abort());
  await clock.sleep(limitMs, over.signal);
}
