import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Change } from './operations.ts';
import { flushDirectory, writeFlushed } from './place.ts';
import type { Author, FileStep, KnownFile } from './ports.ts';
import { INDEX_PATH, isMissing, readFileOf, sha256Of } from './tree.ts';

/** What is written beside the files that a generation replaced: `memory/generations/N/manifest.json`. */
export interface Manifest {
  readonly generation: number;
  /** ISO 8601. */
  readonly at: string;
  readonly author: Author;
  readonly reason: string;
  /** What it replaced: the SHA-256 of each file as it is kept under `before/`; null: there was none. */
  readonly files: Readonly<Record<string, string | null>>;
  /** What it put there, as kept under `after/`; null: the file was taken away. */
  readonly after: Readonly<Record<string, string | null>>;
  readonly changes: readonly Change[];
}

/** Texts of one generation by path; null: there is none. */
export interface Texts {
  readonly before: ReadonlyMap<string, string | null>;
  readonly after: ReadonlyMap<string, string | null>;
}

/** Not complete: it is ignored unless the ledger says that it is. */
const PART = 'manifest.part';
const MANIFEST = 'manifest.json';
/** Texts of files that no kept generation holds any more. */
const BASE = 'base';

function generationsOf(directory: string): string {
  return join(directory, 'generations');
}

export function directoryOf(directory: string, generation: number): string {
  return join(generationsOf(directory), String(generation));
}

/** Writes all that a generation needs, through to the disk, before anything of the memory is touched. */
export async function stage(directory: string, manifest: Manifest, texts: Texts): Promise<void> {
  const own = directoryOf(directory, manifest.generation);
  await rm(own, { recursive: true, force: true });
  const flush = new Set([own, generationsOf(directory), directory]);
  for (const [kind, each] of [['before', texts.before] as const, ['after', texts.after] as const]) {
    for (const [path, text] of each) {
      if (text === null) continue;
      const target = join(own, kind, path);
      await writeFlushed(target, text);
      flush.add(dirname(target)).add(join(own, kind));
    }
  }
  await writeFlushed(join(own, PART), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const path of flush) await flushDirectory(path);
}

/** Makes it one that is complete, for whoever reads without the ledger. Does nothing when it is already. */
export async function complete(directory: string, generation: number): Promise<void> {
  const own = directoryOf(directory, generation);
  try {
    await rename(join(own, PART), join(own, MANIFEST));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await flushDirectory(own);
}

/** Numbers of the directories there are, ascending. */
export async function listGenerations(directory: string): Promise<number[]> {
  const names = await readdir(generationsOf(directory)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .filter((name) => /^[1-9]\d{0,9}$/.test(name))
    .map(Number)
    .toSorted((one, other) => one - other);
}

/** undefined: there is none, it is not complete, or it can't be read. @param part Also one that is staged only. */
export async function readManifest(directory: string, generation: number, part = false): Promise<Manifest | undefined> {
  for (const name of part ? [MANIFEST, PART] : [MANIFEST]) {
    try {
      const text = await readFile(join(directoryOf(directory, generation), name), 'utf8');
      const manifest = JSON.parse(text) as Manifest;
      if (manifest.generation === generation && isSound(manifest)) return manifest;
    } catch (error) {
      if (!isMissing(error) && !(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

/** A home may have been made by hand: no manifest names a file outside the memory. */
function isSound({ files, after }: Partial<Manifest>): boolean {
  return Object.keys({ ...files, ...after }).every((path) => path === INDEX_PATH || MEMORY_PATH.test(path));
}

const MEMORY_PATH = /^(topics|archive)\/[a-z0-9][a-z0-9-]{0,63}\.md$/;

/** A text that a generation keeps. undefined: it is not there, or is not what its hash says. */
export async function readKept(
  directory: string,
  generation: number,
  kind: 'before' | 'after',
  { path, sha256 }: { readonly path: string; readonly sha256: string },
): Promise<string | undefined> {
  const read = await readFileOf(join(directoryOf(directory, generation), kind), path);
  return read?.kind === 'file' && read.file.sha256 === sha256 ? read.file.text : undefined;
}

/** The text of a file as it was last seen. undefined: it is kept nowhere. */
export async function readKnown(directory: string, path: string, known: KnownFile): Promise<string | undefined> {
  const { sha256, generation } = known;
  const kept = generation === 0 ? undefined : await readKept(directory, generation, 'after', { path, sha256 });
  if (kept !== undefined) return kept;
  const read = await readFileOf(join(generationsOf(directory), BASE), path);
  return read?.kind === 'file' && read.file.sha256 === sha256 ? read.file.text : undefined;
}

/** Keeps the text of a file that no generation holds. */
export async function keepBase(directory: string, path: string, text: string): Promise<void> {
  await writeFlushed(join(generationsOf(directory), BASE, path), text);
}

/** Steps as a manifest shows them. */
export function hashesOf(steps: readonly FileStep[]): Pick<Manifest, 'files' | 'after'> {
  return {
    files: Object.fromEntries(steps.map(({ path, before }) => [path, before])),
    after: Object.fromEntries(steps.map(({ path, after }) => [path, after])),
  };
}

/** The steps between two states; files that stay the same are left out. */
export function stepsOf({ before, after }: Texts): FileStep[] {
  return [...after].flatMap(([path, text]) => {
    const was = before.get(path) ?? null;
    if (was === text) return [];
    return [{ path, before: was === null ? null : sha256Of(was), after: text === null ? null : sha256Of(text) }];
  });
}

/**
 * Takes the oldest generations away, so that as many are left; the newest always stays. What is still current of them is
 * kept as the base.
 *
 * @returns the number of the oldest one that is left.
 */
export async function pruneGenerations(
  directory: string,
  keep: number,
  known: ReadonlyMap<string, KnownFile>,
): Promise<number> {
  const all = await listGenerations(directory);
  const gone = all.slice(0, Math.max(0, all.length - Math.max(1, keep)));
  for (const generation of gone) {
    for (const [path, file] of known) {
      if (file.generation !== generation) continue;
      const text = await readKept(directory, generation, 'after', { path, sha256: file.sha256 });
      if (text !== undefined) await keepBase(directory, path, text);
    }
    await rm(directoryOf(directory, generation), { recursive: true, force: true });
  }
  if (gone.length > 0) await flushDirectory(generationsOf(directory));
  return all[gone.length] ?? 0;
}
