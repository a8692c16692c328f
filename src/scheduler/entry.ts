import { decide, GRACE_MS, type Decision } from './decide.ts';
import { slotEvent, missedDraft } from './drafts.ts';
import { dueSlots, jitterMs, nextSlots, timingOf, type Due, type Timing } from './due.ts';
import type { Schedule } from './options.ts';
import type { JobWaits, SlotStore } from './store.ts';

/** A schedule under way: changed only by the ticker. */
export interface Entry {
  readonly schedule: Schedule;
  readonly timing: Timing;
  readonly offsetMs: number;
  /** Every slot up to here is decided. */
  throughMs: number;
  /** When the next slot is due, jitter included; Infinity when there is none. */
  nextMs: number;
}

export interface LookContext {
  readonly store: SlotStore;
  readonly nowMs: number;
  /** Why slots may be late. */
  readonly absence: string;
  readonly timeZone: string;
}

const CATCH_UP_MAX = 24;

const BUSY: Record<JobWaits, string> = {
  queued: 'the run before had not begun',
  running: 'the run before had not ended',
  parked: 'the run before waits for a model',
};

export function entryOf(schedule: Schedule, defaultZone: string, throughMs: number): Entry {
  const entry: Entry = {
    schedule,
    timing: timingOf(schedule, defaultZone),
    offsetMs: jitterMs(schedule.name, schedule.jitter ?? 0),
    throughMs,
    nextMs: Infinity,
  };
  moveTo(entry, throughMs);
  return entry;
}

/** What makes a schedule another one: then it begins anew. */
export function timingKey(schedule: Schedule, defaultZone: string): string {
  return JSON.stringify(timingOf(schedule, defaultZone));
}

/**
 * Decides the slots of one schedule that are due, and records what was decided, all in one transaction.
 *
 * @returns The event of the run that was begun, if one was.
 */
export async function look(entry: Entry, context: LookContext): Promise<number | undefined> {
  const { store, nowMs, absence, timeZone } = context;
  const { schedule, offsetMs } = entry;
  const { name, catchUp, catchUpMax = CATCH_UP_MAX } = schedule;
  const found = dueSlots(entry.timing, entry.throughMs, nowMs - offsetMs);
  const lastMs = found.slots.at(-1);
  if (lastMs === undefined) {
    moveTo(entry, entry.throughMs);
    return undefined;
  }
  const due = undecided(found, store, name);
  const waits = due.slots.length === 0 ? undefined : store.unfinished(name);
  const busy = waits === undefined ? undefined : BUSY[waits];
  const single = due !== found;
  const decision = decide({ due, catchUp, catchUpMax, busy, nowMs: nowMs - offsetMs, absence, single });
  const missed = decision.missed.map((one) => missedDraft(name, one, timeZone));
  const eventId = await record(decision, missed);
  moveTo(entry, handledThrough(decision) ?? (due.slots.length === 0 ? lastMs : entry.throughMs));
  return eventId;

  async function record({ run: slotMs }: Decision, drafts: typeof missed): Promise<number | undefined> {
    if (slotMs !== undefined) {
      const occasion = nowMs - offsetMs - slotMs > GRACE_MS ? 'late' : 'due';
      const draft = slotEvent(schedule, slotMs, occasion, nowMs);
      return (await store.run(draft, { schedule: name, slotMs, missed: drafts, nowMs })).id;
    }
    if (drafts.length > 0) await store.miss(name, drafts, nowMs);
    return undefined;
  }
}

/** Goes on from another instant. */
export function moveTo(entry: Entry, throughMs: number): void {
  entry.throughMs = throughMs;
  const [nextMs] = nextSlots(entry.timing, throughMs, 1);
  entry.nextMs = nextMs === undefined ? Infinity : nextMs + entry.offsetMs;
}

/** Without the slots that were decided before the clock was set back. The same object when there are none. */
function undecided(due: Due, store: SlotStore, name: string): Due {
  const [firstMs = 0] = due.slots;
  const before = store.decided(name, due.earlier?.fromMs ?? firstMs, due.slots.at(-1) ?? firstMs);
  if (before.length === 0) return due;
  const isOpen = (ms: number): boolean => !before.some(({ fromMs, throughMs }) => fromMs <= ms && ms <= throughMs);
  return { slots: due.slots.filter(isOpen), earlier: undefined };
}

function handledThrough({ run, missed }: Decision): number | undefined {
  return run ?? missed.at(-1)?.throughMs;
}
