import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeMemory, MEMORY_CALM, memoryLimits, type MemoryState, type MemoryVerdict } from '../../src/care/memory.ts';

const MIB = 1_048_576;
const GIB = 1_024 * MIB;
const LIMITS = { softBytes: 150 * MIB, criticalBytes: 184 * MIB };

/** One look every 15 s over these sizes. @returns the verdicts. */
function looks(sizesMib: readonly number[], sustainedMs = 60_000, limits = LIMITS): MemoryVerdict[] {
  let state: MemoryState = MEMORY_CALM;
  return sizesMib.map((size, index) => {
    const judged = judgeMemory(state, { atMs: index * 15_000, residentBytes: size * MIB }, limits, sustainedMs);
    ({ state } = judged);
    return judged.verdict;
  });
}

const repeated = (size: number, times: number): number[] => Array.from({ length: times }, () => size);

describe('memory that grows', () => {
  test('is given back first, and only if it grows on is the daemon started anew [CARE-MEMORY]', () => {
    const verdicts = looks(Array.from({ length: 20 }, (_, index) => 140 + index * 2));
    expect(verdicts.filter((verdict) => verdict === 'relieve')).toHaveLength(1);
    const restart = verdicts.indexOf('restart');
    expect(restart - verdicts.indexOf('relieve')).toBeGreaterThanOrEqual(4);
    expect(verdicts.slice(0, 5)).toEqual(repeated(0, 5).map(() => 'fine'));
  });

  test('that stands still above the soft limit harms nobody, however long [CARE-MEMORY]', () => {
    expect(looks(repeated(160, 5_000)).includes('restart')).toBe(false);
  });

  test('of a moment is nothing, and an episode ends only well below the limit', () => {
    expect(looks([100, 170, 100, 170, 100])).toEqual(['fine', 'high', 'fine', 'high', 'fine']);
    expect(looks([160, 140, 140, 140, 140, 140]).at(-1)).toBe('high');
    expect(looks([160, 134]).at(-1)).toBe('fine');
  });

  test('to the critical limit is acted on within a quarter of the time', () => {
    expect(looks([100, 190, 190])).toEqual(['fine', 'high', 'critical']);
  });

  test('below the soft limit is never acted on, whatever it does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 60, max: 149 }), { maxLength: 200 }), (sizes) => {
        expect(new Set(looks(sizes))).toEqual(new Set(sizes.length === 0 ? [] : ['fine']));
      }),
    );
  });
});

describe('the limit of memory', () => {
  const machine = { configuredBytes: undefined, constrainedBytes: 0, machineBytes: 16 * GIB, heapBytes: 4 * GIB };

  test.each([
    ['the machine, 2 GiB at most', {}, 2 * GIB, 'machine'],
    ['a quarter of a small machine', { machineBytes: 4 * GIB }, GIB, 'machine'],
    ['half a gigabyte at least', { machineBytes: GIB }, 512 * MIB, 'machine'],
    ['the control group', { constrainedBytes: 400 * MIB }, 400 * MIB, 'control group'],
    ['the configuration', { configuredBytes: 3 * GIB }, 3 * GIB, 'care.memory'],
    [
      'the control group before the configuration',
      { configuredBytes: GIB, constrainedBytes: 300 * MIB },
      300 * MIB,
      'control group',
    ],
    ['the heap of V8, which ends a process by itself', { heapBytes: 128 * MIB }, 384 * MIB, 'heap'],
    ['no group, when that allows more than there is', { constrainedBytes: 1e18 }, 2 * GIB, 'machine'],
  ])('is that of %s', (_name, facts, limitBytes, from) => {
    expect(memoryLimits({ ...machine, ...facts })).toMatchObject({ limitBytes, from });
  });

  test('lets a daemon alone that took bodies of 25 MiB, on the smallest machine [CARE-MEMORY]', () => {
    expect(memoryLimits({ ...machine, machineBytes: GIB }).softBytes).toBeGreaterThan(300 * MIB);
  });
});
