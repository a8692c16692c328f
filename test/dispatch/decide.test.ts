import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterFailure, RETRY } from '../../src/dispatch/decide.ts';

describe('after a failed attempt', () => {
  test.each([
    [1, 0, { kind: 'retry', dueAtMs: 1_000 + 2_000 }],
    [2, 0, { kind: 'retry', dueAtMs: 1_000 + 4_000 }],
    [3, 0, { kind: 'retry', dueAtMs: 1_000 + 8_000 }],
    [4, 0, { kind: 'retry', dueAtMs: 1_000 + 16_000 }],
    [4, 0.5, { kind: 'retry', dueAtMs: 1_000 + 20_000 }],
    [5, 0, { kind: 'dead' }],
    [6, 0, { kind: 'dead' }],
  ])('number %i, with chance %d, the verdict is %o [DISPATCH-RETRY]', (attempts, fraction, verdict) => {
    expect(afterFailure(attempts, 1_000, fraction)).toEqual(verdict);
  });

  test('delays never shrink, never pass the limit and its jitter, and end [DISPATCH-RETRY]', () => {
    const policy = fc.record({
      attemptsMax: fc.integer({ min: 1, max: 60 }),
      firstDelayMs: fc.integer({ min: 1, max: 10_000 }),
      delayMsMax: fc.integer({ min: 10_000, max: 1_000_000 }),
    });
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policy, chance, fc.integer({ min: 0, max: 2 ** 42 }), (limits, fraction, nowMs) => {
        let before = 0;
        for (let attempts = 1; attempts < limits.attemptsMax; attempts += 1) {
          const verdict = afterFailure(attempts, nowMs, fraction, limits);
          const delayMs = verdict.kind === 'retry' ? verdict.dueAtMs - nowMs : Number.NaN;
          expect(delayMs).toBeGreaterThanOrEqual(before);
          expect(delayMs).toBeLessThanOrEqual(Math.ceil(limits.delayMsMax * 1.5));
          before = delayMs;
        }
        expect(afterFailure(limits.attemptsMax, nowMs, fraction, limits)).toEqual({ kind: 'dead' });
      }),
    );
  });

  test('five attempts span about half a minute, and no delay passes five minutes', () => {
    expect(RETRY).toEqual({ attemptsMax: 5, firstDelayMs: 2_000, delayMsMax: 300_000 });
  });
});
