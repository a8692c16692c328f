import { formatDuration } from '../core/units.ts';
import type { Due } from './due.ts';
import type { Schedule } from './options.ts';

export interface Situation {
  readonly due: Due;
  readonly catchUp: Schedule['catchUp'];
  readonly catchUpMax: number;
  /** Why the run before has not ended; undefined when none is under way. */
  readonly busy: string | undefined;
  /** The present, jitter taken off. */
  readonly nowMs: number;
  /** Why a slot may be late: "the machine slept". */
  readonly absence: string;
  /** Slots that were decided before the clock was set back lie between those that are due: missed ones are not put together. */
  readonly single: boolean;
}

/** Slots that will not run. Put together when one follows another. */
export interface Missed {
  readonly fromMs: number;
  readonly throughMs: number;
  /** How many; null when they were too many to count. */
  readonly count: number | null;
  readonly reason: string;
}

/** What becomes of the slots that are due: each of them is run, missed, or (with `all`) left until the run before has ended. */
export interface Decision {
  readonly run: number | undefined;
  readonly missed: readonly Missed[];
}

/** A slot is late from here on. A restart or a busy minute is not what catchUp is about. */
export const GRACE_MS = 60_000;

/**
 * Decides over the slots that are due at one look. At most one run is begun: with `all` the others follow one by one, and
 * with `once` and `skip` all but the newest are missed. One that is not late runs whatever the policy.
 */
export function decide(situation: Situation): Decision {
  const { slots } = situation.due;
  const newest = slots.at(-1);
  if (newest === undefined) return { run: undefined, missed: [] };
  if (situation.catchUp === 'all') return decideAll(situation);
  const older = missedRanges(situation, slots.length - 1, olderReason(situation, newest));
  const late = situation.nowMs - newest > GRACE_MS;
  if (situation.catchUp === 'skip' && late) {
    const reason = `${formatDuration(situation.nowMs - newest)} late, ${situation.absence} (catchUp: skip)`;
    return { run: undefined, missed: missedRanges(situation, slots.length, reason) };
  }
  if (situation.busy === undefined) return { run: newest, missed: older };
  return { run: undefined, missed: missedRanges(situation, slots.length, situation.busy) };
}

function decideAll(situation: Situation): Decision {
  const { slots } = situation.due;
  const over = Math.max(0, slots.length - situation.catchUpMax);
  const reason = `more than catchUpMax ${situation.catchUpMax} at once, ${situation.absence}`;
  const missed = missedRanges(situation, over, reason);
  if (situation.busy !== undefined) return { run: undefined, missed };
  return { run: slots[over], missed };
}

function olderReason({ catchUp, absence }: Situation, newest: number): string {
  if (catchUp === 'skip') return `${absence} (catchUp: skip)`;
  return `caught up by ${new Date(newest).toISOString().replace('.000Z', 'Z')}: ${absence}`;
}

/** The first `count` slots, and what was before them, as missed. */
function missedRanges({ due, single }: Situation, count: number, reason: string): Missed[] {
  const { earlier } = due;
  const slots = due.slots.slice(0, count);
  const missed: Missed[] = earlier === undefined ? [] : [{ ...earlier, count: null, reason }];
  const [fromMs] = slots;
  if (fromMs === undefined) return missed;
  if (single) return missed.concat(slots.map((slotMs) => ({ fromMs: slotMs, throughMs: slotMs, count: 1, reason })));
  return [...missed, { fromMs, throughMs: slots.at(-1) ?? fromMs, count: slots.length, reason }];
}
