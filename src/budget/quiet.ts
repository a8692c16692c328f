/** Hours of the local day in which nothing unasked-for is said: "22:00" to "07:00" spans midnight. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

/**
 * When the quiet hours that hold now are over, as Unix milliseconds; undefined outside them.
 *
 * Safe over changes of the clock: a bound inside the gap of spring is taken after it, one in the repeated hour of
 * autumn is its first pass.
 */
export function quietEndMs(hours: QuietHours | undefined, timeZone: string, nowMs: number): number | undefined {
  if (hours === undefined) return undefined;
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const nights = hours.from > hours.to ? 1 : 0;
  for (const day of [today.subtract({ days: 1 }), today]) {
    const fromMs = at(day, hours.from, timeZone);
    const toMs = at(day.add({ days: nights }), hours.to, timeZone);
    if (fromMs <= nowMs && nowMs < toMs) return toMs;
  }
  return undefined;
}

function at(day: Temporal.PlainDate, time: string, timeZone: string): number {
  return day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;
}
