import type { Clock } from '../../src/core/ports.ts';

/** Real time, for what waits for real children and threads: they end by themselves, deadlines are far. */
export const realClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(delayMs, 30_000));
      timer.unref();
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};
