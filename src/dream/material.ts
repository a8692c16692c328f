import type { Topic } from '../memory/topic.ts';

/** Something said or recorded since the last dream, with where it stands. */
export interface MaterialItem {
  /** Id of the session, event or note it comes from; what `src` of a fact will say. */
  readonly source: string;
  /** ISO 8601. Items are put in this order, whatever order the files were read in. */
  readonly at: string;
  /** The owner's local date when it was said: what "yesterday" in it is reckoned from. */
  readonly date: string;
  readonly kind: 'user' | 'assistant' | 'tool_use' | 'tool_result' | 'event' | 'note' | 'log';
  readonly text: string;
  readonly trust: 'owner' | 'agent' | 'tool' | 'outside';
}

/** A fact whose claim was looked up and no longer holds. */
export interface StaleFact {
  readonly topic: string;
  readonly bullet: string;
  readonly reason: string;
  readonly moved?: string | undefined;
}

export interface ConsolidateInput {
  readonly topics: readonly Topic[];
  /** Read once, one at a time: nothing of an item is kept but the facts in it. */
  readonly material: Iterable<MaterialItem>;
  readonly stale?: readonly StaleFact[] | undefined;
}

export interface ConsolidateOptions {
  /** The largest part of a topic's facts and bytes that may stop being current in one dream. Default 0.5. */
  readonly shrinkCap: number;
  readonly linesMax: number;
  readonly bytesMax: number;
  readonly topicsMax: number;
  readonly factCharsMax: number;
  /** Facts taken from new material in one dream; what is over goes unread, and the report says so. */
  readonly factsMax: number;
  readonly operationsMax: number;
  /** Takes secrets out; a sentence that it changes is not remembered. */
  readonly redact: (text: string) => string;
}

/** A sentence of the owner's that may be a fact. */
export interface Observation {
  /** Without greetings and fillers, dates absolute. */
  readonly text: string;
  readonly source: string;
  readonly at: string;
  /** The day it was said. */
  readonly date: string;
  /** The day it is true from; the day it was said when nothing else was. */
  readonly since: string;
  readonly hedged: boolean;
  /** How it was said: `now`, `actually` and the like before it was tidied. */
  readonly spoken: string;
}
