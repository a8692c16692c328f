import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reached } from '../core/ports.ts';
import type { Database } from './database.ts';

/** 32 MiB of log. Copying it takes tens of milliseconds, which is why a thread does it; recovering it at a start takes as long. */
const FRAMES_THRESHOLD = 8_192;
/** What the main thread finishes itself, so that the log starts again from its beginning: under 10 ms. */
const FRAMES_FINISH = 512;
/** Less than this is not worth a thread when space is short: 1 MiB. */
const FRAMES_SHRINK = 256;
const PASSES_MAX = 4;

interface Progress {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Copies the log back if it has grown past the threshold. A thread does the bulk; the main thread finishes the rest, after
 * which SQLite writes the log from its start again: overwriting blocks that exist costs an fsync a third less than growing.
 *
 * @returns Whether anything was done.
 */
export async function checkpoint(database: Database, platform: string): Promise<boolean> {
  if (progress(database).log < FRAMES_THRESHOLD) return false;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    await runThread(database.path, platform);
    const { log, checkpointed } = progress(database);
    if (log - checkpointed <= FRAMES_FINISH) break;
  }
  reached('checkpoint.copied');
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  return true;
}

/**
 * Gives the log's own space back, if it holds more than a megabyte: what can be done on a full disk. The thread does the
 * bulk here as well.
 */
export async function shrinkLog(database: Database, platform: string): Promise<void> {
  if (progress(database).log < FRAMES_SHRINK) return;
  await runThread(database.path, platform);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** Frames in the log and frames copied, without copying any. */
function progress(database: Database): Progress {
  const row = database.statement('PRAGMA wal_checkpoint(NOOP)').get<Progress>();
  return row ?? { busy: 0, log: 0, checkpointed: 0 };
}

function runThread(path: string, platform: string): Promise<void> {
  const entry = new URL(`./checkpoint-thread${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(entry, {
    workerData: { path, platform },
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => resolve());
  });
}
