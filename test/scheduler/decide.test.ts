import { describe, expect, test } from 'vitest';
import { decide, GRACE_MS, type Situation } from '../../src/scheduler/decide.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-11-22T12:00:00Z');

/** Slots that many hours ago. */
function situation(hoursAgo: readonly number[], given: Partial<Situation> = {}): Situation {
  const slots = hoursAgo.map((hours) => NOW_MS - hours * HOUR_MS);
  return {
    due: { slots, earlier: undefined },
    catchUp: 'once',
    catchUpMax: 24,
    busy: undefined,
    nowMs: NOW_MS,
    absence: 'the machine slept',
    single: false,
    ...given,
  };
}
const ago = (hours: number): number => NOW_MS - hours * HOUR_MS;

describe('slots that are late', () => {
  test('with once: the newest runs, the others are shown as caught up by it [SCHED-CATCH-UP]', () => {
    expect(decide(situation([3, 2, 1]))).toEqual({
      run: ago(1),
      missed: [
        { fromMs: ago(3), throughMs: ago(2), count: 2, reason: 'caught up by 2026-11-22T11:00:00Z: the machine slept' },
      ],
    });
  });

  test('with skip: all are missed, but not one that is on time [SCHED-CATCH-UP]', () => {
    expect(decide(situation([2, 1], { catchUp: 'skip' }))).toEqual({
      run: undefined,
      missed: [{ fromMs: ago(2), throughMs: ago(1), count: 2, reason: '1h late, the machine slept (catchUp: skip)' }],
    });
    expect(decide(situation([2, 1, 0], { catchUp: 'skip' }))).toMatchObject({
      run: ago(0),
      missed: [{ fromMs: ago(2), throughMs: ago(1), count: 2 }],
    });
  });

  test('with all: the oldest runs and the others wait for it; more than the cap are missed [SCHED-CATCH-UP]', () => {
    expect(decide(situation([3, 2, 1], { catchUp: 'all' }))).toEqual({ run: ago(3), missed: [] });
    expect(decide(situation([1], { catchUp: 'all' }))).toEqual({ run: ago(1), missed: [] });
    expect(decide(situation([4, 3, 2, 1], { catchUp: 'all', catchUpMax: 2 }))).toMatchObject({
      run: ago(2),
      missed: [{ fromMs: ago(4), throughMs: ago(3), count: 2 }],
    });
  });

  test('begin after the grace', () => {
    const due = (ms: number): Situation =>
      situation([], { catchUp: 'skip', due: { slots: [NOW_MS - ms], earlier: undefined } });
    expect(decide(due(GRACE_MS)).run).toBe(NOW_MS - GRACE_MS);
    expect(decide(due(GRACE_MS + 1)).run).toBeUndefined();
  });
});

describe('while the run before has not ended', () => {
  const busy = 'the run before had not ended';

  test('a slot is missed, and says why [SCHED-OVERLAP]', () => {
    expect(decide(situation([0], { busy }))).toEqual({
      run: undefined,
      missed: [{ fromMs: ago(0), throughMs: ago(0), count: 1, reason: busy }],
    });
  });

  test('with all it waits, up to the cap [SCHED-OVERLAP]', () => {
    expect(decide(situation([1, 0], { busy, catchUp: 'all' }))).toEqual({ run: undefined, missed: [] });
    expect(decide(situation([2, 1, 0], { busy, catchUp: 'all', catchUpMax: 1 }))).toMatchObject({
      run: undefined,
      missed: [{ count: 2 }],
    });
  });
});

test('what was too much to count is one stretch, shown first', () => {
  const earlier = { fromMs: ago(9_000), throughMs: ago(3) - 1 };
  expect(decide(situation([], { due: { slots: [ago(3), ago(2)], earlier } })).missed).toMatchObject([
    { ...earlier, count: null },
    { fromMs: ago(3), throughMs: ago(3), count: 1 },
  ]);
});

test('nothing due is nothing to do', () => {
  expect(decide(situation([]))).toEqual({ run: undefined, missed: [] });
});
