import { createRequire } from 'node:module';
import { Cron } from 'croner';
import { messageOf } from '../core/errors.ts';

/** Instants a cron expression means in a time zone. Times are Unix milliseconds. */
export interface CronTimes {
  /** The first slot after an instant, or undefined when there is none in the next hundred years. */
  next(afterMs: number): number | undefined;
}

/**
 * The slots of a cron expression in a time zone. croner finds matching wall times, as if there were no clock changes; which
 * instants those are is decided here (CONTRACT, "Settled"): a fixed time (no `*` and no step among second, minute and hour)
 * that falls into a gap is the gap's end, and in a repeated hour it is the first of the two; steps and wildcards are every
 * instant whose wall time matches. (croner 11 alone drops a fixed time whose gap ends at midnight, as in Nuuk.)
 *
 * @param expression Five or six fields that `checkCron` has accepted.
 */
export function cronTimes(expression: string, zone: string): CronTimes {
  const key = `${zone} ${expression}`;
  let times = known.get(key);
  if (times === undefined) {
    if (known.size >= KNOWN_MAX) known.clear();
    const cron = compile(expression);
    times = isFixed(expression) ? fixedTimes(cron, zone) : everyTimes(cron, zone);
    known.set(key, times);
  }
  return times;
}

/**
 * Whether an expression means something, by node-cron and croner alike.
 *
 * @returns What is wrong with which field, or undefined.
 */
export function checkCron(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) return `must have 5 or 6 fields, got ${fields.length}`;
  let cron: Cron;
  try {
    cron = compile(expression);
  } catch (error) {
    return fieldError(expression) ?? messageOf(error).replace(/^CronPattern: /, '');
  }
  // What is made of these alone, both read alike (a test holds them to it), and node-cron takes 9 MiB.
  const doubt = /^[\d*,/\s-]+$/.test(expression) ? undefined : fieldError(expression);
  if (doubt !== undefined) return doubt;
  if (cron.nextRun(new Date(SOME_DAY_MS)) === null) return 'is never due: no month has such a day';
  return undefined;
}

/** Compiled expressions cost some KiB and 0.03 ms each: the ones in use are kept, all together well under 2 MiB. */
const KNOWN_MAX = 512;
const known = new Map<string, CronTimes>();

const SOME_DAY_MS = Date.UTC(2026, 0, 1);

/** Wall times as if they were UTC. (With the zone UTC croner asks Intl each time: ten times slower.) */
function compile(expression: string): Cron {
  const [dayOfMonth = '', , dayOfWeek = ''] = expression.trim().split(/\s+/).slice(-3);
  // As in crontab: the two days combine with OR when both are restricted, and one that begins with * is not.
  const domAndDow = /^[*?]/.test(dayOfMonth) || /^[*?]/.test(dayOfWeek);
  return new Cron(expression, { utcOffset: 0, mode: '5-or-6-parts', domAndDow, paused: true });
}

function isFixed(expression: string): boolean {
  return !/[*?/]/.test(expression.trim().split(/\s+/).slice(0, -3).join(' '));
}

/** What node-cron, loaded only for this, has against it. */
function fieldError(expression: string): string | undefined {
  const nodeCron = createRequire(import.meta.url)('node-cron') as typeof import('node-cron');
  if (nodeCron.validate(expression)) return undefined;
  const [first] = nodeCron.validateDetailed(expression).errors;
  return first === undefined ? undefined : `has a wrong ${first.field}: ${first.message}`;
}

/** Two clock changes a year for a hundred years; some zones had more. */
const SEGMENTS_MAX = 250;

function everyTimes(cron: Cron, zone: string): CronTimes {
  return {
    next(afterMs) {
      let fromMs = afterMs;
      for (let segment = 0; segment < SEGMENTS_MAX; segment += 1) {
        // Between two clock changes, wall time and instant differ by the same all along.
        const here = zoned(fromMs + 1, zone);
        const offsetMs = here.offsetNanoseconds / 1e6;
        const wallMs = nextWall(cron, fromMs + offsetMs);
        if (wallMs === undefined) return undefined;
        const changeMs = here.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
        if (wallMs - offsetMs < changeMs) return wallMs - offsetMs;
        fromMs = changeMs - 1;
      }
      return undefined;
    },
  };
}

function fixedTimes(cron: Cron, zone: string): CronTimes {
  return {
    next(afterMs) {
      let wallMs = nextWall(cron, firstPassEnd(afterMs, zone));
      while (wallMs !== undefined) {
        const slotMs = instantOf(wallMs, zone);
        if (slotMs > afterMs) return slotMs;
        wallMs = nextWall(cron, wallMs);
      }
      return undefined;
    },
  };
}

/** The wall time from which on fixed times are still to come: that of the instant or, in the second pass of a repeated hour, the hour's end. */
function firstPassEnd(instantMs: number, zone: string): number {
  const here = zoned(instantMs, zone);
  const wallMs = instantMs + here.offsetNanoseconds / 1e6;
  const changeMs = here.getTimeZoneTransition('previous')?.epochMilliseconds;
  // Of an instant that is a change itself, the previous one is another; its repeated hour is walked through, to the same end.
  if (changeMs === undefined) return wallMs;
  return Math.max(wallMs, changeMs + zoned(changeMs - 1, zone).offsetNanoseconds / 1e6 - 1);
}

/** The instant of a wall time: the first of two, and the gap's end for one that the clocks left out. */
function instantOf(wallMs: number, zone: string): number {
  const wall = zoned(wallMs, 'UTC').toPlainDateTime();
  const found = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (found.toPlainDateTime().equals(wall)) return found.epochMilliseconds;
  return found.getTimeZoneTransition('next')?.epochMilliseconds ?? found.epochMilliseconds;
}

function nextWall(cron: Cron, afterWallMs: number): number | undefined {
  return cron.nextRun(new Date(afterWallMs))?.getTime();
}

function zoned(instantMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(instantMs)).toZonedDateTimeISO(zone);
}
