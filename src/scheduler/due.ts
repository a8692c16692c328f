import { createHash } from 'node:crypto';
import { cronTimes } from './cron.ts';
import { isInstant, type Schedule } from './options.ts';

/** When a schedule is due. */
export type Timing =
  | { readonly kind: 'cron'; readonly cron: string; readonly zone: string }
  | { readonly kind: 'every'; readonly everyMs: number }
  | { readonly kind: 'at'; readonly atMs: number };

/** Slots between two instants. */
export interface Due {
  /** In order of time. All of them, or the newest (at least a hundred) when there are more than five thousand. */
  readonly slots: readonly number[];
  /** Those before: the first of them, and an instant after the last one and before `slots`. Not counted. */
  readonly earlier: { readonly fromMs: number; readonly throughMs: number } | undefined;
}

/** Slots found one by one: a minute's schedule over three days, in about 50 ms. */
const SLOTS_MAX = 5_000;
/** The most that `catchUp: all` can ask for. */
const NEWEST_MIN = 100;
const EVERY_MINUTE_MS = 60_000;

/** @param defaultZone The `timezone` of the configuration. */
export function timingOf(schedule: Schedule, defaultZone: string): Timing {
  const zone = schedule.timezone ?? defaultZone;
  if (schedule.cron !== undefined) return { kind: 'cron', cron: schedule.cron.trim(), zone };
  if (schedule.every !== undefined) return { kind: 'every', everyMs: schedule.every };
  return { kind: 'at', atMs: instantOf(schedule.at ?? '', zone) };
}

/** The first slots after an instant, in order; fewer than `limit` when there are no more. */
export function nextSlots(timing: Timing, afterMs: number, limit: number): number[] {
  const found: number[] = [];
  let nextMs = nextSlot(timing, afterMs);
  while (nextMs !== undefined && found.length < limit) {
    found.push(nextMs);
    nextMs = nextSlot(timing, nextMs);
  }
  return found;
}

/** The slots after one instant and up to another, the latter included. */
export function dueSlots(timing: Timing, afterMs: number, untilMs: number): Due {
  const first = slotsUntil(timing, afterMs, untilMs);
  if (first.length <= SLOTS_MAX) return { slots: first, earlier: undefined };
  const newest = newestSlots(timing, afterMs, untilMs);
  // Not found in reasonable time: the oldest are handled now, the others at the next look.
  if (newest.length === 0) return { slots: first.slice(0, SLOTS_MAX), earlier: undefined };
  return { slots: newest, earlier: { fromMs: first[0] ?? afterMs, throughMs: (newest[0] ?? untilMs) - 1 } };
}

const LOOKS_BACK_MAX = 40;

/** The newest slots, a hundred to five thousand of more than that: looks back further and further, then in between. */
function newestSlots(timing: Timing, afterMs: number, untilMs: number): readonly number[] {
  let newest: readonly number[] = [];
  let shortMs = 0;
  let longMs = untilMs - afterMs;
  let spanMs = Math.min(longMs / 2, NEWEST_MIN * EVERY_MINUTE_MS);
  for (let look = 0; look < LOOKS_BACK_MAX && newest.length < NEWEST_MIN; look += 1) {
    const found = slotsUntil(timing, untilMs - spanMs, untilMs);
    if (found.length > SLOTS_MAX) longMs = spanMs;
    else {
      newest = found;
      shortMs = spanMs;
    }
    spanMs = Math.min(shortMs === 0 ? spanMs / 8 : spanMs * 8, (shortMs + longMs) / 2);
  }
  return newest;
}

/** How much later than its slot a run of this name comes: the same on every machine and after every start. */
export function jitterMs(name: string, jitter: number): number {
  if (jitter <= 0) return 0;
  return createHash('sha256').update(name).digest().readUIntBE(0, 6) % Math.floor(jitter);
}

function nextSlot(timing: Timing, afterMs: number): number | undefined {
  if (timing.kind === 'cron') return cronTimes(timing.cron, timing.zone).next(afterMs);
  if (timing.kind === 'every') return (Math.floor(afterMs / timing.everyMs) + 1) * timing.everyMs;
  return timing.atMs > afterMs ? timing.atMs : undefined;
}

/** One more than the most, to tell that there are more. */
function slotsUntil(timing: Timing, afterMs: number, untilMs: number): number[] {
  const found: number[] = [];
  let nextMs = nextSlot(timing, afterMs);
  while (nextMs !== undefined && nextMs <= untilMs && found.length <= SLOTS_MAX) {
    found.push(nextMs);
    nextMs = nextSlot(timing, nextMs);
  }
  return found;
}

/** A local time means what a fixed time of cron means: the first of two, the gap's end for none. */
function instantOf(text: string, zone: string): number {
  if (isInstant(text)) return Temporal.Instant.from(text).epochMilliseconds;
  const wall = Temporal.PlainDateTime.from(text);
  const found = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (found.toPlainDateTime().equals(wall)) return found.epochMilliseconds;
  return found.getTimeZoneTransition('next')?.epochMilliseconds ?? found.epochMilliseconds;
}
