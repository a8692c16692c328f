import { createHash } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import type { Clock } from '../../core/ports.ts';
import { foldsCase, type Disk, type FileState } from './disk.ts';
import { readSource, type SourceFacts } from './definitions.ts';
import { languageOf } from './languages.ts';
import { createTree, type Tree } from './tree.ts';

/** A file changed this shortly before it was looked at may change again within the same tick of the file system's clock. */
const RACY_MS = 100;
const TEXT_BYTES_MAX = 2 * 1_048_576;
const SOURCE_BYTES_MAX = 512 * 1_024;
const TEXTS_MAX = 500;
const SOURCES_MAX = 20_000;
const FACTS_MAX = 60_000;

/** What a judgement was concluded from: `[what, path, how it was]`. It stands for as long as all of them are so. */
export type Seen = readonly [what: 'kind' | 'text' | 'names' | 'list' | 'sources', path: string, was: string];

/**
 * The disk as one check sees it: every look at it within a turn gives the same, what was read is kept as long as the file's
 * state is, and what a judgement rests on is noted.
 */
export interface Sight {
  /** Forgets what was seen of the disk's state, not what was read. Call it before each check of many claims. */
  turn(): void;
  /** Notes what `work` looks at. */
  note<Result>(work: () => Result): { readonly result: Result; readonly seen: readonly Seen[] };
  /** What `work` looks at is not noted: for hints that a judgement does not rest on. */
  aside<Result>(work: () => Result): Result;
  /** Whether everything is as it was seen. Reads no file whose state is the same. */
  still(seen: readonly Seen[]): boolean;
  kind(path: string): FileState['kind'] | undefined;
  text(path: string): string | undefined;
  names(path: string): readonly string[];
  /** What a place holds, installed and built things left out. */
  list(root: string): Tree;
  /** Facts of one source file. */
  source(path: string): SourceFacts | undefined;
  /** Facts of every source file of a place; notes that all of them count. */
  sources(root: string): ReadonlyMap<string, SourceFacts>;
}

export function createSight(disk: Disk, clock: Pick<Clock, 'wallMs'>): Sight {
  return new DiskSight(disk, clock);
}

class DiskSight implements Sight {
  readonly #disk: Disk;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #texts = new Map<string, { readonly mark: string; readonly text: string | undefined }>();
  readonly #facts = new Map<string, { readonly mark: string; readonly facts: SourceFacts | undefined }>();
  readonly #trees = new Map<string, ReturnType<typeof createTree>>();
  readonly #folds = new Map<string, boolean>();
  #turn = freshTurn();
  #notes: Map<string, Seen> | undefined;

  constructor(disk: Disk, clock: Pick<Clock, 'wallMs'>) {
    this.#disk = disk;
    this.#clock = clock;
  }

  turn(): void {
    this.#turn = freshTurn();
  }

  note<Result>(work: () => Result): { readonly result: Result; readonly seen: readonly Seen[] } {
    const fresh = new Map<string, Seen>();
    const result = this.#noting(fresh, work);
    return { result, seen: [...fresh.values()] };
  }

  aside<Result>(work: () => Result): Result {
    return this.#noting(undefined, work);
  }

  still(seen: readonly Seen[]): boolean {
    return seen.every(([what, path, was]) => this.#now(what, path) === was);
  }

  kind(path: string): FileState['kind'] | undefined {
    const kind = this.#kindOf(path);
    this.#see('kind', path, kind ?? '-');
    return kind;
  }

  text(path: string): string | undefined {
    this.#see('text', path, this.#markOf(path));
    return this.#read(path);
  }

  names(path: string): readonly string[] {
    const names = this.#namesOf(path);
    this.#see('names', path, digest(names.join('\n')));
    return names;
  }

  list(root: string): Tree {
    const tree = this.#listOf(root);
    this.#see('list', root, tree.mark);
    return tree;
  }

  source(path: string): SourceFacts | undefined {
    this.#see('text', path, this.#markOf(path));
    return this.#factsOf(path);
  }

  sources(root: string): ReadonlyMap<string, SourceFacts> {
    this.#see('sources', root, this.#sourcesMark(root));
    const known = this.#turn.gathered.get(root);
    if (known !== undefined) return known;
    const found = new Map<string, SourceFacts>();
    for (const path of this.#sourcesOf(root)) {
      const each = this.#factsOf(path);
      if (each !== undefined) found.set(relative(root, path), each);
    }
    this.#turn.gathered.set(root, found);
    return found;
  }

  #noting<Result>(fresh: Map<string, Seen> | undefined, work: () => Result): Result {
    const outer = this.#notes;
    this.#notes = fresh;
    try {
      return work();
    } finally {
      this.#notes = outer;
    }
  }

  #see(what: Seen[0], path: string, was: string): void {
    this.#notes?.set(`${what} ${path}`, [what, path, was]);
  }

  #now(what: Seen[0], path: string): string {
    if (what === 'kind') return this.#kindOf(path) ?? '-';
    if (what === 'text') return this.#markOf(path);
    if (what === 'names') return digest(this.#namesOf(path).join('\n'));
    return what === 'list' ? this.#listOf(path).mark : this.#sourcesMark(path);
  }

  readonly #state = (path: string): FileState | undefined => {
    const { states } = this.#turn;
    if (!states.has(path)) states.set(path, this.#disk.state(path));
    return states.get(path);
  };

  readonly #racy = (found: FileState): boolean => found.changedMs > this.#clock.wallMs() - RACY_MS;

  /** How a file is; while it is too young for its state to tell, its content is part of it. */
  #markOf(path: string): string {
    const known = this.#turn.marks.get(path);
    if (known !== undefined) return known;
    const found = this.#state(path);
    let mark = found === undefined ? '-' : found.kind === 'file' ? found.mark : found.kind;
    if (found?.kind === 'file' && this.#racy(found)) mark += `#${digest(this.#disk.read(path, TEXT_BYTES_MAX) ?? '')}`;
    this.#turn.marks.set(path, mark);
    return mark;
  }

  #read(path: string): string | undefined {
    const mark = this.#markOf(path);
    const known = this.#texts.get(path);
    if (known?.mark === mark) return known.text;
    const text = this.#disk.read(path, TEXT_BYTES_MAX);
    if (this.#texts.size >= TEXTS_MAX) this.#texts.delete(this.#texts.keys().next().value ?? '');
    this.#texts.set(path, { mark, text });
    return text;
  }

  #factsOf(path: string): SourceFacts | undefined {
    const mark = this.#markOf(path);
    const known = this.#facts.get(path);
    if (known?.mark === mark) return known.facts;
    const text = this.#disk.read(path, SOURCE_BYTES_MAX);
    const facts = text === undefined || text.includes('\0') ? undefined : readSource(path, text);
    if (this.#facts.size >= FACTS_MAX) this.#facts.clear();
    this.#facts.set(path, { mark, facts });
    return facts;
  }

  #listOf(root: string): Tree {
    const known = this.#turn.listed.get(root);
    if (known !== undefined) return known;
    const tree = this.#trees.get(root) ?? createTree(root, this.#disk);
    this.#trees.set(root, tree);
    const found = tree.look(this.#state, this.#racy, this.#read(join(root, '.gitignore')) ?? '');
    this.#turn.listed.set(root, found);
    return found;
  }

  #sourcesOf(root: string): readonly string[] {
    const { files } = this.#listOf(root);
    return files
      .filter((path) => languageOf(path) !== undefined)
      .slice(0, SOURCES_MAX)
      .map((path) => join(root, path));
  }

  #sourcesMark(root: string): string {
    const known = this.#turn.sourceMarks.get(root);
    if (known !== undefined) return known;
    const lines = this.#sourcesOf(root).map((path) => `${path}\0${this.#markOf(path)}`);
    const mark = digest(lines.join('\n'));
    this.#turn.sourceMarks.set(root, mark);
    return mark;
  }

  #namesOf(path: string): readonly string[] {
    return (this.#disk.list(path) ?? []).map(({ name }) => name).toSorted();
  }

  #kindOf(path: string): FileState['kind'] | undefined {
    const found = this.#state(path)?.kind;
    return found !== undefined && this.#isSpelledSo(path) ? found : undefined;
  }

  /** On a file system that folds case, a name counts only as it is written. */
  #isSpelledSo(path: string): boolean {
    const parent = dirname(path);
    if (parent === path) return true;
    const folds = this.#folds.get(parent) ?? foldsCase(this.#disk, parent);
    this.#folds.set(parent, folds);
    return !folds || (this.#disk.list(parent) ?? []).some(({ name }) => join(parent, name) === path);
  }
}

/** What was seen since the last turn. */
function freshTurn() {
  return {
    states: new Map<string, FileState | undefined>(),
    marks: new Map<string, string>(),
    listed: new Map<string, Tree>(),
    sourceMarks: new Map<string, string>(),
    gathered: new Map<string, ReadonlyMap<string, SourceFacts>>(),
  };
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('base64url');
}
