import type { EventDraft } from '../core/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Feed } from '../web/feed.ts';

/** Records an event with its jobs, and wakes whoever does them. */
export type Append = (draft: EventDraft) => Promise<{ readonly id: number; readonly duplicate: boolean }>;

/** The one way in: webhooks, polling, schedules and people record their events through it. */
export function createIntake(ledger: Ledger, feed: Feed, hands: { wake(): void }): Append {
  return async (draft) => {
    const appended = await ledger.events.append(draft);
    feed.changed('event', appended.id);
    if (draft.jobs.length > 0 && !appended.duplicate) hands.wake();
    return appended;
  };
}
