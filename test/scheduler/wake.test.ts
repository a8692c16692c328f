import { describe, expect, test } from 'vitest';
import { jumpBetween, jumpInWords } from '../../src/scheduler/wake.ts';

const HOUR_MS = 3_600_000;
const before = { wallMs: 1_000_000, monoMs: 5_000 };
const after = (wallMs: number, monoMs: number) =>
  jumpBetween(before, { wallMs: 1_000_000 + wallMs, monoMs: 5_000 + monoMs }, 15_000);

describe('a sleep of 8 h is one jump of 8 h [DAEMON-CLOCK-JUMP]', () => {
  test('where the monotonic clock stood still', () => {
    expect(after(8 * HOUR_MS + 15_000, 15_000)).toEqual({ kind: 'woke', forMs: 8 * HOUR_MS });
  });

  test('where it went on', () => {
    expect(after(8 * HOUR_MS, 8 * HOUR_MS)).toEqual({ kind: 'woke', forMs: 8 * HOUR_MS - 15_000 });
  });

  test('in words', () => {
    expect(jumpInWords({ kind: 'woke', forMs: 8 * HOUR_MS })).toBe(
      'woke after 8h (the machine slept, or its clock was set forward)',
    );
    expect(jumpInWords({ kind: 'set-back', forMs: HOUR_MS })).toContain('set back by 1h');
  });
});

test('a clock set back is one as well [DAEMON-CLOCK-JUMP]', () => {
  expect(after(-HOUR_MS + 15_000, 15_000)).toEqual({ kind: 'set-back', forMs: HOUR_MS });
});

test('a blocked loop, a corrected clock and anything below a minute are none', () => {
  expect(after(18_000, 18_000)).toBeUndefined();
  expect(after(74_999, 15_000)).toBeUndefined();
  expect(after(75_000, 15_000)).toEqual({ kind: 'woke', forMs: 60_000 });
  expect(after(15_000 - 59_999, 15_000)).toBeUndefined();
  expect(after(15_000 - 60_000, 15_000)).toEqual({ kind: 'set-back', forMs: 60_000 });
  expect(after(74_999, 74_999)).toBeUndefined();
});
