import { KairosError } from '../core/errors.ts';

/** One day as the owner lives it: 23, 24 or 25 hours, or whatever its zone makes of it. */
export interface LocalDay {
  /** `2026-11-22` */
  readonly date: string;
  readonly timeZone: string;
  readonly fromMs: number;
  /** The first millisecond that is not in it. */
  readonly toMs: number;
}

/**
 * The day of a date, or of `today` or `yesterday` as seen at an instant.
 *
 * @param timeZone IANA name.
 * @throws {KairosError} `INPUT_INVALID` when the word is no date.
 */
export function localDay(word: string, nowMs: number, timeZone: string): LocalDay {
  const day = dateOf(word, nowMs, timeZone);
  const startMs = (date: Temporal.PlainDate): number => date.toZonedDateTime({ timeZone }).epochMilliseconds;
  return { date: day.toString(), timeZone, fromMs: startMs(day), toMs: startMs(day.add({ days: 1 })) };
}

/**
 * The day a digest is about. Asked for without one, or for an instant (the slot of a schedule, ISO 8601): before noon
 * there, the day that has ended; later, the day so far.
 *
 * @param word Empty, an instant, or as for `localDay`.
 * @throws {KairosError} `INPUT_INVALID` when it is none of these.
 */
export function digestDay(word: string, askedAtMs: number, timeZone: string): LocalDay {
  const slotMs = /^\d{4}-\d{2}-\d{2}T/.test(word) ? Date.parse(word) : Number.NaN;
  if (word !== '' && Number.isNaN(slotMs)) return localDay(word, askedAtMs, timeZone);
  const atMs = word === '' ? askedAtMs : slotMs;
  const { hour } = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  return localDay(hour < 12 ? 'yesterday' : 'today', atMs, timeZone);
}

function dateOf(word: string, nowMs: number, timeZone: string): Temporal.PlainDate {
  const back = { today: 0, yesterday: 1 }[word];
  if (back !== undefined) {
    const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
    return now.toPlainDate().subtract({ days: back });
  }
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(word)) return Temporal.PlainDate.from(word, { overflow: 'reject' });
  } catch {
    // Said below, in our words.
  }
  const got = JSON.stringify(word.slice(0, 40));
  throw new KairosError('INPUT_INVALID', `expected a date such as 2026-11-22, today or yesterday, got ${got}`);
}
