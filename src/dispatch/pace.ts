/** How many jobs come to their end in a second, lately. */
export interface Pace {
  note(count: number, nowMs: number): void;
  perSecond(nowMs: number): number;
}

/** What happened a second ago counts half, what happened ten seconds ago hardly anything. */
const HALF_MS = 1_000;

/** An average that forgets: it rises with a stream of short jobs, and falls to nothing with long ones. */
export function createPace(): Pace {
  let weight = 0;
  let atMs = 0;
  const faded = (nowMs: number): number => weight * 0.5 ** (Math.max(0, nowMs - atMs) / HALF_MS);
  return {
    note(count, nowMs) {
      weight = faded(nowMs) + count;
      atMs = nowMs;
    },
    // A steady rate weighs as much as it brings in HALF_MS / ln 2.
    perSecond: (nowMs) => (faded(nowMs) * Math.LN2 * 1_000) / HALF_MS,
  };
}
