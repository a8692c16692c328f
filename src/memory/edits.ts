import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addedLines } from './diff.ts';
import { directoryOf, keepBase, listGenerations, readKept, readKnown, readManifest } from './generations.ts';
import type { FileStep, KnownFile } from './ports.ts';
import { bodyOf } from './topic.ts';
import { kindOf, readFileOf, type Memory } from './tree.ts';

/** What a person did to the memory since it was last looked at. */
export interface OwnersEdit {
  readonly steps: readonly FileStep[];
  /** As far as they are kept. */
  readonly before: ReadonlyMap<string, string | null>;
  readonly after: ReadonlyMap<string, string | null>;
}

/** Compares the files with what is known of them. undefined: nothing was edited. */
export async function findEdit(
  directory: string,
  memory: Memory,
  known: ReadonlyMap<string, KnownFile>,
): Promise<OwnersEdit | undefined> {
  const steps: FileStep[] = [];
  const before = new Map<string, string | null>();
  const after = new Map<string, string | null>();
  const hidden = hiddenPaths(memory);
  for (const path of new Set([...known.keys(), ...memory.files.keys()])) {
    const [was, now] = [known.get(path), memory.files.get(path)];
    if (was?.sha256 === now?.sha256 || (now === undefined && hidden(path))) continue;
    const text = was === undefined ? null : await readKnown(directory, path, was);
    if (text !== undefined) before.set(path, text);
    after.set(path, now?.text ?? null);
    steps.push({ path, before: was?.sha256 ?? null, after: now?.sha256 ?? null });
  }
  return steps.length === 0 ? undefined : { steps, before, after };
}

/** The files of a memory that is looked at for the first time: nobody edited them since. */
export async function keepFirst(directory: string, memory: Memory): Promise<ReadonlyMap<string, string>> {
  for (const { path, text } of memory.files.values()) await keepBase(directory, path, text);
  return new Map([...memory.files.values()].map(({ path, sha256 }) => [path, sha256]));
}

/**
 * What an editor wrote into files that were moved aside while it had them open: lines that are nowhere else. Only lines it
 * added count; that some are missing may mean that it was not done writing.
 *
 * @returns The files with these lines at their end; empty when there are none.
 */
export async function findLate(directory: string, memory: Memory): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const generation of await listGenerations(directory)) {
    const moved = join(directoryOf(directory, generation), 'moved');
    if ((await kindOf(moved)) === 'none') continue;
    const manifest = await readManifest(directory, generation, true);
    for (const [path, sha256] of Object.entries(manifest?.files ?? {})) {
      if (sha256 === null) continue;
      const late = await readFileOf(moved, path);
      if (late?.kind !== 'file' || late.file.sha256 === sha256) continue;
      const before = await readKept(directory, generation, 'before', { path, sha256 });
      const now = texts.get(path) ?? memory.files.get(path)?.text;
      const text = withLines(now, addedLines(bodyOf(before ?? ''), bodyOf(late.file.text)), late.file.text);
      if (text !== now) texts.set(path, text);
    }
  }
  return texts;
}

/** Nobody holds files open that long: all but those of the newest generation, and those that say something else. */
export async function dropMoved(directory: string): Promise<void> {
  const all = await listGenerations(directory);
  for (const generation of all.slice(0, -1)) {
    await rm(join(directoryOf(directory, generation), 'moved'), { recursive: true, force: true });
  }
}

function withLines(now: string | undefined, added: readonly string[], late: string): string {
  if (now === undefined) return late;
  const there = new Set(now.split('\n').map(plain));
  const missing = added.map(plain).filter((line) => line.trim() !== '' && !there.has(line));
  if (missing.length === 0) return now;
  const start = now === '' || now.endsWith('\n') ? now : `${now}\n`;
  return `${start}${missing.join('\n')}\n`;
}

function plain(line: string): string {
  return line.split('\n', 1)[0]?.trimEnd() ?? '';
}

/** Paths that may be there although they were not read. */
function hiddenPaths(memory: Memory): (path: string) => boolean {
  const broken = new Set(memory.problems.map(({ path }) => path));
  return (path) => broken.has('.') || broken.has(path) || broken.has(path.split('/', 1)[0] ?? '');
}
