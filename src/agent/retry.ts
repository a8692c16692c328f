import type { ErrorCode } from '../core/errors.ts';

/** How patient a request is. Times in milliseconds. */
export interface RetryPolicy {
  /** A `retry-after` up to here is waited for in silence when the owner waits too; a longer one they are told of. */
  readonly limitedWaitMsMax: number;
  /** The same for the daemon's own ideas: nobody sits there. */
  readonly backgroundWaitMsMax: number;
  readonly limitedTriesMax: number;
  /** So often overloaded in a row, and the fallback is asked (the API's own advice: three). */
  readonly overloadedTriesMax: number;
  readonly unreachableTriesMax: number;
  /** The first wait; doubled with every further one. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** The first time a run is laid aside; doubled while nothing gets through. */
  readonly laterMs: number;
  readonly laterMsMax: number;
}

export const RETRY_POLICY: RetryPolicy = {
  limitedWaitMsMax: 30_000,
  backgroundWaitMsMax: 60_000,
  limitedTriesMax: 5,
  overloadedTriesMax: 3,
  unreachableTriesMax: 3,
  backoffMs: 1_000,
  backoffMsMax: 30_000,
  laterMs: 300_000,
  laterMsMax: 14_400_000,
};

/** A request that failed, with what came before. */
export interface Failure {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  /** How often in a row it failed with this code, this time included. */
  readonly count: number;
  /** The owner waits for it. */
  readonly reactive: boolean;
  /** Another model can be asked instead. */
  readonly fallbackLeft: boolean;
  /** How often in a row something was laid aside because the API could not be had. */
  readonly laidAside: number;
}

export type RetryStep =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'fallback' }
  | { readonly kind: 'later'; readonly delayMs: number }
  | { readonly kind: 'end' };

/**
 * What to do after a failure. Work that nobody waits for does not press an API that is overloaded; a spent limit, a
 * refusal and everything unknown are final.
 *
 * @param fraction Chance in [0, 1): waits are spread so that not all come back at once.
 */
export function afterFailure(failure: Failure, policy: RetryPolicy, fraction: number): RetryStep {
  switch (failure.code) {
    case 'MODEL_LIMITED':
      return whenLimited(failure, policy, fraction);
    case 'MODEL_OVERLOADED':
      return whenOverloaded(failure, policy, fraction);
    case 'MODEL_UNREACHABLE':
      return failure.count < policy.unreachableTriesMax ? again(failure, policy, fraction) : later(failure, policy);
    default:
      return { kind: 'end' };
  }
}

function whenLimited(failure: Failure, policy: RetryPolicy, fraction: number): RetryStep {
  const { retryAfterMs, reactive, count } = failure;
  const waitMsMax = reactive ? policy.limitedWaitMsMax : policy.backgroundWaitMsMax;
  if (count >= policy.limitedTriesMax || (retryAfterMs ?? 0) > waitMsMax) return later(failure, policy);
  return again(failure, policy, fraction);
}

function whenOverloaded(failure: Failure, policy: RetryPolicy, fraction: number): RetryStep {
  if (!failure.reactive) return later(failure, policy);
  if (failure.count < policy.overloadedTriesMax) return again(failure, policy, fraction);
  return failure.fallbackLeft ? { kind: 'fallback' } : later(failure, policy);
}

/** Never sooner than the API said; without a word of it, after a wait that doubles. */
function again({ retryAfterMs, count }: Failure, policy: RetryPolicy, fraction: number): RetryStep {
  if (retryAfterMs !== undefined && retryAfterMs <= policy.backgroundWaitMsMax) {
    const spreadMs = Math.min(1_000, retryAfterMs / 10);
    return { kind: 'again', delayMs: Math.max(policy.backoffMs / 2, Math.ceil(retryAfterMs + fraction * spreadMs)) };
  }
  const fullMs = Math.min(policy.backoffMsMax, policy.backoffMs * 2 ** (count - 1));
  return { kind: 'again', delayMs: Math.ceil(fullMs * (0.5 + fraction / 2)) };
}

function later({ retryAfterMs = 0, laidAside, code }: Failure, policy: RetryPolicy): RetryStep {
  // A limit says itself when it is over; asking much later than that helps nobody.
  if (code === 'MODEL_LIMITED' && retryAfterMs > 0) return { kind: 'later', delayMs: retryAfterMs };
  const growingMs = Math.min(policy.laterMsMax, policy.laterMs * 2 ** Math.min(laidAside, 20));
  return { kind: 'later', delayMs: Math.max(growingMs, retryAfterMs) };
}
