import { createHistogram } from 'node:perf_hooks';

/** Watches for stalls of the event loop while there is work. */
export interface LoopLag extends Disposable {
  /** The longest stall since the start. */
  readonly maxMs: number;
  /** 99 of 100 samples since the start were at most this late. */
  readonly p99Ms: number;
  /** It looks at present: there was work a moment ago. */
  readonly watching: boolean;
  /** There is work: watch for the next ten seconds. */
  note(): void;
}

const LOOK_MS = 20;
const WATCH_MS = 10_000;
/** A day: longer than anybody leaves a stalled process alone. */
const LATE_US_MAX = 86_400_000_000;

/**
 * Looking every 20 ms sees any longer stall, but would keep an idle process at 0.2 % of a core. A loop with nothing to do
 * does not stall, so it is watched only while deliveries come in or jobs run. Not `monitorEventLoopDelay`: enabled again,
 * that takes the whole pause before for one stall (Node 26.10).
 *
 * @param watchMs For how long after there was work; default ten seconds.
 */
export function watchLoopLag(watchMs: number = WATCH_MS): LoopLag {
  const lateUs = createHistogram({ lowest: 1, highest: LATE_US_MAX, figures: 3 });
  let watch: { readonly looks: NodeJS.Timeout; readonly end: NodeJS.Timeout } | undefined;
  let lookedMs = 0;
  const look = (): void => {
    const nowMs = performance.now();
    const tookUs = Math.round((nowMs - lookedMs - LOOK_MS) * 1_000);
    lateUs.record(Math.min(LATE_US_MAX, Math.max(1, tookUs)));
    lookedMs = nowMs;
  };
  const rest = (): void => {
    if (watch === undefined) return;
    look();
    clearInterval(watch.looks);
    clearTimeout(watch.end);
    watch = undefined;
  };
  return {
    get maxMs() {
      return lateUs.count === 0 ? 0 : lateUs.max / 1_000;
    },
    get p99Ms() {
      return lateUs.count === 0 ? 0 : lateUs.percentile(99) / 1_000;
    },
    get watching() {
      return watch !== undefined;
    },
    note() {
      if (watch !== undefined) return;
      lookedMs = performance.now();
      watch = { looks: setInterval(look, LOOK_MS).unref(), end: setTimeout(rest, watchMs).unref() };
    },
    [Symbol.dispose]: rest,
  };
}
