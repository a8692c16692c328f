/** Who has the foreground. Times are monotonic milliseconds. */
export interface Holder {
  readonly jobId: number;
  readonly reactive: boolean;
  readonly sinceMs: number;
}

/** What wants to run. */
export interface Candidate {
  readonly reactive: boolean;
  /** From its own history; undefined when it has none. */
  readonly expectedMs: number | undefined;
}

export type Placement =
  /** It begins in front; a holder it displaces goes on in the background. */
  | { readonly kind: 'foreground'; readonly displaces: number | undefined }
  /** It begins in the background, because it would hold the foreground for too long or the owner has it. */
  | { readonly kind: 'background'; readonly reason: string }
  /** Something short is in front: it is its turn then at the latest. */
  | { readonly kind: 'wait'; readonly untilMs: number };

/**
 * Where a job begins. There is one foreground. What the owner asks for takes it at once and never waits; the daemon's own
 * ideas may hold it for the budget (15 s by default), and what is known to take longer does not begin there at all.
 *
 * @param budgetMs How long proactive work may hold the foreground.
 */
export function place(candidate: Candidate, holder: Holder | undefined, budgetMs: number): Placement {
  if (candidate.reactive) return { kind: 'foreground', displaces: holder?.jobId };
  if (candidate.expectedMs !== undefined && candidate.expectedMs > budgetMs) {
    return { kind: 'background', reason: `expected to take ${Math.round(candidate.expectedMs / 1_000)} s` };
  }
  if (holder === undefined) return { kind: 'foreground', displaces: undefined };
  if (holder.reactive) return { kind: 'background', reason: 'the owner has the foreground' };
  return { kind: 'wait', untilMs: holder.sinceMs + budgetMs };
}

/** When the holder must go on in the background; undefined while it may stay. Reactive work may stay for good. */
export function handOverAtMs(holder: Holder | undefined, budgetMs: number): number | undefined {
  return holder === undefined || holder.reactive ? undefined : holder.sinceMs + budgetMs;
}

/** Runs looked at for an estimate. */
export const HISTORY_COUNT = 10;

/** How long a job is expected to take: what three of four of its last runs stayed within. @returns undefined without runs. */
export function expectedMs(durationsMs: readonly number[]): number | undefined {
  return quantile(durationsMs, 0.75);
}

/** The smallest value that this share of the values does not exceed; undefined for none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
