import { describe, expect, test } from 'vitest';
import { judgeRestart, RESTARTS_DAY_MAX, type RestartFacts } from '../../src/care/restart.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 2, 12);
const FACTS: RestartFacts = {
  cause: 'memory',
  nowMs: NOW_MS,
  past: [],
  isForegroundBusy: false,
  everyMs: HOUR_MS,
  isPossible: true,
};
const ago = (...hours: readonly number[]) => hours.map((hour) => ({ atMs: NOW_MS - hour * HOUR_MS, why: 'memory' }));

describe('starting anew', () => {
  test('is done at most once an hour; before that the owner is told that it did not help [CARE-RESTART]', () => {
    expect(judgeRestart({ ...FACTS, past: ago(1) })).toEqual({ kind: 'go' });
    expect(judgeRestart({ ...FACTS, past: ago(0.99) })).toMatchObject({
      kind: 'told',
      why: expect.stringMatching(/59m 24s ago, and that did not help/) as string,
    });
  });

  test('is not repeated all day [CARE-RESTART]', () => {
    const past = ago(2, 4, 6, 8, 10, 12);
    expect(past).toHaveLength(RESTARTS_DAY_MAX);
    expect(judgeRestart({ ...FACTS, past })).toMatchObject({ kind: 'told' });
    expect(judgeRestart({ ...FACTS, past: past.slice(1) })).toEqual({ kind: 'go' });
    expect(judgeRestart({ ...FACTS, cause: 'critical', past })).toEqual({ kind: 'go' });
  });

  test('waits for a run in the foreground, unless it is critical [CARE-RESTART]', () => {
    expect(judgeRestart({ ...FACTS, isForegroundBusy: true })).toMatchObject({ kind: 'wait' });
    for (const cause of ['critical', 'stuck', 'wedged'] as const)
      expect(judgeRestart({ ...FACTS, cause, isForegroundBusy: true })).toEqual({ kind: 'go' });
  });

  test('of something that can not wait may come again after ten minutes', () => {
    expect(judgeRestart({ ...FACTS, cause: 'wedged', past: ago(0.16) })).toMatchObject({ kind: 'told' });
    expect(judgeRestart({ ...FACTS, cause: 'wedged', past: ago(0.17) })).toEqual({ kind: 'go' });
  });

  test('is only told where nobody can do it, and a clock that was set back is no reason for a loop', () => {
    expect(judgeRestart({ ...FACTS, isPossible: false })).toMatchObject({ kind: 'told' });
    expect(judgeRestart({ ...FACTS, past: ago(-5) })).toMatchObject({ kind: 'told' });
  });
});
