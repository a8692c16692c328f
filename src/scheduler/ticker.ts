import { KairosError } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log } from '../core/ports.ts';
import { jumpEvent, missedDraft, slotEvent } from './drafts.ts';
import { entryOf, look, moveTo, timingKey, type Entry } from './entry.ts';
import type { Schedule } from './options.ts';
import type { SlotStore } from './store.ts';
import { jumpBetween, type Jump, type Look } from './wake.ts';

export interface SchedulerOptions {
  readonly store: SlotStore;
  /** Records an event of the daemon itself: a sleep, a clock that was set. */
  readonly append: (draft: EventDraft) => Promise<{ readonly id: number }>;
  readonly schedules: readonly Schedule[];
  /** The `timezone` of the configuration. */
  readonly timeZone: string;
  readonly clock: Clock;
  readonly log: Log;
  /** These events, with their jobs, are in the ledger now. */
  readonly onDue: (eventIds: readonly number[]) => void;
  /** While true, nothing is decided (safe mode); afterwards it is made up for by policy. */
  readonly isHeld?: () => boolean;
  /** The machine has slept, and that is recorded. */
  readonly onWoke?: () => void;
}

/** `wake()` makes it look at once: a run has ended, or another clock rang. */
export interface Scheduler extends Loop {
  /** Other schedules from now on. Those that are due at other times than before begin anew; resolves when they are armed. */
  update(schedules: readonly Schedule[], timeZone: string): Promise<void>;
  /**
   * Runs a schedule now, beside its slots. @returns the row number of the event.
   *
   * @throws {KairosError} `NOT_FOUND`, or `STATE_CONFLICT` while a run of it is under way.
   */
  runNow(name: string): Promise<number>;
  find(name: string): Entry | undefined;
  /** In the order of the configuration. */
  entries(): readonly Entry[];
}

/** No timer is longer, so that a machine that slept, or whose clock was set, is noticed soon. */
const LOOK_MS = 15_000;
/** Schedules decided at the same time: they share commits. */
const BATCH = 256;

/**
 * The clockwork. Looks when the next slot is due, and every 15 s anyway; what is due is found from the wall clock and the
 * ledger alone, so a look too many does nothing and one that was missed loses nothing. Idle, it compares two clocks and one
 * number a schedule.
 */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { clock, log } = options;
  let armed = await arm(options.schedules, options.timeZone, options);
  let before: Look | undefined;
  let gapMs = 0;
  let absence = 'kairosd was not running';
  let update: (() => Promise<void>) | undefined;

  const loop = startLoop({
    name: 'scheduler',
    clock,
    log,
    async step(signal) {
      const now = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
      const isHeld = options.isHeld?.() ?? false;
      try {
        const jump = before && jumpBetween(before, now, gapMs);
        if (jump !== undefined) await noticeJump(jump, now.wallMs, armed, options);
        if (jump?.kind === 'woke') absence = 'the machine slept';
        if (jump?.kind === 'woke') options.onWoke?.();
        before = now;
        if (!isHeld) await lookAtAll(armed, absence, options, signal);
        absence = isHeld ? 'kairosd was in safe mode' : 'kairosd was held up';
      } finally {
        // After the schedules as they were are decided up to now. Whoever waits for the others is answered in any case.
        await update?.();
      }
      const delayMs = isHeld ? LOOK_MS : untilNext(armed, clock.wallMs());
      gapMs = clock.monoMs() - now.monoMs + delayMs;
      return delayMs;
    },
  });
  const change = (schedules: readonly Schedule[], timeZone: string): Promise<void> =>
    new Promise((resolve, reject) => {
      update = async () => {
        update = undefined;
        await arm(schedules, timeZone, options).then((others) => {
          armed = others;
          resolve();
        }, reject);
      };
      loop.wake();
    });
  return {
    wake: () => loop.wake(),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
    update: change,
    async runNow(name) {
      const id = await runNow(name, armed.entries.get(name), options);
      options.onDue([id]);
      return id;
    },
    find: (name) => armed.entries.get(name),
    entries: () => [...armed.entries.values()],
  };
}

/** The schedules under way, by name. */
interface Armed {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly timeZone: string;
}

async function noticeJump(jump: Jump, nowMs: number, armed: Armed, options: SchedulerOptions): Promise<void> {
  options.log.info({ jump: jump.kind, ms: Math.round(jump.forMs) }, 'the clock jumped');
  const { id } = await options.append(jumpEvent(jump, nowMs));
  options.onDue([id]);
  if (jump.kind === 'set-back') await goBack(armed.entries.values(), nowMs, options.store);
}

async function lookAtAll(
  { entries, timeZone }: Armed,
  absence: string,
  { store, clock, onDue }: SchedulerOptions,
  signal: AbortSignal,
): Promise<void> {
  const nowMs = clock.wallMs();
  const due = [...entries.values()].filter(({ nextMs }) => nextMs <= nowMs);
  let failed: PromiseRejectedResult | undefined;
  for (let index = 0; index < due.length && !signal.aborted; index += BATCH) {
    const batch = due.slice(index, index + BATCH);
    const looks = await Promise.allSettled(batch.map((entry) => look(entry, { store, nowMs, absence, timeZone })));
    const eventIds = looks.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
    reached('slots.decided');
    if (eventIds.length > 0) onDue(eventIds);
    failed ??= looks.find((one) => one.status === 'rejected');
  }
  // What could not be recorded is still due, and the loop comes back in a second; it held up nobody else.
  if (failed !== undefined) throw failed.reason;
}

/** Makes schedules known to the ledger, each from where it is decided to. */
async function arm(
  schedules: readonly Schedule[],
  timeZone: string,
  { store, clock }: SchedulerOptions,
): Promise<Armed> {
  const nowMs = clock.wallMs();
  const keys = schedules.map((schedule) => ({ name: schedule.name, timing: timingKey(schedule, timeZone) }));
  const cursors = await store.sync(keys, nowMs);
  const entries = new Map<string, Entry>();
  for (const schedule of schedules) {
    const { throughMs, fresh } = cursors.get(schedule.name) ?? { throughMs: nowMs, fresh: true };
    const entry = entryOf(schedule, timeZone, throughMs);
    entries.set(schedule.name, entry);
    if (fresh) await missPast(entry, nowMs, timeZone, store);
    if (entries.size % ARM_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await goBack(entries.values(), nowMs, store);
  return { entries, timeZone };
}

/** Schedules armed before others get their turn: about 5 ms. */
const ARM_SLICE = 1_000;

/** A one-shot that is configured after its time is shown as missed: it would never be heard of again. */
async function missPast(entry: Entry, nowMs: number, timeZone: string, store: SlotStore): Promise<void> {
  const { timing, schedule } = entry;
  if (timing.kind !== 'at' || timing.atMs > nowMs) return;
  const { atMs } = timing;
  if (store.decided(schedule.name, atMs, atMs).length > 0) return;
  const missed = { fromMs: atMs, throughMs: atMs, count: 1, reason: 'its time had passed when it was first seen' };
  await store.miss(schedule.name, [missedDraft(schedule.name, missed, timeZone)], nowMs);
}

/** The clock was set back, now or while nobody ran: whatever is decided beyond the present is looked at again in its time. */
async function goBack(entries: Iterable<Entry>, nowMs: number, store: SlotStore): Promise<void> {
  const ahead = [...entries].filter((entry) => entry.throughMs > nowMs);
  if (ahead.length === 0) return;
  await store.reopen(
    ahead.map(({ schedule }) => schedule.name),
    nowMs,
  );
  for (const entry of ahead) moveTo(entry, nowMs);
}

/** What is due already waits for the end of another run, which wakes the loop. */
function untilNext({ entries }: Armed, nowMs: number): number {
  let delayMs = LOOK_MS;
  for (const { nextMs } of entries.values()) {
    if (nextMs > nowMs) delayMs = Math.min(delayMs, nextMs - nowMs);
  }
  return delayMs;
}

async function runNow(name: string, entry: Entry | undefined, { store, clock }: SchedulerOptions): Promise<number> {
  if (entry === undefined) throw new KairosError('NOT_FOUND', `there is no schedule ${JSON.stringify(name)}`);
  const waits = store.unfinished(name);
  if (waits !== undefined)
    throw new KairosError('STATE_CONFLICT', `a run of ${name} is under way already: it is ${waits}`);
  const nowMs = clock.wallMs();
  return (await store.runByHand(slotEvent(entry.schedule, nowMs, 'asked', nowMs), name)).id;
}
