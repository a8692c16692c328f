import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Watches for stalls of the event loop. Sampling every 20 ms costs no measurable processor time and sees any stall over 20 ms. */
export function watchLoopLag(): Disposable & { readonly maxMs: number; reset(): void } {
  const resolutionMs = 20;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    get maxMs() {
      return Math.max(0, histogram.max / 1e6 - resolutionMs);
    },
    reset: () => histogram.reset(),
    [Symbol.dispose]: () => void histogram.disable(),
  };
}
