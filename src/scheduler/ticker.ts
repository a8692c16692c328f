import { KairosError } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';
import { jumpEvent, missedDraft, slotEvent } from './drafts.ts';
import { entryOf, look, moveTo, timingKey, type Entry } from './entry.ts';
import type { Schedule } from './options.ts';
import type { SlotStore } from './store.ts';
import { jumpBetween, type Look } from './wake.ts';

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
  const { store, clock, log } = options;
  let { timeZone } = options;
  let entries = await arm(options.schedules, timeZone, options);
  let before: Look | undefined;
  let gapMs = 0;
  let absence = 'kairosd was not running';
  let update: (() => Promise<void>) | undefined;

  const noticeJump = async (now: Look): Promise<void> => {
    const jump = before && jumpBetween(before, now, gapMs);
    if (jump !== undefined) {
      log.info({ jump: jump.kind, ms: Math.round(jump.forMs) }, 'the clock jumped');
      const { id } = await options.append(jumpEvent(jump, now.wallMs));
      options.onDue([id]);
      if (jump.kind === 'set-back') await goBack(entries.values(), now.wallMs, store);
      if (jump.kind === 'woke') absence = 'the machine slept';
    }
    before = now;
  };
  const lookAtAll = async (signal: AbortSignal): Promise<void> => {
    const nowMs = clock.wallMs();
    const due = [...entries.values()].filter(({ nextMs }) => nextMs <= nowMs);
    for (let index = 0; index < due.length && !signal.aborted; index += BATCH) {
      const batch = due.slice(index, index + BATCH);
      const begun = await Promise.all(batch.map((entry) => look(entry, { store, nowMs, absence, timeZone })));
      const eventIds = begun.filter((id) => id !== undefined);
      if (eventIds.length > 0) options.onDue(eventIds);
    }
    absence = 'kairosd was held up';
  };

  const loop = startLoop({
    name: 'scheduler',
    clock,
    log,
    async step(signal) {
      const now = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
      await noticeJump(now);
      const held = options.isHeld?.() ?? false;
      if (held) absence = 'kairosd was in safe mode';
      else await lookAtAll(signal);
      // The schedules as they were are decided up to now before others take their place.
      await update?.();
      const delayMs = held ? LOOK_MS : untilNext(entries.values(), clock.wallMs());
      gapMs = clock.monoMs() - now.monoMs + delayMs;
      return delayMs;
    },
  });
  return {
    wake: loop.wake,
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
    update: (schedules, zone) =>
      new Promise((resolve, reject) => {
        update = async () => {
          update = undefined;
          try {
            entries = await arm(schedules, zone, options);
            timeZone = zone;
            resolve();
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        loop.wake();
      }),
    async runNow(name) {
      const id = await runNow(name, entries.get(name), options);
      options.onDue([id]);
      return id;
    },
    find: (name) => entries.get(name),
    entries: () => [...entries.values()],
  };
}

/** Makes schedules known to the ledger, each from where it is decided to. */
async function arm(
  schedules: readonly Schedule[],
  timeZone: string,
  { store, clock }: SchedulerOptions,
): Promise<Map<string, Entry>> {
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
  return entries;
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
function untilNext(entries: Iterable<Entry>, nowMs: number): number {
  let delayMs = LOOK_MS;
  for (const { nextMs } of entries) {
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
