import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Workspace } from '../core/agent.ts';
import { messageOf } from '../core/errors.ts';
import { reached, type Clock } from '../core/ports.ts';
import { git, type Repository } from './changes-git.ts';
import {
  listRecords,
  mergeChanges,
  readRecord,
  writeFlushed,
  type ChangeRecord,
  type Snapshot,
} from './changes-record.ts';
import type { Comparison, SnapshotLimits } from './changes-snapshot.ts';
import { Marks } from './changes-marks.ts';
import { reasonAgainstUndo, restoreFiles } from './changes-undo.ts';
import type { ChangesAnswer, ChangesTask } from './changes-worker.ts';
import { isSystemError } from './system-error.ts';
import { isInside, type FileAccess } from './held.ts';

export interface ChangesOptions {
  /** Home of kairosd, absolute and canonical: everything is kept under `artifacts/changes`. */
  readonly home: string;
  readonly clock: Clock;
  /** A `PATH`, for git. */
  readonly searchPath: string;
  readonly limits?: Partial<SnapshotLimits> | undefined;
  /** How long a run waits for a snapshot. Default 60 s. */
  readonly deadlineMs?: number | undefined;
}

/** What a run changed. */
export interface ChangeSummary {
  /** How many files. */
  readonly files: number;
  readonly linesAdded: number;
  readonly linesRemoved: number;
  /** What else changed and cannot be taken back, with why. */
  readonly notKept: readonly string[];
}

export type UndoResult =
  | { readonly ok: true; readonly files: number }
  | { readonly ok: false; readonly reason: string };

/**
 * What runs change in workspaces, kept so that it can be shown and taken back. What .gitignore keeps out, files over 50 MiB,
 * repositories within the workspace and empty directories are not kept. Two runs at a time in one workspace: what happens
 * while both run is in the records of both; each can be taken back only while its files are as it left them.
 */
export interface Changes {
  /** Before the first call of a run that may write. Does nothing when the run is under way already. Never rejects for what cannot be kept. */
  begin(workspace: Pick<Workspace, 'path'>, jobId: number): Promise<void>;
  /** When the run ended, or was laid aside. @param outside It had read text from outside. @returns undefined: nothing changed. */
  finish(jobId: number, outside?: boolean): Promise<ChangeSummary | undefined>;
  /** Whether a file, or anything below a directory, is as a run left it that had read text from outside. */
  leftByOutside(canonical: string): boolean;
  undo(jobId: number): Promise<UndoResult>;
  /** The patch, for people: redact it before it goes anywhere. undefined: nothing was kept. */
  show(jobId: number): Promise<string | undefined>;
  record(jobId: number): Promise<ChangeRecord | undefined>;
  /** At the start: ends what a crash interrupted, runs and undoings alike. Returns the jobs. */
  recover(): Promise<readonly number[]>;
  /** Forgets what is older. Returns how many. */
  prune(beforeMs: number): Promise<number>;
}

const LIMITS: SnapshotLimits = {
  filesMax: 200_000,
  fileBytesMax: 52_428_800,
  changesMax: 10_000,
  patchBytesMax: 16_777_216,
};
const DEADLINE_MS = 60_000;
const HEAP_MB_MAX = 1_024;

export function createChanges(options: ChangesOptions): Changes {
  return new KeptChanges(options);
}

class KeptChanges implements Changes {
  readonly #options: ChangesOptions;
  readonly #directory: string;
  readonly #marks = new Marks();
  /** One thing at a time: two snapshots would share an index. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#directory = join(options.home, 'artifacts', 'changes');
  }

  async begin({ path: workspace }: Pick<Workspace, 'path'>, jobId: number): Promise<void> {
    await this.#inTurn(async () => {
      const known = await this.record(jobId);
      if (known?.state === 'open' || known?.state === 'not-kept') return;
      if (known?.state === 'undoing') await this.#undo(known);
      const fresh = this.#fresh(workspace, jobId);
      const earlier = known?.state === 'kept' ? known : fresh;
      if (earlier.workspace !== workspace) {
        await this.#giveUp(earlier, 'the run went on in another workspace');
        return;
      }
      const overlaps = await this.#markOverlaps(workspace, jobId);
      const answer = await this.#ask(workspace, jobId, undefined);
      if (answer.kind === 'failed') {
        await this.#giveUp({ ...earlier, overlaps }, answer.reason);
        return;
      }
      await this.#write({
        ...earlier,
        overlaps,
        state: 'open',
        before: answer.snapshot,
        atMs: this.#options.clock.wallMs(),
      });
      reached('changes.begun');
    });
  }

  async finish(jobId: number, outside = false): Promise<ChangeSummary | undefined> {
    return this.#inTurn(async () => {
      const record = await this.record(jobId);
      if (record === undefined) return undefined;
      const ended = record.state === 'open' ? await this.#end(record, outside) : record;
      return ended === undefined ? undefined : summaryOf(ended);
    });
  }

  leftByOutside(canonical: string): boolean {
    return this.#marks.hold(canonical, this.#options.clock.wallMs());
  }

  async undo(jobId: number): Promise<UndoResult> {
    return this.#inTurn(async () => {
      const record = await this.record(jobId);
      if (record === undefined) return refusal('nothing is kept of what it changed');
      if (record.state === 'open') return refusal('it is still under way');
      if (record.state === 'undone') return refusal('it was taken back already');
      if (record.state === 'not-kept') return refusal(`its changes could not be kept: ${record.reason ?? 'unknown'}`);
      return this.#undo(record);
    });
  }

  async show(jobId: number): Promise<string | undefined> {
    const record = await this.record(jobId);
    if (record === undefined) return undefined;
    const patch = await readFile(this.#path(jobId, 'patch'), 'utf8').catch(() => '');
    return [...record.notKept.map((line) => `# not kept: ${line}`), patch].join('\n');
  }

  async record(jobId: number): Promise<ChangeRecord | undefined> {
    return readRecord(this.#path(jobId, 'json'));
  }

  async recover(): Promise<readonly number[]> {
    return this.#inTurn(async () => {
      const recovered: number[] = [];
      for (const jobId of await listRecords(this.#directory)) {
        const record = await this.record(jobId);
        if (record !== undefined) this.#marks.note(record);
        // What a run that was cut off had read is not known here.
        if (record?.state === 'open') await this.#end(record, true);
        else if (record?.state === 'undoing') await this.#undo(record);
        else continue;
        recovered.push(jobId);
      }
      return recovered;
    });
  }

  async prune(beforeMs: number): Promise<number> {
    return this.#inTurn(async () => {
      const repositories = new Map<string, Repository>();
      let pruned = 0;
      for (const jobId of await listRecords(this.#directory)) {
        const record = await this.record(jobId);
        if (record === undefined || record.state === 'open' || record.state === 'undoing' || record.atMs >= beforeMs)
          continue;
        const repository = this.#repository(record.workspace);
        await forgetTrees(repository, jobId);
        repositories.set(repository.gitDir, repository);
        await this.#remove(jobId);
        pruned += 1;
      }
      for (const repository of repositories.values()) await collectGarbage(repository);
      return pruned;
    });
  }

  async #end(record: ChangeRecord, outside: boolean): Promise<ChangeRecord | undefined> {
    const { workspace, jobId, before } = record;
    const answer = await this.#ask(workspace, jobId, before ?? undefined);
    if (answer.kind === 'failed') return this.#giveUp(record, answer.reason);
    const { comparison } = answer;
    const files = mergeChanges(record.files, comparison?.files ?? []);
    const notKept = [...new Set([...record.notKept, ...(comparison?.notKept ?? [])])];
    if (files.length === 0 && notKept.length === 0) {
      await this.#remove(jobId);
      return undefined;
    }
    await this.#addPatch(jobId, comparison, record.files.length === 0);
    reached('changes.compared');
    const ended: ChangeRecord = {
      ...record,
      state: 'kept',
      outside: outside || record.outside === true,
      before: null,
      files,
      notKept,
      linesAdded: record.linesAdded + (comparison?.linesAdded ?? 0),
      linesRemoved: record.linesRemoved + (comparison?.linesRemoved ?? 0),
      atMs: this.#options.clock.wallMs(),
    };
    await this.#write(ended);
    this.#marks.note(ended);
    return ended;
  }

  async #undo(record: ChangeRecord): Promise<UndoResult> {
    const repository = this.#repository(record.workspace);
    const access = this.#access(record.workspace);
    try {
      const resumed = record.state === 'undoing';
      const reason = await reasonAgainstUndo(record, repository, access, resumed);
      if (reason !== undefined) return refusal(reason);
      // From here on it is known that it was begun: after a crash it is ended, not begun anew.
      await this.#write({ ...record, state: 'undoing' });
      reached('changes.undoing');
      await restoreFiles(record, repository, access);
      reached('changes.restored');
      await this.#write({ ...record, state: 'undone', atMs: this.#options.clock.wallMs() });
      return { ok: true, files: record.files.length };
    } catch (error) {
      return refusal(`it came to a stop and may be asked for again: ${messageOf(error)}`);
    }
  }

  /** Undo may write into the workspace, and there neither below `.git` nor into our home. */
  #access(workspace: string): FileAccess {
    const { home } = this.#options;
    return {
      allowed: (canonical) =>
        isInside(canonical, workspace) &&
        !isInside(canonical, home) &&
        !canonical.slice(workspace.length).toLowerCase().split('/').includes('.git'),
      trustOf: () => 'tool',
      userHome: home,
    };
  }

  async #ask(workspace: string, jobId: number, before: Snapshot | undefined): Promise<ChangesAnswer> {
    const { home, clock, limits, deadlineMs = DEADLINE_MS } = this.#options;
    const exclude = isInside(home, workspace) ? `${home.slice(workspace.length + 1)}/` : undefined;
    const task: ChangesTask = {
      task: 'changes',
      repository: this.#repository(workspace),
      limits: { ...LIMITS, ...limits },
      exclude,
      keepAs: `j${jobId}`,
      before,
    };
    return inThread(task, clock, deadlineMs);
  }

  #repository(workspace: string): Repository {
    const name = createHash('sha256').update(workspace).digest('hex').slice(0, 24);
    return { gitDir: join(this.#directory, `${name}.git`), workspace, searchPath: this.#options.searchPath };
  }

  #fresh(workspace: string, jobId: number): ChangeRecord {
    const empty = { files: [], notKept: [], linesAdded: 0, linesRemoved: 0, overlaps: [] };
    return {
      jobId,
      workspace,
      state: 'open',
      reason: null,
      atMs: this.#options.clock.wallMs(),
      before: null,
      ...empty,
    };
  }

  async #markOverlaps(workspace: string, jobId: number): Promise<readonly number[]> {
    const overlaps: number[] = [];
    for (const other of await listRecords(this.#directory)) {
      const record = other === jobId ? undefined : await this.record(other);
      if (record?.state !== 'open' || record.workspace !== workspace) continue;
      overlaps.push(other);
      await this.#write({ ...record, overlaps: [...new Set([...record.overlaps, jobId])] });
    }
    return overlaps;
  }

  async #giveUp(record: ChangeRecord, reason: string): Promise<ChangeRecord> {
    const notKept = [...record.notKept, `everything since: ${reason}`];
    const given: ChangeRecord = { ...record, state: 'not-kept', reason, notKept, before: null };
    await this.#write(given);
    return given;
  }

  async #addPatch(jobId: number, comparison: Comparison | undefined, isFirst: boolean): Promise<void> {
    const path = this.#path(jobId, 'patch');
    const earlier = isFirst ? Buffer.alloc(0) : await readFile(path).catch(() => Buffer.alloc(0));
    const patch = Buffer.from(comparison?.patch ?? []);
    // After a crash between the two files the same part comes again.
    const isThere = patch.length > 0 && earlier.subarray(-patch.length).equals(patch);
    await writeFlushed(path, isThere ? earlier : Buffer.concat([earlier, patch]));
  }

  async #write(record: ChangeRecord): Promise<void> {
    await writeFlushed(this.#path(record.jobId, 'json'), JSON.stringify(record));
  }

  async #remove(jobId: number): Promise<void> {
    await rm(this.#path(jobId, 'json'), { force: true });
    await rm(this.#path(jobId, 'patch'), { force: true });
  }

  #path(jobId: number, extension: 'json' | 'patch'): string {
    return join(this.#directory, `j${jobId}.${extension}`);
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function summaryOf({ files, linesAdded, linesRemoved, notKept }: ChangeRecord): ChangeSummary {
  return { files: files.length, linesAdded, linesRemoved, notKept };
}

function failed(reason: string): ChangesAnswer {
  return { kind: 'failed', reason };
}

function refusal(reason: string): UndoResult {
  return { ok: false, reason };
}

/** Snapshots look at every file: in a thread, so that nothing else waits for a large workspace. Never rejects. */
async function inThread(task: ChangesTask, clock: Clock, deadlineMs: number): Promise<ChangesAnswer> {
  const entry = new URL(`./changes-worker${extname(import.meta.url)}`, import.meta.url);
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB_MAX };
  const worker = new Worker(entry, { name: 'changes', workerData: task, env: {}, execArgv: [], resourceLimits });
  const over = new AbortController();
  const answer = await new Promise<ChangesAnswer>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve(failed(messageOf(error))));
    worker.once('exit', () => resolve(failed('the thread ended early')));
    void clock.sleep(deadlineMs, over.signal).then(() => {
      if (!over.signal.aborted) resolve(failed(`it took longer than ${Math.round(deadlineMs / 1_000)} s`));
    });
  });
  over.abort();
  await worker.terminate();
  return answer;
}

/** A repository that is gone, or a workspace, has nothing to forget. */
async function forgetTrees(repository: Repository, jobId: number): Promise<void> {
  const here = { ...repository, workspace: repository.gitDir };
  try {
    const names = await git(['for-each-ref', '--format=delete %(refname)', `refs/kept/j${jobId}`], here);
    await git(['update-ref', '--stdin'], here, { input: names });
  } catch (error) {
    if (!(await readdir(repository.gitDir).catch((): string[] => [])).includes('HEAD')) return;
    throw error;
  }
}

async function collectGarbage(repository: Repository): Promise<void> {
  const here = { ...repository, workspace: repository.gitDir };
  try {
    await git(['gc', '--quiet', '--prune=now'], here, { deadlineMs: 120_000 });
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) return; // Space that is given back later.
  }
}
