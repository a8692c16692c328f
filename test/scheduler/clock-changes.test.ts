import { describe, expect, test } from 'vitest';
import { slowSlots } from './reference.ts';
import { accountOf, faults, openWorld, schedules, type World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const CRONS = {
  daily: '30 2 * * *',
  midnight: '0 0 * * *',
  late: '45 23 * * *',
  list: '15,45 1,2 * * *',
  hourly: '0 * * * *',
  steps: '*/20 * * * *',
  days: '30 1 1,8,29 * 0',
} as const;

/** Each zone with its two changes of 2026. */
const CHANGES = [
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/Santiago', '2026-04-05T03:00Z'],
  ['America/Santiago', '2026-09-06T04:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
] as const;

const INCIDENTS: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'nothing else': async () => undefined,
  'a sleep of 8 h': async ({ clock }) => void (clock.wall += 8 * HOUR_MS),
  'a clock set back by 1 h': async ({ clock }) => void (clock.wall -= HOUR_MS),
  'a loop blocked for 3 s': async ({ clock }) => {
    clock.wall += 3_000;
    clock.mono += 3_000;
  },
  'a restart of 20 s': (world) => world.restart(20_000),
  'a restart of 3 h': (world) => world.restart(3 * HOUR_MS),
};

/** All of them at once, one for each expression and policy. */
const ALL = (['skip', 'once', 'all'] as const).flatMap((catchUp) =>
  Object.entries(CRONS).map(([name, cron]) => ({
    name: `${name}-${catchUp}`,
    cron,
    catchUp,
    do: 'notify',
    text: 'now',
  })),
);

describe.each(Object.keys(INCIDENTS))(
  '%s, at a change of the clocks: every slot is run once or shown as missed, none doubled [SCHED-EVERY-SLOT-ONCE]',
  (incident) => {
    test.each(CHANGES)('in %s, %s', async (zone, change) => {
      const changeMs = Date.parse(change);
      const startMs = changeMs - 4 * HOUR_MS + 17_000;
      await using world = await openWorld(startMs, schedules(ALL), zone);
      // Ten seconds before the clocks change: the incident spans the change.
      await world.pass(changeMs - 10_000 - startMs);
      await INCIDENTS[incident]?.(world);
      await world.pass(5 * HOUR_MS);
      const nowMs = world.clock.wallMs();
      const slots = new Map(Object.values(CRONS).map((cron) => [cron, slowSlots(cron, zone, startMs, nowMs)]));
      const found = ALL.flatMap(({ name, cron }) => faults(world, name, slots.get(cron) ?? []));
      expect(found).toEqual([]);
      const missed = ALL.filter(({ name }) => accountOf(world, name).missed.length > 0).length;
      expect(missed > 0).toBe(incident === 'a sleep of 8 h' || incident === 'a restart of 3 h');
    });
  },
);

test('each run is recorded at its time, to the second [SCHED-ON-TIME]', async () => {
  const startMs = Date.parse('2026-10-24T12:00:17Z');
  await using world = await openWorld(startMs, schedules(ALL), 'Europe/Berlin');
  await world.pass(20 * HOUR_MS);
  const late = world.recorded.filter(({ delivery, atMs }) => atMs !== Date.parse(delivery.split('@')[1] ?? ''));
  expect(world.recorded.length).toBeGreaterThan(200);
  expect(late).toEqual([]);
  expect(world.lines).toEqual([]);
});

test('a clock set back by an hour repeats nothing and stops nothing [SCHED-SET-BACK]', async () => {
  const entries = schedules([
    { name: 'minutely', cron: '* * * * *', do: 'notify', text: 'now' },
    { name: 'next', at: '2026-11-22T12:30:00Z', do: 'notify', text: 'now' },
  ]);
  await using world = await openWorld(Date.parse('2026-11-22T12:00:10Z'), entries, 'UTC');
  await world.pass(5 * MINUTE_MS);
  world.clock.wall -= HOUR_MS;
  await world.pass(90 * MINUTE_MS);
  // 12:01 to 12:05 before; then, each once, those from before its first start, and 12:06 to 12:35.
  expect(accountOf(world, 'minutely').run).toHaveLength(5 + 55 + 30);
  expect(
    world.recorded.filter(({ delivery }) => delivery.includes('T12:0')).map(({ delivery }) => delivery.slice(-13, -8)),
  ).toEqual(['01', '02', '03', '04', '05', '00', '06', '07', '08', '09'].map((minute) => `12:${minute}`));
  expect(accountOf(world, 'next').run).toEqual([Date.parse('2026-11-22T12:30:00Z')]);
  const woke = world.ledger.events.list({ limit: 100 }).filter(({ source }) => source === 'kairosd');
  expect(woke.map(({ type }) => type)).toEqual(['set-back']);
});

test('a clock that was years ahead for a moment leaves nothing waiting for those years [SCHED-SET-BACK]', async () => {
  const entries = schedules([{ name: 'hourly', cron: '0 * * * *', do: 'notify', text: 'now' }]);
  await using world = await openWorld(Date.parse('2026-11-22T12:00:10Z'), entries, 'UTC');
  const year = 365 * 24 * HOUR_MS;
  world.clock.wall += 9 * year;
  await world.pass(MINUTE_MS);
  world.clock.wall -= 9 * year;
  await world.pass(3 * HOUR_MS);
  expect(accountOf(world, 'hourly').run.filter((ms) => ms < Date.parse('2027-01-01T00:00Z'))).toEqual(
    ['13', '14', '15'].map((hour) => Date.parse(`2026-11-22T${hour}:00Z`)),
  );
});
