import type { JobDraft } from './job.ts';

/** Who stands behind a text: the owner, or anybody outside. Outside text may wake and inform, never authorise. */
export type Trust = 'owner' | 'outside';

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
