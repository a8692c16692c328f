import type { MessageKind } from '../core/message.ts';

/** A message as a channel gets it: the same in every attempt but for `attempt`. */
export interface OutgoingMessage {
  /** `m12`. */
  readonly id: string;
  /** A receiver that has seen it has seen the message. */
  readonly idempotencyKey: string;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  readonly topic: string;
  /** Redacted, without control characters, at most 4 000 characters; lines separated by `\n`. */
  readonly text: string;
  /** Happenings it stands for. */
  readonly count: number;
  /** `e3`, the event it answers, or null. */
  readonly replyTo: string | null;
  /** ISO 8601, UTC. */
  readonly queuedAt: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Where it belongs, in the channel's own words (see the channel); null or undefined: where the channel leads. */
  readonly place?: string | null | undefined;
  /** The answers it asks for, where buttons can be shown; the text says the same for channels that have none. */
  readonly buttons?: readonly Button[] | undefined;
}

/** A button below a message. */
export interface Button {
  readonly label: string;
  /** What comes back when it is pressed; at most 64 bytes. */
  readonly value: string;
  readonly weight: 'yes' | 'no';
}

/** What the outbox knows of a message's surroundings on a channel. */
export interface SendContext {
  /** An earlier attempt ended without an answer: the receiver may have it. */
  readonly maybeReceived: boolean;
  /** Receipts of the messages of its topic of the last 24 hours, oldest first. */
  readonly earlier: readonly string[];
}

/**
 * `sent`: `receipt` is what the channel calls the message, to change it or to answer it; `note` what people should know
 * of the way it went. `retry`: may work later, not before `retryAfterMs` if the receiver said so; `maybeReceived` when no answer tells
 * whether it has the message. `refused`: will not work however often it is tried.
 */
export type SendResult =
  | { readonly kind: 'sent'; readonly receipt?: string; readonly note?: string }
  | {
      readonly kind: 'retry';
      readonly error: string;
      readonly retryAfterMs?: number;
      readonly maybeReceived?: boolean;
    }
  | { readonly kind: 'refused'; readonly error: string };

/** A way to the owner. */
export interface Channel {
  /** Unique among the channels; delivery records are kept under it. */
  readonly name: string;
  /** Makes one attempt. Should heed the signal (it is left behind at the timeout anyway); what it throws is a `retry`. */
  send(message: OutgoingMessage, signal: AbortSignal, context: SendContext): Promise<SendResult>;
  /** How long an alert that was delivered may grow in place; never without it. */
  readonly editMs?: number;
  /** Makes a delivered message say something else, without a sound and without buttons. The same twice is as good as once. */
  edit?(receipt: string, message: OutgoingMessage, signal: AbortSignal): Promise<SendResult>;
}
