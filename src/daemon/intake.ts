import type { EventDraft } from '../core/event.ts';
import { reached } from '../core/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Feed } from '../web/feed.ts';

/** Records an event with its jobs, and wakes whoever does them. */
export type Append = (draft: EventDraft) => Promise<{ readonly id: number; readonly duplicate: boolean }>;

export interface IntakeParts {
  readonly ledger: Pick<Ledger, 'events'>;
  readonly feed: Feed;
  readonly hands: { wake(): void };
  /** Something that was followed has closed. */
  readonly onFollowsEnd: () => void;
}

/** The one way in: webhooks, polling, schedules and people record their events through it. */
export function createIntake({ ledger, feed, hands, onFollowsEnd }: IntakeParts): Append {
  return async (draft) => {
    const appended = await ledger.events.append(draft);
    feed.changed('event', appended.id);
    if (draft.jobs.length > 0 && !appended.duplicate) hands.wake();
    if (draft.follows !== undefined && draft.follows.ends.length > 0) {
      reached('follow.ended');
      onFollowsEnd();
    }
    return appended;
  };
}
