import { randomBytes, randomInt } from 'node:crypto';
import type { Clock, Random } from '../core/ports.ts';

/** No timer is armed for longer, so that a laptop which slept looks at the clock again soon after it woke. */
const PIECE_MS = 30_000;

/** The real clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  async sleep(delayMs, signal) {
    const untilMs = performance.now() + delayMs;
    for (;;) {
      const leftMs = untilMs - performance.now();
      if (signal.aborted || leftMs <= 0) return;
      await pause(Math.min(leftMs, PIECE_MS), signal);
    }
  },
};

/** The real randomness. */
export const systemRandom: Random = {
  fraction: () => randomInt(2 ** 47) / 2 ** 47,
  bytes: (count) => randomBytes(count),
};

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.ceil(delayMs));
    signal.addEventListener('abort', done, { once: true });
  });
}
