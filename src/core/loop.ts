import type { Clock, Log } from './ports.ts';
import { messageOf } from './errors.ts';

/** Something that works in the background until it is disposed. */
export interface Loop extends AsyncDisposable {
  /** Do the next step now. */
  wake(): void;
}

export interface LoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** One step of work. Returns after how many milliseconds the next one is due (without a wake); must heed the signal. */
  readonly step: (signal: AbortSignal) => Promise<number>;
  /** How long a loop whose step threw waits before the next one. */
  readonly failureDelayMs?: number;
}

/**
 * Runs a step again and again, never two at once, until disposed. A step that throws is logged and tried again: a
 * loop of the daemon does not die silently. Disposing aborts the step's signal and waits for the step to end.
 */
export function startLoop(options: LoopOptions): Loop {
  const stopped = new AbortController();
  const { clock, log, name, failureDelayMs = 1_000 } = options;
  let woken = false;
  let waiting = new AbortController();
  const wake = (): void => {
    woken = true;
    waiting.abort();
  };

  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      woken = false;
      let delayMs = failureDelayMs;
      try {
        delayMs = await options.step(stopped.signal);
      } catch (error) {
        log.error({ loop: name, error: messageOf(error) }, 'loop step failed');
      }
      if (woken || stopped.signal.aborted) continue;
      waiting = new AbortController();
      await clock.sleep(delayMs, waiting.signal);
    }
  };
  const ended = run();

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      wake();
      await ended;
    },
  };
}

/** Acts some time after the last of several changes, as an editor makes them. */
export interface QuietLoop extends AsyncDisposable {
  /** Something has changed: it is acted on when it has been quiet for a while. */
  note(): void;
}

export interface QuietLoopOptions extends Pick<LoopOptions, 'name' | 'clock' | 'log'> {
  readonly quietMs: number;
  readonly act: () => Promise<void>;
}

const FOREVER_MS = 86_400_000;

/** One `act` for all changes that follow each other within `quietMs`; never two at once. What it throws is logged. */
export function startQuietLoop({ name, clock, log, quietMs, act }: QuietLoopOptions): QuietLoop {
  let notedMs = Infinity;
  const loop = startLoop({
    name,
    clock,
    log,
    async step() {
      const waitMs = notedMs + quietMs - clock.monoMs();
      if (waitMs > 0) return Math.min(waitMs, FOREVER_MS);
      notedMs = Infinity;
      await act();
      return FOREVER_MS;
    },
  });
  return {
    note() {
      notedMs = clock.monoMs();
      loop.wake();
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}
