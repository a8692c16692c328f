import { sep } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { startQuietLoop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';

export interface MemoryWatch {
  /** `memory/` of the home; it must be there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Looks at what is there now. What it throws is logged. */
  readonly onEdit: () => Promise<void>;
}

/** Editors write in several steps: an edit is looked at when it has been quiet for this long. */
const QUIET_MS = 500;

/** Watches index, topics and archive. One edit is one look, however many steps it is written in. */
export async function watchMemory({ directory, clock, log, onEdit }: MemoryWatch): Promise<AsyncDisposable> {
  const { watch } = await import('chokidar');
  const loop = startQuietLoop({
    name: 'memory',
    clock,
    log,
    quietMs: QUIET_MS,
    act: () =>
      onEdit().catch((error: unknown) => {
        log.error({ error: messageOf(error) }, 'an edit of the memory could not be recorded');
      }),
  });
  // What kairosd itself writes all the time, and what is no part of the memory.
  const ignored = ['generations', 'notes'].map((name) => `${directory}${sep}${name}`);
  const watcher = watch(directory, { ignored, ignoreInitial: true, followSymlinks: false, depth: 1 });
  watcher.on('all', () => loop.note());
  watcher.on('error', (error) => log.warn({ error: messageOf(error) }, 'memory is not watched any more'));
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  return {
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await loop[Symbol.asyncDispose]();
    },
  };
}
