import type { WaitingMessage } from '../budget/plan.ts';
import type { Route, Seen } from '../budget/presence.ts';
import type { MessageKind } from '../core/message.ts';

/** A delivery that is still to be made. */
export interface OpenDelivery {
  readonly messageId: number;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  readonly attempts: number;
  /** Wall time before which it is not tried. */
  readonly nextAtMs: number;
  readonly releasedAtMs: number;
  /** It is written into an earlier message of its topic. */
  readonly isEdit: boolean;
}

/** A message at the moment of an attempt. */
export interface Attempt {
  readonly id: number;
  readonly idempotencyKey: string;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  readonly topic: string;
  readonly text: string;
  readonly count: number;
  readonly replyTo: number | null;
  readonly queuedAtMs: number;
  readonly attempt: number;
  /** An attempt that ended without an answer may have brought it. */
  readonly maybeReceived: boolean;
  /** Receipts of the messages of its topic of the last 24 hours, oldest first. */
  readonly earlier: readonly string[];
  /** The message to change instead, and what it is made of then. */
  readonly edit: { readonly receipt: string; readonly parts: MessageParts } | null;
  /** Where on the channel it belongs, in the channel's own words; null: where the channel leads. */
  readonly place: string | null;
  /** The approval it asks for. */
  readonly approvalId: number | null;
}

/** A delivered message that still shows its buttons. */
export interface Asking {
  readonly messageId: number;
  readonly approvalId: number;
  readonly receipt: string;
  /** As it was delivered. */
  readonly text: string;
}

/** How an attempt ended. */
export interface AttemptEnd {
  readonly messageId: number;
  readonly channel: string;
  readonly nowMs: number;
  readonly result:
    | { readonly kind: 'sent'; readonly receipt: string | null; readonly note: string | null }
    | { readonly kind: 'again'; readonly nextAtMs: number; readonly error: string; readonly maybeReceived: boolean }
    | { readonly kind: 'failed'; readonly error: string; readonly maybeReceived?: boolean | undefined };
}

/** What a message is made of when it leaves. `texts`: newest first, each distinct one once. */
export interface MessageParts {
  readonly id: number;
  readonly count: number;
  readonly texts: readonly { readonly text: string; readonly count: number }[];
}

/** A channel that can change a message it has delivered, and for how long after. */
export interface EditingChannel {
  readonly channel: string;
  readonly withinMs: number;
}

/** A waiting alert that needs no message of its own, and not before when it is shown. */
export interface Growth {
  readonly id: number;
  readonly topic: string;
  readonly atMs: number;
}

type Reasons = readonly { readonly id: number; readonly reason: string }[];

/** What the outbox needs of the ledger. Reads answer at once; writes resolve when they are on disk. */
export interface OutboxStore {
  waiting(nowMs: number): readonly WaitingMessage[];
  mutes(nowMs: number): ReadonlyMap<string, number>;
  recentReleases(sinceMs: number): readonly { readonly urgent: boolean; readonly atMs: number }[];
  recentDeliveries(
    channel: string,
    sinceMs: number,
  ): readonly { readonly messageId: number; readonly urgent: boolean; readonly atMs: number }[];
  openDeliveries(channel: string, limit: number): readonly OpenDelivery[];
  countOpen(channel: string): number;
  counts(): { readonly waiting: number };
  recover(channels: readonly string[], nowMs: number): Promise<void>;
  shiftWindows(byMs: number, sinceMs: number): Promise<void>;
  expire(items: Reasons, nowMs: number): Promise<void>;
  hold(items: Reasons, nowMs: number): Promise<void>;
  growing(nowMs: number, edits: readonly EditingChannel[]): readonly Growth[];
  /** `silent`: only as a change of earlier messages. @returns false when it no longer waits, or no longer can. */
  release(
    id: number,
    release: {
      readonly nowMs: number;
      readonly channels: readonly string[];
      readonly render: (parts: MessageParts) => string;
      readonly edits?: readonly EditingChannel[];
      readonly silent?: boolean;
      /** Which of the channels get it, and which stand aside unless those fail. Default: all get it. */
      readonly route?: (message: {
        readonly kind: MessageKind;
        readonly urgent: boolean;
        readonly channel: string | null;
      }) => Route;
    },
  ): Promise<boolean>;
  /** @returns undefined when the delivery is no longer open. */
  beginAttempt(messageId: number, channel: string, nowMs: number): Promise<Attempt | undefined>;
  endAttempt(end: AttemptEnd): Promise<void>;
  /** On which channels the owner was heard since then. */
  seenSince(sinceMs: number): readonly Seen[];
  asking(channel: string, limit: number): readonly Asking[];
  /** The message shows the outcome now, or never will. */
  asked(messageId: number, channel: string): Promise<void>;
}
