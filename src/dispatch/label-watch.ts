import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';
import { BRAIN_LABEL } from './remote-work.ts';

/** Due jobs of one label. */
export interface WaitingLabel {
  readonly label: string;
  readonly count: number;
  /** When the oldest of them was due. */
  readonly sinceMs: number;
}

export interface LabelWatchOptions {
  readonly store: {
    waitingByLabel(nowMs: number): readonly WaitingLabel[];
    noteWaiting(label: string, why: string, nowMs: number): Promise<void>;
  };
  /** Whether somebody takes work of this label now. */
  readonly serves: (label: string) => boolean;
  /** Tells the owner. */
  readonly tell: (text: string) => void;
  /** Why no worker can be heard of; undefined: they could be, and none has this label. */
  readonly trouble: () => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** How long jobs wait before the owner is told. Default 15 min. */
  readonly tellMs?: number;
}

const LOOK_MS = 60_000;
const TELL_MS = 900_000;

/**
 * Looks after work that waits for a worker which is not there: each job says so, and the owner is told once, until somebody
 * takes it. Nothing is given up: it waits.
 */
export function startLabelWatch(options: LabelWatchOptions): Loop {
  const { store, serves, tell, trouble, clock, log, tellMs = TELL_MS } = options;
  const told = new Set<string>();
  return startLoop({
    name: 'labels',
    clock,
    log,
    async step() {
      const nowMs = clock.wallMs();
      const waiting = store.waitingByLabel(nowMs).filter(({ label }) => label !== BRAIN_LABEL && !serves(label));
      for (const label of told) if (!waiting.some((one) => one.label === label)) told.delete(label);
      for (const { label, count, sinceMs } of waiting) {
        const why = trouble() ?? `no worker with the label ${label} is there (kairos worker --labels ${label})`;
        await store.noteWaiting(label, `waits: ${why}`, nowMs);
        if (nowMs - sinceMs < tellMs || told.has(label)) continue;
        told.add(label);
        const jobs = count === 1 ? 'One job waits' : `${count} jobs wait`;
        tell(`${jobs} for a worker with the label ${label}, since ${formatDuration(nowMs - sinceMs)}: ${why}.`);
      }
      return LOOK_MS;
    },
  });
}
