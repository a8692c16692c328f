import type { JobDraft } from './job.ts';

/** Who stands behind a text: the owner, or anybody outside. Outside text may wake and inform, never authorise. */
export type Trust = 'owner' | 'outside';

/** Which of two roads to the same sender an event came by. */
export type Road = 'webhook' | 'poll';

/**
 * What a happening is by its content. The same happening that comes by a second road has another delivery id and the same
 * key; it is taken once. Only present where both roads may be open.
 */
export interface EventIdentity {
  readonly key: string;
  readonly road: Road;
  /** When it happened; two of one key that lie far apart are two happenings. null: the key alone is unique. */
  readonly happenedAtMs: number | null;
}

/** The channel of the owner's that an event came by: the owner is there, and answers go there. */
export interface CameBy {
  /** The name of the channel in the configuration. */
  readonly channel: string;
  /** Where in it an answer belongs (chat, thread), in words that only the channel understands. null: anywhere. */
  readonly place: string | null;
}

/** What an event changes about what is followed (`kairos subscribe`): written with the event. */
export interface FollowChanges {
  readonly ends: readonly { readonly id: number; readonly how: 'closed' | 'merged' }[];
  /** The newest commit of a pull request. */
  readonly heads: readonly { readonly id: number; readonly sha: string }[];
}

/** A delivery as a door hands it to the ledger: verified, read, matched, not yet recorded. */
export interface EventDraft {
  /** The name of the source in the configuration. */
  readonly source: string;
  /** The sender's own id of this delivery: the same id from the same source is the same event. At most 200 characters. */
  readonly delivery: string;
  readonly type: string;
  readonly action: string | null;
  readonly trust: Trust;
  readonly receivedAtMs: number;
  readonly contentType: string;
  /** The bytes as they came; the ledger keeps them unchanged. */
  readonly body: Uint8Array;
  readonly identity?: EventIdentity | undefined;
  /** Only for words of the owner. */
  readonly by?: CameBy | undefined;
  readonly follows?: FollowChanges | undefined;
  /** What the subscriptions made of it. Recorded in the same transaction as the event. */
  readonly jobs: readonly JobDraft[];
}

/** An event as the ledger holds it, without its body. */
export interface Event {
  readonly id: number;
  readonly source: string;
  readonly delivery: string;
  readonly type: string;
  readonly action: string | null;
  readonly trust: Trust;
  readonly receivedAtMs: number;
  readonly contentType: string;
  readonly bodyBytes: number;
  /** Row numbers of the jobs it led to, in order. */
  readonly jobs: readonly number[];
}
