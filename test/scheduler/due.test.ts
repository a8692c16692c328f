import { describe, expect, test } from 'vitest';
import { dueSlots, jitterMs, nextSlots, timingOf, type Timing } from '../../src/scheduler/due.ts';
import { describeSchedule } from '../../src/scheduler/words.ts';
import { schedules } from './world.ts';

const NOON_MS = Date.parse('2026-11-22T12:00:00Z');
const HOUR_MS = 3_600_000;
const timing = (entry: Record<string, unknown>, zone = 'Europe/Berlin'): Timing => {
  const [schedule] = schedules([{ name: 'one', do: 'digest', ...entry }]);
  return schedule === undefined ? expect.fail('no schedule') : timingOf(schedule, zone);
};
const iso = (all: readonly number[]): string[] => all.map((ms) => new Date(ms).toISOString());

describe('the next slots', () => {
  test('of cron are in the zone of the schedule, or of the configuration', () => {
    expect(iso(nextSlots(timing({ cron: '0 8 * * *' }), NOON_MS, 2))).toEqual([
      '2026-11-23T07:00:00.000Z',
      '2026-11-24T07:00:00.000Z',
    ]);
    expect(iso(nextSlots(timing({ cron: '0 8 * * *', timezone: 'America/New_York' }), NOON_MS, 1))).toEqual([
      '2026-11-22T13:00:00.000Z',
    ]);
  });

  test('of every are the same whenever one starts', () => {
    expect(iso(nextSlots(timing({ every: '6h' }), NOON_MS, 2))).toEqual([
      '2026-11-22T18:00:00.000Z',
      '2026-11-23T00:00:00.000Z',
    ]);
    expect(iso(nextSlots(timing({ every: '6h' }), NOON_MS + 1, 1))).toEqual(['2026-11-22T18:00:00.000Z']);
  });

  test('of at are one or none; a local one follows the rules of the clocks', () => {
    expect(iso(nextSlots(timing({ at: '2026-11-22T14:00:00+01:00' }), NOON_MS, 3))).toEqual([
      '2026-11-22T13:00:00.000Z',
    ]);
    expect(nextSlots(timing({ at: '2026-11-22T12:00:00Z' }), NOON_MS, 3)).toEqual([]);
    expect(iso(nextSlots(timing({ at: '2027-03-28T02:30' }), NOON_MS, 1))).toEqual(['2027-03-28T01:00:00.000Z']);
    expect(iso(nextSlots(timing({ at: '2027-10-31T02:30' }), NOON_MS, 1))).toEqual(['2027-10-31T00:30:00.000Z']);
  });
});

describe('the slots that are due', () => {
  test('are those after one instant and up to another', () => {
    const due = dueSlots(timing({ cron: '0 * * * *' }), NOON_MS, NOON_MS + 2 * HOUR_MS);
    expect(due).toEqual({ slots: [NOON_MS + HOUR_MS, NOON_MS + 2 * HOUR_MS], earlier: undefined });
  });

  test('of half a year are the newest, and a stretch before them', () => {
    const fromMs = NOON_MS - 180 * 24 * HOUR_MS;
    for (const entry of [{ cron: '* * * * *' }, { every: '10s' }]) {
      const { slots, earlier } = dueSlots(timing(entry), fromMs, NOON_MS);
      expect(slots.at(-1)).toBe(NOON_MS);
      expect(slots.length).toBeGreaterThanOrEqual(100);
      expect(slots.length).toBeLessThanOrEqual(5_000);
      expect(earlier?.fromMs).toBe(nextSlots(timing(entry), fromMs, 1)[0]);
      expect(earlier?.throughMs).toBe((slots[0] ?? 0) - 1);
    }
  });

  test('of a schedule that was busy only long ago are found as well', () => {
    const { slots, earlier } = dueSlots(timing({ cron: '* * * 1 *' }, 'UTC'), Date.parse('2025-12-31T00:00Z'), NOON_MS);
    expect(iso(slots.slice(-1))).toEqual(['2026-01-31T23:59:00.000Z']);
    expect(slots.length).toBeGreaterThanOrEqual(100);
    expect(iso([earlier?.fromMs ?? 0])).toEqual(['2026-01-01T00:00:00.000Z']);
  });
});

test('jitter comes from the name alone, below its bound, and differs between names [SCHED-JITTER]', () => {
  const names = Array.from({ length: 200 }, (_, index) => `schedule-${index}`);
  const found = names.map((name) => jitterMs(name, 600_000));
  expect(found).toEqual(names.map((name) => jitterMs(name, 600_000)));
  expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...found)).toBeLessThan(600_000);
  expect(new Set(found).size).toBeGreaterThan(190);
  expect(jitterMs('one', 0)).toBe(0);
});

test('a schedule is said in words [SCHED-LIST]', async () => {
  const words = async (entry: Record<string, unknown>): Promise<string> => {
    const [schedule] = schedules([{ name: 'one', do: 'digest', ...entry }]);
    return schedule === undefined ? '' : describeSchedule(schedule, 'Europe/Berlin');
  };
  expect(await words({ cron: '0 8 * * 1-5' })).toBe('At 08:00, Monday through Friday (Europe/Berlin)');
  expect(await words({ cron: '*/30 * * * *', jitter: '5m' })).toBe('Every 30 minutes (Europe/Berlin), up to 5m later');
  expect(await words({ every: '90m' })).toBe('Every 1h 30m');
  expect(await words({ at: '2026-12-24T18:00' })).toBe('Once at 2026-12-24 18:00');
});
