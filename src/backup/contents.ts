import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { FOLDERS, OWN_TEXT, refusalOf } from './manifest.ts';

/** A file of a home that goes into a backup, as it was when it was seen. */
export interface Content {
  readonly path: string;
  /** No more than this is taken: logs and transcripts grow at their end, and what comes later belongs to a later state. */
  readonly bytes: number;
}

export interface Contents {
  readonly files: readonly Content[];
  /** What lies there and is not taken, although it looks as if it should be. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** What editors and half-written files leave behind. */
const PASSING = /^\.|~$|\.part$|\.sw[a-z]$/;

/** Lists the texts of a home: its configuration, its memory, what was said and logged. Never follows a link. */
export async function listContents(home: string): Promise<Contents> {
  const files: Content[] = [];
  const leftOut: LeftOut[] = [];
  const found = { files, leftOut };
  for (const name of await namesIn(home)) {
    if (name === 'config.yaml' || OWN_TEXT.test(name)) await addEntry(home, name, found);
  }
  for (const folder of FOLDERS) await addEntry(home, folder, found);
  return found;
}

async function addEntry(home: string, path: string, found: { files: Content[]; leftOut: LeftOut[] }): Promise<void> {
  const refusal = FOLDERS.some((folder) => folder === path) ? undefined : refusalOf(path);
  const stats = await lstat(join(home, path)).catch((error: unknown) => {
    if (!isMissing(error)) found.leftOut.push({ path, why: messageOf(error) });
    return undefined;
  });
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    for (const name of await namesIn(join(home, path))) {
      if (!PASSING.test(name)) await addEntry(home, `${path}/${name}`, found);
    }
  } else if (!stats.isFile()) {
    found.leftOut.push({ path, why: stats.isSymbolicLink() ? 'is a link, and links are not followed' : 'is no file' });
  } else if (refusal !== undefined) found.leftOut.push({ path, why: refusal });
  else found.files.push({ path, bytes: stats.size });
}

/** Sorted; none when there is no such directory any more. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
