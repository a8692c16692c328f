import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Line, SearchAnswer, SearchTask } from './search-worker.ts';

/** How a search ended. `stopped`: whoever asked had enough. */
export type SearchEnd =
  | { readonly kind: 'done'; readonly complete: boolean }
  | { readonly kind: 'stopped' | 'timeout' | 'aborted' }
  | { readonly kind: 'failed'; readonly error: string };

/** Takes what is found, in order. `false`: enough. */
export interface Found {
  lines(lines: readonly Line[]): boolean;
  paths(paths: readonly string[]): void;
}

export interface SearchLimits {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

const HEAP_MB_MAX = 512;

/**
 * Searches in a thread of its own, so that a directory of a hundred thousand names, or a regular expression that never comes
 * to an end, holds up nobody: past its deadline the thread is ended. Never rejects.
 */
export async function searchInThread(task: SearchTask, found: Found, limits: SearchLimits): Promise<SearchEnd> {
  const { clock, signal, deadlineMs } = limits;
  if (signal.aborted) return { kind: 'aborted' };
  const entry = new URL(`./search-worker${extname(import.meta.url)}`, import.meta.url);
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB_MAX };
  // No environment: there may be secrets in it. Not referenced: it must not keep the process.
  const worker = new Worker(entry, { name: 'search', workerData: task, env: {}, execArgv: [], resourceLimits });
  worker.unref();
  const over = new AbortController();
  const end = await new Promise<SearchEnd>((resolve) => {
    worker.on('message', (answer: SearchAnswer) => {
      if (answer.kind === 'paths') found.paths(answer.paths);
      else if (answer.kind === 'lines') {
        if (!found.lines(answer.lines)) resolve({ kind: 'stopped' });
      } else if (answer.kind === 'end') resolve({ kind: 'done', complete: answer.complete });
      else resolve(answer);
    });
    worker.once('error', (error) => resolve({ kind: 'failed', error: messageOf(error) }));
    worker.once('exit', () => resolve({ kind: 'failed', error: 'the search ended early' }));
    signal.addEventListener('abort', () => resolve({ kind: 'aborted' }), { once: true, signal: over.signal });
    void clock.sleep(deadlineMs, over.signal).then(() => over.signal.aborted || resolve({ kind: 'timeout' }));
  });
  over.abort();
  worker.removeAllListeners('message');
  await worker.terminate();
  return end;
}
