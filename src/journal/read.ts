import { KairosError } from '../core/errors.ts';
import { readTail } from './files.ts';
import { logPaths } from './line.ts';

/** One line of a daily log as it was read back. A line of a person's own has only its text. */
export interface LogLine {
  readonly time: string | null;
  readonly kind: string | null;
  readonly ref: string | null;
  readonly text: string;
}

export interface DayLog {
  readonly date: string;
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** There are earlier lines that were left out. */
  readonly more: boolean;
}

const READ_BYTES_MAX = 8 * 1_048_576;
const LINE = /^- (\d{2}:\d{2}:\d{2}) (\S+) \[([^\]]*)\] ?(.*)$/;

/**
 * The newest lines of a day's log, the overflow file included. Needs no running daemon.
 *
 * @param date Local date such as 2026-11-22. A day without a log has no lines.
 * @param limitCount Most lines to return, counted from the newest; default 1 000. At most 8 MiB of each file are read.
 * @throws {KairosError} `INPUT_INVALID` when the date is none.
 */
export async function readLog(home: string, date: string, limitCount = 1_000): Promise<DayLog> {
  const paths = logPaths(home, checkedDate(date));
  const found: LogLine[] = [];
  let more = false;
  for (const path of [paths.main, paths.overflow]) {
    const { size, tail } = await readTail(path, READ_BYTES_MAX);
    more ||= size > tail.length;
    found.push(...linesOf(tail.toString('utf8')));
  }
  const from = Math.max(0, found.length - limitCount);
  return { date, lines: found.slice(from), more: more || from > 0 };
}

function checkedDate(date: string): string {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(date)) return Temporal.PlainDate.from(date).toString();
  } catch {
    // Said below, in our words.
  }
  throw new KairosError(
    'INPUT_INVALID',
    `expected a date such as 2026-11-22, got ${JSON.stringify(date.slice(0, 40))}`,
  );
}

function linesOf(text: string): LogLine[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^# \d{4}-\d{2}-\d{2}/.test(line));
  return lines.map((line) => {
    const [, time = null, kind = null, ref = null, rest = line] = LINE.exec(line) ?? [];
    return { time, kind, ref, text: rest };
  });
}
