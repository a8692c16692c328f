import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/ports.ts';
import type { Judged } from './claims/claim.ts';
import type { Remembered } from './claims/skeptic.ts';
import type { SkepticAnswer, SkepticQuestion, SkepticTask } from './skeptic-worker.ts';

/** A skeptic that holds nobody up while it looks. */
export interface SkepticThread extends AsyncDisposable {
  /** Judges every claim of every text. `undefined`: there was no answer in time, or it failed. */
  check(texts: readonly Remembered[]): Promise<readonly (readonly Judged[])[] | undefined>;
}

export interface SkepticThreadOptions extends SkepticTask {
  readonly clock: Clock;
  /** An answer that takes longer is not waited for; it comes faster the next time. Default 2 s. */
  readonly deadlineMs?: number | undefined;
}

const DEADLINE_MS = 2_000;
/** So long the thread stays after the last question: what it has looked at is quick to look at again. */
const IDLE_MS = 120_000;
const HEAP_MB_MAX = 256;

/** Starts nothing: the thread begins with the first question, and ends when nobody has asked for two minutes. */
export function createSkepticThread(options: SkepticThreadOptions): SkepticThread {
  const { clock, places, programs, deadlineMs = DEADLINE_MS } = options;
  let thread: Thread | undefined;
  let idle = new AbortController();
  let count = 0;
  const end = async (): Promise<void> => {
    idle.abort();
    const { worker } = thread ?? {};
    thread = undefined;
    await worker?.terminate();
  };
  const endLater = (): void => {
    idle.abort();
    idle = new AbortController();
    const { signal } = idle;
    void clock.sleep(IDLE_MS, signal).then(() => (signal.aborted ? undefined : end()));
  };
  return {
    async check(texts) {
      if (texts.length === 0) return [];
      thread ??= startThread({ places, programs }, () => (thread = undefined));
      endLater();
      count += 1;
      return ask(thread, { id: count, texts, nowMs: clock.wallMs() }, { clock, deadlineMs });
    },
    [Symbol.asyncDispose]: end,
  };
}

interface Thread {
  readonly worker: Worker;
  /** Who waits for which answer. */
  readonly waiting: Map<number, (answer: SkepticAnswer | undefined) => void>;
}

function startThread(task: SkepticTask, onEnd: () => void): Thread {
  const entry = new URL(`./skeptic-worker${extname(import.meta.url)}`, import.meta.url);
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB_MAX };
  // No environment: there may be secrets in it. Not referenced: it must not keep the process.
  const worker = new Worker(entry, { name: 'skeptic', workerData: task, env: {}, execArgv: [], resourceLimits });
  worker.unref();
  const waiting: Thread['waiting'] = new Map();
  const ended = (): void => {
    onEnd();
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  };
  worker.on('message', (answer: SkepticAnswer) => waiting.get(answer.id)?.(answer));
  worker.on('error', ended);
  worker.on('exit', ended);
  return { worker, waiting };
}

async function ask(
  { worker, waiting }: Thread,
  question: SkepticQuestion,
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<readonly (readonly Judged[])[] | undefined> {
  const over = new AbortController();
  const answer = await new Promise<SkepticAnswer | undefined>((resolve) => {
    waiting.set(question.id, resolve);
    worker.postMessage(question);
    void clock.sleep(deadlineMs, over.signal).then(() => resolve(undefined));
  });
  over.abort();
  waiting.delete(question.id);
  return answer !== undefined && 'judged' in answer ? answer.judged : undefined;
}
