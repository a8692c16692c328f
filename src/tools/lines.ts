import type { FileHandle } from 'node:fs/promises';

export interface LinesWanted {
  /** First line, from 1. */
  readonly offset: number;
  readonly limit: number;
  /** Of all lines together; at least one line is given. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
}

/** A stretch of lines, without their endings. */
export interface LinesFound {
  readonly lines: readonly string[];
  /** Whether lines follow. */
  readonly more: boolean;
  /** How many lines were passed or taken: all there are, unless `more`. */
  readonly lineCount: number;
}

const CHUNK_BYTES = 65_536;
const LINE_CHARS_MAX = 2_000;
/** A character has at most 4 bytes, so this much of a line is enough. */
const LINE_BYTES_KEPT = LINE_CHARS_MAX * 4;
const NEWLINE = 10;

/**
 * Lines of an open file, read piece by piece from its beginning: memory depends on what is asked for, not on the file.
 * What is not UTF-8 is shown as U+FFFD; long lines are cut with a note.
 */
export async function readLines(handle: FileHandle, wanted: LinesWanted): Promise<LinesFound> {
  const { offset, limit, bytesMax, signal } = wanted;
  const taker = new LineTaker(offset, limit, bytesMax);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; !taker.full;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    taker.take(buffer.subarray(0, bytesRead));
  }
  return taker.end();
}

/** Takes the bytes of a file in order and keeps the lines that are wanted. */
class LineTaker {
  readonly #offset: number;
  readonly #limit: number;
  #bytesLeft: number;
  readonly #lines: string[] = [];
  /** Number of the line that is being read. */
  #number = 1;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #lineBytes = 0;
  full = false;

  constructor(offset: number, limit: number, bytesMax: number) {
    this.#offset = offset;
    this.#limit = limit;
    this.#bytesLeft = bytesMax;
  }

  take(chunk: Buffer): void {
    for (let from = 0; from < chunk.length && !this.full;) {
      const found = chunk.indexOf(NEWLINE, from);
      const to = found < 0 ? chunk.length : found;
      this.#add(chunk.subarray(from, to));
      if (found >= 0) this.#endLine();
      from = to + 1;
    }
  }

  end(): LinesFound {
    if (!this.full && this.#lineBytes > 0) this.#endLine();
    return { lines: this.#lines, more: this.full, lineCount: this.#number - 1 };
  }

  #add(bytes: Buffer): void {
    if (this.#lines.length >= this.#limit) this.full = true; // There is a line beyond the last one wanted.
    this.#lineBytes += bytes.length;
    if (this.#number < this.#offset || this.#keptBytes >= LINE_BYTES_KEPT) return;
    const kept = Buffer.from(bytes.subarray(0, LINE_BYTES_KEPT - this.#keptBytes));
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  #endLine(): void {
    if (this.full) return;
    if (this.#number >= this.#offset) {
      const line = this.#line();
      const bytes = Buffer.byteLength(line) + 8;
      if (bytes > this.#bytesLeft && this.#lines.length > 0) {
        this.full = true;
        return;
      }
      this.#bytesLeft -= bytes;
      this.#lines.push(line);
    }
    this.#number += 1;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#lineBytes = 0;
  }

  #line(): string {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(this.#kept));
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (whole.length <= LINE_CHARS_MAX && this.#lineBytes <= LINE_BYTES_KEPT) return whole;
    const cut = /[\uD800-\uDBFF]$/.test(whole.slice(0, LINE_CHARS_MAX)) ? LINE_CHARS_MAX - 1 : LINE_CHARS_MAX;
    return `${whole.slice(0, cut)}… [cut: the line has ${this.#lineBytes} bytes]`;
  }
}
