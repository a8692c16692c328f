import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemoryLedger } from './ports.ts';

const FOLDERS = ['topics', 'archive', 'generations', 'notes'];
/** Lines of the day are no part of what is known. */
const NOTES = 'notes';

/** Makes the directories of a memory, where they are missing. @returns `memory/` of the home. */
export async function makeFolders(home: string): Promise<string> {
  const directory = join(home, 'memory');
  for (const name of FOLDERS) await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
  return directory;
}

/** Whether there is nothing in it, and never was: then opening it would find nothing to finish and nothing to record. */
export async function isUntouched(directory: string, ledger: Pick<MemoryLedger, 'newest' | 'known'>): Promise<boolean> {
  if (ledger.newest() !== 0 || ledger.known().size > 0) return false;
  const names = await readdir(directory);
  if (names.some((name) => !FOLDERS.includes(name))) return false;
  const inside = await Promise.all(
    FOLDERS.filter((name) => name !== NOTES).map((name) => readdir(join(directory, name))),
  );
  return inside.every((found) => found.length === 0);
}

/** Whether there is anything to read in it, working notes among it. */
export async function hasTexts(directory: string): Promise<boolean> {
  const names = (folder: string): Promise<string[]> => readdir(join(directory, folder)).catch(() => []);
  const all = await Promise.all(['', 'topics', 'archive', NOTES].map(names));
  return all.flat().some((name) => name.endsWith('.md'));
}
