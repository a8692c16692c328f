import { KairosError } from '../core/errors.ts';

/** What keeps memory small. The figures of the public surface; lines and bytes hold for the index and for each topic. */
export interface MemoryLimits {
  readonly linesMax: number;
  /** UTF-8 bytes. */
  readonly bytesMax: number;
  readonly topicsMax: number;
  /** An index entry has fewer characters than this. */
  readonly entryCharsMax: number;
  /** A fact that a machine writes. */
  readonly factCharsMax: number;
}

export const MEMORY_LIMITS: MemoryLimits = {
  linesMax: 200,
  bytesMax: 25_600,
  topicsMax: 100,
  entryCharsMax: 150,
  factCharsMax: 500,
};

/** How much a file holds, as the limits count. */
export function sizeOf(text: string): { readonly lines: number; readonly bytes: number } {
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { lines, bytes: Buffer.byteLength(text) };
}

/** Why a file is over the limits, in words that say what to shorten; undefined when it fits. */
export function overLimit(file: string, text: string, limits: MemoryLimits): string | undefined {
  const { lines, bytes } = sizeOf(text);
  if (lines > limits.linesMax) {
    return `${file} may have ${limits.linesMax} lines, and would have ${lines}: merge or archive ${lines - limits.linesMax} of its facts`;
  }
  if (bytes > limits.bytesMax) {
    const longest = longestLine(text);
    return `${file} may have ${limits.bytesMax} bytes, and would have ${bytes}: shorten it by ${bytes - limits.bytesMax}, its longest line is line ${longest.number} with ${longest.bytes} bytes`;
  }
  return undefined;
}

/** @throws {KairosError} `INPUT_INVALID` that says what to shorten. */
export function checkLimit(file: string, text: string, limits: MemoryLimits): void {
  const problem = overLimit(file, text, limits);
  if (problem !== undefined) throw new KairosError('INPUT_INVALID', problem);
}

function longestLine(text: string): { readonly number: number; readonly bytes: number } {
  let longest = { number: 1, bytes: 0 };
  for (const [index, line] of text.split('\n').entries()) {
    const bytes = Buffer.byteLength(line);
    if (bytes > longest.bytes) longest = { number: index + 1, bytes };
  }
  return longest;
}
