import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Watches for stalls of the event loop while there is work. */
export interface LoopLag extends Disposable {
  /** The longest stall since the start. */
  readonly maxMs: number;
  /** There is work: watch for the next ten seconds. */
  note(): void;
}

const RESOLUTION_MS = 20;
const WATCH_MS = 10_000;

/**
 * Sampling every 20 ms sees any longer stall, but would keep an idle process at 0.2 % of a core. A loop with nothing to do
 * does not stall, so it is watched only while deliveries come in or jobs run.
 */
export function watchLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let idle: NodeJS.Timeout | undefined;
  return {
    get maxMs() {
      return Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);
    },
    note() {
      if (idle !== undefined) return;
      histogram.enable();
      idle = setTimeout(() => {
        idle = undefined;
        histogram.disable();
      }, WATCH_MS).unref();
    },
    [Symbol.dispose]() {
      clearTimeout(idle);
      histogram.disable();
    },
  };
}
