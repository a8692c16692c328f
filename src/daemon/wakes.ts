import type { Feed } from '../web/feed.ts';
import type { LoopLag } from './loop-lag.ts';

/** Something that looks for work when it is woken. */
interface Sleeper {
  wake(): void;
}

/** Who is told when something changes. */
export interface Wakes {
  /** Work began or changed its lane. */
  readonly onChange: (jobId: number) => void;
  /** Jobs were settled: their messages and log lines are there, and what waited for their end may go on. */
  readonly onSettled: (jobIds: readonly number[]) => void;
  /** A message was let go, sent, held or expired. */
  readonly onMessage: (messageId: number) => void;
  /** From now on this is woken as well when jobs are settled. */
  readonly include: <Part extends Sleeper>(part: Part) => Part;
}

export interface WakeParts {
  readonly feed: Feed;
  readonly journal: Sleeper;
  readonly loopLag: LoopLag;
}

export function createWakes({ feed, journal, loopLag }: WakeParts): Wakes {
  const sleepers = new Set<Sleeper>([journal]);
  return {
    onChange: (jobId) => feed.changed('job', jobId),
    onSettled(jobIds) {
      loopLag.note();
      for (const id of jobIds) feed.changed('job', id);
      for (const sleeper of sleepers) sleeper.wake();
    },
    onMessage(messageId) {
      feed.changed('message', messageId);
      journal.wake();
    },
    include(part) {
      sleepers.add(part);
      return part;
    },
  };
}
