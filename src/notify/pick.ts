import type { BudgetOptions } from '../budget/options.ts';
import { quietEndMs } from '../budget/quiet.ts';
import { admit, type Now, type WindowEntry, type WindowRule } from '../budget/window.ts';
import { RETRY_AFTER_MS_MAX } from './backoff.ts';
import type { OpenDelivery } from './store.ts';

/** How a channel stands. Times are monotonic: they are waits, not appointments. */
export interface ChannelPause {
  /** Our own back-off after failures; a first attempt at a reply passes it. */
  readonly untilMonoMs: number;
  /** What the receiver asked for with `Retry-After`; nothing passes it. */
  readonly askedUntilMonoMs: number;
}

export interface PickState {
  /** In the order in which they should go. */
  readonly open: readonly OpenDelivery[];
  readonly pause: ChannelPause;
  readonly windows: readonly WindowRule[];
  readonly urgentWindows: readonly WindowRule[];
  readonly quietHours: BudgetOptions['quietHours'];
  readonly timeZone: string;
  /** What the channel's receiver got lately, without the message that asks. */
  readonly entries: (urgent: boolean, exceptId: number) => readonly WindowEntry[];
}

export type Pick =
  | { readonly kind: 'send'; readonly delivery: OpenDelivery }
  | { readonly kind: 'idle'; readonly delayMs: number };

/** The delivery a channel makes next, or how long until one may be due; infinite without any. */
export function pickDelivery(state: PickState, now: Now): Pick {
  let delayMs = Infinity;
  for (const delivery of state.open) {
    const waitMs = waitOf(delivery, state, now);
    if (waitMs <= 0) return { kind: 'send', delivery };
    delayMs = Math.min(delayMs, waitMs);
  }
  return { kind: 'idle', delayMs };
}

function waitOf(delivery: OpenDelivery, state: PickState, now: Now): number {
  const askedMs = state.pause.askedUntilMonoMs - now.monoMs;
  if (delivery.kind === 'reactive' && delivery.attempts === 0) return askedMs;
  const retryMs = Math.max(askedMs, state.pause.untilMonoMs - now.monoMs, dueInMs(delivery, now));
  // A change of a message that is there already makes no sound.
  if (delivery.kind === 'reactive' || delivery.isEdit) return retryMs;
  const rules = delivery.urgent ? state.urgentWindows : state.windows;
  const admission = admit(rules, state.entries(delivery.urgent, delivery.messageId), now);
  const windowMs = admission.kind === 'now' ? 0 : admission.untilMs - now.wallMs;
  // Let go in the evening, and the channel was away or the machine slept: it does not wake anybody at night.
  const quietMs = delivery.urgent ? undefined : quietEndMs(state.quietHours, state.timeZone, now.wallMs);
  return Math.max(retryMs, windowMs, (quietMs ?? now.wallMs) - now.wallMs);
}

/** A time further off than any back-off was written under another wall clock. */
function dueInMs(delivery: OpenDelivery, now: Now): number {
  const waitMs = delivery.nextAtMs - now.wallMs;
  return waitMs > RETRY_AFTER_MS_MAX ? 0 : waitMs;
}
