/** At most `max` entries in any closed interval of `perMs`. */
export interface WindowRule {
  readonly perMs: number;
  readonly max: number;
}

/** Something that took a place in the windows. `monoMs` is null when it happened before this process started. */
export interface WindowEntry {
  readonly wallMs: number;
  readonly monoMs: number | null;
}

/** This moment on both clocks. */
export interface Now {
  readonly wallMs: number;
  readonly monoMs: number;
}

/** `untilMs` is wall time; `rule` is the one that waits longest. */
export type Admission =
  | { readonly kind: 'now' }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly rule: WindowRule };

/**
 * May one more happen now, under every rule? True sliding windows: an entry counts while it is not older than the
 * rule's length, by either clock, so that setting the wall clock forward opens nothing. An entry stamped in the future
 * (the wall clock was set back) is judged by the monotonic clock alone; without that it counts as if it happened now.
 */
export function admit(rules: readonly WindowRule[], entries: readonly WindowEntry[], now: Now): Admission {
  let wait: { delayMs: number; rule: WindowRule } | undefined;
  for (const rule of rules) {
    const delayMs = delayOf(rule, entries, now);
    if (delayMs > 0 && delayMs > (wait?.delayMs ?? 0)) wait = { delayMs, rule };
  }
  return wait === undefined ? { kind: 'now' } : { kind: 'wait', untilMs: now.wallMs + wait.delayMs, rule: wait.rule };
}

/** How many entries count against a rule now. */
export function usedPlaces(rule: WindowRule, entries: readonly WindowEntry[], now: Now): number {
  return entries.filter((entry) => leavesInMs(entry, rule.perMs, now) > 0).length;
}

/** An entry read from the ledger after a start: placed on this process's monotonic clock, never in the future. */
export function recallEntry(wallMs: number, now: Now): WindowEntry {
  const ageMs = Math.max(0, now.wallMs - wallMs);
  return { wallMs: now.wallMs - ageMs, monoMs: now.monoMs - ageMs };
}

/** The longest rule: entries that no longer count under it can be forgotten. 0 without rules. */
export function longestMs(rules: readonly WindowRule[]): number {
  return Math.max(0, ...rules.map((rule) => rule.perMs));
}

/** Whether an entry counts in an interval of `perMs`. */
export function counts(entry: WindowEntry, perMs: number, now: Now): boolean {
  return leavesInMs(entry, perMs, now) > 0;
}

/** How long until the rule has a place: 0 when it has one now. */
function delayOf(rule: WindowRule, entries: readonly WindowEntry[], now: Now): number {
  const leaving = entries.map((entry) => leavesInMs(entry, rule.perMs, now)).filter((delayMs) => delayMs > 0);
  if (leaving.length < rule.max) return 0;
  return leaving.toSorted((a, b) => a - b)[leaving.length - rule.max] ?? 0;
}

/** In how many milliseconds an entry no longer counts. Whole milliseconds: at an age of exactly `perMs` it still does. */
function leavesInMs(entry: WindowEntry, perMs: number, now: Now): number {
  const wallAgeMs = now.wallMs - entry.wallMs;
  const fromFuture = wallAgeMs < 0;
  const byWallMs = fromFuture ? 0 : perMs - wallAgeMs + 1;
  if (entry.monoMs === null) return fromFuture ? perMs + 1 : Math.max(0, byWallMs);
  const byMonoMs = perMs - Math.floor(now.monoMs - entry.monoMs) + 1;
  return Math.max(0, byMonoMs, byWallMs);
}
