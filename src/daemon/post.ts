import type { Outbox, OutboxSnapshot } from '../notify/outbox.ts';

/** The outbox, with channels and windows that can be exchanged while the daemon runs. What waits is in the ledger and stays. */
export interface Post extends Outbox {
  /** Lets what is under way end (two seconds at most), then goes on with other settings; with the old ones if that throws. */
  restart(start: () => Promise<Outbox>): Promise<void>;
}

export async function openPost(first: () => Promise<Outbox>): Promise<Post> {
  let start = first;
  let outbox = await start();
  return {
    wake: () => outbox.wake(),
    snapshot: (): OutboxSnapshot => outbox.snapshot(),
    channels: () => outbox.channels(),
    async restart(startNext) {
      await outbox[Symbol.asyncDispose]();
      try {
        outbox = await startNext();
        start = startNext;
      } catch (error) {
        outbox = await start();
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => outbox[Symbol.asyncDispose](),
  };
}
