import type { FactTrust } from './bullet.ts';
import type { TopicType } from './topic.ts';

/** A new fact. The topic is made when there is none of this name. */
export interface AddFact {
  readonly kind: 'add';
  readonly topic: string;
  /** Of the topic, when it is made; the type of one that exists counts. */
  readonly type: TopicType;
  readonly text: string;
  /** Ids of the sessions or events it comes from; at least one. */
  readonly src: readonly string[];
  /** A dream never says `owner`: only words of the owner, written down as they were said, are theirs. */
  readonly trust: FactTrust;
  readonly since?: string | undefined;
}

/** Several facts become one. The words of the old ones go to the archive, unless they are the same. */
export interface MergeFacts {
  readonly kind: 'merge';
  readonly topic: string;
  /** Two at least, named by `bulletId`. */
  readonly bullets: readonly string[];
  readonly text: string;
  readonly src: readonly string[];
  readonly since?: string | undefined;
}

/** A newer fact overtakes an old one, which goes to the archive with `until` and `by`. */
export interface SupersedeFact {
  readonly kind: 'supersede';
  readonly topic: string;
  readonly bullet: string;
  readonly text: string;
  readonly src: readonly string[];
  readonly since?: string | undefined;
  /** Default `derived`. Text from outside overtakes nothing but text from outside. */
  readonly trust?: Exclude<FactTrust, 'owner'> | undefined;
}

/** A fact that is no longer worth its place goes to the archive. */
export interface ArchiveFact {
  readonly kind: 'archive';
  readonly topic: string;
  readonly bullet: string;
  readonly reason: string;
}

/** A fact holds a secret: a mark takes the secret's place, and the other words stay. They are not proposed, but worked out. */
export interface RedactFact {
  readonly kind: 'redact';
  readonly topic: string;
  readonly bullet: string;
}

/** What a fact claims was looked up and is no longer so. Its words stay; the mark is kept beside them, in the ledger. */
export interface MarkStale {
  readonly kind: 'mark-stale';
  readonly topic: string;
  readonly bullet: string;
  readonly reason: string;
  /** Where it is now. */
  readonly moved?: string | undefined;
}

/** Something contradicts a fact of the owner's: they are told, nothing is written. */
export interface TellConflict {
  readonly kind: 'conflict';
  readonly topic: string;
  readonly bullet: string;
  readonly text: string;
  readonly src: readonly string[];
  /** When it was said, or since when it is so. */
  readonly since?: string | undefined;
}

/** What the index says of a topic. A description that a person wrote stays. */
export interface DescribeTopic {
  readonly kind: 'describe';
  readonly topic: string;
  readonly description: string;
}

export interface NewTopic {
  readonly kind: 'new-topic';
  readonly name: string;
  readonly type: TopicType;
  readonly description: string;
}

/** One thing to be done to the memory. What a dream proposes is a list of these, never files. */
export type Operation =
  | AddFact
  | MergeFacts
  | SupersedeFact
  | ArchiveFact
  | RedactFact
  | MarkStale
  | TellConflict
  | DescribeTopic
  | NewTopic;

/** What an operation did, in values that a report is made of. */
export interface Change {
  readonly kind: Operation['kind'] | 'edit' | 'rollback';
  readonly topic: string;
  /** The new words, or those it is about. */
  readonly text: string;
  /** The words that are no longer current. */
  readonly was?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly src?: readonly string[] | undefined;
}

/** An operation that was not done, and why; others of its batch may have been. */
export interface Refusal {
  /** Its place in the batch. */
  readonly index: number;
  readonly operation: Operation;
  readonly reason: string;
  /** The fact is there already, in these words: nothing is lost. */
  readonly known?: true | undefined;
}

/** The owner's own words and what speaks against them. */
export interface ToldConflict {
  readonly topic: string;
  readonly bullet: string;
  readonly ownersText: string;
  readonly text: string;
  readonly src: readonly string[];
  readonly since?: string | undefined;
}

/** A mark beside a fact: what it claims is no longer so. */
export interface StaleMark {
  readonly topic: string;
  readonly bullet: string;
  readonly reason: string;
  readonly moved: string | null;
  readonly atMs: number;
}
