import type { Clock } from '../../src/core/ports.ts';

/** A clock that stands still until a test moves it. Sleepers wake in order of their time. */
export class FakeClock implements Clock {
  #wallMs: number;
  #monoMs = 1_000;
  #sleepers: { dueMonoMs: number; wake: () => void }[] = [];

  constructor(wallMs = Date.UTC(2026, 10, 2, 12, 0, 0)) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const sleeper = { dueMonoMs: this.#monoMs + delayMs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  /** Both clocks go on by `ms`; whoever is due wakes, and what they do next has been done on return. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monoMs + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.toSorted((a, b) => a.dueMonoMs - b.dueMonoMs)[0];
      if (next === undefined || next.dueMonoMs > untilMs) break;
      this.#wallMs += next.dueMonoMs - this.#monoMs;
      this.#monoMs = next.dueMonoMs;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
    }
    this.#wallMs += untilMs - this.#monoMs;
    this.#monoMs = untilMs;
    await settle();
  }

  /** Only the wall clock jumps, as when somebody sets it. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }
}

/** Lets promises and I/O callbacks that are already due run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
