import { slowSlots } from '../../test/scheduler/reference.ts';
import { equal, none, type Check } from './report.ts';
import { ZONE, type ScheduleEntry, type WeekPlan } from './week-plan.ts';
import type { WeekRows } from './week-rows.ts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 };

/** Every slot that was due was run once or is shown as missed; every run is one event with one job and one end. */
export function checkSlots({ slots, events, jobs, runs }: WeekRows, plan: WeekPlan): Check[] {
  const found: string[] = [];
  let due = 0;
  for (const schedule of plan.schedules) {
    const mine = slots.filter((slot) => slot.schedule === schedule.name);
    const expected = expectedSlots(schedule, plan);
    due += expected.length;
    for (const slotMs of expected) {
      const ran = mine.filter(({ state, slot_at: at }) => state === 'run' && at === slotMs).length;
      const missed = mine.filter(
        ({ state, slot_at: at, through_at: through }) => state === 'missed' && at <= slotMs && slotMs <= through,
      ).length;
      if (ran + missed !== 1)
        found.push(`${schedule.name} at ${new Date(slotMs).toISOString()}: ${ran} runs, ${missed} missed`);
    }
    const missedCount = mine
      .filter(({ state }) => state === 'missed')
      .reduce((sum, { count }) => sum + (count ?? Infinity), 0);
    const ranCount = mine.filter(({ state }) => state === 'run').length;
    const late = mine.filter(({ slot_at: at }) => at > (expected.at(-1) ?? 0)).length;
    if (ranCount + missedCount - late !== expected.length)
      found.push(`${schedule.name}: ${ranCount} run and ${missedCount} missed of ${expected.length}`);
  }
  const began = slots.filter(({ state }) => state === 'run');
  const jobsOf = (eventId: number | null): number => jobs.filter((job) => job.event_id === eventId).length;
  const ended = new Set(runs.filter((run) => run.ended !== null).map((run) => run.job_id));
  const scheduled = jobs.filter((job) => began.some(({ event_id: event }) => event === job.event_id));
  return [
    none('every slot is run once or shown as missed', found, `${due} slots`),
    none(
      'every run is one event with one job',
      began.filter(({ event_id: event }) => jobsOf(event) !== 1),
    ),
    equal(
      'there is no event of a schedule without its slot',
      events.filter(({ source }) => source === 'schedule').length,
      began.length,
    ),
    none(
      'every job of a schedule has the record of a run that ended',
      scheduled.filter(({ id, kind }) => kind !== 'agent' && !ended.has(id)),
    ),
  ];
}

function expectedSlots(
  { cron, every, at, timezone = ZONE, jitter }: ScheduleEntry,
  { fromMs, toMs }: WeekPlan,
): number[] {
  if (cron !== undefined) return slowSlots(cron, timezone, fromMs, jitter === undefined ? toMs : toMs - 1_200_000);
  if (every !== undefined) {
    const everyMs = Number(every.slice(0, -1)) * (UNIT_MS[every.slice(-1)] ?? 0);
    const first = (Math.floor(fromMs / everyMs) + 1) * everyMs;
    return Array.from({ length: Math.floor((toMs - first) / everyMs) + 1 }, (_, index) => first + index * everyMs);
  }
  const wall = Temporal.PlainDateTime.from(at ?? '');
  const earlier = wall.toZonedDateTime(timezone, { disambiguation: 'earlier' });
  // What the clocks leave out is due at the end of the gap, which is a full hour in Berlin.
  const gone = !earlier.toPlainDateTime().equals(wall);
  return [
    gone
      ? wall.round({ smallestUnit: 'hour', roundingMode: 'ceil' }).toZonedDateTime(timezone).epochMilliseconds
      : earlier.epochMilliseconds,
  ];
}
