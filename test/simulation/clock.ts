import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { STANDING_HANDLES } from '../../proof/lib/week-clock.ts';
import type { Clock } from '../../src/core/ports.ts';

/** Here the configuration is watched as well. */
const STANDING: ReadonlySet<string> = new Set([...STANDING_HANDLES, 'StatWatcher']);

/**
 * What idle loops ask for. Timers may fire late, so these fire together, and long after the last stimulus only now and then:
 * a week of them is half a million otherwise. Whatever waits for a moment of its own is on time.
 */
const IDLE_MS: ReadonlySet<number> = new Set([2_000, 5_000, 15_000, 30_000, 60_000]);
const TOGETHER_MS = 15_000;
const CALM_TOGETHER_MS = 120_000;
const CALM_AFTER_MS = 120_000;
/** The scheduler takes it for a sleep of the machine when it is a minute late. */
const LOOK_MS = 15_000;
const LOOK_TOGETHER_MS = 60_000;
const LOOK_LATE_MS_MAX = 50_000;

/** Steps after which a thread or a child may be at work. */
const WORK = /^(work|agent|call|changes|command|dream|memory|approval|digest)\./;
const RESTLESS_MS = 4;
const MOMENTS_MAX = 50;
const IDLE_THREAD_MS = 1_500;
const CHILDREN = [
  ['dream.begun', 'dream.proposed'],
  ['call.begun', 'call.made'],
  ['command.begun', 'command.ended'],
] as const;
const CHILD_MS_MAX = 5_000;
const STANDING_MS_MAX = 180_000;

interface Sleeper {
  readonly dueMono: number;
  readonly wake: () => void;
}

/**
 * The clock of one life of a simulated daemon. Time stands still as long as anything is being done: a commit, a file, a
 * child, a request. `trueMs` is the time of the world outside, which nobody sets.
 */
export class SimulatedClock implements Clock {
  #wall: number;
  #true: number;
  #mono = 1_000;
  #calmMono = 1_000 + CALM_AFTER_MS;
  #restless = false;
  #ports = 0;
  #childUntilMs = 0;
  #portsSinceMs = performance.now();
  readonly #sleepers = new Set<Sleeper>();

  constructor({ wallMs, trueMs }: { readonly wallMs: number; readonly trueMs: number }) {
    this.#wall = wallMs;
    this.#true = trueMs;
  }

  wallMs(): number {
    return this.#wall;
  }

  monoMs(): number {
    return this.#mono;
  }

  get trueMs(): number {
    return this.#true;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const sleepers = this.#sleepers;
      const sleeper = { dueMono: this.#due(delayMs), wake };
      function wake(): void {
        sleepers.delete(sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      }
      sleepers.add(sleeper);
      signal.addEventListener('abort', wake);
    });
  }

  /** How many wait for a moment that is at most so far away. */
  dueWithin(ms: number): number {
    return [...this.#sleepers].filter(({ dueMono }) => dueMono <= this.#mono + ms).length;
  }

  /** Something happens: loops are on time for a while. */
  stir(): void {
    this.#calmMono = this.#mono + CALM_AFTER_MS;
  }

  /** The machine sleeps: for the daemon no time passes. */
  standStill(ms: number): void {
    this.#wall += ms;
    this.#true += ms;
  }

  /** Somebody sets the wall clock. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** So much time passes, and everything is done in its time; what is due at the last moment has been done. */
  async pass(ms: number): Promise<void> {
    const untilMono = this.#mono + ms;
    let stands = endless();
    for (;;) {
      await this.rest();
      const nextMono = Math.min(untilMono, ...[...this.#sleepers].map((sleeper) => sleeper.dueMono));
      if (nextMono <= this.#mono && this.#mono >= untilMono) return;
      if (nextMono > this.#mono) stands = endless();
      else stands();
      await this.#go(Math.max(0, nextMono - this.#mono));
    }
  }

  /** Waits until all that is under way is done, or waits for time to pass. */
  async rest(): Promise<void> {
    const stands = endless();
    for (let quiet = 0; quiet < 2;) {
      stands();
      await nextTurn();
      quiet = this.#isQuiet() ? quiet + 1 : 0;
      // What compiles or loads in a thread of the system's is no handle: after a step of work it has a moment to show itself.
      if (quiet === 2 && this.#restless) {
        this.#restless = false;
        await moment(this.#ports === 0 ? RESTLESS_MS : RESTLESS_MS * 8);
        quiet = 0;
      }
    }
  }

  /** A thread that is kept for the next question looks like one at work: after a while it is taken to be idle. */
  #isQuiet(): boolean {
    if (performance.now() < this.#childUntilMs) return false;
    let ports = 0;
    for (const name of process.getActiveResourcesInfo()) {
      if (name === 'MessagePort') ports += 1;
      else if (!STANDING.has(name)) return false;
    }
    if (ports <= this.#ports) {
      this.#ports = ports;
      this.#portsSinceMs = performance.now();
      return true;
    }
    if (performance.now() - this.#portsSinceMs > IDLE_THREAD_MS) this.#ports = ports;
    return false;
  }

  /** A step of work was passed: there may be more that cannot be seen. */
  passed(step: string): void {
    if (WORK.test(step)) this.#restless = true;
    // Children that are let go of are no handles either: time stands still from the one step to the other.
    for (const [from, to] of CHILDREN) {
      if (step === from) this.#childUntilMs = performance.now() + CHILD_MS_MAX;
      if (step === to) this.#childUntilMs = 0;
    }
  }

  #due(delayMs: number): number {
    const dueMono = this.#mono + delayMs;
    if (!IDLE_MS.has(delayMs)) return dueMono;
    const isCalm = this.#mono >= this.#calmMono;
    const rasterMs = !isCalm ? TOGETHER_MS : delayMs === LOOK_MS ? LOOK_TOGETHER_MS : CALM_TOGETHER_MS;
    const together = Math.ceil(dueMono / rasterMs) * rasterMs;
    return delayMs === LOOK_MS && together - dueMono > LOOK_LATE_MS_MAX ? dueMono : together;
  }

  /** Who is due at the same moment wakes one after the other: the order must not be the system's. */
  async #go(ms: number): Promise<void> {
    this.#wall += ms;
    this.#true += ms;
    this.#mono += ms;
    const due = [...this.#sleepers].filter(({ dueMono }) => dueMono <= this.#mono);
    for (const sleeper of due.toSorted((a, b) => a.dueMono - b.dueMono)) {
      sleeper.wake();
      await this.rest();
    }
  }
}

/** To be called as long as no time passes. @throws when that goes on for minutes: somebody does the same again and again. */
function endless(): () => void {
  const sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs > STANDING_MS_MAX)
      throw new Error('something is done without end, and time stands still');
  };
}

/** So long, and again as long as it took much longer: whoever is to show itself is as late as this then. */
async function moment(ms: number): Promise<void> {
  for (let again = 0; again < MOMENTS_MAX; again += 1) {
    const beganMs = performance.now();
    await pause(ms);
    if (performance.now() - beganMs < ms * 2) return;
  }
}
