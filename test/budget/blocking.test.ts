import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedMs, handOverAtMs, place, quantile, type Holder } from '../../src/budget/blocking.ts';

const BUDGET_MS = 15_000;
const proactive = { reactive: false, expectedMs: undefined };
const held = (reactive: boolean): Holder => ({ jobId: 7, reactive, sinceMs: 1_000 });

describe('the place of a job', () => {
  test.each([
    [
      'an idea of its own takes the free foreground',
      proactive,
      undefined,
      { kind: 'foreground', displaces: undefined },
    ],
    [
      'one that takes 15 s still does',
      { ...proactive, expectedMs: 15_000 },
      undefined,
      { kind: 'foreground', displaces: undefined },
    ],
    [
      'it waits for another one, at most until that is handed over',
      proactive,
      held(false),
      { kind: 'wait', untilMs: 16_000 },
    ],
    [
      'it goes behind when the owner is in front',
      proactive,
      held(true),
      { kind: 'background', reason: 'the owner has the foreground' },
    ],
    [
      'the owner takes the free foreground',
      { reactive: true, expectedMs: 60_000 },
      undefined,
      { kind: 'foreground', displaces: undefined },
    ],
    [
      'the owner takes it from whoever has it',
      { reactive: true, expectedMs: undefined },
      held(false),
      { kind: 'foreground', displaces: 7 },
    ],
  ])('%s [BLOCKING-LANES]', (_name, candidate, holder, placement) => {
    expect(place(candidate, holder, BUDGET_MS)).toEqual(placement);
  });

  test('what is known to take longer never begins in front [BLOCKING-DEFERRED]', () => {
    expect(place({ reactive: false, expectedMs: 15_001 }, undefined, BUDGET_MS)).toMatchObject({ kind: 'background' });
  });

  test('nothing makes the owner wait, and no idea of its own is handed more than the budget [BLOCKING-LANES]', () => {
    const holders = fc.option(fc.record({ jobId: fc.nat(), reactive: fc.boolean(), sinceMs: fc.nat() }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.option(fc.nat(100_000), { nil: undefined }),
        holders,
        fc.integer({ min: 100, max: 60_000 }),
        (reactive, expected, holder, budgetMs) => {
          const placement = place({ reactive, expectedMs: expected }, holder, budgetMs);
          if (reactive) return placement.kind === 'foreground';
          if (placement.kind === 'foreground') return holder === undefined && (expected ?? 0) <= budgetMs;
          return placement.kind === 'background' || placement.untilMs === handOverAtMs(holder, budgetMs);
        },
      ),
    );
  });
});

test('a proactive holder is handed over after the budget, a reactive one never [BLOCKING-HAND-OVER]', () => {
  expect(handOverAtMs(held(false), BUDGET_MS)).toBe(16_000);
  expect(handOverAtMs(held(true), BUDGET_MS)).toBeUndefined();
  expect(handOverAtMs(undefined, BUDGET_MS)).toBeUndefined();
});

test('an estimate is what three of four runs stayed within', () => {
  expect(expectedMs([])).toBeUndefined();
  expect(expectedMs([5_000])).toBe(5_000);
  expect(expectedMs([40_000, 1_000, 2_000, 3_000])).toBe(3_000);
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
});
