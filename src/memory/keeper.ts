import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import type { JournalDraft } from '../core/job.ts';
import { reached, type Clock, type Log } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { applyStaged, recover, type ApplyDeps } from './apply.ts';
import { dropMoved, findEdit, findLate, keepFirst, type OwnersEdit } from './edits.ts';
import {
  complete,
  directoryOf,
  hashesOf,
  listGenerations,
  pruneGenerations,
  readManifest,
  stage,
  stepsOf,
} from './generations.ts';
import type { Change } from './operations.ts';
import { moveIfFree } from './place.ts';
import type { Author, MarkChanges, MemoryLedger } from './ports.ts';
import { kindOf, readTree, type Memory } from './tree.ts';

export interface KeeperOptions extends ApplyDeps {
  readonly ledger: MemoryLedger;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeZone: () => string;
  readonly generationsMax: number;
}

/** New texts for files of the memory, with what is told of it. */
export interface Commit {
  readonly author: Author;
  readonly reason: string;
  /** null: the file is taken away. */
  readonly texts: ReadonlyMap<string, string | null>;
  readonly changes: readonly Change[];
  readonly marks: MarkChanges;
  readonly line: JournalDraft | null;
}

type Committed =
  | { readonly kind: 'done'; readonly generation: number }
  /** A person changed these files meanwhile; nothing was written. */
  | { readonly kind: 'undone'; readonly paths: readonly string[] };

/** The hands of the store: one thing at a time, whole or not at all. */
export interface Keeper {
  /** Finishes what a crash cut off. Logs what goes wrong. */
  open(): Promise<void>;
  /** Runs after all that was asked for before. @throws {KairosError} `DISK_FULL`, `HOME_UNUSABLE`. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is half done, and every edit of a person is recorded. @returns The memory as it is then. */
  settle(): Promise<Memory>;
  /** The files as they lie there. */
  readFiles(): Promise<Memory>;
  commit(memory: Memory, given: Commit): Promise<Committed>;
  idle(): Promise<void>;
}

const NO_MARKS: MarkChanges = { stale: [], described: {} };

export function createKeeper(options: KeeperOptions): Keeper {
  const { directory, log } = options;
  let seen: Memory | undefined;
  const readFiles = async (): Promise<Memory> => (seen = await readTree(directory, { before: seen }));
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn.catch((error: unknown) => {
      throw asFileError(error);
    });
  };
  return {
    inTurn,
    settle: () => settle(options, readFiles),
    readFiles,
    commit: (memory, given) => commit(options, memory, given),
    idle: async () => void (await last),
    async open() {
      try {
        await settle(options, readFiles);
        await tidy(options);
      } catch (error) {
        log.error({ error: messageOf(error) }, 'memory could not be settled, it is tried again with the next write');
      }
    },
  };
}

async function settle(options: KeeperOptions, readFiles: () => Promise<Memory>): Promise<Memory> {
  const { directory, ledger, log } = options;
  const recovered = await recover(options);
  if (recovered !== undefined) {
    log.warn({ generation: recovered.apply.generation, outcome: recovered.kind }, 'memory apply taken up again');
  }
  const memory = await readFiles();
  if (ledger.newest() === 0 && ledger.known().size === 0) {
    if (memory.files.size > 0) await ledger.learn(await keepFirst(directory, memory));
    return memory;
  }
  const edit = await findEdit(directory, memory, ledger.known());
  if (edit !== undefined) await recordEdit(options, edit);
  const late = await findLate(directory, memory);
  if (late.size > 0) await mergeLate(options, memory, late);
  await dropMoved(directory);
  return late.size > 0 ? readFiles() : memory;
}

/** A person's edit is there already: it is written down, so that it shows in the history and can be taken back. */
async function recordEdit(options: KeeperOptions, { steps, before, after }: OwnersEdit): Promise<void> {
  const paths = steps.map(({ path }) => path);
  const reason = `edited ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;
  const changes = paths.map((path): Change => ({ kind: 'edit', topic: path, text: '' }));
  const { directory, ledger } = options;
  const head = await nextHead(options, 'owner', reason);
  const { generation } = head;
  await stage(directory, { ...manifestHead(options, head), ...hashesOf(steps), changes }, { before, after });
  const line = { kind: 'memory', ref: '', text: `you ${reason} (generation ${generation})` };
  reached('memory.edit-staged');
  await ledger.done({ ...head, steps, marks: NO_MARKS, line });
  reached('memory.edit-done');
  await complete(directory, generation);
  await prune(options);
}

/** An editor that had a file open while it was replaced wrote into the old one: its lines are put into the new one. */
async function mergeLate(options: KeeperOptions, memory: Memory, texts: ReadonlyMap<string, string>): Promise<void> {
  const reason = 'kept what you wrote while kairosd replaced the file';
  options.log.warn({ paths: [...texts.keys()] }, 'memory edited while it was written, both are kept');
  await commit(options, memory, {
    author: 'owner',
    reason,
    texts,
    changes: [...texts.keys()].map((path): Change => ({ kind: 'edit', topic: path, text: reason })),
    marks: NO_MARKS,
    line: { kind: 'memory', ref: '', text: `${reason}: ${[...texts.keys()].join(', ')}` },
  });
}

async function commit(options: KeeperOptions, memory: Memory, given: Commit): Promise<Committed> {
  const { directory } = options;
  const { author, reason, texts: after, changes, marks, line } = given;
  const before = new Map([...after.keys()].map((path) => [path, memory.files.get(path)?.text ?? null]));
  const steps = stepsOf({ before, after });
  const head = await nextHead(options, author, reason);
  const { generation } = head;
  await stage(directory, { ...manifestHead(options, head), ...hashesOf(steps), changes }, { before, after });
  const applied = await applyStaged(options, { ...head, steps, marks, line });
  if (applied.kind === 'undone') return applied;
  await prune(options);
  return { kind: 'done', generation };
}

interface Head {
  readonly generation: number;
  readonly atMs: number;
  readonly author: Author;
  readonly reason: string;
}

/** The ledger may be newer than the files, or the files than the ledger: a number is never used twice. */
async function nextHead({ directory, ledger, clock }: KeeperOptions, author: Author, reason: string): Promise<Head> {
  const newest = Math.max(ledger.newest(), (await listGenerations(directory)).at(-1) ?? 0);
  return { generation: newest + 1, atMs: clock.wallMs(), author, reason };
}

function manifestHead({ timeZone }: KeeperOptions, { atMs, ...head }: Head) {
  return { ...head, at: formatInstant(atMs, timeZone()) };
}

async function prune({ directory, ledger, generationsMax, log }: KeeperOptions): Promise<void> {
  try {
    const oldest = await pruneGenerations(directory, generationsMax, ledger.known());
    if (oldest > 1) await ledger.prune(oldest);
  } catch (error) {
    // Only room is lost, and it is tried again with the next one.
    log.warn({ error: messageOf(error) }, 'old generations of the memory could not be removed');
  }
}

/** What a crash left of generations that were never begun, or that were complete already. */
async function tidy({ directory, ledger }: KeeperOptions): Promise<void> {
  for (const generation of await listGenerations(directory)) {
    if ((await readManifest(directory, generation)) !== undefined) continue;
    if (ledger.isDone(generation)) await complete(directory, generation);
    else await giveUp(directory, generation);
  }
}

/** A ledger that is older than the files does not know that this one was begun: what it moved aside goes back. */
async function giveUp(directory: string, generation: number): Promise<void> {
  const own = directoryOf(directory, generation);
  const manifest = await readManifest(directory, generation, true);
  for (const path of Object.keys(manifest?.files ?? {})) {
    if ((await kindOf(join(own, 'moved', path))) === 'file') {
      await moveIfFree(join(own, 'moved', path), join(directory, path));
    }
  }
  await rm(own, { recursive: true, force: true });
}

function asFileError(error: unknown): unknown {
  const code = String((error as NodeJS.ErrnoException).code);
  if (error instanceof KairosError) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KairosError('DISK_FULL', 'the memory could not be written: the disk is full', {}, error);
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new KairosError('HOME_UNUSABLE', `the memory could not be written: ${messageOf(error)}`, {}, error);
  }
  return error;
}
