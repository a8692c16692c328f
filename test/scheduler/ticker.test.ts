import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../src/scheduler/list.ts';
import { accountOf, openWorld, schedules, type World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-11-22T12:00:10Z');
const at = (time: string): number => Date.parse(`2026-11-22T${time}:00Z`);
const NOTIFY = { do: 'notify', text: 'Stand up.' };

const open = (...entries: Record<string, unknown>[]): Promise<World> => openWorld(START_MS, schedules(entries), 'UTC');
const missedOf = (world: World, name: string) =>
  world.ledger.slots.list(name, { limit: 100, state: 'missed' }).toReversed();
const kairosEvents = (world: World): string[] =>
  world.ledger.events
    .list({ limit: 100 })
    .filter(({ source }) => source === 'kairosd')
    .map(({ type }) => type);

test('a slot is an event of the owner, with its job [SCHED-ONE-ROAD]', async () => {
  await using world = await open({ name: 'stand-up', cron: '30 12 * * *', ...NOTIFY, topic: 'team' });
  await world.pass(HOUR_MS);
  const [event] = world.ledger.events.list({ limit: 1 });
  expect(event).toMatchObject({
    source: 'schedule',
    type: 'stand-up',
    action: 'due',
    delivery: 'stand-up@2026-11-22T12:30:00.000Z',
    trust: 'owner',
    receivedAtMs: at('12:30'),
  });
  expect(world.ledger.jobs.find(event?.jobs[0] ?? 0)).toMatchObject({
    kind: 'notify',
    origin: 'stand-up',
    topic: 'team',
    text: 'Stand up.',
    reactive: false,
  });
  expect(world.ledger.slots.scheduledFor(event?.id ?? 0)).toBe(at('12:30'));
});

test('each kind makes its own job: a command carries its name only, an agent its prompt', async () => {
  await using world = await open(
    { name: 'run', every: '1h', do: 'command', argv: ['true'] },
    { name: 'ask', every: '1h', do: 'agent', prompt: 'Tidy up.' },
    { name: 'tell', every: '1h', do: 'digest' },
  );
  world.works = false;
  await world.pass(HOUR_MS);
  const jobs = world.ledger.jobs
    .list({ limit: 10 })
    .map(({ kind, origin, text, state }) => [kind, origin, text, state]);
  expect(jobs.toSorted(([a = ''], [b = '']) => a.localeCompare(b))).toEqual([
    ['agent', 'ask', 'Tidy up.', 'parked'],
    ['command', 'run', 'run', 'queued'],
    ['digest-report', 'tell', expect.stringMatching(/^20.*Z$/), 'queued'],
  ]);
});

describe('a sleep of 8 h', () => {
  test('is one event, and each schedule runs once or as its policy says [DAEMON-CLOCK-JUMP] [SCHED-CATCH-UP]', async () => {
    await using world = await open(
      { name: 'once', every: '5m', ...NOTIFY },
      { name: 'skip', every: '5m', ...NOTIFY, catchUp: 'skip' },
      { name: 'all', every: '1h', ...NOTIFY, catchUp: 'all', catchUpMax: 4 },
    );
    world.clock.wall += 8 * HOUR_MS;
    await world.pass(MINUTE_MS);
    expect(kairosEvents(world)).toEqual(['woke']);
    expect(accountOf(world, 'once').run).toEqual([at('20:00')]);
    expect(missedOf(world, 'once')).toMatchObject([
      {
        fromMs: at('12:05'),
        throughMs: at('19:55'),
        count: 95,
        reason: 'caught up by 2026-11-22T20:00:00Z: the machine slept',
      },
    ]);
    // 20:00 is 10 s ago, on time.
    expect(accountOf(world, 'skip').run).toEqual([at('20:00')]);
    expect(accountOf(world, 'all').run).toEqual(['17:00', '18:00', '19:00', '20:00'].map(at));
    expect(missedOf(world, 'all')).toMatchObject([{ fromMs: at('13:00'), throughMs: at('16:00'), count: 4 }]);
    const lines = world.ledger.journal.pending(100).filter(({ kind }) => kind === 'missed');
    expect(lines.map(({ text }) => text)).toContain(
      'once: 95 runs from 2026-11-22 12:05 to 2026-11-22 19:55 were missed: caught up by 2026-11-22T20:00:00Z: the machine slept',
    );
    expect(lines).toHaveLength(3);
  });

  test('and its words say for how long', async () => {
    await using world = await open();
    world.clock.wall += 8 * HOUR_MS;
    await world.pass(MINUTE_MS);
    const [job] = world.ledger.jobs.list({ limit: 1 });
    expect(job).toMatchObject({
      kind: 'log',
      origin: 'kairosd',
      text: 'woke after 8h (the machine slept, or its clock was set forward)',
    });
    await world.pass(HOUR_MS);
    expect(kairosEvents(world)).toEqual(['woke']);
  });
});

describe('a run that has not ended', () => {
  test('lets the next ones be missed, in one row and one line, and the schedule goes on after it [SCHED-OVERLAP]', async () => {
    await using world = await open({ name: 'slow', every: '5m', ...NOTIFY });
    world.works = false;
    await world.pass(21 * MINUTE_MS);
    expect(accountOf(world, 'slow').run).toEqual([at('12:05')]);
    expect(missedOf(world, 'slow')).toMatchObject([
      { fromMs: at('12:10'), throughMs: at('12:20'), count: 3, reason: 'the run before had not begun' },
    ]);
    expect(world.ledger.journal.pending(100).filter(({ kind }) => kind === 'missed')).toHaveLength(1);
    world.works = true;
    await world.pass(5 * MINUTE_MS);
    expect(accountOf(world, 'slow').run).toEqual([at('12:05'), at('12:25')]);
  });

  test('holds the others up with catchUp: all, and they run one by one when it ends [SCHED-OVERLAP]', async () => {
    await using world = await open({ name: 'each', every: '5m', ...NOTIFY, catchUp: 'all' });
    world.works = false;
    await world.pass(16 * MINUTE_MS);
    expect(accountOf(world, 'each')).toEqual({ run: [at('12:05')], missed: [] });
    world.works = true;
    await world.pass(MINUTE_MS);
    expect(accountOf(world, 'each').run).toEqual(['12:05', '12:10', '12:15'].map(at));
  });

  test('waits for a model: the agent is asked once, not once a day [SCHED-OVERLAP]', async () => {
    await using world = await open({ name: 'ask', every: '1h', do: 'agent', prompt: 'Tidy up.' });
    await world.pass(4 * HOUR_MS);
    expect(accountOf(world, 'ask').run).toHaveLength(1);
    expect(missedOf(world, 'ask')).toMatchObject([{ count: 3, reason: 'the run before waits for a model' }]);
  });
});

describe('after a restart', () => {
  test('what was due meanwhile is caught up, once [SCHED-RESTART]', async () => {
    await using world = await open(
      { name: 'daily', cron: '30 12 * * *', ...NOTIFY },
      { name: 'hourly', cron: '0 * * * *', ...NOTIFY },
    );
    await world.restart(5 * HOUR_MS);
    expect(accountOf(world, 'daily').run).toEqual([at('12:30')]);
    expect(accountOf(world, 'hourly').run).toEqual([at('17:00')]);
    expect(missedOf(world, 'hourly')).toMatchObject([
      { count: 4, reason: 'caught up by 2026-11-22T17:00:00Z: kairosd was not running' },
    ]);
    await world.restart(0);
    await world.pass(MINUTE_MS);
    expect(accountOf(world, 'daily').run).toHaveLength(1);
  });

  test('a schedule that was never seen before begins now; a one-shot that is over is shown as missed [SCHED-RESTART]', async () => {
    await using world = await open(
      { name: 'over', at: '2026-11-22T11:00:00Z', ...NOTIFY },
      { name: 'daily', cron: '0 11 * * *', ...NOTIFY },
    );
    expect(accountOf(world, 'daily')).toEqual({ run: [], missed: [] });
    expect(missedOf(world, 'over')).toMatchObject([
      { fromMs: at('11:00'), reason: 'its time had passed when it was first seen' },
    ]);
    await world.restart(MINUTE_MS);
    expect(missedOf(world, 'over')).toHaveLength(1);
  });
});

describe('other schedules, while it runs', () => {
  test('take the place of the old ones; what had been due before is not lost [SCHED-RELOAD]', async () => {
    await using world = await open({ name: 'a', every: '5m', ...NOTIFY }, { name: 'b', every: '5m', ...NOTIFY });
    await world.pass(6 * MINUTE_MS);
    world.clock.wall += 5 * MINUTE_MS;
    await world.scheduler.update(
      schedules([
        { name: 'a', every: '1h', ...NOTIFY },
        { name: 'c', every: '10m', ...NOTIFY },
      ]),
      'UTC',
    );
    await world.pass(HOUR_MS);
    expect(accountOf(world, 'a').run).toEqual(['12:05', '12:10', '13:00'].map(at));
    expect(accountOf(world, 'b').run).toEqual(['12:05', '12:10'].map(at));
    expect(accountOf(world, 'c').run).toEqual(['12:20', '12:30', '12:40', '12:50', '13:00', '13:10'].map(at));
  });

  test('with the same times go on where they were', async () => {
    await using world = await open({ name: 'a', every: '5m', ...NOTIFY });
    await world.scheduler.update(schedules([{ name: 'a', every: '5m', do: 'notify', text: 'other' }]), 'UTC');
    await world.pass(6 * MINUTE_MS);
    expect(accountOf(world, 'a')).toEqual({ run: [at('12:05')], missed: [] });
    expect(world.ledger.jobs.list({ limit: 1 })[0]?.text).toBe('other');
  });
});

describe('a run by hand', () => {
  test('is an event beside the slots, and its job goes first [SCHED-RUN-NOW]', async () => {
    await using world = await open({ name: 'a', every: '1h', ...NOTIFY });
    const id = await world.scheduler.runNow('a');
    expect(world.ledger.events.find(id)).toMatchObject({
      source: 'schedule',
      type: 'a',
      action: 'asked',
      trust: 'owner',
    });
    expect(world.ledger.jobs.list({ limit: 1 })[0]).toMatchObject({ reactive: true, eventId: id });
    expect(world.ledger.slots.scheduledFor(id)).toBe(START_MS);
    await expect(world.scheduler.runNow('a')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(world.scheduler.runNow('b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await world.pass(2 * HOUR_MS);
    expect(accountOf(world, 'a').run).toEqual(['13:00', '14:00'].map(at));
  });
});

test('what the ledger could not take is due until it can, and holds up no other schedule [SCHED-EVERY-SLOT-ONCE]', async () => {
  await using world = await open({ name: 'a', every: '5m', ...NOTIFY }, { name: 'b', every: '5m', ...NOTIFY });
  world.refuses.add('a');
  await world.pass(6 * MINUTE_MS);
  expect(accountOf(world, 'a').run).toEqual([]);
  expect(accountOf(world, 'b').run).toEqual([at('12:05')]);
  expect(world.lines.some(({ fields }) => fields['error'] === 'no space')).toBe(true);
  // An edit of the configuration meanwhile does not hang.
  await world.scheduler.update(
    schedules([
      { name: 'a', every: '5m', ...NOTIFY },
      { name: 'b', every: '5m', ...NOTIFY },
    ]),
    'UTC',
  );
  world.refuses.clear();
  await world.pass(MINUTE_MS);
  expect(accountOf(world, 'a').run).toEqual([at('12:05')]);
});

test('held, it decides nothing, and makes up for it afterwards [SCHED-SAFE-MODE]', async () => {
  await using world = await open({ name: 'a', every: '5m', ...NOTIFY });
  world.held = true;
  await world.pass(16 * MINUTE_MS);
  expect(accountOf(world, 'a')).toEqual({ run: [], missed: [] });
  world.held = false;
  await world.pass(MINUTE_MS);
  expect(accountOf(world, 'a').run).toEqual([at('12:15')]);
  expect(missedOf(world, 'a')).toMatchObject([{ count: 2, reason: expect.stringContaining('safe mode') }]);
});

test('jitter moves the run, not the slot [SCHED-JITTER]', async () => {
  await using world = await open({ name: 'a', every: '1h', jitter: '20m', ...NOTIFY });
  await world.pass(2 * HOUR_MS);
  const { offsetMs = 0 } = world.scheduler.find('a') ?? {};
  expect(offsetMs).toBeGreaterThan(0);
  expect(world.recorded).toEqual([
    { delivery: 'a@2026-11-22T13:00:00.000Z', atMs: at('13:00') + offsetMs },
    ...(offsetMs <= 10_000 ? [{ delivery: 'a@2026-11-22T14:00:00.000Z', atMs: at('14:00') + offsetMs }] : []),
  ]);
});

test('the list shows the next runs, the last one and what was missed [SCHED-LIST]', async () => {
  await using world = await open({ name: 'a', cron: '0 * * * *', ...NOTIFY });
  world.works = false;
  await world.pass(2 * HOUR_MS);
  const { slots, runs } = world.ledger;
  const [entry] = world.scheduler.entries();
  assert(entry !== undefined);
  const history = {
    lastRun: (name: string) => runs.last(name),
    missed: (name: string, limit: number) => slots.list(name, { limit, state: 'missed' }),
    unfinished: (name: string) => slots.unfinished(name),
  };
  expect(await viewOf(entry, history, { wallMs: world.clock.wallMs(), timeZone: 'UTC' })).toMatchObject({
    name: 'a',
    do: 'notify',
    words: 'Every hour (UTC)',
    nextAtMs: ['15:00', '16:00', '17:00'].map(at),
    unfinished: 'queued',
    lastRun: null,
    missed: [{ fromMs: at('14:00'), count: 1 }],
  });
});

test('ten thousand schedules are armed in moments, and looked at for nothing [SCHED-MANY]', async () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => ({
    name: `s${index}`,
    cron: `${index % 60} 15 * * *`,
    ...NOTIFY,
  }));
  const startedMs = performance.now();
  await using world = await openWorld(START_MS, schedules(entries), 'Europe/Berlin');
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(world.scheduler.entries()).toHaveLength(10_000);
  const commits = world.ledger.stats().commits;
  await world.pass(HOUR_MS);
  expect(world.ledger.stats().commits).toBe(commits);
  await world.pass(2 * HOUR_MS);
  const minute = world.recorded.filter(({ delivery }) => delivery.includes('T14:30'));
  expect(minute.length).toBeGreaterThan(160);
  expect(world.recorded).toHaveLength(10_000);
});
