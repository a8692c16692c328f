import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { seqOf } from './transcript-line.ts';

/** What the end of a transcript says. */
export interface TranscriptEnd {
  readonly exists: boolean;
  /** Number of the last whole line of ours; 0: there is none. */
  readonly seq: number;
  /** What stands behind the last line end: an append that was torn, or a person's words. */
  readonly torn: Buffer;
}

/** Bytes read at a time from the end, and at most: longer than any line can be. */
const CHUNK_BYTES = 65_536;
const TAIL_BYTES_MAX = 8 * 1_048_576;

/** How far a transcript is written. Lines that a person put in are passed over. */
export async function readEnd(path: string): Promise<TranscriptEnd> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { exists: false, seq: 0, torn: Buffer.alloc(0) };
    throw error;
  }
  try {
    const { size } = await file.stat();
    let tail = Buffer.alloc(0);
    for (;;) {
      const from = Math.max(0, size - tail.length - CHUNK_BYTES);
      const chunk = Buffer.alloc(size - tail.length - from);
      await file.read(chunk, 0, chunk.length, from);
      tail = Buffer.concat([chunk, tail]);
      const end = endOf(tail, from === 0);
      if (end !== undefined || from === 0 || tail.length >= TAIL_BYTES_MAX) {
        return { exists: true, ...(end ?? { seq: 0, torn: Buffer.alloc(0) }) };
      }
    }
  } finally {
    await file.close();
  }
}

/** undefined: no line of ours is whole in what was read. */
function endOf(tail: Buffer, whole: boolean): { readonly seq: number; readonly torn: Buffer } | undefined {
  const last = tail.lastIndexOf(0x0a);
  const torn = tail.subarray(last + 1);
  const lines = tail.subarray(0, Math.max(0, last)).toString('utf8').split('\n');
  // The first one may have begun before what was read.
  for (const line of (whole ? lines : lines.slice(1)).toReversed()) {
    const seq = seqOf(line);
    if (seq !== undefined) return { seq, torn };
  }
  return whole ? { seq: 0, torn } : undefined;
}

/** Appends and flushes to the disk. A new file gets 0600, new directories 0700, and their entries are flushed as well. */
export async function appendFlushed(path: string, bytes: Buffer, isNew: boolean): Promise<void> {
  const directory = dirname(path);
  const firstMade = isNew ? await mkdir(directory, { recursive: true, mode: 0o700 }) : undefined;
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await file.appendFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  if (!isNew) return;
  const top = dirname(firstMade ?? join(directory, 'none'));
  for (let entry = directory; ; entry = dirname(entry)) {
    await flushDirectory(entry);
    if (entry === top || entry === dirname(entry)) return;
  }
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
