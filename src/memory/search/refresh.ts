import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redact } from '../../core/ports.ts';
import { piecesOf } from './pieces.ts';
import type { IndexedFile, IndexPort, Piece } from './ports.ts';
import { summarize } from './summary.ts';

export interface RefreshOptions {
  readonly home: string;
  readonly redact: Redact;
  /** Nothing more is read once it aborts; what is missing then is done by the next one. */
  readonly signal: AbortSignal;
  /** `memory`: only the memory, which is small. `new`: also sessions, but months of which no file came or went are passed over. */
  readonly scope: 'memory' | 'new' | 'all';
}

/** What came of a look at the files. */
export interface Refreshed {
  /** Files that were read. */
  readonly read: number;
  /** Files that are gone. */
  readonly dropped: number;
  /** false: it was broken off. */
  readonly complete: boolean;
}

/** A transaction holds as much as this: a few milliseconds. */
const BATCH_FILES = 16;
const BATCH_PIECES = 200;
const MEMORY_BYTES_MAX = 1_048_576;
/** Sessions still being written lie in these: their directories don't show it. */
const LATEST_MONTHS = 2;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Brings an index up to date with the files: memory first, then sessions, the newest first. What did not change is not read. Between
 * two files the event loop breathes.
 */
export async function refreshIndex(index: IndexPort, options: RefreshOptions): Promise<Refreshed> {
  const { home, signal, scope } = options;
  const known = index.states();
  const pass = new Pass(index, known, options);
  for (const folder of MEMORY_FOLDERS) await pass.folder(folder, '.md');
  if (scope !== 'memory') {
    for (const [at, folder] of (await monthsOf(home)).entries()) {
      if (signal.aborted) break;
      const state = stateOf(await stat(join(home, folder)));
      const quiet = scope === 'new' && at >= LATEST_MONTHS && known.get(folder) === state;
      if (quiet) pass.keep(folder);
      else await pass.folder(folder, '.jsonl', state);
    }
  }
  return pass.end(scope === 'memory' ? 'memory/' : '');
}

const MEMORY_FOLDERS = ['memory', 'memory/topics', 'memory/archive', 'memory/notes'];

/** Directories of transcripts, the newest first. */
async function monthsOf(home: string): Promise<string[]> {
  const named = async (folder: string, shape: RegExp): Promise<string[]> => {
    const entries = await readdir(join(home, folder), { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory() && shape.test(entry.name)).map(({ name }) => name);
    return names.toSorted().toReversed();
  };
  const years = await named('sessions', /^\d{4}$/);
  const months = await Promise.all(
    years.map(async (year) =>
      (await named(join('sessions', year), /^\d{2}$/)).map((month) => `sessions/${year}/${month}`),
    ),
  );
  return months.flat();
}

class Pass {
  readonly #index: IndexPort;
  readonly #known: ReadonlyMap<string, string>;
  readonly #options: RefreshOptions;
  readonly #seen = new Set<string>();
  #batch: IndexedFile[] = [];
  #read = 0;

  constructor(index: IndexPort, known: ReadonlyMap<string, string>, options: RefreshOptions) {
    this.#index = index;
    this.#known = known;
    this.#options = options;
  }

  /** Looks at the files directly in a folder. @param state Remembered for the folder itself when all of it was read. */
  async folder(folder: string, end: string, state?: string): Promise<void> {
    const { home, signal } = this.#options;
    const names = (await readdir(join(home, folder)).catch(() => [])).filter(
      (name) => name.endsWith(end) && !name.startsWith('.'),
    );
    for (const name of names.toSorted().toReversed()) {
      if (signal.aborted) return;
      await this.#file(`${folder}/${name}`);
    }
    if (state === undefined) return;
    this.#seen.add(folder);
    if (this.#known.get(folder) !== state) this.#put({ path: folder, state, pieces: [] });
  }

  /** A folder that is as it was. */
  keep(folder: string): void {
    for (const path of this.#known.keys()) if (path === folder || path.startsWith(`${folder}/`)) this.#seen.add(path);
  }

  async end(within: string): Promise<Refreshed> {
    this.#flush();
    const complete = !this.#options.signal.aborted;
    const gone = complete
      ? [...this.#known.keys()].filter((path) => path.startsWith(within) && !this.#seen.has(path))
      : [];
    for (let at = 0; at < gone.length; at += BATCH_FILES) {
      this.#index.drop(gone.slice(at, at + BATCH_FILES));
      await breath();
    }
    return { read: this.#read, dropped: gone.length, complete };
  }

  async #file(path: string): Promise<void> {
    const { home, redact } = this.#options;
    const stats = await stat(join(home, path));
    if (stats?.isFile() !== true) return;
    this.#seen.add(path);
    const state = stateOf(stats);
    if (this.#known.get(path) === state) return;
    const pieces = await readPieces(home, path, Number(stats.size));
    this.#read += 1;
    this.#put({ path, state, pieces: pieces.map((piece) => redacted(piece, redact)) });
    await breath();
  }

  #put(file: IndexedFile): void {
    this.#batch.push(file);
    const pieces = this.#batch.reduce((sum, each) => sum + each.pieces.length, 0);
    if (this.#batch.length >= BATCH_FILES || pieces >= BATCH_PIECES) this.#flush();
  }

  #flush(): void {
    if (this.#batch.length > 0) this.#index.replace(this.#batch);
    this.#batch = [];
  }
}

/** Nothing of a file that can't be read, or is no file any more: it is found again when it changes. */
async function readPieces(home: string, path: string, bytes: number): Promise<readonly Piece[]> {
  const file = await open(join(home, path), READ_FLAGS).catch(() => undefined);
  if (file === undefined) return [];
  try {
    if (path.startsWith('sessions/')) return [await summarize(file, bytes)].filter((piece) => piece !== undefined);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(bytes, MEMORY_BYTES_MAX)), 0);
    return piecesOf(path, buffer.toString('utf8', 0, bytesRead));
  } catch {
    return [];
  } finally {
    await file.close();
  }
}

function redacted(piece: Piece, redact: Redact): Piece {
  return { ...piece, title: redact(piece.title), text: redact(piece.text) };
}

async function stat(path: string): Promise<BigIntStats | undefined> {
  return lstat(path, { bigint: true }).catch(() => undefined);
}

function stateOf(stats: BigIntStats | undefined): string {
  return stats === undefined ? '' : `${stats.mtimeNs} ${stats.size} ${stats.ino}`;
}

/** Whether what the index holds of a file still stands: a transcript may have grown. */
export async function stillStands(home: string, path: string, state: string): Promise<boolean> {
  const stats = await stat(join(home, path));
  if (stats?.isFile() !== true) return false;
  const [, size = '0', inode = ''] = state.split(' ');
  if (path.startsWith('sessions/')) return String(stats.ino) === inode && stats.size >= BigInt(size);
  return stateOf(stats) === state;
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
