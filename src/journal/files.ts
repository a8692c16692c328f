import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file seen from its end; one that is not there is empty. */
export interface FileTail {
  readonly size: number;
  readonly tail: Buffer;
  readonly exists: boolean;
}

/** The size of a file and its last bytes. */
export async function readTail(path: string, bytesMax: number): Promise<FileTail> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { size: 0, tail: Buffer.alloc(0), exists: false };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const wanted = Math.min(size, bytesMax);
    const buffer = Buffer.alloc(wanted);
    const { bytesRead } = await file.read(buffer, 0, wanted, size - wanted);
    return { size, tail: buffer.subarray(0, bytesRead), exists: true };
  } finally {
    await file.close();
  }
}

/** Appends and flushes to the disk. A new file gets 0600, new directories 0700, and its entry is flushed as well. */
export async function appendFlushed(path: string, bytes: Buffer, isNew: boolean): Promise<void> {
  const directory = dirname(path);
  const firstMade = isNew ? await mkdir(directory, { recursive: true, mode: 0o700 }) : undefined;
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    await file.appendFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  if (isNew) await flushUp(directory, dirname(firstMade ?? join(directory, 'none')));
}

/** Flushes the entries of what was made: a file survives a power loss only if every directory above knows of it. */
async function flushUp(from: string, to: string): Promise<void> {
  for (let path = from; ; path = dirname(path)) {
    await flushDirectory(path);
    if (path === to || path === dirname(path)) return;
  }
}

/** A new name in a directory is on the disk once the directory is. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
