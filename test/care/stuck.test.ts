import { describe, expect, test } from 'vitest';
import { judgeAttempt } from '../../src/care/stuck.ts';

const LIMITS = { marginMs: 300_000, quietMs: 1_800_000, graceMs: 60_000 };
const FRESH = { startedMs: 0, limitMs: 600_000, aliveMs: null, cutMs: null };

describe('an attempt', () => {
  test('is cut off beyond its own limit and the margin, not before [CARE-STUCK-JOB]', () => {
    expect(judgeAttempt(FRESH, 899_999, LIMITS)).toEqual({ kind: 'fine' });
    expect(judgeAttempt(FRESH, 900_000, LIMITS)).toEqual({
      kind: 'cut',
      why: 'it runs for 15m, its own limit is 10m',
    });
  });

  test('without a sign of life is cut off, one that gives none by its nature is not', () => {
    const long = { ...FRESH, limitMs: null };
    expect(judgeAttempt({ ...long, aliveMs: 1_000 }, 1_801_000, LIMITS)).toMatchObject({ kind: 'cut' });
    expect(judgeAttempt({ ...long, aliveMs: 1_000 }, 1_800_999, LIMITS)).toEqual({ kind: 'fine' });
    expect(judgeAttempt(long, 1e9, LIMITS)).toEqual({ kind: 'fine' });
  });

  test('that is there a minute after it was cut off is stuck', () => {
    expect(judgeAttempt({ ...FRESH, cutMs: 900_000 }, 959_999, LIMITS)).toEqual({ kind: 'cutting' });
    expect(judgeAttempt({ ...FRESH, cutMs: 900_000 }, 960_000, LIMITS)).toMatchObject({ kind: 'stuck' });
  });
});
