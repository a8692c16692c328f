import type { Assessment, Risk } from '../call.ts';

/** One thing that was seen in a command and keeps it from being harmless; a command without notes is LOW. */
export interface Note {
  readonly risk: Risk;
  /** For a person; begins in lower case, without a full stop. */
  readonly reason: string;
  readonly writes?: boolean | undefined;
  readonly readsOutside?: boolean | undefined;
  readonly readsSecrets?: boolean | undefined;
  readonly sends?: boolean | undefined;
}

export type Notes = readonly Note[];

/** Nothing to say. */
export const NOTHING: Notes = [];

/** A note that a policy, or a person in the end, has to settle. */
export function medium(reason: string, more: Omit<Note, 'risk' | 'reason'> = {}): Note {
  return { risk: 'MEDIUM', reason, ...more };
}

/** A note that only a person can settle. */
export function high(reason: string, more: Omit<Note, 'risk' | 'reason'> = {}): Note {
  return { risk: 'HIGH', reason, ...more };
}

const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const;

/**
 * Notes become one assessment: the highest risk counts, its first reason is shown, and what any part does the whole does.
 *
 * @param otherwise The reason when nothing speaks against it.
 */
export function combine(notes: Notes, otherwise: string): Assessment {
  let worst: Note = { risk: 'LOW', reason: otherwise };
  for (const note of notes) if (RANK[note.risk] > RANK[worst.risk]) worst = note;
  return {
    risk: worst.risk,
    reason: worst.reason,
    writes: notes.some((note) => note.writes === true),
    readsOutside: notes.some((note) => note.readsOutside === true),
    readsSecrets: notes.some((note) => note.readsSecrets === true),
    sends: notes.some((note) => note.sends === true),
  };
}

/** What a person wrote, short enough for a line and without anything a terminal would obey. */
export function shown(text: string): string {
  const clean = text.replaceAll(/[^\x20-\x7e\p{L}\p{N}]/gu, '?');
  return clean.length > 60 ? `${clean.slice(0, 57)}...` : clean;
}
