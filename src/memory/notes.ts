import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { checkLimit, type MemoryLimits } from './limits.ts';
import { flushDirectory } from './place.ts';
import { readFileOf } from './tree.ts';

/** A line for the working note of a day. */
export interface NoteLine {
  /** One line, without secrets. */
  readonly text: string;
  readonly atMs: number;
  /** IANA name: the note rolls over at midnight there. */
  readonly timeZone: string;
}

/**
 * Appends a line to `memory/notes/YYYY-MM-DD.md`, through to the disk.
 *
 * @returns The path under `memory/`.
 * @throws {KairosError} `INPUT_INVALID` when the line or the note of the day is too long.
 */
export async function appendNote(directory: string, given: NoteLine, limits: MemoryLimits): Promise<string> {
  const { date, time } = localTime(given.atMs, given.timeZone);
  const path = notePath(date);
  const text = given.text.replaceAll(/\s+/g, ' ').trim();
  if (text === '' || text.length > limits.factCharsMax) {
    throw new KairosError('INPUT_INVALID', `a note has 1 to ${limits.factCharsMax} characters, got ${text.length}`);
  }
  const before = (await readNote(directory, date)) ?? '';
  const lead = before === '' ? `# ${date}\n\n` : before.endsWith('\n') ? '' : '\n';
  const added = `${lead}- ${time} ${text}\n`;
  checkLimit(`memory/${path}`, before + added, limits);
  const notes = join(directory, 'notes');
  await mkdir(notes, { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  {
    await using file = await open(join(directory, path), flags, 0o600);
    await file.appendFile(added);
    await file.sync();
  }
  if (before === '') await flushDirectory(notes);
  return path;
}

/** The working note of a day; undefined when there is none, or it can't be read. */
export async function readNote(directory: string, date: string): Promise<string | undefined> {
  const read = await readFileOf(directory, notePath(date));
  return read?.kind === 'file' ? read.file.text : undefined;
}

/** The day and the time of day that people there have. */
export function localTime(atMs: number, timeZone: string): { readonly date: string; readonly time: string } {
  const there = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const time = there.toPlainTime().toString({ smallestUnit: 'minute' });
  return { date: there.toPlainDate().toString(), time };
}

function notePath(date: string): string {
  return `notes/${date}.md`;
}
