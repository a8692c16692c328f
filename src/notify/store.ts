import type { WaitingMessage } from '../budget/plan.ts';
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
}

/** How an attempt ended. */
export interface AttemptEnd {
  readonly messageId: number;
  readonly channel: string;
  readonly nowMs: number;
  readonly result:
    | { readonly kind: 'sent' }
    | { readonly kind: 'again'; readonly nextAtMs: number; readonly error: string; readonly maybeReceived: boolean }
    | { readonly kind: 'failed'; readonly error: string };
}

/** What a message is made of when it leaves. `texts`: newest first, each distinct one once. */
export interface MessageParts {
  readonly id: number;
  readonly count: number;
  readonly texts: readonly { readonly text: string; readonly count: number }[];
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
  /** @returns false when it no longer waits. */
  release(
    id: number,
    release: {
      readonly nowMs: number;
      readonly channels: readonly string[];
      readonly render: (parts: MessageParts) => string;
    },
  ): Promise<boolean>;
  /** @returns undefined when the delivery is no longer open. */
  beginAttempt(messageId: number, channel: string, nowMs: number): Promise<Attempt | undefined>;
  endAttempt(end: AttemptEnd): Promise<void>;
}
