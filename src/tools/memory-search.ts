import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/ports.ts';
import { memoryHit, wordsOf, type MemoryHit } from './memory-hit.ts';
import { searchWithRipgrep } from './ripgrep.ts';
import { searchInThread, type Found } from './search-thread.ts';
import type { FindLines, Line } from './search-worker.ts';

/** Something the index found, in its order. */
interface IndexHit {
  /** Relative to the home. */
  readonly path: string;
  readonly line: number;
  readonly kind: string;
  readonly trust: string;
  readonly at: string;
  readonly title: string;
  readonly text: string;
}

/** The full-text index over the memory and over sessions in a few words. */
export interface MemoryIndex {
  /** @returns The best first. `complete`: everything that is there was looked at. */
  find(
    words: readonly string[],
    limit: number,
  ): Promise<{ readonly hits: readonly IndexHit[]; readonly complete: boolean }>;
}

export interface MemorySearchOptions {
  /** Home of kairosd, absolute. */
  readonly home: string;
  readonly clock: Clock;
  /** Where ripgrep is (`findRipgrep`). */
  readonly ripgrep: string | undefined;
  /** undefined: the files of the memory are gone through line by line, and sessions only for an identifier. */
  readonly index?: MemoryIndex | undefined;
  /** Of all that is searched together. Default 2 s. */
  readonly deadlineMs?: number | undefined;
  /** Default and most 50. */
  readonly hitsMax?: number | undefined;
}

/** What a search came to. */
export interface MemoryFound {
  readonly hits: readonly MemoryHit[];
  /** There may be more: it was cut short, or not everything could be looked at. */
  readonly more: boolean;
}

const HITS_MAX = 50;
const RESULT_BYTES_MAX = 65_536;
const DEADLINE_MS = 2_000;
/** Months of transcripts and logs that are looked into, the newest first. */
const MONTHS_MAX = 24;
/** Lines of one file: a name that stands in every line must not fill the memory. */
const FILE_HITS_MAX = 200;

/**
 * Searches what is remembered, best first: memory and sessions by words through the index; logs and transcripts only for a single
 * identifier, because there is much of them. They are streamed: no file is ever held whole.
 */
export async function searchMemory(
  query: string,
  options: MemorySearchOptions,
  signal: AbortSignal,
): Promise<MemoryFound> {
  const { clock, index, deadlineMs = DEADLINE_MS, hitsMax = HITS_MAX } = options;
  const words = wordsOf(query);
  const over = new AbortController();
  const limits = { clock, signal: AbortSignal.any([signal, over.signal]), deadlineMs };
  void clock.sleep(deadlineMs, limits.signal).then(() => over.abort());
  // A home may be reached by a link; where it really is, files are compared with.
  const home = await realpath(options.home);
  const indexed = await index?.find(words, hitsMax).catch(() => undefined);
  const known = (indexed?.hits ?? []).map(shownHit);
  const lines = new Lines(words, Math.min(hitsMax, HITS_MAX) - known.length);
  // A transcript that the index does not know yet is gone through for an identifier all the same.
  let cutShort = indexed?.complete === false && words.length > 1;
  const places = await placesOf(home, { memory: indexed === undefined, past: words.length === 1 });
  for (const { folder, glob } of places) {
    if (lines.full || limits.signal.aborted) break;
    lines.folder = folder;
    const end = await search({ ...taskOf(join(home, folder), words), glob }, lines, limits, options.ripgrep);
    cutShort ||= end !== 'done';
  }
  cutShort ||= limits.signal.aborted;
  over.abort();
  const found = await lines.hits(home, RESULT_BYTES_MAX - bytesOf(known));
  return { hits: [...known, ...found], more: lines.full || cutShort };
}

function shownHit({ path, line, kind, trust, at, title, text }: IndexHit): MemoryHit {
  const words = kind === 'session' ? [title, text].filter((part) => part !== '').join(' … ') : text;
  return { path, line, kind, trust, at, text: words.replaceAll(/\s+/g, ' ') };
}

interface Place {
  readonly folder: string;
  readonly glob: string;
}

/** Where to look, in this order: what was distilled first, then what happened lately. */
async function placesOf(home: string, asked: { readonly memory: boolean; readonly past: boolean }): Promise<Place[]> {
  const months = async (folder: string, glob: string): Promise<Place[]> => {
    const years = await datedNames(join(home, folder), /^\d{4}$/);
    const found = await Promise.all(
      years.map(async (year) =>
        (await datedNames(join(home, folder, year), /^\d{2}$/)).map((month) => ({
          folder: join(folder, year, month),
          glob,
        })),
      ),
    );
    return found.flat().slice(0, MONTHS_MAX);
  };
  const memory = asked.memory ? (await datedNames(home, /^memory$/)).map((folder) => ({ folder, glob: '*.md' })) : [];
  if (!asked.past) return memory;
  return [...memory, ...(await months('logs', '*.md')), ...(await months('sessions', '*.jsonl'))];
}

/** Names in a directory that look so, the latest first; none when there is no such directory. */
async function datedNames(path: string, shape: RegExp): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && shape.test(entry.name)).map(({ name }) => name);
  return names.toSorted().toReversed();
}

/** The longest word finds the lines; the others are looked for in them. */
function taskOf(root: string, words: readonly string[]): FindLines {
  const rarest = words.toSorted((one, other) => other.length - one.length)[0] ?? '';
  const pattern = rarest.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  return { kind: 'grep', root, pattern, ignoreCase: true, context: 0, fileLinesMax: FILE_HITS_MAX };
}

async function search(
  task: FindLines,
  found: Found,
  limits: Parameters<typeof searchInThread>[2],
  ripgrep: string | undefined,
): Promise<string> {
  const end =
    ripgrep === undefined
      ? await searchInThread(task, found, limits)
      : await searchWithRipgrep(ripgrep, task, task.root, found, limits);
  return end.kind;
}

class Lines implements Found {
  readonly #words: readonly string[];
  readonly #max: number;
  readonly #found: { readonly folder: string; readonly line: Line }[] = [];
  folder = '';

  constructor(words: readonly string[], max: number) {
    this.#words = words;
    this.#max = max;
  }

  get full(): boolean {
    return this.#found.length >= this.#max;
  }

  lines(lines: readonly Line[]): boolean {
    for (const line of lines) {
      if (line.path.startsWith('generations/')) continue; // Former states of the same files.
      const text = line.text.toLowerCase();
      if (!this.full && this.#words.every((word) => text.includes(word)))
        this.#found.push({ folder: this.folder, line });
    }
    return !this.full;
  }

  paths(): void {}

  async hits(home: string, bytesMax: number): Promise<readonly MemoryHit[]> {
    const hits: MemoryHit[] = [];
    for (const { folder, line } of this.#found) {
      const hit = await memoryHit(home, { ...line, path: join(folder, line.path) }, this.#words);
      if (hit !== undefined) hits.push(hit);
      if (bytesOf(hits) > bytesMax) return hits.slice(0, -1);
    }
    return hits;
  }
}

function bytesOf(hits: readonly MemoryHit[]): number {
  return hits.reduce((sum, { path, text }) => sum + Buffer.byteLength(path) + Buffer.byteLength(text) + 64, 0);
}
