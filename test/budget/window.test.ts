import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit, recallEntry, type WindowEntry } from '../../src/budget/window.ts';

const RULES = [
  { perMs: 15_000, max: 2 },
  { perMs: 3_600_000, max: 6 },
];

/** An entry of this process, so long ago. */
const ago = (ms: number): WindowEntry => ({ wallMs: 1_000_000_000 - ms, monoMs: 50_000_000 - ms });
const NOW = { wallMs: 1_000_000_000, monoMs: 50_000_000 };

describe('admit', () => {
  test('the first two are let through, the third is not [WINDOW-TWO-PER-15S]', () => {
    expect(admit(RULES, [], NOW)).toEqual({ kind: 'now' });
    expect(admit(RULES, [ago(0)], NOW)).toEqual({ kind: 'now' });
    expect(admit(RULES, [ago(0), ago(5_000)], NOW)).toEqual({
      kind: 'wait',
      untilMs: NOW.wallMs + 10_001,
      rule: RULES[0],
    });
  });

  test('an entry counts at exactly the length of the window, and not a millisecond later', () => {
    expect(admit(RULES, [ago(15_000), ago(1)], NOW)).toMatchObject({ kind: 'wait', untilMs: NOW.wallMs + 1 });
    expect(admit(RULES, [ago(15_001), ago(1)], NOW)).toEqual({ kind: 'now' });
  });

  test('the seventh in an hour waits for the first to be an hour old [WINDOW-SIX-PER-HOUR]', () => {
    const entries = [50, 40, 30, 20, 10, 5].map((minutes) => ago(minutes * 60_000));
    expect(admit(RULES, entries, NOW)).toEqual({ kind: 'wait', untilMs: NOW.wallMs + 600_001, rule: RULES[1] });
  });

  test('a wall clock set forward opens nothing; set back it closes for one window at most', () => {
    const entries = [ago(1_000), ago(2_000)];
    expect(admit(RULES, entries, { ...NOW, wallMs: NOW.wallMs + 86_400_000 }).kind).toBe('wait');
    const setBack = { ...NOW, wallMs: NOW.wallMs - 86_400_000 };
    expect(admit(RULES, entries, setBack)).toMatchObject({ untilMs: setBack.wallMs + 13_001 });
  });

  test('what the ledger remembers from the future counts as if it happened now, for one window', () => {
    const entries = [recallEntry(NOW.wallMs + 9_000_000, NOW), recallEntry(NOW.wallMs + 9_000_000, NOW)];
    expect(admit(RULES, entries, NOW)).toMatchObject({ kind: 'wait', untilMs: NOW.wallMs + 15_001 });
    expect(admit(RULES, [{ wallMs: NOW.wallMs + 5, monoMs: null }, ago(1)], NOW)).toMatchObject({
      untilMs: NOW.wallMs + 15_000,
    });
  });

  test('always asking as soon as it may, nobody ever sees more than a rule allows', () => {
    const rules = fc.array(
      fc.record({ perMs: fc.integer({ min: 1, max: 500 }), max: fc.integer({ min: 1, max: 5 }) }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(rules, fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 40 }), (given, pauses) => {
        const entries: WindowEntry[] = [];
        let nowMs = 1_000;
        for (const pause of pauses) {
          nowMs += pause;
          const first = admit(given, entries, { wallMs: nowMs, monoMs: nowMs });
          if (first.kind === 'wait') nowMs = first.untilMs;
          expect(admit(given, entries, { wallMs: nowMs, monoMs: nowMs })).toEqual({ kind: 'now' });
          entries.push({ wallMs: nowMs, monoMs: nowMs });
        }
        for (const { perMs, max } of given) {
          for (const { wallMs } of entries) {
            const inside = entries.filter((other) => other.wallMs >= wallMs && other.wallMs <= wallMs + perMs);
            expect(inside.length).toBeLessThanOrEqual(max);
          }
        }
      }),
    );
  });
});
