import { formatDuration } from '../core/units.ts';

/** Both clocks at one moment. */
export interface Look {
  readonly wallMs: number;
  readonly monoMs: number;
}

/** What happened to the time between two looks. `forMs` is how much. */
export type Jump =
  | { readonly kind: 'woke'; readonly forMs: number }
  | { readonly kind: 'set-back'; readonly forMs: number };

/** Above what a busy loop or a corrected clock amounts to; nobody wants to hear of less. */
const JUMP_MS_MIN = 60_000;

/**
 * Compares two looks that were to be at most `gapMs` apart. A machine that slept shows in one of two ways, by system: the
 * monotonic clock stood still meanwhile, or it went on and nobody looked. The first can't be told from a clock that was set
 * forward. Looks at short distance make one sleep one jump; what a clock is slowly corrected by never adds up to one.
 *
 * @returns The jump, or undefined when there was none of at least a minute.
 */
export function jumpBetween(before: Look, now: Look, gapMs: number): Jump | undefined {
  const wallMs = now.wallMs - before.wallMs;
  const monoMs = now.monoMs - before.monoMs;
  if (wallMs - monoMs <= -JUMP_MS_MIN) return { kind: 'set-back', forMs: monoMs - wallMs };
  const awayMs = Math.max(wallMs - monoMs, monoMs - gapMs);
  return awayMs >= JUMP_MS_MIN ? { kind: 'woke', forMs: awayMs } : undefined;
}

/** "woke after 8h (the machine slept, or its clock was set forward)" */
export function jumpInWords(jump: Jump): string {
  const forWords = formatDuration(jump.forMs);
  return jump.kind === 'woke'
    ? `woke after ${forWords} (the machine slept, or its clock was set forward)`
    : `the clock was set back by ${forWords}; what was done already is not done again`;
}
