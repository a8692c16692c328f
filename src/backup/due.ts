export interface DueQuestion {
  /** Local time of day, `03:30`. */
  readonly at: string;
  readonly timeZone: string;
  readonly nowMs: number;
  /** When the newest backup was begun; undefined: there is none. */
  readonly newestMs: number | undefined;
  /** Since when there is something to be backed up. */
  readonly bornMs: number;
}

/**
 * The time of day that a backup is owed for; undefined: none is. The newest one that has passed counts, so that a machine
 * which slept makes up for it, once. Pure.
 */
export function dueMs({ at, timeZone, nowMs, newestMs, bornMs }: DueQuestion): number | undefined {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const plainTime = Temporal.PlainTime.from(at);
  for (const day of [today, today.subtract({ days: 1 })]) {
    const slotMs = day.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds;
    if (slotMs > nowMs) continue;
    // A time that has not come yet was written by a clock that was wrong: it says nothing.
    const [sinceMs = -Infinity] = [newestMs, bornMs].filter((ms) => ms !== undefined && ms <= nowMs);
    return slotMs > sinceMs ? slotMs : undefined;
  }
  return undefined;
}
