/** How often and how long a job is tried. */
export interface RetryPolicy {
  /** Attempts before it goes to the dead letters; 5 span about half a minute. */
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  readonly delayMsMax: number;
}

export const RETRY: RetryPolicy = { attemptsMax: 5, firstDelayMs: 2_000, delayMsMax: 300_000 };

export type Verdict = { readonly kind: 'retry'; readonly dueAtMs: number } | { readonly kind: 'dead' };

/**
 * What becomes of a job whose attempt failed or was cut off. Delays double, with up to half of jitter on top, so that jobs
 * which failed together do not come back together.
 *
 * @param attempts How often it was begun, this time included.
 * @param fraction Uniform in [0, 1).
 */
export function afterFailure(attempts: number, nowMs: number, fraction: number, policy: RetryPolicy = RETRY): Verdict {
  if (attempts >= policy.attemptsMax) return { kind: 'dead' };
  const delayMs = Math.min(policy.delayMsMax, policy.firstDelayMs * 2 ** (attempts - 1));
  return { kind: 'retry', dueAtMs: Math.round(nowMs + delayMs * (1 + fraction / 2)) };
}
