import { describe, expect, test } from 'vitest';
import { runAttempt } from '../../src/dispatch/attempt.ts';
import { startLanes } from '../../src/dispatch/lanes.ts';
import { createOverdue } from '../../src/dispatch/overdue.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { event, folder, job, ledgerIn, recordingLog, steadyRandom } from '../ledger/make.ts';

const MINUTE_MS = 60_000;

describe('a handler that hangs', () => {
  test('is cut off, its place is free, its job is tried again, and what it says later counts for nothing [CARE-STUCK-JOB]', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    const log = recordingLog();
    const finish: (() => void)[] = [];
    let attempts = 0;
    // Heeds no signal. The first attempt ends when the test says so, long after it was given up.
    const handlers = {
      command: async () => {
        attempts += 1;
        if (attempts === 1) await new Promise<void>((resolve) => finish.push(resolve));
        return { kind: 'succeeded', effects: [] } as const;
      },
    };
    const overdue = createOverdue({
      clock,
      log,
      limitMs: () => 10 * MINUTE_MS,
      signs: () => undefined,
      quietMs: () => 30 * MINUTE_MS,
    });
    await using lanes = startLanes({
      store: ledger.work,
      clock,
      log,
      budgetMs: 15_000,
      drainMs: 10,
      held: () => false,
      onChange: () => undefined,
      async attempt(taken, signal, isBehind) {
        using watched = overdue.watch(taken, signal);
        await runAttempt(
          taken,
          { store: ledger.jobs, handlers, clock, random: steadyRandom, log, isBehind },
          watched.signal,
        );
      },
    });
    const work = job({ kind: 'command', origin: 'hangs', topic: 'hangs' });
    const { id } = await ledger.events.append(event('1', { receivedAtMs: clock.wallMs(), jobs: [work] }));
    lanes.wake();
    await settle();
    const jobId = ledger.events.find(id)?.jobs[0] ?? 0;
    await clock.advance(14 * MINUTE_MS);
    expect(overdue.look()).toEqual([]);
    // Its lease is renewed as long as its promise is pending: nobody else would ever end it.
    expect(ledger.jobs.find(jobId)?.state).toBe('running');
    await clock.advance(MINUTE_MS);
    expect(overdue.look()).toEqual([]);
    await settle();
    expect(ledger.jobs.find(jobId)).toMatchObject({ state: 'queued', error: 'the attempt took too long', attempts: 1 });
    expect(lanes.snapshot()).toEqual({ foreground: null, background: [] });
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'job cut off' }));
    finish[0]?.();
    await settle();
    expect(ledger.jobs.find(jobId)?.state).toBe('queued');
    await clock.advance(10 * MINUTE_MS);
    expect(ledger.jobs.find(jobId)).toMatchObject({ state: 'succeeded', attempts: 2 });
  });

  test('whose end can not be recorded holds its place, and is named as stuck after a minute [CARE-STUCK-JOB]', async () => {
    const clock = new FakeClock();
    const overdue = createOverdue({
      clock,
      log: recordingLog(),
      limitMs: () => null,
      signs: (_job, alive) => {
        alive();
        return () => undefined;
      },
      quietMs: () => MINUTE_MS,
    });
    const stop = new AbortController();
    const taken = { ...job({ kind: 'agent' }), id: 7 } as never;
    const watched = overdue.watch(taken, stop.signal);
    await clock.advance(MINUTE_MS);
    expect(overdue.look()).toEqual([]);
    expect([watched.signal.aborted, watched.signal.reason]).toEqual([true, 'overdue']);
    await clock.advance(MINUTE_MS);
    expect(overdue.look()).toEqual([{ jobId: 7, why: expect.stringMatching(/still holds its place/) as string }]);
    watched[Symbol.dispose]();
    expect(overdue.look()).toEqual([]);
  });

  test('is told apart from a stop, which aborts with its own reason', () => {
    const overdue = createOverdue({
      clock: new FakeClock(),
      log: recordingLog(),
      limitMs: () => null,
      signs: () => undefined,
      quietMs: () => 1,
    });
    const stop = new AbortController();
    using watched = overdue.watch({ id: 1 } as never, stop.signal);
    stop.abort('stop');
    expect(watched.signal.reason).toBe('stop');
  });
});
