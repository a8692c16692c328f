/** Proactive messages are the daemon's own idea and obey the windows; reactive ones answer a recorded user event. */
export type MessageKind = 'proactive' | 'reactive';

/**
 * `queued` waits for a free slot or is under way to its channels; `coalesced` went into another message of its topic;
 * `withdrawn` was overtaken by a resolution or a person; `expired` grew too old, with a reason; `failed` reached no channel.
 */
export type MessageState = 'queued' | 'sent' | 'coalesced' | 'withdrawn' | 'expired' | 'failed';

/** Something to tell the owner, on its way into the outbox. */
export interface MessageDraft {
  readonly kind: MessageKind;
  /** Only the owner's configuration calls a class urgent. Ignores quiet hours and the windows, and has a window of its own. */
  readonly urgent: boolean;
  /** Messages of one topic that wait together go out as one. Empty: never coalesced. */
  readonly topic: string;
  readonly text: string;
  /** The row of the user event it answers. Required for `reactive`, and the event must be the owner's. */
  readonly replyTo: number | null;
  /** The job that asked; a job has at most one message of a topic, however often it runs. */
  readonly jobId: number | null;
  /** How many happenings it stands for. */
  readonly count: number;
  /** The name of the only channel it goes to: an answer goes where the question came from. undefined or null: all of them. */
  readonly channel?: string | null | undefined;
  /** An approval it asks for (its row number): channels that can show buttons for it. */
  readonly approvalId?: number | null | undefined;
}

/** A resolution: takes back what waits under a topic; if an alert is out already, `text` (unless empty) follows it. */
export interface Withdrawal {
  readonly topic: string;
  readonly text: string;
  readonly reason: string;
  readonly jobId: number | null;
}

/** A message as the ledger holds it. Times are Unix milliseconds. */
export interface Message extends MessageDraft {
  readonly id: number;
  readonly state: MessageState;
  readonly queuedAtMs: number;
  readonly expiresAtMs: number;
  /** When it was let go to the channels; what counts against the windows. */
  readonly releasedAtMs: number | null;
  readonly sentAtMs: number | null;
  /** Delivery attempts over all channels. */
  readonly attempts: number;
  /** Why it was held, withdrawn, expired or failed. */
  readonly reason: string | null;
  /** The message it was coalesced into. */
  readonly intoId: number | null;
  /** The same for every attempt of this message, different for every other message. */
  readonly idempotencyKey: string;
}

/** A button pressed for or against an approval. It names the approval and, by the beginning of its hash, the very call that was shown. */
export interface Press {
  /** The row number of the approval. */
  readonly approvalId: number;
  /** The first twelve hexadecimal digits of the hash of the call. */
  readonly hashPrefix: string;
  readonly verdict: 'allow' | 'deny';
}

/** Digits of a hash that a button carries: 48 bits, and the row number beside them. */
export const HASH_PREFIX_CHARS = 12;

/** What a button carries, at most 64 bytes (Telegram's limit): `a:3:0123456789ab:y`. */
export function formatPress({ approvalId, hashPrefix, verdict }: Press): string {
  return `a:${approvalId}:${hashPrefix.slice(0, HASH_PREFIX_CHARS)}:${verdict === 'allow' ? 'y' : 'n'}`;
}

/** undefined: not a button of ours. */
export function parsePress(text: string): Press | undefined {
  const [, id, hashPrefix, sign] = /^a:([1-9]\d{0,14}):([0-9a-f]{12}):([yn])$/.exec(text) ?? [];
  if (id === undefined || hashPrefix === undefined) return undefined;
  return { approvalId: Number(id), hashPrefix, verdict: sign === 'y' ? 'allow' : 'deny' };
}
