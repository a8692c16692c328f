import { join } from 'node:path';
import type { Redact } from '../core/ports.ts';
import { cut, plainLine } from '../subscriptions/plain.ts';

/** One happening, as the ledger holds it until it is in its file. */
export interface JournalLine {
  readonly id: number;
  /** When it happened, Unix milliseconds; decides its file, whenever it is written. */
  readonly atMs: number;
  readonly kind: string;
  /** The id behind it (`e12`), or empty. */
  readonly ref: string;
  readonly text: string;
}

const KIND_CHARS_MAX = 40;
/** Longest text of a line in UTF-16 units. */
const LINE_TEXT_CHARS_MAX = 500;
/** Nothing longer is redacted only to be cut afterwards. */
const RAW_CHARS_MAX = 20_000;

/** The local date, `2026-11-22`, and time, `14:03:07`, of an instant. */
export function localTime(atMs: number, timeZone: string): { readonly date: string; readonly time: string } {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  return { date: local.toPlainDate().toString(), time: local.toPlainTime().toString({ smallestUnit: 'second' }) };
}

/** `- 14:03:07 kind [e12] text`, without the line end: one plain line, redacted, then cut to 500 characters. */
export function renderLine(line: JournalLine, timeZone: string, redact: Redact): string {
  // Made plain first: a control character in the middle of a secret must not hide it from the redactor.
  const text = cut(redact(plainLine(line.text, RAW_CHARS_MAX)), LINE_TEXT_CHARS_MAX);
  const kind = plainLine(line.kind, KIND_CHARS_MAX).replaceAll(' ', '-') || 'note';
  return `- ${localTime(line.atMs, timeZone).time} ${kind} [${plainLine(line.ref, KIND_CHARS_MAX)}] ${text}`.trimEnd();
}

/** Where the log of a day is, below the home: `logs/2026/11/2026-11-22.md` and its overflow. */
export function logPaths(home: string, date: string): { readonly main: string; readonly overflow: string } {
  const directory = join(home, 'logs', date.slice(0, -6), date.slice(-5, -3));
  return { main: join(directory, `${date}.md`), overflow: join(directory, `${date}.overflow.md`) };
}
