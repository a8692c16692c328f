import { createHash } from 'node:crypto';

/** A file of the home as it is. `path` is relative to the home, with `/`. */
export interface FileState {
  readonly path: string;
  readonly size: number;
  /** Whole milliseconds. */
  readonly mtimeMs: number;
  readonly inode: string;
}

/** How far a file has been read, and how it was then. */
export interface FileMark extends FileState {
  /** Bytes that were read; what lies behind them is new. */
  readonly offset: number;
  /** Of the edges of what was read (`edgesOf`): as long as it is the same, the file was only appended to. */
  readonly hash: string;
}

/** A file with something new. */
export interface NewFile extends FileState {
  /** Where to go on, if the bytes before it still have this hash; else from the start. */
  readonly offset: number;
  readonly hash: string;
}

/** Of what was read, so many bytes at each end are looked at again. */
const EDGE_BYTES = 4_096;

/**
 * What is new in a file. undefined: nothing. A transcript is only ever appended to, so reading goes on where it stopped, if
 * the content before is what it was (a copy of the home has other inodes and times; only the content tells). A file that
 * became shorter is read from its start.
 */
export function newIn(file: FileState, mark: FileMark | undefined): NewFile | undefined {
  if (mark === undefined || file.size < mark.offset)
    return file.size === 0 ? undefined : { ...file, offset: 0, hash: '' };
  if (file.size === mark.offset && file.mtimeMs === mark.mtimeMs) return undefined;
  return { ...file, offset: mark.offset, hash: mark.hash };
}

/** The parts of a file's first `offset` bytes that stand for all of them: its beginning and its end. */
export function edgesOf(offset: number): readonly { readonly from: number; readonly bytes: number }[] {
  if (offset <= 2 * EDGE_BYTES) return [{ from: 0, bytes: offset }];
  return [
    { from: 0, bytes: EDGE_BYTES },
    { from: offset - EDGE_BYTES, bytes: EDGE_BYTES },
  ];
}

export function hashOfEdges(edges: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const edge of edges) hash.update(edge);
  return hash.digest('hex').slice(0, 32);
}
