/** One at a time for each key; whoever waits gives up when their signal aborts. */
export interface KeyLocks {
  /** @returns Disposing it lets the next one in; undefined when the signal aborted first. */
  take(key: string, signal: AbortSignal): Promise<Disposable | undefined>;
}

export function createKeyLocks(): KeyLocks {
  const tails = new Map<string, Promise<void>>();
  return {
    async take(key, signal) {
      const before = tails.get(key) ?? Promise.resolve();
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const tail = before.then(() => ended);
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      if (await waitFor(before, signal)) return { [Symbol.dispose]: end };
      end();
      return undefined;
    },
  };
}

/** @returns false when the signal aborted first. */
async function waitFor(turn: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const { promise: cut, resolve } = Promise.withResolvers<boolean>();
  const giveUp = (): void => resolve(false);
  if (signal.aborted) return false;
  signal.addEventListener('abort', giveUp, { once: true });
  const came = await Promise.race([turn.then(() => true), cut]);
  signal.removeEventListener('abort', giveUp);
  return came && !signal.aborted;
}
