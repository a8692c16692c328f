import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { compilePattern } from './pattern.ts';
import { walk } from './walk.ts';

/** Looks for files by name. */
export interface FindFiles {
  readonly kind: 'find';
  readonly root: string;
  readonly pattern: string;
  readonly directories: boolean;
  readonly foundMax: number;
}

/** Looks for lines, as ripgrep does, where there is no ripgrep. */
export interface FindLines {
  readonly kind: 'grep';
  readonly root: string;
  /** Only this file of it. */
  readonly only?: string | undefined;
  /** A JavaScript regular expression without look-around and back-references. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly glob?: string | undefined;
  /** Lines of context on either side. */
  readonly context: number;
  /** Lines of one file. Default and most 5 000. */
  readonly fileLinesMax?: number | undefined;
}

export type SearchTask = FindFiles | FindLines;

/** A line that fits, or that stands beside one. */
export interface Line {
  readonly path: string;
  readonly number: number;
  readonly text: string;
  readonly isMatch: boolean;
}

/** What the thread says. Lines come file by file; `end` is the last. `complete`: nothing was left out. */
export type SearchAnswer =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'end'; readonly complete: boolean }
  | { readonly kind: 'failed'; readonly error: string };

const ENTRIES_MAX = 200_000;
/** Of one file; what follows is left out. */
export const FILE_LINES_MAX = 5_000;
/** Larger files are read as far as this. */
const FILE_BYTES_MAX = 268_435_456;
const CHUNK_BYTES = 262_144;
const LINE_BYTES_MAX = 1_048_576;

/** Thread entry: does one task and ends. Elsewhere than in a thread, importing it does nothing. */
function serve(port: MessagePort, task: SearchTask): void {
  try {
    const complete = task.kind === 'find' ? find(port, task) : grep(port, task);
    say(port, { kind: 'end', complete });
  } catch (error) {
    say(port, { kind: 'failed', error: messageOf(error) });
  }
}

function say(port: MessagePort, answer: SearchAnswer): void {
  port.postMessage(answer);
}

function find(port: MessagePort, { root, pattern, directories, foundMax }: FindFiles): boolean {
  const fits = compilePattern(pattern);
  const paths: string[] = [];
  const walking = walk(root, ENTRIES_MAX, depthOf(pattern));
  let step = walking.next();
  for (; step.done !== true && paths.length <= foundMax; step = walking.next()) {
    const { path, kind } = step.value;
    if ((kind !== 'directory' || directories) && fits(path)) paths.push(kind === 'directory' ? `${path}/` : path);
  }
  say(port, { kind: 'paths', paths: paths.slice(0, foundMax) });
  return paths.length <= foundMax && (step.done !== true || step.value);
}

/** How deep files that fit can be. */
function depthOf(pattern: string): number {
  if (pattern.includes('**') || !pattern.includes('/')) return Infinity;
  return pattern.split('/').filter((name) => name !== '' && name !== '.').length;
}

function grep(port: MessagePort, task: FindLines): boolean {
  const { root, only, pattern, ignoreCase, glob, context, fileLinesMax = FILE_LINES_MAX } = task;
  const expression = new RegExp(pattern, ignoreCase ? 'isu' : 'su');
  const fits = glob === undefined ? () => true : compilePattern(glob);
  const search = (path: string): void => {
    const lines = linesOfFile(root, path, expression, { context, linesMax: fileLinesMax });
    if (lines.length > 0) say(port, { kind: 'lines', lines });
  };
  if (only !== undefined) {
    search(only);
    return true;
  }
  const walking = walk(root, ENTRIES_MAX);
  for (;;) {
    const step = walking.next();
    if (step.done === true) return step.value;
    if (step.value.kind === 'file' && fits(step.value.path)) search(step.value.path);
  }
}

/** The lines of a file that fit, with their context; none of a binary one (a NUL anywhere), as with ripgrep. */
function linesOfFile(
  root: string,
  path: string,
  expression: RegExp,
  { context, linesMax }: { readonly context: number; readonly linesMax: number },
): Line[] {
  const descriptor = openRegular(join(root, path));
  if (descriptor === undefined) return [];
  try {
    const found: Line[] = [];
    const before: Line[] = [];
    let after = 0;
    let number = 0;
    for (const bytes of splitLines(descriptor)) {
      if (bytes === undefined) return []; // Binary.
      number += 1;
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      const isMatch = expression.test(text);
      const line = { path, number, text, isMatch };
      if (isMatch) found.push(...before.splice(0), line);
      else if (after > 0) found.push(line);
      else if (context > 0) before.push(line);
      after = isMatch ? context : after - 1;
      if (before.length > context) before.shift();
      if (found.length >= linesMax) break;
    }
    return found;
  } finally {
    closeSync(descriptor);
  }
}

/** A regular file that is where it is said to be; undefined when it is none, or was replaced by a link on the way. */
function openRegular(path: string): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  const same = process.platform !== 'linux' || readlinkSync(`/proc/self/fd/${descriptor}`) === path;
  if (same && fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  return undefined;
}

/** Lines without their newline; undefined once when there is a NUL. Of an endless line, what is over 1 MiB is left out. */
function* splitLines(descriptor: number): Generator<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let kept: Buffer[] = [];
  let keptBytes = 0;
  for (let position = 0; position < FILE_BYTES_MAX;) {
    const count = readSync(descriptor, buffer, 0, CHUNK_BYTES, position);
    if (count === 0) break;
    position += count;
    const chunk = buffer.subarray(0, count);
    if (chunk.includes(0)) {
      yield undefined;
      return;
    }
    for (let from = 0; from < count;) {
      const end = chunk.indexOf(10, from);
      const piece = Buffer.from(chunk.subarray(from, end < 0 ? count : end));
      if (keptBytes < LINE_BYTES_MAX) kept.push(piece);
      keptBytes += piece.length;
      from = end < 0 ? count : end + 1;
      if (end < 0) continue;
      yield Buffer.concat(kept);
      kept = [];
      keptBytes = 0;
    }
  }
  if (keptBytes > 0) yield Buffer.concat(kept);
}

if (parentPort !== null && (workerData as SearchTask | null)?.kind !== undefined) {
  serve(parentPort, workerData as SearchTask);
}
