/** Where worry begins and where it ends. Bytes of resident memory. */
export interface MemoryLimits {
  /** From here on, growth is acted on. */
  readonly softBytes: number;
  /** From here on, the system may kill the daemon at any moment. */
  readonly criticalBytes: number;
  readonly limitBytes: number;
  /** What the limit comes from, for people. */
  readonly from: 'care.memory' | 'control group' | 'machine' | 'heap';
}

export interface MemoryFacts {
  /** `care.memory`. */
  readonly configuredBytes: number | undefined;
  /** Of the control group; 0 or more than the machine has: there is none. */
  readonly constrainedBytes: number;
  readonly machineBytes: number;
  /** The most that the heap of V8 may grow to. */
  readonly heapBytes: number;
}

const MIB = 1_048_576;
/** What a daemon of this kind can ever have use for; an idle one has 80 MiB, one that took 25 MiB bodies about 266 MiB. */
const USEFUL_BYTES_MAX = 2_048 * MIB;
const MACHINE_BYTES_MIN = 512 * MIB;
/** Beside the heap: code, buffers, SQLite's pages, threads. */
const BESIDE_HEAP_BYTES = 256 * MIB;
const SOFT = 0.75;
const CRITICAL = 0.92;

/** The smallest of what binds; an own word goes before the machine's, and never above the control group's. */
export function memoryLimits(facts: MemoryFacts): MemoryLimits {
  const { configuredBytes, constrainedBytes, machineBytes, heapBytes } = facts;
  const isGroup = constrainedBytes > 0 && constrainedBytes < machineBytes;
  const share = Math.min(USEFUL_BYTES_MAX, Math.max(MACHINE_BYTES_MIN, machineBytes / 4));
  const bounds: [MemoryLimits['from'], number][] = [
    configuredBytes === undefined ? ['machine', share] : ['care.memory', configuredBytes],
    ...(isGroup ? [['control group', constrainedBytes] as [MemoryLimits['from'], number]] : []),
    ['heap', heapBytes + BESIDE_HEAP_BYTES],
  ];
  const [from, limit] = bounds.reduce((least, bound) => (bound[1] < least[1] ? bound : least));
  const limitBytes = Math.round(limit);
  return {
    limitBytes,
    from,
    softBytes: Math.round(limitBytes * SOFT),
    criticalBytes: Math.round(limitBytes * CRITICAL),
  };
}

/** What is remembered from look to look. Times are monotonic milliseconds. */
export interface MemoryState {
  readonly aboveSinceMs: number | null;
  readonly criticalSinceMs: number | null;
  /** What could be given back has been, and the least that was left after it. */
  readonly relieved: { readonly atMs: number; readonly leastBytes: number } | null;
}

export const MEMORY_CALM: MemoryState = { aboveSinceMs: null, criticalSinceMs: null, relieved: null };

/** `relieve`: give back what can be. `restart`: it goes on growing. `critical`: before the system does it. */
export type MemoryVerdict = 'fine' | 'high' | 'relieve' | 'restart' | 'critical';

/** Memory must fall this far below the soft limit before an episode is over, so that the verdict does not swing. */
const CALM = 0.9;
/** Since it was relieved. Less is the noise of work; a level that stands still harms nobody. */
const GROWTH = 1.05;

/**
 * One look. Above the soft limit for long enough: give back first; if it then grows on for as long again: restart.
 *
 * @param sustainedMs How long is long enough; a quarter of it when it is critical.
 */
export function judgeMemory(
  before: MemoryState,
  now: { readonly atMs: number; readonly residentBytes: number },
  limits: Pick<MemoryLimits, 'softBytes' | 'criticalBytes'>,
  sustainedMs: number,
): { readonly state: MemoryState; readonly verdict: MemoryVerdict } {
  const { atMs, residentBytes } = now;
  const over = residentBytes >= (before.aboveSinceMs === null ? limits.softBytes : limits.softBytes * CALM);
  if (!over) return { state: MEMORY_CALM, verdict: 'fine' };
  const aboveSinceMs = before.aboveSinceMs ?? atMs;
  const criticalSinceMs = residentBytes >= limits.criticalBytes ? (before.criticalSinceMs ?? atMs) : null;
  const relieved = before.relieved && {
    ...before.relieved,
    leastBytes: Math.min(before.relieved.leastBytes, residentBytes),
  };
  const state = { aboveSinceMs, criticalSinceMs, relieved };
  if (criticalSinceMs !== null && atMs - criticalSinceMs >= sustainedMs / 4) return { state, verdict: 'critical' };
  if (relieved === null) {
    if (atMs - aboveSinceMs < sustainedMs) return { state, verdict: 'high' };
    return { state: { ...state, relieved: { atMs, leastBytes: Infinity } }, verdict: 'relieve' };
  }
  const grows = residentBytes >= limits.softBytes && residentBytes >= relieved.leastBytes * GROWTH;
  return { state, verdict: grows && atMs - relieved.atMs >= sustainedMs ? 'restart' : 'high' };
}
