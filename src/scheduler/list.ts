import { nextSlots } from './due.ts';
import type { Entry } from './entry.ts';
import type { Schedule } from './options.ts';
import type { JobWaits } from './store.ts';
import { describeSchedule } from './words.ts';

/** What the list needs of the ledger. */
export interface ScheduleHistory<Run, Slot> {
  readonly lastRun: (schedule: string) => Run | undefined;
  readonly missed: (schedule: string, limit: number) => readonly Slot[];
  readonly unfinished: (schedule: string) => JobWaits | undefined;
}

/** A schedule as lists show it. */
export interface ScheduleView<Run, Slot> {
  readonly name: string;
  readonly do: Schedule['do'];
  readonly words: string;
  readonly timeZone: string;
  readonly catchUp: Schedule['catchUp'];
  /** When it is due next, jitter included. Empty when it never is again. */
  readonly nextAtMs: readonly number[];
  /** What keeps the next run from beginning, if a run is under way. */
  readonly unfinished: JobWaits | null;
  readonly lastRun: Run | null;
  /** Newest first. */
  readonly missed: readonly Slot[];
}

const NEXT = 3;
const MISSED = 5;

/** One schedule with its next runs, its last one, and the newest that were missed. Reads a few rows. */
export async function viewOf<Run, Slot>(
  { schedule, timing, offsetMs, throughMs }: Entry,
  history: ScheduleHistory<Run, Slot>,
  now: { readonly wallMs: number; readonly timeZone: string },
): Promise<ScheduleView<Run, Slot>> {
  const fromMs = Math.max(throughMs, now.wallMs - offsetMs);
  return {
    name: schedule.name,
    do: schedule.do,
    words: await describeSchedule(schedule, now.timeZone),
    timeZone: schedule.timezone ?? now.timeZone,
    catchUp: schedule.catchUp,
    nextAtMs: nextSlots(timing, fromMs, NEXT).map((ms) => ms + offsetMs),
    unfinished: history.unfinished(schedule.name) ?? null,
    lastRun: history.lastRun(schedule.name) ?? null,
    missed: history.missed(schedule.name, MISSED),
  };
}
