import { beforeAll, describe, expect, test } from 'vitest';
import { oneDay } from '../../proof/failpoints.ts';
import { STEPS } from '../../src/core/ports.ts';
import { readTree } from '../repository.ts';

const NAMES = Object.keys(STEPS);

describe('the steps between two changes of state', () => {
  test('are each passed in exactly one place [PROOF-STEPS]', () => {
    const found = readTree('src', /\.ts$/).flatMap(({ text }) =>
      [...text.matchAll(/\breached\('([^']+)'\)/g)].map(([, name = '']) => name),
    );
    expect(found.toSorted()).toEqual(NAMES.toSorted());
  });
});

describe('a day of the daemon that is killed', () => {
  let whole: Awaited<ReturnType<typeof oneDay>>;
  beforeAll(async () => {
    whole = await oneDay([], { keep: false });
  }, 60_000);

  test('passes every step; one of them only after a crash [PROOF-STEPS]', () => {
    expect(NAMES.filter((name) => whole.hits[name as keyof typeof STEPS] === undefined)).toEqual(['job.taken-back']);
    expect(whole.checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test.each(['attempt.ended', 'memory.placed'] as const)(
    'at %s loses and doubles nothing [PROOF-STEPS]',
    async (step) => {
      const { checks, promised } = await oneDay([{ step, hit: 1 }], { keep: false });
      expect(promised.ends).toEqual(['killed', '0']);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    },
    60_000,
  );
});
