import { constants } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushDirectory } from './files.ts';

/**
 * Writes the digest of a day, through to the disk: the old file or the new one is there, never half of one. 0600 in a
 * directory of 0700.
 */
export async function writeDigest(home: string, date: string, text: string): Promise<string> {
  const path = digestPath(home, date);
  const directory = dirname(path);
  const made = await mkdir(directory, { recursive: true, mode: 0o700 });
  // The directory is ours alone; a name that is left over after a crash is taken again.
  const draft = `${path}.new`;
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
  try {
    await file.writeFile(text, 'utf8');
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await flushDirectory(directory);
  if (made !== undefined) await flushDirectory(home);
  return path;
}

/** Where the digest of a day is: `digests/2026-11-22.md` below the home. */
function digestPath(home: string, date: string): string {
  return join(home, 'digests', `${date}.md`);
}
