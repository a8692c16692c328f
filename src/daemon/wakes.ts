import type { Feed } from '../web/feed.ts';
import type { LoopLag } from './loop-lag.ts';

/** Who is told when something changes. */
export interface Wakes {
  /** Work began or changed its lane. */
  readonly onChange: (jobId: number) => void;
  /** Jobs were settled: their messages and log lines are there. */
  readonly onSettled: (jobIds: readonly number[]) => void;
  /** A message was let go, sent, held or expired. */
  readonly onMessage: (messageId: number) => void;
}

export interface WakeParts {
  readonly feed: Feed;
  readonly journal: { wake(): void };
  readonly loopLag: LoopLag;
  /** Asked for when there is something: it opens later than this. */
  readonly outbox: () => { wake(): void };
}

export function createWakes({ feed, journal, loopLag, outbox }: WakeParts): Wakes {
  return {
    onChange: (jobId) => feed.changed('job', jobId),
    onSettled(jobIds) {
      loopLag.note();
      for (const id of jobIds) feed.changed('job', id);
      outbox().wake();
      journal.wake();
    },
    onMessage(messageId) {
      feed.changed('message', messageId);
      journal.wake();
    },
  };
}
