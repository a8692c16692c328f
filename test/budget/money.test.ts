import { describe, expect, test } from 'vitest';
import { formatMicroUsd, localDate, mayReserve, moneyCaps, nextDayMs, type MoneyCaps } from '../../src/budget/money.ts';

const CAPS: MoneyCaps = { perDayMicroUsd: 5_000_000, perRunMicroUsd: 1_000_000, ownerShare: 0.1 };
const mine = (microUsd: number) => ({ microUsd, reactive: true });
const its = (microUsd: number) => ({ microUsd, reactive: false });

describe('a reservation', () => {
  test('is allowed up to each cap and refused one past it, with what is left [MONEY-CAPS]', () => {
    const spent = { runMicroUsd: 400_000, dayMicroUsd: 1_000_000 };
    expect(mayReserve(mine(600_000), spent, CAPS)).toEqual({ kind: 'yes' });
    expect(mayReserve(mine(600_001), spent, CAPS)).toEqual({ kind: 'no', cap: 'run', leftMicroUsd: 600_000 });
    const late = { runMicroUsd: 0, dayMicroUsd: 4_900_000 };
    expect(mayReserve(mine(100_000), late, CAPS)).toEqual({ kind: 'yes' });
    expect(mayReserve(mine(100_001), late, CAPS)).toEqual({ kind: 'no', cap: 'day', leftMicroUsd: 100_000 });
  });

  test('of what nobody asked for leaves the last tenth of the day to the owner [MONEY-CAPS]', () => {
    const spent = { runMicroUsd: 0, dayMicroUsd: 4_400_000 };
    expect(mayReserve(its(100_000), spent, CAPS)).toEqual({ kind: 'yes' });
    expect(mayReserve(its(100_001), spent, CAPS)).toEqual({ kind: 'no', cap: 'owner-share', leftMicroUsd: 100_000 });
    expect(mayReserve(mine(600_000), spent, CAPS)).toEqual({ kind: 'yes' });
    expect(mayReserve(its(600_001), spent, CAPS)).toMatchObject({ cap: 'day' });
  });

  test('of nothing is allowed when everything is spent, and with caps of 0', () => {
    const spent = { runMicroUsd: 9_000_000, dayMicroUsd: 9_000_000 };
    const none = { perDayMicroUsd: 0, perRunMicroUsd: 0, ownerShare: 0.1 };
    expect(mayReserve(its(0), spent, CAPS)).toEqual({ kind: 'yes' });
    expect(mayReserve(mine(1), { runMicroUsd: 0, dayMicroUsd: 0 }, none)).toMatchObject({
      kind: 'no',
      leftMicroUsd: 0,
    });
  });
});

test('caps are whole micro-dollars, never more than was said', () => {
  expect(moneyCaps({ perDayUsdMax: 5, perRunUsdMax: 0.0000019, ownerShare: 0.1 })).toEqual({
    perDayMicroUsd: 5_000_000,
    perRunMicroUsd: 1,
    ownerShare: 0.1,
  });
});

test('money is shown in cents, and small amounts in fractions of one', () => {
  expect([0, 1_250_000, 4_200, 9_999].map(formatMicroUsd)).toEqual(['$0.00', '$1.25', '$0.0042', '$0.0100']);
});

test('the day is the local one, also when it has 25 hours', () => {
  const zone = 'Europe/Berlin';
  const beforeMidnight = Date.UTC(2026, 9, 24, 22, 30);
  expect(localDate(beforeMidnight, zone)).toBe('2026-10-25');
  expect(nextDayMs(beforeMidnight, zone)).toBe(Date.UTC(2026, 9, 25, 23, 0));
});
