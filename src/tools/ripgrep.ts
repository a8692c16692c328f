import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { Found, SearchEnd, SearchLimits } from './search-thread.ts';
import { FILE_LINES_MAX, type FindLines, type Line } from './search-worker.ts';

/** One line of its JSON output; a match in a longer line is left out. */
const EVENT_BYTES_MAX = 4_194_304;
const ERROR_CHARS_MAX = 2_000;

/** Where ripgrep is, by the directories of a `PATH`; undefined: nowhere. Relative entries are not looked at. */
export function findRipgrep(searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, 'rg'))
    .find((path) => isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Searches with ripgrep: no configuration, no environment, no ignore files, links not followed, results in order of their
 * path. Past its deadline, or when enough was found, it is killed. Never rejects.
 *
 * @param cwd Where it starts: the root itself, or a name of it that cannot be led elsewhere.
 */
export async function searchWithRipgrep(
  program: string,
  task: FindLines,
  cwd: string,
  found: Found,
  { clock, signal, deadlineMs }: SearchLimits,
): Promise<SearchEnd> {
  if (signal.aborted) return { kind: 'aborted' };
  const child = spawn(program, argumentsOf(task), { cwd, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const over = new AbortController();
  const events = new EventLines();
  let errors = '';
  const end = await new Promise<SearchEnd>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (!over.signal.aborted && !found.lines(events.take(chunk))) resolve({ kind: 'stopped' });
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < ERROR_CHARS_MAX) errors += chunk.toString('utf8');
    });
    child.once('error', (error) => resolve({ kind: 'failed', error: messageOf(error) }));
    child.once('close', (code) => {
      // 0 found, 1 found nothing, 2 something was wrong: an unreadable file, or the expression.
      const wrong = code === 2 && /regex|not allowed|not supported|glob/.test(errors);
      if (wrong || code === null) resolve({ kind: 'failed', error: errors.slice(0, ERROR_CHARS_MAX).trim() });
      else resolve({ kind: 'done', complete: events.dropped === 0 });
    });
    signal.addEventListener('abort', () => resolve({ kind: 'aborted' }), { once: true, signal: over.signal });
    void clock.sleep(deadlineMs, over.signal).then(() => over.signal.aborted || resolve({ kind: 'timeout' }));
  });
  over.abort();
  child.kill('SIGKILL');
  return end;
}

function argumentsOf({ pattern, ignoreCase, glob, context, only, fileLinesMax }: FindLines): string[] {
  const fixed = ['--no-config', '--json', '--no-ignore', '--hidden', '--no-messages', '--encoding', 'none'];
  // The last pattern that fits a name decides: what is passed over comes last.
  const globs = [...(glob === undefined ? [] : [glob]), '!.git', '!node_modules'].flatMap((one) => ['--glob', one]);
  const asked = [ignoreCase ? '--ignore-case' : '--case-sensitive', '--context', String(context)];
  const count = fileLinesMax === undefined ? [] : ['--max-count', String(fileLinesMax)];
  const limits = ['--sort', 'path', '--regex-size-limit', '10M', '--dfa-size-limit', '50M', ...count];
  return [...fixed, ...limits, ...asked, ...(only === undefined ? globs : []), '-e', pattern, '--', `./${only ?? ''}`];
}

interface Text {
  readonly text?: string;
  readonly bytes?: string;
}

interface RipgrepEvent {
  readonly type: 'begin' | 'match' | 'context' | 'end' | 'summary';
  readonly data: {
    readonly path?: Text;
    readonly lines?: Text;
    readonly line_number?: number;
    readonly binary_offset?: number | null;
  };
}

/** Puts the events of its output together; gives the lines of a file when the file ended, and none of a binary one. */
class EventLines {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #file: Line[] = [];
  dropped = 0;

  take(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(10, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      if (this.#restBytes < EVENT_BYTES_MAX) this.#rest.push(Buffer.from(piece));
      this.#restBytes += piece.length;
      from = end < 0 ? chunk.length : end + 1;
      if (end >= 0) lines.push(...this.#endEvent());
    }
    return lines;
  }

  #endEvent(): Line[] {
    const bytes = Buffer.concat(this.#rest);
    const whole = this.#restBytes <= EVENT_BYTES_MAX;
    this.#rest = [];
    this.#restBytes = 0;
    if (!whole) {
      this.dropped += 1;
      return [];
    }
    return this.#understand(JSON.parse(bytes.toString('utf8')) as RipgrepEvent);
  }

  #understand({ type, data }: RipgrepEvent): Line[] {
    if (type === 'match' || type === 'context') {
      const text = decode(data.lines).replace(/\n$/, '');
      const path = decode(data.path).replace(/^\.\//, '');
      const line = { path, number: data.line_number ?? 0, text, isMatch: type === 'match' };
      if (this.#file.length < FILE_LINES_MAX) this.#file.push(line);
    }
    if (type !== 'end') return [];
    const lines = this.#file;
    this.#file = [];
    return data.binary_offset === null || data.binary_offset === undefined ? lines : [];
  }
}

function decode(value: Text | undefined): string {
  return value?.text ?? Buffer.from(value?.bytes ?? '', 'base64').toString('utf8');
}
