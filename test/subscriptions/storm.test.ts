import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStormMeter } from '../../src/subscriptions/storm.ts';

test('the 61st event of a source within a minute is a storm, and a quiet minute ends it', () => {
  const meter = createStormMeter();
  const seen = Array.from({ length: 61 }, (_, index) => meter.note('github', index * 100));
  expect(seen.lastIndexOf(false)).toBe(59);
  expect(seen[60]).toBe(true);
  expect(meter.isStorm('alerts', 6_000)).toBe(false);
  expect(meter.isStorm('github', 59_999)).toBe(true);
  expect(meter.isStorm('github', 60_000)).toBe(false);
});

test('it agrees with counting every event of the last window', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(400)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 8 }), (gaps, threshold) => {
      const meter = createStormMeter({ perMs: 1_000, threshold });
      const past: { source: string; atMs: number }[] = [];
      let nowMs = 0;
      for (const [source, gapMs] of gaps) {
        nowMs += gapMs;
        past.push({ source, atMs: nowMs });
        const count = past.filter((one) => one.source === source && nowMs - one.atMs < 1_000).length;
        expect(meter.note(source, nowMs)).toBe(count > threshold);
      }
    }),
  );
});

test('of any number of sources only so many are remembered', () => {
  const meter = createStormMeter({ threshold: 1, sourcesMax: 2 });
  meter.note('a', 0);
  meter.note('b', 0);
  meter.note('a', 1);
  meter.note('c', 1);
  expect(meter.isStorm('a', 2)).toBe(true);
  meter.note('b', 2);
  expect(meter.isStorm('b', 2)).toBe(false);
});
