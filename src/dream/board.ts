import type { TopicType } from '../memory/topic.ts';
import { profileOf, type Profile } from './profile.ts';
import { CLASSES } from './vocabulary.ts';

/** A fact while the dream thinks about it: one that is in the memory, or one that was said since. */
export interface Entry {
  readonly text: string;
  readonly profile: Profile;
  /** Names it in the memory; undefined: it is new. */
  readonly bullet?:
    | { readonly topic: string; readonly id: string; readonly bytes: number; readonly owners?: boolean | undefined }
    | undefined;
  readonly type?: TopicType | undefined;
  readonly src: readonly string[];
  readonly since: string | undefined;
  /** When it was last said, as far as is known: what is newer by this overtakes. */
  readonly seen: string;
  /** The owner's own words, or a file that no machine may write: never touched. */
  readonly fixed: boolean;
  /** Somebody else's words. */
  readonly outside: boolean;
  /** It holds a secret, which is taken out where it stands. */
  readonly secret?: boolean | undefined;
  /** Why it is no longer current; undefined: it is. */
  gone?:
    | { readonly reason: string; readonly by?: Entry | undefined; readonly weight: 'overtaken' | 'repeated' }
    | undefined;
}

/** The facts that are current, found by what they are about. */
export interface Board {
  readonly entries: readonly Entry[];
  add(entry: Entry): void;
  /** Those that may be about the same thing, each once, the oldest first; at most a few hundred. */
  near(profile: Profile): readonly Entry[];
}

const POSTINGS_MAX = 400;
const NEAR_MAX = 600;

export function createBoard(): Board {
  const entries: Entry[] = [];
  const postings = new Map<string, Entry[]>();
  return {
    entries,
    add(entry) {
      entries.push(entry);
      for (const key of keysOf(entry.profile)) {
        const list = postings.get(key);
        if (list === undefined) postings.set(key, [entry]);
        else list.push(entry);
      }
    },
    near(profile) {
      // The rarest words first: a word that is everywhere tells nothing.
      const lists = keysOf(profile)
        .map((key) => postings.get(key) ?? [])
        .filter((list) => list.length <= POSTINGS_MAX)
        .toSorted((one, other) => one.length - other.length);
      const found = new Set<Entry>();
      for (const list of lists) {
        for (const entry of list) if (entry.gone === undefined) found.add(entry);
        if (found.size >= NEAR_MAX) break;
      }
      return [...found];
    },
  };
}

/** A new entry with what its text says. */
export function entryOf(given: Omit<Entry, 'profile'>): Entry {
  return { ...given, profile: profileOf(given.text) };
}

function keysOf({ about, values, old }: Profile): readonly string[] {
  const classes = [...values, ...old].filter(({ kind }) => CLASSES[kind] !== undefined).map(({ kind }) => `#${kind}`);
  return [...new Set([...about.keys(), ...classes, ...[...values, ...old].map(({ canon }) => `=${canon}`)])];
}
