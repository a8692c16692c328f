import { KairosError } from '../core/errors.ts';
import { unifiedDiff } from './diff.ts';
import { listGenerations, readKept, readManifest, type Manifest } from './generations.ts';
import type { MemoryLedger } from './ports.ts';

/** As much of the ledger as reading needs; also without one, for a home that was copied or made by hand. */
export type ReadingLedger = Pick<MemoryLedger, 'unfinished' | 'newest' | 'isDone'>;

/** Stands in for a ledger that is not there: nothing is under way. */
export const NO_LEDGER: ReadingLedger = { unfinished: () => undefined, newest: () => 0, isDone: () => false };

/** What changed the memory, newest first. */
export async function readHistory(directory: string, limit: number, ledger: ReadingLedger): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const generation of (await listGenerations(directory)).toReversed()) {
    if (found.length >= limit) break;
    const manifest = await findManifest(directory, generation, ledger);
    if (manifest !== undefined) found.push(manifest);
  }
  return found;
}

/** undefined: there is no such generation any more, or it is not complete. */
function findManifest(directory: string, generation: number, ledger: ReadingLedger): Promise<Manifest | undefined> {
  return readManifest(directory, generation, ledger.isDone(generation));
}

/**
 * What a generation changed, as a unified diff.
 *
 * @param generation undefined: the newest.
 * @throws {KairosError} `NOT_FOUND` when it is not kept.
 */
export async function readDiff(
  directory: string,
  generation: number | undefined,
  ledger: ReadingLedger,
): Promise<{ readonly manifest: Manifest; readonly diff: string }> {
  const manifest =
    generation === undefined
      ? (await readHistory(directory, 1, ledger))[0]
      : await findManifest(directory, generation, ledger);
  if (manifest === undefined) throw await unknownGeneration(directory, generation, ledger);
  const parts: string[] = [];
  for (const path of Object.keys(manifest.files).toSorted()) parts.push(await diffOf(directory, manifest, path));
  return { manifest, diff: parts.join('') };
}

/** Says which ones there are. */
export async function unknownGeneration(
  directory: string,
  generation: number | undefined,
  ledger: ReadingLedger,
): Promise<KairosError> {
  const all = await readHistory(directory, Infinity, ledger);
  const [newest, oldest] = [all[0]?.generation, all.at(-1)?.generation];
  const kept = newest === undefined ? 'none is kept' : `kept are ${oldest} to ${newest}`;
  return new KairosError('NOT_FOUND', `there is no generation ${generation ?? 'of the memory'}: ${kept}`);
}

async function diffOf(directory: string, manifest: Manifest, path: string): Promise<string> {
  const textOf = async (kind: 'before' | 'after', sha256: string | null | undefined) =>
    sha256 === null || sha256 === undefined ? null : readKept(directory, manifest.generation, kind, { path, sha256 });
  const before = await textOf('before', manifest.files[path]);
  const after = await textOf('after', manifest.after[path]);
  if (before === undefined || after === undefined) return `--- a/${path}\n+++ b/${path}\n(a text of it is not kept)\n`;
  return unifiedDiff(path, before, after);
}
