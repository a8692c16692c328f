import { expect, test } from 'vitest';
import { createPace } from '../../src/dispatch/pace.ts';

test('a steady stream is told at its rate, and forgotten in seconds when it ends', () => {
  const pace = createPace();
  for (let nowMs = 0; nowMs <= 20_000; nowMs += 10) pace.note(5, nowMs);
  expect(pace.perSecond(20_000)).toBeGreaterThan(475);
  expect(pace.perSecond(20_000)).toBeLessThan(525);
  expect(pace.perSecond(21_000)).toBeCloseTo(pace.perSecond(20_000) / 2, 5);
  expect(pace.perSecond(40_000)).toBeLessThan(0.01);
});

test('nothing is nothing, and a clock that goes back makes it no faster', () => {
  const pace = createPace();
  expect(pace.perSecond(5_000)).toBe(0);
  pace.note(10, 5_000);
  expect(pace.perSecond(1_000)).toBe(pace.perSecond(5_000));
});
