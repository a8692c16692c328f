import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a file is at a moment, as far as a look can tell without reading it. Changes whenever its bytes do. */
export interface FileState {
  readonly kind: 'file' | 'directory' | 'other';
  readonly bytes: number;
  /** mtime, ctime, size and inode: a ctime can't be set back. */
  readonly mark: string;
  /** The later of mtime and ctime, Unix milliseconds. */
  readonly changedMs: number;
}

/** The disk as claims need it. Nothing here throws: what can't be read is undefined. */
export interface Disk {
  /** Follows links. */
  state(path: string): FileState | undefined;
  /** UTF-8; undefined for what is no file or over `bytesMax`. */
  read(path: string, bytesMax: number): string | undefined;
  list(path: string): readonly Listed[] | undefined;
}

/** A name in a directory. A link is what it leads to. */
export interface Listed {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly link: boolean;
}

/** The real one. Blocks while it looks. */
export const realDisk: Disk = {
  state(path) {
    try {
      const found = statSync(path, { throwIfNoEntry: false, bigint: true });
      if (found === undefined) return undefined;
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
      const changed = found.mtimeNs > found.ctimeNs ? found.mtimeNs : found.ctimeNs;
      return {
        kind,
        bytes: Number(found.size),
        mark: `${found.mtimeNs}.${found.ctimeNs}.${found.size}.${found.ino}`,
        changedMs: Number(changed / 1_000_000n),
      };
    } catch {
      return undefined;
    }
  },
  read(path, bytesMax) {
    try {
      // Neither a pipe nor a device: those would block.
      const found = statSync(path);
      if (!found.isFile() || found.size > bytesMax) return undefined;
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  list(path) {
    try {
      return readdirSync(path, { withFileTypes: true }).map((entry) => ({
        name: entry.name,
        kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other',
        link: entry.isSymbolicLink(),
      }));
    } catch {
      return undefined;
    }
  },
};

/** Whether two spellings of a path are one file here, as on most Macs. Looks at one name that is surely there. */
export function foldsCase(disk: Disk, root: string): boolean {
  const entry = disk.list(root)?.find(({ name }) => name.toLowerCase() !== name.toUpperCase());
  if (entry === undefined) return false;
  const other = entry.name === entry.name.toLowerCase() ? entry.name.toUpperCase() : entry.name.toLowerCase();
  const seen = disk.state(join(root, other));
  return seen !== undefined && seen.mark === disk.state(join(root, entry.name))?.mark;
}
