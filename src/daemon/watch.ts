import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { startQuietLoop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';

export interface WatchOptions {
  readonly home: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Reads and applies what is there now, if it is not what is in force. What it throws is logged, and everything stays as it was. */
  readonly onEdit: () => Promise<void>;
}

/** Editors write in several steps: an edit is looked at when it has been quiet for this long. */
const QUIET_MS = 250;
/**
 * Looked at by name, every two seconds. Left to itself chokidar watches the whole home, and reads it anew at every write to the
 * ledger: that cost a third of the deliveries a second.
 */
const POLL_MS = 2_000;

/**
 * Watches `config.yaml` and `secrets.env`. One edit is one look, however many steps it is written in; looks never overlap.
 * A file that an editor replaces, or that comes later, is seen as well. Resolves when no edit can be missed any more.
 */
export async function watchSettings({ home, clock, log, onEdit }: WatchOptions): Promise<AsyncDisposable> {
  const { watch } = await import('chokidar');
  const act = (): Promise<void> =>
    onEdit().catch((error: unknown) => {
      log.error({ error: messageOf(error) }, 'edit refused, the configuration before it stays in force');
    });
  const loop = startQuietLoop({ name: 'settings', clock, log, quietMs: QUIET_MS, act });
  const watcher = watch(
    ['config.yaml', 'secrets.env'].map((name) => join(home, name)),
    { ignoreInitial: true, usePolling: true, interval: POLL_MS },
  );
  watcher.on('all', () => loop.note());
  watcher.on('error', (error) => log.warn({ error: messageOf(error) }, 'configuration is not watched any more'));
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  // What was edited between the first reading and this moment is what the watch knows the files by.
  await act();
  return {
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await loop[Symbol.asyncDispose]();
    },
  };
}
