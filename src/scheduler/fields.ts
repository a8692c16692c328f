/** What a plain cron expression allows, field by field. */
export interface Fields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Both kinds of days are restricted: one of them is enough. */
  readonly eitherDay: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * Reads an expression that is made of numbers, names, `*`, lists, ranges and steps: nearly all there are. croner says the
 * same of them (a test holds it to that), but takes 81 KiB for each, which ten thousand schedules would feel.
 *
 * @returns undefined for all others, right or wrong: those are for croner and node-cron to tell.
 */
export function readFields(expression: string): Fields | undefined {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6) return undefined;
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = ''] =
    parts.length === 5 ? ['0', ...parts] : parts;
  const seconds = readField(second, 0, 59);
  const minutes = readField(minute, 0, 59);
  const hours = readField(hour, 0, 23);
  const days = readField(day, 1, 31);
  const months = readField(numbered(month, MONTHS, 1), 1, 12);
  const weekdays = readField(numbered(weekday, WEEKDAYS, 0), 0, 7);
  if (!seconds || !minutes || !hours || !days || !months || !weekdays) return undefined;
  return {
    seconds,
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((number) => number % 7)),
    // As in crontab: a field that begins with * restricts nothing by itself.
    eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
  };
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
/** A 29th of February on a certain weekday comes every 28 years, or 40 around 2100. */
const MONTHS_AHEAD_MAX = 12 * 100;

/** The first wall time after another that the fields allow, both as if they were UTC; undefined when there is none in a hundred years. */
export function nextWallTime(fields: Fields, afterWallMs: number): number | undefined {
  const fromMs = (Math.floor(afterWallMs / SECOND_MS) + 1) * SECOND_MS;
  const from = new Date(fromMs);
  const today = Math.floor(fromMs / DAY_MS) * DAY_MS;
  for (let ahead = 0; ahead < MONTHS_AHEAD_MAX; ahead += 1) {
    const first = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + ahead, 1));
    const month = first.getUTCMonth();
    if (!fields.months.has(month + 1)) continue;
    let dayMs = Math.max(first.getTime(), today);
    for (let date = new Date(dayMs); date.getUTCMonth() === month; date = new Date((dayMs += DAY_MS))) {
      if (!allowsDay(fields, date)) continue;
      const time = nextTime(fields, dayMs === today ? (fromMs - today) / SECOND_MS : 0);
      if (time !== undefined) return dayMs + time * SECOND_MS;
    }
  }
  return undefined;
}

function allowsDay({ days, weekdays, eitherDay }: Fields, date: Date): boolean {
  const inMonth = days.has(date.getUTCDate());
  const inWeek = weekdays.has(date.getUTCDay());
  return eitherDay ? inMonth || inWeek : inMonth && inWeek;
}

/** The first time of day, in seconds, from another on. */
function nextTime({ hours, minutes, seconds }: Fields, from: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3_600 + 3_599 < from) continue;
    for (const minute of minutes) {
      const atMinute = hour * 3_600 + minute * 60;
      if (atMinute + 59 < from) continue;
      const second = seconds.find((one) => atMinute + one >= from);
      if (second !== undefined) return atMinute + second;
    }
  }
  return undefined;
}

function readField(field: string, least: number, most: number): number[] | undefined {
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const read = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (read === null) return undefined;
    const [, from, to = from, step] = read;
    // A step needs a range to go through.
    if (step !== undefined && from !== undefined && read[2] === undefined) return undefined;
    const low = Number(from ?? least);
    const high = Number(to ?? (most === 7 ? 6 : most));
    const by = Number(step ?? 1);
    if (low < least || high > most || low > high || by < 1 || by > most - least) return undefined;
    for (let value = low; value <= high; value += by) found.add(value);
  }
  return [...found].toSorted((a, b) => a - b);
}

function numbered(field: string, names: readonly string[], first: number): string {
  return field.replace(/\b[a-z]{3}\b/gi, (name) => {
    const index = names.indexOf(name.toLowerCase());
    return index === -1 ? name : String(index + first);
  });
}
