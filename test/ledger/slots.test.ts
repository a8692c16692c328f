import { describe, expect, test } from 'vitest';
import { prune } from '../../src/ledger/retention.ts';
import { openRuns } from '../../src/ledger/runs.ts';
import { openSlots, type MissedDraft } from '../../src/ledger/slots.ts';
import { DAY_MS, event, folder, freshDatabase, job, ledgerIn, NOON_MS, scalar, writerOf } from './make.ts';

const HOUR_MS = 3_600_000;
const TIMING = '{"kind":"every","everyMs":3600000}';
const hour = (count: number): number => NOON_MS + count * HOUR_MS;
const slotEvent = (hours: number) =>
  event(`a@${hours}`, {
    source: 'schedule',
    type: 'a',
    trust: 'owner',
    receivedAtMs: hour(hours) + 5,
    jobs: [job({ origin: 'a' })],
  });
const missed = (from: number, through: number, given: Partial<MissedDraft> = {}): MissedDraft => ({
  fromMs: hour(from),
  throughMs: hour(through),
  count: through - from + 1,
  reason: 'the machine slept',
  line: `a: ${from} to ${through}`,
  ...given,
});
const slot = (hours: number, before: readonly MissedDraft[] = []) => ({
  schedule: 'a',
  slotMs: hour(hours),
  missed: before,
  nowMs: hour(hours) + 5,
});

describe('a slot', () => {
  test('is recorded with its event, its job, what was missed before it, and how far the schedule is [SLOT-ONE-TRANSACTION]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.slots.sync([{ name: 'a', timing: TIMING }], NOON_MS);
    const { id } = await ledger.slots.run(slotEvent(3), slot(3, [missed(1, 2)]));
    expect(ledger.slots.list('a', { limit: 10 })).toEqual([
      {
        schedule: 'a',
        fromMs: hour(3),
        throughMs: hour(3),
        state: 'run',
        count: 1,
        reason: null,
        eventId: id,
        decidedAtMs: hour(3) + 5,
      },
      {
        schedule: 'a',
        fromMs: hour(1),
        throughMs: hour(2),
        state: 'missed',
        count: 2,
        reason: 'the machine slept',
        eventId: null,
        decidedAtMs: hour(3) + 5,
      },
    ]);
    expect(ledger.slots.unfinished('a')).toBe('queued');
    expect(ledger.slots.scheduledFor(id)).toBe(hour(3));
    expect(await ledger.slots.sync([{ name: 'a', timing: TIMING }], hour(9))).toEqual(
      new Map([['a', { throughMs: hour(3), fresh: false }]]),
    );
  });

  test('that can not be recorded leaves no event and no job [SLOT-ONE-TRANSACTION]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.slots.sync([{ name: 'a', timing: TIMING }], NOON_MS);
    const broken = missed(2, 1);
    await expect(ledger.slots.run(slotEvent(3), slot(3, [broken]))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(ledger.events.list({ limit: 10 })).toEqual([]);
    expect(ledger.jobs.list({ limit: 10 })).toEqual([]);
    expect(await ledger.slots.run(slotEvent(3), slot(3))).toMatchObject({ duplicate: false });
  });

  test('is one event however often it is recorded, also in a ledger that has lost its slots [SLOT-ONCE]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.slots.sync([{ name: 'a', timing: TIMING }], NOON_MS);
    const { id } = await ledger.events.append(slotEvent(3));
    expect(await ledger.slots.run(slotEvent(3), slot(3))).toEqual({ id, duplicate: true });
    expect(ledger.slots.list('a', { limit: 10 })).toMatchObject([{ fromMs: hour(3), eventId: id }]);
    expect(ledger.jobs.list({ limit: 10 })).toHaveLength(1);
  });
});

test('a schedule that is due at other times begins anew; one that is gone is forgotten', async () => {
  using home = folder();
  await using ledger = await ledgerIn(home.path);
  const names = Array.from({ length: 2_500 }, (_, index) => ({ name: `s${index}`, timing: TIMING }));
  expect((await ledger.slots.sync(names, NOON_MS)).get('s2499')).toEqual({ throughMs: NOON_MS, fresh: true });
  expect((await ledger.slots.sync(names, hour(1))).get('s2499')).toEqual({ throughMs: NOON_MS, fresh: false });
  expect((await ledger.slots.sync([{ name: 's7', timing: 'other' }], hour(2))).get('s7')).toEqual({
    throughMs: hour(2),
    fresh: true,
  });
  expect((await ledger.slots.sync(names, hour(3))).get('s2499')).toEqual({ throughMs: hour(3), fresh: true });
});

describe('missed slots', () => {
  test('that follow each other for one reason are one row and one line of the log', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.slots.sync([{ name: 'a', timing: TIMING }], NOON_MS);
    for (const hours of [1, 2, 3]) await ledger.slots.miss('a', [missed(hours, hours)], hour(hours));
    await ledger.slots.miss('a', [missed(4, 4, { reason: 'another' })], hour(4));
    expect(ledger.slots.list('a', { limit: 10, state: 'missed' })).toMatchObject([
      { fromMs: hour(4), count: 1 },
      { fromMs: hour(1), throughMs: hour(3), count: 3 },
    ]);
    expect(ledger.journal.pending(10).map(({ text }) => text)).toEqual(['a: 1 to 1', 'a: 4 to 4']);
  });

  test('are counted since a moment, by the index of missed ones alone [HTTP-STATUS-WORK]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.slots.sync(
      ['a', 'b'].map((name) => ({ name, timing: TIMING })),
      NOON_MS,
    );
    await ledger.slots.miss('a', [missed(1, 3)], hour(3));
    await ledger.slots.miss('b', [missed(1, 9, { count: null })], hour(9));
    await ledger.slots.run(slotEvent(10), slot(10, [missed(5, 6, { reason: 'another' })]));
    expect(ledger.slots.missedSince(hour(0))).toEqual({ runs: 6, schedules: 2 });
    expect(ledger.slots.missedSince(hour(9))).toEqual({ runs: 3, schedules: 2 });
    expect(ledger.slots.missedSince(hour(11))).toEqual({ runs: 0, schedules: 0 });
    using open = freshDatabase();
    const plan = open.database
      .statement(`EXPLAIN QUERY PLAN SELECT schedule, count FROM slots WHERE state = 'missed' AND decided_at >= ?`)
      .all<{ detail: string }>(0);
    expect(plan.map(({ detail }) => detail).join()).toContain('slots_missed_lately');
  });

  test('beyond the present are open again when the clock is set back; what ran is not', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.slots.sync([{ name: 'a', timing: TIMING }], NOON_MS);
    await ledger.slots.run(slotEvent(5), slot(5, [missed(1, 4)]));
    await ledger.slots.miss('a', [missed(6, 7)], hour(7));
    await ledger.slots.reopen(['a'], hour(2));
    expect(ledger.slots.decided('a', hour(0), hour(9))).toEqual([
      { fromMs: hour(1), throughMs: hour(2) },
      { fromMs: hour(5), throughMs: hour(5) },
    ]);
    expect(ledger.slots.decided('a', hour(2), hour(3))).toEqual([{ fromMs: hour(1), throughMs: hour(2) }]);
    expect(ledger.slots.decided('a', hour(3), hour(4))).toEqual([]);
    expect((await ledger.slots.sync([{ name: 'a', timing: TIMING }], hour(9))).get('a')).toEqual({
      throughMs: hour(2),
      fresh: false,
    });
  });
});

test('a run that was open when the process ended is lost: it ended, and nobody knows whether it succeeded [SCHED-RUN-RECORD]', async () => {
  using home = folder();
  await using ledger = await ledgerIn(home.path);
  const begun = { schedule: 'a', jobId: 1, attempt: 1, scheduledForMs: hour(1), startedAtMs: hour(1) };
  await ledger.runs.begin(begun);
  const id = await ledger.runs.begin({ ...begun, attempt: 2 });
  await ledger.runs.end(id, {
    endedAtMs: hour(2),
    ended: 'exited',
    succeeded: false,
    exitCode: 3,
    error: 'it exited with 3',
    outputPath: null,
  });
  expect(await ledger.runs.closeLost(hour(3))).toBe(1);
  expect(await ledger.runs.closeLost(hour(4))).toBe(0);
  expect(ledger.runs.list({ limit: 10, schedule: 'a' })).toMatchObject([
    { id: 2, ended: 'exited', succeeded: false, exitCode: 3 },
    { id: 1, ended: 'lost', succeeded: null, endedAtMs: hour(3) },
  ]);
  expect(ledger.runs.list({ limit: 10, after: 2 })).toHaveLength(1);
  expect(ledger.runs.list({ limit: 10, schedule: 'b' })).toEqual([]);
});

test('old slots and runs are removed; how far a schedule is decided stays [LEDGER-RETENTION]', async () => {
  using home = freshDatabase();
  const { database } = home;
  const writer = writerOf(database);
  const slots = openSlots(database, writer, () => Promise.reject(new Error('no events here')));
  await slots.sync([{ name: 'a', timing: TIMING }], NOON_MS);
  for (const hours of [1, 3]) await slots.miss('a', [missed(hours, hours, { reason: `${hours}` })], hour(hours));
  const runs = openRuns(database, writer);
  for (const hours of [1, 2])
    await runs.begin({ schedule: 'a', jobId: 1, attempt: 1, scheduledForMs: hour(hours), startedAtMs: hour(hours) });
  await prune(database, writer, { events: 30 * DAY_MS, bodies: 30 * DAY_MS }, hour(2) + 30 * DAY_MS);
  expect(scalar(database, 'SELECT count(*) FROM slots')).toBe(1);
  expect(scalar(database, 'SELECT count(*) FROM runs')).toBe(1);
  expect((await slots.sync([{ name: 'a', timing: TIMING }], hour(9))).get('a')?.throughMs).toBe(hour(3));
});
