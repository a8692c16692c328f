import { KairosError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isUntouched, makeFolders } from '../memory/folders.ts';
import type { MemoryLimits } from '../memory/limits.ts';
import type { Author } from '../memory/ports.ts';
import type { MemoryStore } from '../memory/store.ts';
import { watchMemory } from '../memory/watch.ts';
import type { MemoryPort } from '../web/memory-ports.ts';
import { lazily } from './lazily.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { startSearch, type Search } from './search.ts';

/** The memory of the home this daemon holds. */
export interface DaemonMemory extends AsyncDisposable {
  /** Opened by the first who asks. */
  readonly store: () => Promise<MemoryStore>;
  readonly search: Search;
  /** For the API. */
  readonly port: Omit<MemoryPort, 'dream'>;
  /** Closes this before the memory is closed. */
  keep(part: AsyncDisposable): void;
}

export interface MemoryParts {
  readonly options: Pick<DaemonOptions, 'home' | 'config'>;
  readonly ports: Pick<Ports, 'clock' | 'log' | 'redactor'>;
  readonly ledger: Pick<Ledger, 'generations'>;
  readonly limits?: Partial<MemoryLimits> | undefined;
}

/**
 * Opens the memory, and watches it for what a person writes into it. One in which there never was anything is opened, and what that
 * takes is loaded, when somebody first asks for it or writes into it.
 *
 * @throws {KairosError} `HOME_UNUSABLE` when its directories can't be made.
 */
export async function startMemory({ options, ports, ledger, limits }: MemoryParts): Promise<DaemonMemory> {
  const { home } = options;
  const { clock } = ports;
  const { redact } = ports.redactor;
  const log: Log = ports.log.child({ part: 'memory' });
  const timeZone = (): string => options.config.timezone;
  const generations = ledger.generations<Author>();
  let opened: MemoryStore | undefined;
  const store = lazily(async () => {
    const { openMemory } = await import('../memory/store.ts');
    opened = await openMemory({ home, ledger: generations, clock, log, redact, timeZone, limits });
    return opened;
  });
  const begin = async (): Promise<string> => {
    const folder = await makeFolders(home);
    if (!(await isUntouched(folder, generations))) await store();
    return folder;
  };
  const directory = await begin().catch((error: unknown) => {
    if (error instanceof KairosError) throw error;
    throw new KairosError('HOME_UNUSABLE', `the memory in ${home} can't be opened: ${messageOf(error)}`, {}, error);
  });
  await using parts = new AsyncDisposableStack();
  parts.defer(() => opened?.idle());
  const search = parts.use(startSearch({ home, clock, log, redact }));
  parts.use(await watchMemory({ directory, clock, log, onEdit: async () => (await store()).look() }));
  const running = parts.move();
  return {
    store,
    search,
    port: {
      async state() {
        const { showMemory } = await import('./memory-shown.ts');
        return showMemory(await store(), limits);
      },
      rollback: async (generation) => (await store()).rollback(generation),
    },
    keep: (part) => void running.use(part),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
