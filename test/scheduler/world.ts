import { KairosError } from '../../src/core/errors.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { schedulesOptions, type Schedule } from '../../src/scheduler/options.ts';
import { startScheduler, type Scheduler } from '../../src/scheduler/ticker.ts';
import { folder, ledgerIn, recordingLog, type LogLine } from '../ledger/make.ts';

/** Two clocks that a test moves together or apart, and a sleeper whose time it can see. */
export class StepClock implements Clock {
  wall: number;
  mono = 1_000;
  /** The scheduler's one sleep: when it is to end. */
  #sleeper: { readonly dueMono: number; readonly wake: () => void } | undefined;

  constructor(wallMs: number) {
    this.wall = wallMs;
  }

  wallMs(): number {
    return this.wall;
  }

  monoMs(): number {
    return this.mono;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const sleeper = { dueMono: this.mono + delayMs, wake: resolve };
      this.#sleeper = sleeper;
      signal.addEventListener('abort', () => {
        if (this.#sleeper === sleeper) this.#sleeper = undefined;
        resolve();
      });
    });
  }

  get sleeps(): boolean {
    return this.#sleeper !== undefined;
  }

  /** How long the sleeper has still to sleep. */
  get restMs(): number {
    return Math.max(0, (this.#sleeper?.dueMono ?? this.mono) - this.mono);
  }

  /** Both clocks go on; the sleeper wakes if its time has come. */
  go(ms: number): void {
    this.wall += ms;
    this.mono += ms;
    const sleeper = this.#sleeper;
    if (sleeper === undefined || sleeper.dueMono > this.mono) return;
    this.#sleeper = undefined;
    sleeper.wake();
  }
}

export interface World extends AsyncDisposable {
  readonly clock: StepClock;
  readonly lines: LogLine[];
  ledger: Ledger;
  scheduler: Scheduler;
  /** When each event was recorded, by its delivery id. */
  readonly recorded: { readonly delivery: string; readonly atMs: number }[];
  /** While true, jobs are done as soon as they are there. */
  works: boolean;
  /** Time passes, and all is done in its time. */
  pass(ms: number): Promise<void>;
  /** Waits until the scheduler sleeps and no job is left (when it works). */
  idle(): Promise<void>;
  /** The process ends, and another begins that much later. */
  restart(awayMs: number): Promise<void>;
  held: boolean;
  /** Schedules whose slots the ledger does not take. */
  readonly refuses: Set<string>;
}

/** Entries of `schedules:` as they stand in a configuration. */
export function schedules(entries: readonly Record<string, unknown>[]): Schedule[] {
  return schedulesOptions.parse(entries);
}

/** The scheduler over a real ledger; only time is made. */
export async function openWorld(startMs: number, entries: readonly Schedule[], timeZone: string): Promise<World> {
  const home = folder();
  const clock = new StepClock(startMs);
  const lines: LogLine[] = [];
  const open = async (): Promise<{ ledger: Ledger; scheduler: Scheduler }> => {
    const ledger = await ledgerIn(home.path);
    const scheduler = await startScheduler({
      store: {
        ...ledger.slots,
        run: (draft, slot) =>
          world.refuses.has(slot.schedule)
            ? Promise.reject(new KairosError('DISK_FULL', 'no space'))
            : ledger.slots.run(draft, slot),
      },
      append: (draft) => ledger.events.append(draft),
      schedules: entries,
      timeZone,
      clock,
      log: recordingLog(lines),
      isHeld: () => world.held,
      onDue(eventIds) {
        for (const id of eventIds)
          world.recorded.push({ delivery: ledger.events.find(id)?.delivery ?? '', atMs: clock.wallMs() });
      },
    });
    return { ledger, scheduler };
  };
  const world: World = {
    clock,
    lines,
    recorded: [],
    works: true,
    held: false,
    refuses: new Set(),
    ledger: undefined as unknown as Ledger,
    scheduler: undefined as unknown as Scheduler,
    async idle() {
      for (;;) {
        for (let turns = 0; !clock.sleeps; turns += 1) {
          if (turns > 20_000) throw new Error('the scheduler does not come to rest');
          await new Promise((resolve) => setImmediate(resolve));
        }
        if (!world.works || !(await work(world))) return;
        world.scheduler.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async pass(ms) {
      for (let leftMs = ms; leftMs > 0;) {
        await world.idle();
        const stepMs = Math.min(leftMs, Math.max(1, clock.restMs));
        clock.go(stepMs);
        leftMs -= stepMs;
      }
      await world.idle();
    },
    async restart(awayMs) {
      await world.scheduler[Symbol.asyncDispose]();
      await world.ledger[Symbol.asyncDispose]();
      clock.wall += awayMs;
      clock.mono = 1_000;
      Object.assign(world, await open());
      await world.idle();
    },
    async [Symbol.asyncDispose]() {
      await world.scheduler[Symbol.asyncDispose]();
      await world.ledger[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
  Object.assign(world, await open());
  await world.idle();
  return world;
}

/** Ends every job that waits. @returns whether there was one. */
async function work({ ledger, clock }: World): Promise<boolean> {
  if (ledger.jobs.list({ state: 'queued', limit: 1 }).length === 0) return false;
  const jobs = await ledger.jobs.claim(64, clock.wallMs(), 60_000);
  for (const job of jobs) await ledger.jobs.settle(job, { state: 'succeeded', effects: [] }, clock.wallMs());
  return jobs.length > 0;
}

export interface Account {
  /** Slots that were run, in order. */
  readonly run: readonly number[];
  readonly missed: readonly { readonly fromMs: number; readonly throughMs: number; readonly count: number | null }[];
}

/** What the ledger says of a schedule. */
export function accountOf(world: World, name: string): Account {
  const slots = world.ledger.slots.list(name, { limit: 100_000 }).toReversed();
  return {
    run: slots.filter(({ state }) => state === 'run').map(({ fromMs }) => fromMs),
    missed: slots.filter(({ state }) => state === 'missed'),
  };
}

/**
 * What is wrong with an account: a slot that was not decided, one that is both run and missed, a run that is no slot, an
 * event more or less than there are runs. Empty when each slot up to now was run once or is shown as missed.
 */
export function faults(world: World, name: string, expected: readonly number[]): string[] {
  const { run, missed } = accountOf(world, name);
  const found: string[] = [];
  const at = (ms: number): string => new Date(ms).toISOString();
  const covers = (ms: number): number =>
    missed.filter(({ fromMs, throughMs }) => fromMs <= ms && ms <= throughMs).length;
  const ran = new Set(run);
  if (ran.size !== run.length) found.push(`${name}: a slot has two rows`);
  for (const slotMs of expected) {
    const times = Number(ran.has(slotMs)) + covers(slotMs);
    if (times !== 1) found.push(`${name}: ${at(slotMs)} was decided ${times} times`);
  }
  const deliveries = world.ledger.events
    .list({ limit: 100_000 })
    .filter(({ source, type }) => source === 'schedule' && type === name)
    .map(({ delivery }) => delivery)
    .toSorted();
  const rows = run.map((ms) => `${name}@${at(ms)}`).toSorted();
  if (deliveries.join() !== rows.join()) found.push(`${name}: ${deliveries.length} events for ${rows.length} runs`);
  const nowMs = world.clock.wallMs();
  const known = new Set(expected);
  for (const slotMs of run) if (slotMs <= nowMs && !known.has(slotMs)) found.push(`${name}: ${at(slotMs)} is no slot`);
  return found;
}
