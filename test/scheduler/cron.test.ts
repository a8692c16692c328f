import * as fc from 'fast-check';
import { Cron } from 'croner';
import { validate } from 'node-cron';
import { describe, expect, test } from 'vitest';
import { checkCron, cronTimes } from '../../src/scheduler/cron.ts';
import { nextWallTime, readFields } from '../../src/scheduler/fields.ts';
import { slowSlots } from './reference.ts';

const HOUR_MS = 3_600_000;

/** The first slots after an instant, as local times with their offsets. */
function slots(cron: string, zone: string, after: string, count: number): string[] {
  const times = cronTimes(cron, zone);
  const found: string[] = [];
  let atMs = times.next(Date.parse(after));
  while (atMs !== undefined && found.length < count) {
    found.push(
      Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toString({ timeZoneName: 'never' }),
    );
    atMs = times.next(atMs);
  }
  return found;
}

describe('a fixed time in a gap runs once, at the end of the gap [CRON-DST]', () => {
  test.each([
    [
      'America/New_York',
      '30 2 * * *',
      '2026-03-08T00:00-05:00',
      '2026-03-08T03:00:00-04:00',
      '2026-03-09T02:30:00-04:00',
    ],
    ['Europe/Berlin', '30 2 * * *', '2026-03-29T00:00+01:00', '2026-03-29T03:00:00+02:00', '2026-03-30T02:30:00+02:00'],
    [
      'America/Santiago',
      '0 0 * * *',
      '2026-09-05T22:00-04:00',
      '2026-09-06T01:00:00-03:00',
      '2026-09-07T00:00:00-03:00',
    ],
    [
      'Australia/Lord_Howe',
      '15 2 * * *',
      '2026-10-04T00:00+10:30',
      '2026-10-04T02:30:00+11:00',
      '2026-10-05T02:15:00+11:00',
    ],
    [
      'Europe/Berlin',
      '15,45 2 * * *',
      '2026-03-29T00:00+01:00',
      '2026-03-29T03:00:00+02:00',
      '2026-03-30T02:15:00+02:00',
    ],
    [
      'Europe/Berlin',
      '10 30 2 * * *',
      '2026-03-29T00:00+01:00',
      '2026-03-29T03:00:00+02:00',
      '2026-03-30T02:30:10+02:00',
    ],
    // The gap ends with the day, on another date than the one that was meant.
    ['America/Nuuk', '30 23 * * 6', '2026-03-28T12:00-02:00', '2026-03-29T00:00:00-01:00', '2026-04-04T23:30:00-01:00'],
  ])('%s, %s', (zone, cron, after, first, second) => {
    expect(slots(cron, zone, after, 2)).toEqual([first, second]);
  });
});

describe('a fixed time in a repeated hour runs once, the first time [CRON-DST]', () => {
  test.each([
    [
      'America/New_York',
      '30 1 * * *',
      '2026-11-01T00:00-04:00',
      '2026-11-01T01:30:00-04:00',
      '2026-11-02T01:30:00-05:00',
    ],
    ['Europe/Berlin', '30 2 * * *', '2026-10-25T00:00+02:00', '2026-10-25T02:30:00+02:00', '2026-10-26T02:30:00+01:00'],
    [
      'America/Santiago',
      '30 23 * * *',
      '2026-04-04T22:00-03:00',
      '2026-04-04T23:30:00-03:00',
      '2026-04-05T23:30:00-04:00',
    ],
    [
      'Australia/Lord_Howe',
      '45 1 * * *',
      '2026-04-05T00:00+11:00',
      '2026-04-05T01:45:00+11:00',
      '2026-04-06T01:45:00+10:30',
    ],
  ])('%s, %s', (zone, cron, after, first, second) => {
    expect(slots(cron, zone, after, 2)).toEqual([first, second]);
  });

  test('also when asked in the middle of the second pass', () => {
    expect(slots('50 1 * * *', 'America/New_York', '2026-11-01T01:40-05:00', 1)).toEqual(['2026-11-02T01:50:00-05:00']);
  });
});

test('steps and wildcards run at every instant there is, twice in a repeated hour and never in a gap [CRON-DST]', () => {
  expect(slots('*/30 * * * *', 'Europe/Berlin', '2026-10-25T02:00+02:00', 4)).toEqual([
    '2026-10-25T02:30:00+02:00',
    '2026-10-25T02:00:00+01:00',
    '2026-10-25T02:30:00+01:00',
    '2026-10-25T03:00:00+01:00',
  ]);
  expect(slots('30 * * * *', 'America/New_York', '2026-03-08T01:00-05:00', 2)).toEqual([
    '2026-03-08T01:30:00-05:00',
    '2026-03-08T03:30:00-04:00',
  ]);
  expect(slots('*/30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00+01:00', 1)).toEqual(['2026-03-30T02:00:00+02:00']);
  expect(slots('*/15 1 * * *', 'Australia/Lord_Howe', '2026-04-05T01:20+11:00', 4)).toEqual([
    '2026-04-05T01:30:00+11:00',
    '2026-04-05T01:45:00+11:00',
    '2026-04-05T01:30:00+10:30',
    '2026-04-05T01:45:00+10:30',
  ]);
});

describe('days', () => {
  test('of the month and of the week combine with OR when both are restricted [CRON-DAYS-OR]', () => {
    expect(slots('0 0 13 * 5', 'UTC', '2026-12-05T00:00Z', 3).map((at) => at.slice(0, 10))).toEqual([
      '2026-12-11',
      '2026-12-13',
      '2026-12-18',
    ]);
  });

  test('that begin with * restrict nothing by themselves, as in crontab', () => {
    expect(slots('0 0 */2 * 1', 'UTC', '2026-11-22T12:00Z', 2).map((at) => at.slice(0, 10))).toEqual([
      '2026-11-23',
      '2026-12-07',
    ]);
    expect(slots('0 0 * * 1', 'UTC', '2026-11-22T12:00Z', 2).map((at) => at.slice(0, 10))).toEqual([
      '2026-11-23',
      '2026-11-30',
    ]);
  });

  test('come in leap years only, or from names', () => {
    expect(slots('0 0 29 2 *', 'UTC', '2026-11-22T12:00Z', 2).map((at) => at.slice(0, 10))).toEqual([
      '2028-02-29',
      '2032-02-29',
    ]);
    expect(slots('0 9 * jan MON-FRI', 'UTC', '2026-12-31T12:00Z', 2).map((at) => at.slice(0, 10))).toEqual([
      '2027-01-01',
      '2027-01-04',
    ]);
  });
});

test('an instant between two seconds counts from where it is', () => {
  expect(cronTimes('*/10 * * * * *', 'UTC').next(Date.parse('2026-11-22T12:00:09.999Z'))).toBe(
    Date.parse('2026-11-22T12:00:10Z'),
  );
  expect(cronTimes('*/10 * * * * *', 'UTC').next(Date.parse('2026-11-22T12:00:10.001Z'))).toBe(
    Date.parse('2026-11-22T12:00:20Z'),
  );
});

describe('an expression that means nothing is refused, and the field named', () => {
  test.each([
    ['60 * * * *', 'minute'],
    ['0 25 * * *', 'hour'],
    ['0 0 32 * *', 'dayOfMonth'],
    ['0 0 * 13 *', 'month'],
    ['0 0 * * 8', 'dayOfWeek'],
    ['61 0 0 * * *', 'second'],
    ['5/5 * * * *', 'minute'],
    ['0 0 * * MOON', 'dayOfWeek'],
    ['22-2 * * * *', '22-2'],
    ['* * * *', '5 or 6 fields, got 4'],
    ['@daily', '5 or 6 fields, got 1'],
    ['0 0 30 2 *', 'never due'],
  ])('%s: %s', (cron, word) => {
    expect(checkCron(cron)).toContain(word);
  });

  test.each(['0 8 * * *', '*/5 * * * * *', '0 0 * * 7', '0 0 L * *', '0 0 * * 5#2', '0 9-17/2 * JAN,JUL MON-FRI'])(
    'but not %s',
    (cron) => {
      expect(checkCron(cron)).toBeUndefined();
    },
  );
});

const field = (least: number, most: number): fc.Arbitrary<string> => {
  const number = fc.integer({ min: least, max: most });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 2, max: Math.max(2, Math.floor((most - least) / 2)) });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: number.map(String) },
    fc.tuple(number, number).map(([a, b]) => `${a},${b}`),
    range,
    step.map((by) => `*/${by}`),
    fc.tuple(range, step).map(([from, by]) => `${from}/${by}`),
  );
};
/** Near midnight and the small hours, where the clocks change. */
const hour = fc.oneof(field(0, 23), field(0, 3), fc.constantFrom('23', '0', '1', '2', '1-3', '22,23'));
const expression = fc.tuple(
  field(0, 59),
  hour,
  fc.oneof(fc.constant('*'), field(1, 31)),
  fc.oneof(fc.constant('*'), field(1, 12)),
  fc.oneof(fc.constant('*'), field(0, 6)),
);

test('what is read as plain fields, croner and node-cron take as well, and croner finds the same times in it', () => {
  const odd = fc.constantFrom(
    '1-',
    '-',
    '*/0',
    '*/60',
    '5/5',
    '7,',
    '1-70',
    '9-1',
    '7',
    '5-7',
    'MON-fri',
    'jan',
    'sun',
    '?',
    'L',
    '07',
    '*/7,3',
  );
  const wild = fc.oneof(
    fc.array(fc.oneof({ weight: 6, arbitrary: field(0, 12) }, odd, field(0, 70)), { minLength: 5, maxLength: 6 }),
    expression,
    fc.tuple(field(0, 59), expression).map(([second, rest]) => [second, ...rest]),
  );
  const at = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2030, 0, 1) });
  let plain = 0;
  fc.assert(
    fc.property(wild, at, (parts, afterMs) => {
      const cron = parts.join(' ');
      const fields = readFields(cron);
      if (fields === undefined) return;
      plain += 1;
      const [day = '', , weekday = ''] = parts.slice(-3);
      const domAndDow = day.startsWith('*') || weekday.startsWith('*');
      const croner = new Cron(cron, { utcOffset: 0, mode: '5-or-6-parts', domAndDow, paused: true });
      const theirs = croner.nextRun(new Date(afterMs))?.getTime();
      // node-cron wants both days at once: it refuses "the 31st of April, or any Sunday".
      const asked = fields.eitherDay ? parts.with(parts.length - 3, '*').join(' ') : cron;
      expect(validate(asked), cron).toBe(theirs !== undefined);
      expect(nextWallTime(fields, afterMs), `${cron} after ${new Date(afterMs).toISOString()}`).toBe(theirs);
    }),
    { numRuns: 1_500 },
  );
  expect(plain).toBeGreaterThan(700);
});

test('slots are those that a walk through every minute finds [CRON-DST]', () => {
  const changes: readonly [string, number][] = [
    'America/New_York',
    'Europe/Berlin',
    'America/Santiago',
    'Australia/Lord_Howe',
    'America/Nuuk',
    'Antarctica/Troll',
    'Africa/Cairo',
    'Asia/Kathmandu',
    'UTC',
  ].flatMap((zone) => {
    let at = Temporal.Instant.from('2026-01-01T00:00Z').toZonedDateTimeISO(zone);
    return [0, 1].map((): [string, number] => {
      at = at.getTimeZoneTransition('next') ?? at.add({ days: 100 });
      return [zone, at.epochMilliseconds];
    });
  });
  fc.assert(
    fc.property(
      expression,
      fc.constantFrom(...changes),
      fc.integer({ min: -40 * 60, max: 10 * 60 }),
      (fields, [zone, changeMs], minutes) => {
        const cron = fields.join(' ');
        fc.pre(checkCron(cron) === undefined);
        const afterMs = changeMs + minutes * 60_000 + 30_000;
        const untilMs = afterMs + 50 * HOUR_MS;
        const times = cronTimes(cron, zone);
        const found: number[] = [];
        for (let atMs = times.next(afterMs); atMs !== undefined && atMs <= untilMs; atMs = times.next(atMs))
          found.push(atMs);
        const said = (all: readonly number[]): string[] => all.map((ms) => new Date(ms).toISOString());
        expect(said(found), `${cron} in ${zone} after ${new Date(afterMs).toISOString()}`).toEqual(
          said(slowSlots(cron, zone, afterMs, untilMs)),
        );
      },
    ),
    { numRuns: 120 },
  );
});
