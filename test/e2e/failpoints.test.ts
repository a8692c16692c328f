import { beforeAll, describe, expect, test } from 'vitest';
import { isRemote, oneDay } from '../../proof/failpoints.ts';
import { STEPS, type StepName } from '../../src/core/ports.ts';
import { noRedis } from '../fakes/redis.ts';
import { readTree } from '../repository.ts';

const NAMES = Object.keys(STEPS) as StepName[];

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
  }, 120_000);

  test('passes every step; one of them only after a crash [PROOF-STEPS]', () => {
    const here = NAMES.filter((name) => !isRemote(name));
    expect(here.filter((name) => whole.hits[name] === undefined)).toEqual(['job.taken-back']);
    expect(whole.checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('passes those of work on other hosts [PROOF-STEPS]', ({ skip }) => {
    const missing = noRedis();
    skip(missing !== undefined, missing ?? 'it is there');
    expect(NAMES.filter((name) => isRemote(name) && whole.hits[name] === undefined)).toEqual([]);
  });

  test.each(['attempt.ended', 'memory.placed'] as const)(
    'at %s loses and doubles nothing [PROOF-STEPS]',
    async (step) => {
      const { checks, promised } = await oneDay([{ step, hit: 1 }], { keep: false });
      expect(promised.ends).toEqual(['killed', '0']);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    },
    120_000,
  );
});
