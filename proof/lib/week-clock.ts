import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports.ts';

interface Sleeper {
  readonly dueMono: number;
  readonly wake: () => void;
}

/** Handles that stay open while nothing is being done. Whatever else is open is work under way. */
export const STANDING_HANDLES: ReadonlySet<string> = new Set([
  'TCPServerWrap',
  'TCPSocketWrap',
  'PipeWrap',
  'TTYWrap',
  'Timeout',
  'IntervalHistogram',
  'FSEventWrap',
]);

/**
 * What idle loops ask for: housekeeping 2 s, the others 15, 30 or 60 s. A week has half a million of these. Timers may fire
 * late, so they fire together, every 30 s (housekeeping every 2 min); whatever waits for a moment of its own is on time.
 */
const HOUSEKEEPING_MS = 2_000;
const HOUSEKEEPING_LATE_MS = 120_000;
const IDLE_MS: ReadonlySet<number> = new Set([15_000, 30_000, 60_000]);
const TOGETHER_MS = 30_000;

/**
 * The clock of a simulated week. Both clocks go on together while time passes, only the wall clock while the machine sleeps.
 * Time stands still as long as anything is being done: a commit, a file, a child, a request.
 */
export class WeekClock implements Clock {
  #wall: number;
  #mono = 1_000;
  readonly #sleepers = new Set<Sleeper>();

  constructor(wallMs: number) {
    this.#wall = wallMs;
  }

  wallMs(): number {
    return this.#wall;
  }

  monoMs(): number {
    return this.#mono;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const sleeper = { dueMono: this.#due(delayMs), wake };
      const sleepers = this.#sleepers;
      function wake(): void {
        sleepers.delete(sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      }
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', wake);
    });
  }

  /** The machine sleeps. */
  standStill(ms: number): void {
    this.#wall += ms;
  }

  /** Time passes, and everything is done in its time; what is due at the last moment has begun, and is not waited for. */
  async pass(untilWallMs: number): Promise<void> {
    for (;;) {
      await this.rest();
      const leftMs = untilWallMs - this.#wall;
      if (leftMs <= 0) return;
      const dueMono = Math.min(...[...this.#sleepers].map((sleeper) => sleeper.dueMono));
      this.#go(Math.min(leftMs, dueMono - this.#mono));
      if (this.#wall >= untilWallMs) return;
    }
  }

  /** Waits until all that is due has been done. */
  async rest(): Promise<void> {
    for (let quiet = 0; quiet < 2;) {
      await nextTurn();
      quiet = process.getActiveResourcesInfo().every((name) => STANDING_HANDLES.has(name)) ? quiet + 1 : 0;
    }
  }

  #due(delayMs: number): number {
    if (delayMs === HOUSEKEEPING_MS) return this.#mono + HOUSEKEEPING_LATE_MS;
    const dueMono = this.#mono + delayMs;
    return IDLE_MS.has(delayMs) ? Math.ceil(dueMono / TOGETHER_MS) * TOGETHER_MS : dueMono;
  }

  #go(ms: number): void {
    this.#wall += ms;
    this.#mono += ms;
    for (const sleeper of [...this.#sleepers].toSorted((a, b) => a.dueMono - b.dueMono)) {
      if (sleeper.dueMono <= this.#mono) sleeper.wake();
    }
  }
}
