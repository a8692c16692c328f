import { formatDuration } from '../core/units.ts';

/** An attempt under way. Times are monotonic milliseconds. */
export interface AttemptFacts {
  readonly startedMs: number;
  /** How long it may take by its own rules; null: nobody said. */
  readonly limitMs: number | null;
  /** Its last sign of life; null: attempts of this kind give none. */
  readonly aliveMs: number | null;
  /** Since when its signal is aborted; null: it is not. */
  readonly cutMs: number | null;
}

export interface StuckLimits {
  /** Beyond its own limit, for what ends it by itself. */
  readonly marginMs: number;
  /** Without a sign of life. */
  readonly quietMs: number;
  /** After its signal: what is still there then can't be ended from within. */
  readonly graceMs: number;
}

export type AttemptVerdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'cut'; readonly why: string }
  | { readonly kind: 'cutting' }
  | { readonly kind: 'stuck'; readonly why: string };

/** Whether an attempt goes on too long. It is cut off first; only one that survives that is stuck. */
export function judgeAttempt(attempt: AttemptFacts, nowMs: number, limits: StuckLimits): AttemptVerdict {
  const { startedMs, limitMs, aliveMs, cutMs } = attempt;
  if (cutMs !== null) {
    const cutForMs = nowMs - cutMs;
    if (cutForMs < limits.graceMs) return { kind: 'cutting' };
    return { kind: 'stuck', why: `it still holds its place ${formatDuration(cutForMs)} after it was cut off` };
  }
  const tookMs = nowMs - startedMs;
  if (limitMs !== null && tookMs >= limitMs + limits.marginMs) {
    return { kind: 'cut', why: `it runs for ${formatDuration(tookMs)}, its own limit is ${formatDuration(limitMs)}` };
  }
  if (aliveMs !== null && nowMs - aliveMs >= limits.quietMs) {
    return { kind: 'cut', why: `it has shown no sign of life for ${formatDuration(nowMs - aliveMs)}` };
  }
  return { kind: 'fine' };
}
