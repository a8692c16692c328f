/** Counts matched events by source and says whether a source is in a storm. */
export interface StormMeter {
  /** Counts one event of a source. @returns Whether the source is in a storm, this event included. */
  note(source: string, monoMs: number): boolean;
  /** Whether the source is in a storm now, without counting anything. */
  isStorm(source: string, monoMs: number): boolean;
}

export interface StormOptions {
  /** The time looked back over, in milliseconds; default 60 000. */
  readonly perMs?: number;
  /** A storm is more than this many events in that time; default 60, at most 1 000. */
  readonly threshold?: number;
  /** Sources remembered at once; the one not heard of for longest is forgotten. Default 256. */
  readonly sourcesMax?: number;
}

/** The times of the newest events of a source, as a ring. */
interface Ring {
  readonly atMs: Float64Array;
  next: number;
}

/**
 * A true sliding window, exact to the millisecond, in bounded memory: of every source only the times of the newest
 * threshold + 1 events are kept, and the oldest of them says it all. Times are monotonic milliseconds.
 */
export function createStormMeter(options: StormOptions = {}): StormMeter {
  const { perMs = 60_000, threshold = 60, sourcesMax = 256 } = options;
  const rings = new Map<string, Ring>();
  const isStorm = (source: string, monoMs: number): boolean => {
    const ring = rings.get(source);
    return ring !== undefined && monoMs - (ring.atMs[ring.next] ?? -Infinity) < perMs;
  };
  return {
    isStorm,
    note(source, monoMs) {
      const ring = rings.get(source) ?? { atMs: new Float64Array(threshold + 1).fill(-Infinity), next: 0 };
      ring.atMs[ring.next] = monoMs;
      ring.next = (ring.next + 1) % ring.atMs.length;
      // Taken out and put back: a Map remembers the order, so its first key is the one heard of longest ago.
      rings.delete(source);
      rings.set(source, ring);
      if (rings.size > sourcesMax) rings.delete(rings.keys().next().value as string);
      return isStorm(source, monoMs);
    },
  };
}
