import { KairosError } from '../core/errors.ts';
import type { Fetch } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import type { Routes } from '../http/server.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { endTrial } from '../service/trial.ts';
import type { DaemonOptions, Ports } from './options.ts';

/**
 * The moment between opening the parts and doing anything. On the first start of a new version (`service/trial.ts`) nothing is
 * taken in, claimed, sent or asked for before all of it is open: until then the ledger may still be put back to what it was.
 */
export interface Opening {
  /** The world, in which requests to others wait until then. */
  readonly ports: Ports;
  readonly isOpen: () => boolean;
  /** The same ledger, in which nobody finds anything to do until then. */
  shut(ledger: Ledger): Ledger;
  /** To be put first: requests of others wait until then. */
  readonly routes: Routes;
  /** From here on there is no way back; who waits is woken. Ends a trial on disk first. @throws when that can't be done. */
  open(waiting: readonly { wake(): void }[]): void;
}

export function createOpening({ home, onTrial = false }: DaemonOptions, world: Ports): Opening {
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => undefined);
  let isOpen = !onTrial;
  const whenOpen = <Given extends unknown[], Found>(find: (...given: Given) => Found, nothing: Found) => {
    return (...given: Given): Found => (isOpen ? find(...given) : nothing);
  };
  return {
    ports: onTrial ? { ...world, fetch: fetchAfter(opened.promise, world.fetch) } : world,
    isOpen: () => isOpen,
    shut(ledger) {
      if (!onTrial) return ledger;
      const { jobs, messages } = ledger;
      return {
        ...ledger,
        jobs: {
          ...jobs,
          claim: whenOpen((...given: Parameters<typeof jobs.claim>) => jobs.claim(...given), Promise.resolve([])),
          nextDueMs: whenOpen(() => jobs.nextDueMs(), undefined),
        },
        messages: {
          ...messages,
          waiting: whenOpen((...given: Parameters<typeof messages.waiting>) => messages.waiting(...given), []),
          openDeliveries: whenOpen(
            (...given: Parameters<typeof messages.openDeliveries>) => messages.openDeliveries(...given),
            [],
          ),
        },
      };
    },
    routes(app) {
      app.addHook('onRequest', async () => (isOpen ? undefined : opened.promise));
      // It will not open any more: who waits is told, or closing would wait for them.
      app.addHook('preClose', async () => opened.reject(new KairosError('STOPPING', 'the start did not come about')));
    },
    open(waiting) {
      endTrial(home, onTrial, formatInstant(world.clock.wallMs(), 'UTC'));
      isOpen = true;
      opened.resolve();
      for (const one of waiting) one.wake();
    },
  };
}

/** Whoever gives up gives up the waiting as well: a part that is closed waits for what it began. */
function fetchAfter(opened: Promise<void>, fetch: Fetch): Fetch {
  return async (url, init) => {
    const signal = init.signal;
    const given = Promise.withResolvers<never>();
    const giveUp = (): void => given.reject(signal?.reason);
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await Promise.race([opened, given.promise]);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    return fetch(url, init);
  };
}
