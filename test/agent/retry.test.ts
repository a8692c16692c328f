import { describe, expect, test } from 'vitest';
import { afterFailure, RETRY_POLICY, type Failure } from '../../src/agent/retry.ts';

const after = (given: Partial<Failure>, fraction = 0) =>
  afterFailure(
    {
      code: 'MODEL_UNREACHABLE',
      retryAfterMs: undefined,
      count: 1,
      reactive: true,
      fallbackLeft: false,
      laidAside: 0,
      ...given,
    },
    RETRY_POLICY,
    fraction,
  );

describe('after a failure', () => {
  test('a limit is waited for as long as it says while the owner is not kept waiting for long, and then later [MODEL-RETRY]', () => {
    const limited = { code: 'MODEL_LIMITED' } as const;
    expect(after({ ...limited, retryAfterMs: 30_000 })).toEqual({ kind: 'again', delayMs: 30_000 });
    expect(after({ ...limited, retryAfterMs: 30_001 })).toEqual({ kind: 'later', delayMs: 30_001 });
    expect(after({ ...limited, retryAfterMs: 600_000, reactive: false })).toEqual({ kind: 'later', delayMs: 600_000 });
    expect(after({ ...limited, retryAfterMs: 60_000, reactive: false })).toEqual({ kind: 'again', delayMs: 60_000 });
    expect(after({ ...limited, retryAfterMs: 1_000, count: 5 })).toEqual({ kind: 'later', delayMs: 1_000 });
    expect(after({ ...limited, retryAfterMs: 0 })).toEqual({ kind: 'again', delayMs: 500 });
  });

  test('an overloaded API is not pressed by what nobody waits for, and ever more rarely [MODEL-RETRY]', () => {
    const busy = { code: 'MODEL_OVERLOADED', reactive: false } as const;
    expect([0, 1, 2, 9].map((laidAside) => after({ ...busy, laidAside }))).toEqual(
      [300_000, 600_000, 1_200_000, 14_400_000].map((delayMs) => ({ kind: 'later', delayMs })),
    );
  });

  test('the third overload in a row asks the fallback, where there is one [MODEL-FALLBACK]', () => {
    const busy = { code: 'MODEL_OVERLOADED', fallbackLeft: true } as const;
    expect(after({ ...busy, count: 2 })).toMatchObject({ kind: 'again' });
    expect(after({ ...busy, count: 3 })).toEqual({ kind: 'fallback' });
    expect(after({ ...busy, count: 3, fallbackLeft: false })).toMatchObject({ kind: 'later' });
  });

  test('waits double and are spread', () => {
    expect([1, 2].map((count) => after({ count }, 0.999))).toMatchObject([{ delayMs: 1_000 }, { delayMs: 1_999 }]);
    expect(after({ count: 1 }, 0)).toMatchObject({ delayMs: 500 });
  });

  test.each([
    'MODEL_SPEND_CAP',
    'MODEL_REFUSED',
    'MODEL_TOO_LONG',
    'MODEL_UNKNOWN',
    'MODEL_ABORTED',
    'INTERNAL',
  ] as const)('%s is final [MODEL-RETRY]', (code) => expect(after({ code })).toEqual({ kind: 'end' }));
});
