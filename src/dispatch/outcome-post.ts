import { messageOf } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import { LETTER_MAX, type Completion } from './remote-work.ts';

/** Brings outcomes of a worker to the homes that asked. */
export interface OutcomePost {
  /** Resolves when it is where it stays until it is settled, or when the post is closed. Never rejects. */
  deliver(brain: string, completion: Completion): Promise<void>;
}

export interface OutcomePostOptions {
  /** Puts one letter, with at least one outcome, where the home finds it. */
  readonly send: (brain: string, completions: readonly Completion[]) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  /** Gives up what is not delivered yet. */
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly completion: Completion;
  readonly chars: number;
  readonly resolve: () => void;
}

const RETRY_MS = 1_000;
/** Characters of outcomes in one letter, unless it is one alone: what a home reads at one time stays small. */
const LETTER_CHARS_MAX = 524_288;

/**
 * One letter for each home is on its way at a time; what ends meanwhile goes with the next one. So one outcome alone does not
 * wait, and a stream of short jobs costs one seal and one command for many. Again and again until Redis has it: a daemon or a
 * Redis that is away is no reason to lose an outcome.
 */
export function createOutcomePost(options: OutcomePostOptions): OutcomePost {
  const boxes = new Map<string, Waiting[]>();
  return {
    deliver(brain, completion) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { completion, chars: JSON.stringify(completion).length, resolve };
      const box = boxes.get(brain);
      if (box !== undefined) box.push(one);
      else {
        const begun = [one];
        boxes.set(brain, begun);
        // In the same moment as it is seen to be empty: what comes after that begins a box of its own.
        void empty(brain, begun, options, () => boxes.delete(brain));
      }
      return promise;
    },
  };
}

/** Never rejects. What ends in this very moment goes with the first letter. */
async function empty(
  brain: string,
  box: Waiting[],
  { send, clock, log, signal }: OutcomePostOptions,
  emptied: () => void,
): Promise<void> {
  await Promise.resolve();
  while (box.length > 0) {
    const letter = takeLetter(box);
    while (!signal.aborted) {
      try {
        await send(
          brain,
          letter.map(({ completion }) => completion),
        );
        break;
      } catch (error) {
        log.warn({ outcomes: letter.length + box.length, error: messageOf(error) }, 'outcomes wait for Redis');
        await clock.sleep(RETRY_MS, signal);
      }
    }
    for (const { resolve } of letter) resolve();
  }
  emptied();
}

function takeLetter(box: Waiting[]): Waiting[] {
  let count = 0;
  let chars = 0;
  for (const one of box) {
    chars += one.chars;
    if (count > 0 && (count >= LETTER_MAX || chars > LETTER_CHARS_MAX)) break;
    count += 1;
  }
  return box.splice(0, count);
}
