import type { BigIntStats } from 'node:fs';
import { KairosError } from '../core/errors.ts';
import { holdFile, type FileAccess } from './held.ts';

const WHOLE_BYTES_MAX = 10_485_760;

/** A file read whole. */
export interface WholeFile {
  readonly canonical: string;
  readonly bytes: Buffer;
  /** As it was when it was opened. */
  readonly stats: BigIntStats;
}

/** Reads a regular file whole, at most 10 MiB. @throws {KairosError} as `holdFile`, and `INPUT_INVALID` when it is larger. */
export async function readWhole(absolute: string, access: FileAccess, callId: string): Promise<WholeFile> {
  await using file = await holdFile(absolute, access, callId);
  const { canonical, handle, stats } = file;
  if (stats.size > WHOLE_BYTES_MAX) {
    throw new KairosError(
      'INPUT_INVALID',
      `expected a file of at most 10 MiB, but "${canonical}" has ${stats.size} bytes`,
    );
  }
  return { canonical, bytes: await handle.readFile(), stats };
}

/** The text of bytes that are UTF-8 throughout, a byte order mark included; undefined when they are not. */
export function decodeExactly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Lines of a text; a newline at the end does not begin another. */
export function countLines(text: string): number {
  if (text === '') return 0;
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** A text cut to so many characters, between characters, with a note of how many are left out. */
export function cutLine(line: string, charsMax: number): string {
  if (line.length <= charsMax) return line;
  const end = /[\uD800-\uDBFF]/.test(line.charAt(charsMax - 1)) ? charsMax - 1 : charsMax;
  return `${line.slice(0, end)}… [${line.length - end} more characters]`;
}
