import { formatDuration } from '../core/units.ts';

/** Why the daemon would start itself anew. `memory` may wait for the foreground, the others may not. */
export type RestartCause = 'memory' | 'critical' | 'stuck' | 'wedged';

/** A restart of the past, as the record of starts has it. */
export interface PastRestart {
  readonly atMs: number;
  readonly why: string;
}

export interface RestartFacts {
  readonly cause: RestartCause;
  readonly nowMs: number;
  /** Of the last 24 hours. */
  readonly past: readonly PastRestart[];
  /** Somebody waits for a run in the foreground. */
  readonly isForegroundBusy: boolean;
  /** `care.restartEvery`. */
  readonly everyMs: number;
  /** Whether there is somebody who starts it anew. */
  readonly isPossible: boolean;
}

/** `told`: the owner should know, because nothing will be done by itself. */
export type RestartVerdict =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'told'; readonly why: string };

/** More in a day is no cure. What is critical is restarted all the same: the system would end it less gently. */
export const RESTARTS_DAY_MAX = 6;
/** What can't wait for the usual interval waits for a sixth of it: ten minutes of an hour. */
const URGENT_SHARE = 6;

/** Whether to start anew now. A restart that did not help is not repeated at once: the owner hears of it instead. */
export function judgeRestart(facts: RestartFacts): RestartVerdict {
  const { cause, nowMs, past, isForegroundBusy, everyMs, isPossible } = facts;
  if (!isPossible) return { kind: 'told', why: 'it cannot start itself anew here' };
  if (cause === 'memory' && isForegroundBusy) return { kind: 'wait', why: 'a run holds the foreground' };
  const gapMs = cause === 'memory' ? everyMs : everyMs / URGENT_SHARE;
  const lastMs = Math.max(-Infinity, ...past.map(({ atMs }) => atMs));
  const agoMs = Math.max(0, nowMs - lastMs);
  if (agoMs < gapMs) {
    return { kind: 'told', why: `it was started anew ${formatDuration(agoMs)} ago, and that did not help` };
  }
  if (cause !== 'critical' && past.length >= RESTARTS_DAY_MAX) {
    return { kind: 'told', why: `it was started anew ${past.length} times in a day, and that did not help` };
  }
  return { kind: 'go' };
}
