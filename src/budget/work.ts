import { quantile } from './blocking.ts';

/** A run that ended well. */
export interface RecentRun {
  readonly kind: string;
  readonly origin: string;
  readonly ms: number;
  /** Where it was when it ended. */
  readonly lane: 'foreground' | 'background';
}

/** How the work of one origin has gone lately. */
export interface WorkStatistics {
  readonly origin: string;
  readonly kind: string;
  readonly runs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Runs that ended in the background: they were handed over, or began there. */
  readonly background: number;
}

/** Runs by origin and kind, those with the most runs first. Pure. */
export function workStatistics(recent: readonly RecentRun[]): WorkStatistics[] {
  const groups = Object.values(Object.groupBy(recent, ({ kind, origin }) => `${kind} ${origin}`));
  return groups
    .flatMap((runs = []) => {
      const [first] = runs;
      if (first === undefined) return [];
      const durationsMs = runs.map(({ ms }) => ms);
      return [
        {
          origin: first.origin,
          kind: first.kind,
          runs: runs.length,
          medianMs: quantile(durationsMs, 0.5) ?? 0,
          p95Ms: quantile(durationsMs, 0.95) ?? 0,
          background: runs.filter(({ lane }) => lane === 'background').length,
        },
      ];
    })
    .toSorted((a, b) => b.runs - a.runs || a.origin.localeCompare(b.origin));
}
