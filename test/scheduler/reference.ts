/**
 * Which minutes a cron expression of five fields means, found by walking through them one by one: slow, and as plain as
 * the rules of the contract are written. Knows numbers, lists, ranges and steps.
 */
export function slowSlots(expression: string, zone: string, afterMs: number, untilMs: number): number[] {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = expression.split(' ');
  const fixed = !/[*/]/.test(minute + hour);
  const matches = (wall: Wall): boolean => {
    const inDays = has(day, wall.day, 1, 31);
    const inWeek = has(weekday, wall.weekday, 0, 7) || (wall.weekday === 0 && has(weekday, 7, 0, 7));
    const dayMatches = day.startsWith('*') || weekday.startsWith('*') ? inDays && inWeek : inDays || inWeek;
    return (
      has(minute, wall.minute, 0, 59) && has(hour, wall.hour, 0, 23) && has(month, wall.month, 1, 12) && dayMatches
    );
  };
  const found: number[] = [];
  // A day ahead, to know which wall times were there before.
  const seen = new Set<number>();
  const beginMs = Math.ceil((afterMs - 86_400_000) / 60_000) * 60_000;
  let lastWallMs = Number.NaN;
  for (let atMs = beginMs; atMs <= untilMs; atMs += 60_000) {
    const wallMs = atMs + offsetMs(atMs, zone);
    let due = false;
    if (fixed) {
      // Wall times that the clocks left out belong to the minute at which they go on.
      for (let leftOutMs = lastWallMs + 60_000; leftOutMs < wallMs; leftOutMs += 60_000)
        due ||= matches(wallOf(leftOutMs));
      due ||= !seen.has(wallMs) && matches(wallOf(wallMs));
      seen.add(wallMs);
    } else {
      due = matches(wallOf(wallMs));
    }
    lastWallMs = wallMs;
    if (due && atMs > afterMs) found.push(atMs);
  }
  return found;
}

interface Wall {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

function wallOf(wallMs: number): Wall {
  const date = new Date(wallMs);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

function offsetMs(atMs: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
}

function has(field: string, value: number, least: number, most: number): boolean {
  return field.split(',').some((part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to = from] = range.split('-');
    const low = range === '*' ? least : Number(from);
    const high = range === '*' ? most : Number(to);
    return value >= low && value <= high && (value - low) % Number(step) === 0;
  });
}
