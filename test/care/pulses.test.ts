import { describe, expect, test } from 'vitest';
import { ailments } from '../../src/care/health.ts';
import { memoryLimits } from '../../src/care/memory.ts';
import { createPulse, createPulses } from '../../src/care/pulses.ts';
import { FakeClock } from '../fakes/clock.ts';

describe('the signs of life', () => {
  test('are late when a loop has not turned in its time, each by its own measure [CARE-WEDGED-LOOP]', async () => {
    const clock = new FakeClock();
    const pulses = createPulses(clock);
    const worker = createPulse(clock);
    pulses.add('worker', worker, 180_000);
    const ask = pulses.through('lanes', 60_000, (word: string) => `${word}!`);
    await clock.advance(60_001);
    expect(pulses.late()).toEqual([{ name: 'lanes', agoMs: 60_001 }]);
    expect(ask('yes')).toBe('yes!');
    expect(pulses.late()).toEqual([]);
    await clock.advance(120_000);
    expect(pulses.late().map(({ name }) => name)).toEqual(['worker', 'lanes']);
  });

  test('are forgiven after the machine slept', async () => {
    const clock = new FakeClock();
    const pulses = createPulses(clock);
    pulses.through('lanes', 60_000, () => undefined);
    await clock.advance(8 * 3_600_000);
    pulses.forgive();
    expect(pulses.late()).toEqual([]);
  });
});

describe('health at a glance', () => {
  const MIB = 1_048_576;
  const limits = memoryLimits({ configuredBytes: 200 * MIB, constrainedBytes: 0, machineBytes: 8e9, heapBytes: 4e9 });
  const well = {
    late: [],
    memory: 'fine',
    residentBytes: 90 * MIB,
    limits,
    unhelped: null,
    failed: null,
    isDraining: false,
  } as const;

  test('is empty when all is well, and names each ailment once, the worst first [CARE-STATUS]', () => {
    expect(ailments(well)).toEqual([]);
    const late = [{ name: 'lanes', agoMs: 400_000 }];
    expect(
      ailments({ ...well, late, memory: 'high', residentBytes: 160 * MIB, failed: 'lanes has not turned for 6m 40s' }),
    ).toEqual(['lanes has not turned for 6m 40s', 'memory: 160 MiB of 200 MiB']);
  });
});
