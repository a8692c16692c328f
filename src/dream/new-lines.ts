import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { edgesOf, hashOfEdges, type FileMark, type NewFile } from './cursor.ts';

export interface LineLimits {
  /** A longer line is passed over and counted. */
  readonly lineBytesMax: number;
  /** Bytes read of this file, rounded up to a line; what is behind them waits for the next dream. */
  readonly bytesMax: number;
}

/** What was read of one file. */
export interface ReadFile {
  /** undefined: it can't be read. */
  readonly mark: FileMark | undefined;
  /** It was read from its start, because what was read before is no longer what stands there, or nothing was. */
  readonly fromStart: boolean;
  readonly bytes: number;
  readonly skipped: number;
  readonly cut: boolean;
}

const CHUNK_BYTES = 262_144;
const NEWLINE = 0x0a;
const NOTHING = { mark: undefined, fromStart: true, bytes: 0, skipped: 0, cut: false };

/**
 * The new lines of a file, one at a time, and what was read of it at the end. Blocks: for a process of its own. Memory is
 * bounded by one line. What stands behind the last line end is taken only if it can be whole: a line may just be being
 * written.
 */
export function* readNewLines(home: string, file: NewFile, limits: LineLimits): Generator<string, ReadFile> {
  let descriptor: number;
  try {
    descriptor = openSync(join(home, file.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return NOTHING;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return NOTHING;
    const now = { ...file, size: Math.min(file.size, stats.size) };
    const from = startOf(descriptor, now);
    const { offset, skipped } = yield* lines(descriptor, from, now, limits);
    const mark = { ...now, size: file.size, offset, hash: hashOf(descriptor, offset) };
    return { mark, fromStart: from === 0, bytes: offset - from, skipped, cut: offset < now.size };
  } finally {
    closeSync(descriptor);
  }
}

/** Where reading goes on; 0 when what was read is no longer what stands there. */
function startOf(descriptor: number, { offset, hash, size }: NewFile): number {
  return offset > 0 && offset <= size && hashOf(descriptor, offset) === hash ? offset : 0;
}

function hashOf(descriptor: number, offset: number): string {
  return hashOfEdges(
    edgesOf(offset).map(({ from, bytes }) => {
      const edge = Buffer.alloc(bytes);
      return edge.subarray(0, readSync(descriptor, edge, 0, bytes, from));
    }),
  );
}

function* lines(
  descriptor: number,
  from: number,
  { path, size }: NewFile,
  { lineBytesMax, bytesMax }: LineLimits,
): Generator<string, { readonly offset: number; readonly skipped: number }> {
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(1, size - from)));
  const until = Math.min(size, from + bytesMax);
  let rest: Buffer = Buffer.alloc(0);
  let lineAt = from;
  let skipped = 0;
  let isTooLong = false;
  // A line that is too long is passed over to its end: nothing may ever be read from its middle.
  for (let at = from; at < size && (at < until || isTooLong || rest.length > 0);) {
    const bytesRead = readSync(descriptor, chunk, 0, Math.min(chunk.length, size - at), at);
    if (bytesRead === 0) break;
    let begin = 0;
    for (let end = indexOf(chunk, 0, bytesRead); end >= 0; end = indexOf(chunk, begin, bytesRead)) {
      const line = Buffer.concat([rest, chunk.subarray(begin, end)]);
      begin = end + 1;
      lineAt = at + begin;
      if (isTooLong || line.length > lineBytesMax) skipped += 1;
      else yield line.toString('utf8').replace(/\r$/, '');
      rest = Buffer.alloc(0);
      isTooLong = false;
      if (lineAt >= until) return { offset: lineAt, skipped };
    }
    isTooLong ||= rest.length + bytesRead - begin > lineBytesMax;
    rest = isTooLong ? Buffer.alloc(0) : Buffer.concat([rest, chunk.subarray(begin, bytesRead)]);
    at += bytesRead;
  }
  if (isTooLong || rest.length === 0 || !isWhole(path, rest)) return { offset: lineAt, skipped };
  yield rest.toString('utf8').replace(/\r$/, '');
  return { offset: lineAt + rest.length, skipped };
}

function indexOf(chunk: Buffer, from: number, length: number): number {
  const found = chunk.indexOf(NEWLINE, from);
  return found < length ? found : -1;
}

/** Whether a line without an end, as a person's editor leaves it, is one: JSON tells, prose doesn't. */
function isWhole(path: string, line: Buffer): boolean {
  if (!path.endsWith('.jsonl')) return true;
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
