import type { Random } from '../core/ports.ts';

const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;

/** No receiver's `Retry-After` holds a channel longer. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

/**
 * How long to wait after the `failures`th failure in a row: 1 s, 2 s, 4 s … 5 min, of which a random half is taken off
 * so that channels that died together do not come back together. A receiver's own wish is a lower bound.
 */
export function retryDelayMs(failures: number, random: Random, retryAfterMs = 0): number {
  const fullMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const backoffMs = Math.round(fullMs * (0.5 + random.fraction() / 2));
  return Math.max(backoffMs, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
}
