import type { Tier } from './pattern.ts';

/** What follows from a mood. */
export interface MoodEffects {
  /** How long proactive messages of every topic wait; 0: not at all. */
  readonly pauseMs: number;
  /** One line for whoever writes the reply; empty: nothing special. */
  readonly hint: string;
  /** The clause with which a reply by rule begins; empty: none. */
  readonly clause: string;
  /** One line for the daily log, without the owner's words; empty: none. */
  readonly note: string;
}

const PAUSE_MS = 30 * 60_000;

const EFFECTS: Readonly<Record<Tier, MoodEffects>> = {
  'back-off': {
    pauseMs: PAUSE_MS,
    hint: 'The owner wants to be left alone: answer in one short line, ask nothing, offer nothing, and do not apologise at length.',
    clause: 'Understood: for 30 minutes I say nothing unasked ("unmute" ends that).',
    note: 'The owner asked for quiet: proactive messages wait for 30 minutes.',
  },
  acknowledge: {
    pauseMs: 0,
    hint: 'The owner is frustrated: say in half a sentence what went wrong, without excuses or flattery, then what you do about it.',
    clause: 'I am sorry that this went wrong.',
    note: 'The owner was frustrated with the outcome.',
  },
  simplify: {
    pauseMs: 0,
    hint: 'The owner finds it hard to follow: answer first, in at most three short sentences of plain words, no jargon, no lists.',
    clause: 'In short:',
    note: 'The owner asked for something simpler.',
  },
};

const NONE: MoodEffects = { pauseMs: 0, hint: '', clause: '', note: '' };

/** What a tier of mood leads to; nothing for null. Pure: the ledger mutes and notes, the agent heeds the hint, a rule says the clause. */
export function effectsOf(tier: Tier | null): MoodEffects {
  return tier === null ? NONE : EFFECTS[tier];
}
