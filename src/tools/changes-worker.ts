import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { KairosError, messageOf } from '../core/errors.ts';
import type { Repository } from './changes-git.ts';
import type { Snapshot } from './changes-record.ts';
import { compareSnapshots, takeSnapshot, type Comparison, type SnapshotLimits } from './changes-snapshot.ts';

/** What the thread is asked: a snapshot, compared with an earlier one where there is one. */
export interface ChangesTask {
  readonly task: 'changes';
  readonly repository: Repository;
  readonly limits: SnapshotLimits;
  /** A directory in the workspace that is none of its files (our own home), with `/` at its end. */
  readonly exclude: string | undefined;
  readonly keepAs: string;
  readonly before: Snapshot | undefined;
}

export type ChangesAnswer =
  | { readonly kind: 'taken'; readonly snapshot: Snapshot; readonly comparison: Comparison | undefined }
  | { readonly kind: 'failed'; readonly reason: string };

/** Thread entry: does one task and ends. Elsewhere than in a thread, importing it does nothing. */
async function serve(port: MessagePort, asked: ChangesTask): Promise<void> {
  port.postMessage(await answerTo(asked));
}

async function answerTo({ repository, limits, exclude, keepAs, before }: ChangesTask): Promise<ChangesAnswer> {
  try {
    const snapshot = await takeSnapshot(repository, limits, exclude, keepAs);
    const comparison = before === undefined ? undefined : await compareSnapshots(repository, before, snapshot, limits);
    return { kind: 'taken', snapshot, comparison };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof KairosError ? error.message : messageOf(error) };
  }
}

if (parentPort !== null && (workerData as ChangesTask | null)?.task === 'changes') {
  void serve(parentPort, workerData as ChangesTask);
}
