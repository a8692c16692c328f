import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { KairosError } from '../core/errors.ts';

/** Files are worked on so many at a time: as many as libuv has threads for them, twice. */
const AT_ONCE = 8;
const DIRECTORY_MODE = 0o755;

/** Does something with each item, some at a time, and fails with the first failure. */
export async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/**
 * The files below a directory, relative to it, sorted. Symbolic links are refused: what they lead to could change.
 *
 * @param skip Whether a path (relative, of a file or a directory) is left out with all below it.
 */
export async function listFiles(root: string, skip: (path: string) => boolean = () => false): Promise<string[]> {
  const files: string[] = [];
  const look = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (skip(path)) continue;
      if (entry.isDirectory()) await look(path);
      else if (entry.isFile()) files.push(path);
      else throw new KairosError('INPUT_INVALID', `${join(root, path)} is neither a file nor a directory`);
    }
  };
  await look('');
  return files.toSorted();
}

/** Copies one file: shares its blocks where the file system can, is never the same file. Mode 0755 or 0644. */
export async function copyProgramFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: DIRECTORY_MODE });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const { mode } = await stat(from);
  await chmod(to, mode & 0o111 ? 0o755 : 0o644);
}

/** Writes one file of a program. Mode 0644. */
export async function writeProgramFile(to: string, text: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: DIRECTORY_MODE });
  await writeFile(to, text);
  await chmod(to, 0o644);
}

/** SHA-256 over paths, execute bits and contents of all files below a directory, in hexadecimal. */
export async function digestFiles(root: string): Promise<string> {
  const files = await listFiles(root);
  const lines = new Map<string, string>();
  await forEach(files, async (path) => {
    const { mode } = await stat(join(root, path));
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(root, path)), hash);
    lines.set(path, `${path}\0${mode & 0o111 ? 'x' : '-'}\0${hash.digest('hex')}\n`);
  });
  const all = createHash('sha256');
  for (const path of files) all.update(lines.get(path) ?? '');
  return all.digest('hex');
}

/** Everything below a directory reaches the disk, the directories too. Directories get mode 0755 whatever the umask was. */
export async function flushTree(root: string): Promise<void> {
  const files = await listFiles(root);
  const directories = new Set([root]);
  for (const path of files) {
    for (let above = dirname(path); above !== '.'; above = dirname(above)) directories.add(join(root, above));
  }
  await forEach(
    files.map((path) => join(root, path)),
    flush,
  );
  await forEach([...directories], async (path) => {
    await chmod(path, DIRECTORY_MODE);
    await flush(path);
  });
}

/** fsync of a file or a directory. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
