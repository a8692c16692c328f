import { extname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { KairosError, messageOf } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import type { Matcher } from '../subscriptions/match.ts';
import type { Subscription } from '../subscriptions/options.ts';
import { interpretHeaders, type Delivery, type Interpretation } from './interpret.ts';
import type { ThreadAnswer, ThreadData } from './parse-worker.ts';

/** Deliveries that may wait for the thread or be in it: 16 of 25 MiB are 400 MiB. */
const WAITING_MAX = 16;
/** The most hostile 25 MiB that is parsed at all takes about two seconds. */
const PARSE_MS_MAX = 10_000;
const IDLE_MS = 30_000;
/**
 * A backstop far above what `payload.ts` lets through. It must never be reached: a thread that runs out of heap inside
 * JSON.parse takes the process with it.
 */
const HEAP_MB_MAX = 1_024;
/** Copied in one turn of the event loop: 2 ms. */
const COPY_BYTES = 4_194_304;

export interface ParseThreadOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly subscriptions: readonly Subscription[];
  /** The same subscriptions, compiled: for what the thread could not read. */
  readonly match: Matcher;
  /** Default 16. */
  readonly waitingMax?: number;
  /** Default 10 s. */
  readonly parseMsMax?: number;
  /** How long the thread is kept after the last delivery. Default 30 s. */
  readonly idleMs?: number;
  /** The file the thread runs. Default: `parse-worker` beside this file. */
  readonly entry?: URL;
}

/** Reads large bodies off the event loop, one at a time, in a thread that exists only while it is needed. */
export class ParseThread implements AsyncDisposable {
  readonly #options: ParseThreadOptions;
  #worker: Worker | undefined;
  #idle = new AbortController();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Starts nothing: the thread is started by the first delivery. */
  constructor(options: ParseThreadOptions) {
    this.#options = options;
  }

  /** Whether there is a thread at the moment. */
  get running(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Interprets a delivery in the thread. A body the thread cannot read (it took longer than the deadline, or the
   * thread died of it) is interpreted from its headers.
   *
   * The body stays readable here all the time: one in a SharedArrayBuffer is read where it is, any other is copied to one
   * in pieces. It must not be written to meanwhile.
   *
   * @throws {KairosError} `OVERLOADED` when too many wait, `STOPPING` after it was disposed. Nothing else.
   */
  async interpret(delivery: Delivery): Promise<Interpretation> {
    const { waitingMax = WAITING_MAX } = this.#options;
    if (this.#closed) throw new KairosError('STOPPING', 'the parsing thread is closed');
    if (this.#waiting >= waitingMax) {
      throw new KairosError(
        'OVERLOADED',
        `at most ${waitingMax} large deliveries are read at a time; send it again later`,
      );
    }
    this.#waiting += 1;
    this.#idle.abort();
    const turn = this.#last.then(() => this.#read(delivery));
    this.#last = turn;
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#endWhenIdle();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#idle.abort();
    await this.#end();
    await this.#last;
  }

  /** Never rejects, so that one delivery cannot stop the next. */
  async #read(delivery: Delivery): Promise<Interpretation> {
    const { log, match } = this.#options;
    const answer = await this.#send(delivery).catch(failure);
    if (answer.kind === 'interpreted') return answer.interpretation;
    const { source, body } = delivery;
    log.warn({ source, bytes: body.byteLength, error: answer.error }, 'large delivery read by its headers only');
    return interpretHeaders(delivery, match);
  }

  async #send(delivery: Delivery): Promise<ThreadAnswer> {
    const body = await shared(delivery.body);
    return this.#closed ? ENDED : this.#ask({ ...delivery, body });
  }

  #ask(delivery: Delivery): Promise<ThreadAnswer> {
    const { clock, parseMsMax = PARSE_MS_MAX } = this.#options;
    const worker = (this.#worker ??= this.#start());
    const deadline = new AbortController();
    return new Promise<ThreadAnswer>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve(failure(error)));
      worker.once('exit', () => resolve(ENDED));
      void clock.sleep(parseMsMax, deadline.signal).then(() => {
        if (deadline.signal.aborted) return;
        resolve({ kind: 'failed', error: `not read within ${parseMsMax} ms` });
        void this.#end();
      });
      worker.postMessage(delivery);
    }).finally(() => {
      deadline.abort();
      for (const name of ['message', 'error', 'exit']) worker.removeAllListeners(name);
      this.#watch(worker);
    });
  }

  #start(): Worker {
    const { entry = new URL(`./parse-worker${extname(import.meta.url)}`, import.meta.url), subscriptions } =
      this.#options;
    const workerData: ThreadData = { subscriptions };
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB_MAX };
    // No environment: there may be secrets in it. Not referenced: it must not keep the process.
    const worker = new Worker(entry, { name: 'parse', workerData, env: {}, execArgv: [], resourceLimits });
    worker.unref();
    this.#watch(worker);
    return worker;
  }

  /** A thread that dies is forgotten; the next delivery starts another. */
  #watch(worker: Worker): void {
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    worker.on('error', forget);
    worker.on('exit', forget);
  }

  #endWhenIdle(): void {
    const { clock, idleMs = IDLE_MS } = this.#options;
    const idle = new AbortController();
    this.#idle = idle;
    void clock.sleep(idleMs, idle.signal).then(() => {
      if (!idle.signal.aborted) void this.#end();
    });
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

const ENDED: ThreadAnswer = { kind: 'failed', error: 'the thread ended' };

function failure(error: unknown): ThreadAnswer {
  return { kind: 'failed', error: messageOf(error) };
}

/** The bytes where both threads see them. Shared rather than handed over: a thread that dies would take them with it. */
async function shared(body: Uint8Array): Promise<Uint8Array> {
  if (body.buffer instanceof SharedArrayBuffer) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  const copy = new Uint8Array(new SharedArrayBuffer(body.byteLength));
  for (let at = 0; at < body.byteLength; at += COPY_BYTES) {
    copy.set(body.subarray(at, at + COPY_BYTES), at);
    await nextTurn();
  }
  return copy;
}
