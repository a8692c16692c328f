import { createRequire } from 'node:module';
import type * as croner from 'croner';
import type { nodeCron } from 'node-cron';
import { messageOf } from '../core/errors.ts';
import { nextWallTime, readFields } from './fields.ts';

/** Instants a cron expression means in a time zone. Times are Unix milliseconds. */
export interface CronTimes {
  /** The first slot after an instant, or undefined when there is none in the next hundred years. */
  next(afterMs: number): number | undefined;
}

/**
 * The slots of a cron expression in a time zone. First matching wall times are found, as if there were no clock changes;
 * which instants those are is decided here (CONTRACT, "Settled"): a fixed time (no `*` and no step among second, minute and hour)
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
    const nextWall = wallTimes(expression);
    times = isFixed(expression) ? fixedTimes(nextWall, zone) : everyTimes(nextWall, zone);
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
  // What is this plain, all three read alike (a test holds them to it); node-cron takes 9 MiB, and croner 81 KiB each.
  const wrong = readFields(expression) === undefined ? librariesError(expression) : undefined;
  if (wrong !== undefined) return wrong;
  return wallTimes(expression)(SOME_DAY_MS) === undefined ? 'is never due: no month has such a day' : undefined;
}

/** Those in use are kept: a KiB each, or 81 for the ones that croner reads. */
const KNOWN_MAX = 256;
const known = new Map<string, CronTimes>();

const SOME_DAY_MS = Date.UTC(2026, 0, 1);

/** Finds the next matching wall time after another, both as if they were UTC. */
type NextWall = (afterWallMs: number) => number | undefined;

function wallTimes(expression: string): NextWall {
  const fields = readFields(expression);
  if (fields !== undefined) return (afterWallMs) => nextWallTime(fields, afterWallMs);
  const cron = compile(expression);
  return (afterWallMs) => cron.nextRun(new Date(afterWallMs))?.getTime();
}

/** Read by croner, without a zone. (With the zone UTC it asks Intl each time, and takes ten times as long.) */
function compile(expression: string): croner.Cron {
  const [dayOfMonth = '', , dayOfWeek = ''] = expression.trim().split(/\s+/).slice(-3);
  // As in crontab: the two days combine with OR when both are restricted, and one that begins with * is not.
  const domAndDow = /^[*?]/.test(dayOfMonth) || /^[*?]/.test(dayOfWeek);
  const { Cron: Reader } = createRequire(import.meta.url)('croner') as typeof croner;
  return new Reader(expression, { utcOffset: 0, mode: '5-or-6-parts', domAndDow, paused: true });
}

function isFixed(expression: string): boolean {
  return !/[*?/]/.test(expression.trim().split(/\s+/).slice(0, -3).join(' '));
}

/** What croner or node-cron, loaded only for this, has against it. */
function librariesError(expression: string): string | undefined {
  const library = createRequire(import.meta.url)('node-cron') as Pick<typeof nodeCron, 'validate' | 'validateDetailed'>;
  if (!library.validate(expression)) {
    const [first] = library.validateDetailed(expression).errors;
    return first === undefined ? 'is not an expression' : `has a wrong ${first.field}: ${first.message}`;
  }
  try {
    compile(expression);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/^CronPattern: /, '');
  }
}

/** Two clock changes a year for a hundred years; some zones had more. */
const SEGMENTS_MAX = 250;

function everyTimes(nextWall: NextWall, zone: string): CronTimes {
  return {
    next(afterMs) {
      let fromMs = afterMs;
      for (let segment = 0; segment < SEGMENTS_MAX; segment += 1) {
        // Between two clock changes, wall time and instant differ by the same all along.
        const here = zoned(fromMs + 1, zone);
        const offsetMs = here.offsetNanoseconds / 1e6;
        const wallMs = nextWall(fromMs + offsetMs);
        if (wallMs === undefined) return undefined;
        const changeMs = here.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
        if (wallMs - offsetMs < changeMs) return wallMs - offsetMs;
        fromMs = changeMs - 1;
      }
      return undefined;
    },
  };
}

function fixedTimes(nextWall: NextWall, zone: string): CronTimes {
  return {
    next(afterMs) {
      let wallMs = nextWall(firstPassEnd(afterMs, zone));
      while (wallMs !== undefined) {
        const slotMs = instantOf(wallMs, zone);
        if (slotMs > afterMs) return slotMs;
        wallMs = nextWall(wallMs);
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

function zoned(instantMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(instantMs)).toZonedDateTimeISO(zone);
}
