import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from './system-error.ts';

/** A file at one moment. */
export interface FileState {
  readonly kind: 'file' | 'link';
  /** Git's name of its bytes (SHA-1 of a blob); of a link, of where it leads. */
  readonly hash: string;
  /** Permission bits; 0 for a link. */
  readonly mode: number;
}

/** What a run did to one file. null: it did not exist. */
export interface FileChange {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly before: FileState | null;
  readonly after: FileState | null;
  /** Somebody else changed it between two parts of the run: it cannot be taken back. */
  readonly broken?: true | undefined;
}

/** Permission bits of a tree: the usual ones, and the files that have others. */
export interface Modes {
  readonly plain: number;
  readonly executable: number;
  readonly others: Readonly<Record<string, number>>;
}

/** A workspace as it was. */
export interface Snapshot {
  readonly tree: string;
  readonly modes: Modes;
  /** What is not in the tree, with why and how it looked: `big.bin` → `over 50 MiB, 73400320 bytes, 1762…`. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Files that .gitignore kept out, as far as they can be told: they were there before, whatever it says later. */
  readonly ignored: readonly string[];
}

/** What is known of the changes of a job; `jN.json`. */
export interface ChangeRecord {
  readonly jobId: number;
  readonly workspace: string;
  /** `open`: the run is under way. `undoing`: begun, and to be ended. `not-kept`: cannot be taken back; `reason` says why. */
  readonly state: 'open' | 'kept' | 'undoing' | 'undone' | 'not-kept';
  readonly reason: string | null;
  /** The run had read text from outside: what it left may be such text. */
  readonly outside?: boolean | undefined;
  readonly atMs: number;
  readonly before: Snapshot | null;
  readonly files: readonly FileChange[];
  /** Changes that are not in it, with why. */
  readonly notKept: readonly string[];
  readonly linesAdded: number;
  readonly linesRemoved: number;
  /** Other jobs that ran in the same workspace at the same time: what they changed may be listed here as well. */
  readonly overlaps: readonly number[];
}

/** What a later part of the same run adds to what is known: one change per file, from its first state to its last. */
export function mergeChanges(earlier: readonly FileChange[], later: readonly FileChange[]): FileChange[] {
  const merged = new Map(earlier.map((change) => [change.path, change]));
  for (const change of later) {
    const known = merged.get(change.path);
    const broken = known !== undefined && (known.broken === true || !sameState(known.after, change.before));
    const { path, after } = change;
    const before = known === undefined ? change.before : known.before;
    if (sameState(before, after) && !broken) merged.delete(path);
    else merged.set(path, { path, before, after, ...(broken ? { broken } : {}) });
  }
  return [...merged.values()];
}

export function sameState(one: FileState | null, other: FileState | null): boolean {
  if (one === null || other === null) return one === other;
  return one.kind === other.kind && one.hash === other.hash && one.mode === other.mode;
}

/** undefined when there is none, or it cannot be read as one. */
export async function readRecord(path: string): Promise<ChangeRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ChangeRecord;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Writes a file of ours whole or not at all, and flushes it: what is said there holds after a power loss. */
export async function writeFlushed(path: string, bytes: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(`${path}.tmp`, flags, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
  const directory = await open(dirname(path), constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Numbers of the jobs that have a record, ascending. */
export async function listRecords(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  });
  return names
    .flatMap((name) => /^j(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((one, other) => one - other);
}
