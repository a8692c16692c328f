import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMissing } from './tree.ts';

/** Writes a file of ours, new or anew, through to the disk. Directories are made as needed, for the owner alone. */
export async function writeFlushed(path: string, text: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  await using file = await open(path, flags, mode);
  await file.writeFile(text);
  await file.chmod(mode);
  await file.sync();
}

/** Moves a file, and with it whatever an editor that still has it open will write. @returns false: there is none. */
export async function moveAway(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Moves a file to a name where none must be: somebody who made one there meanwhile keeps theirs.
 *
 * @returns false: the name is taken, and the file is still where it was.
 */
export async function moveIfFree(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await link(from, to);
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.has(code)) throw error;
    // A file system without links: looking first is the best that can be had.
    if (await exists(to)) return false;
    await rename(from, to);
    return true;
  }
  await rm(from, { force: true });
  return true;
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Flushes what a directory says of its entries. One that is not there has none. */
export async function flushDirectory(path: string): Promise<void> {
  try {
    await using directory = await open(path, constants.O_RDONLY);
    await directory.sync();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Permission bits of a file; those of a new one when there is none. */
export async function modeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).mode & 0o777;
  } catch (error) {
    if (isMissing(error)) return 0o600;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
