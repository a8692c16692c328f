import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { startLoop } from '../core/loop.ts';
import type { Clock, Log, Redact } from '../core/ports.ts';
import { hasTexts } from '../memory/folders.ts';
import type { RefreshOptions } from '../memory/search/refresh.ts';
import type { MemoryIndex } from '../tools/memory-search.ts';

/** The full-text index of a home while its daemon runs. */
export interface Search extends MemoryIndex, AsyncDisposable {
  /** Files have changed: they are read in a moment. */
  wake(): void;
}

export interface SearchParts {
  readonly home: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: Redact;
}

/** Starting comes first. */
const FIRST_MS = 15_000;
/** Transcripts are written a moment after a run has ended. */
const QUIET_MS = 3_000;
const FOREVER_MS = 86_400_000;

/**
 * Keeps the index up to date: once after the start, and after each `wake`. It is open only while it is used: at rest it costs nothing.
 * A broken one is thrown away and made anew.
 */
export function startSearch({ home, clock, log, redact }: SearchParts): Search {
  const path = pathOf(home);
  let dueMs = clock.monoMs() + FIRST_MS;
  let scope: RefreshOptions['scope'] = 'all';
  const loop = startLoop({
    name: 'search',
    clock,
    log,
    async step(signal) {
      const waitMs = dueMs - clock.monoMs();
      if (waitMs > 0) return Math.min(waitMs, FOREVER_MS);
      dueMs = Infinity;
      if (await isNothingThere(home)) return FOREVER_MS;
      const { openSearch, refreshIndex } = await load();
      const asked = scope;
      scope = 'new';
      try {
        using index = openSearch(path);
        await refreshIndex(index, { home, redact, signal, scope: asked });
      } catch (error) {
        await giveUp(error);
      }
      return FOREVER_MS;
    },
  });
  const giveUp = async (error: unknown): Promise<void> => {
    log.warn({ error: messageOf(error) }, 'search index could not be used, it is made anew');
    (await load()).removeSearch(path);
    scope = 'all';
  };
  const wake = (): void => {
    dueMs = Math.min(dueMs, clock.monoMs() + QUIET_MS);
    loop.wake();
  };
  return {
    wake,
    async find(words, limit) {
      const { openSearch, refreshIndex, stillStands } = await load();
      try {
        using index = openSearch(path);
        const isNew = index.states().size === 0;
        // What is remembered may have changed a moment ago.
        await refreshIndex(index, { home, redact, signal: new AbortController().signal, scope: 'memory' });
        if (isNew) scope = 'all';
        if (isNew) wake();
        const found = index.find(words, limit);
        const standing = await Promise.all(found.map((hit) => stillStands(home, hit.path, hit.state)));
        return { hits: found.filter((_, at) => standing[at] === true), complete: !isNew };
      } catch (error) {
        await giveUp(error);
        wake();
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

/**
 * The index as a command finds it: what the daemon left is only read, and what it does not hold, or holds no more, is read from the
 * files into the memory of this process. Nothing of the home is written.
 *
 * @param signal Ends reading: then what was found is not complete.
 */
export function readSearch({ home, redact }: Pick<SearchParts, 'home' | 'redact'>, signal: AbortSignal): MemoryIndex {
  return {
    async find(words, limit) {
      const { openSearchReading, openSearchInMemory, refreshIndex, stillStands, inOrder } = await load();
      using base = openSearchReading(pathOf(home));
      using own = openSearchInMemory();
      const indexed = base?.states() ?? new Map<string, string>();
      // What stands in the base is not read again, and nothing of it is taken into the other one.
      const states = (): ReadonlyMap<string, string> => new Map([...indexed, ...own.states()]);
      const port = {
        states,
        replace: (...given: Parameters<typeof own.replace>) => own.replace(...given),
        drop: () => undefined,
      };
      const { complete } = await refreshIndex(port, { home, redact, signal, scope: 'all' });
      const now = own.states();
      const before = (base?.find(words, limit) ?? []).filter(({ path }) => !now.has(path));
      const standing = await Promise.all(before.map((hit) => stillStands(home, hit.path, hit.state)));
      const hits = [...before.filter((_, at) => standing[at] === true), ...own.find(words, limit)];
      return { hits: inOrder(hits).slice(0, limit), complete };
    },
  };
}

/** What it takes to read files and to find words: loaded when there are any. */
async function load() {
  return { ...(await import('../ledger/search.ts')), ...(await import('../memory/search/refresh.ts')) };
}

/** A home in which there was never anything to be found needs no index. */
async function isNothingThere(home: string): Promise<boolean> {
  if (existsSync(pathOf(home)) || existsSync(join(home, 'sessions'))) return false;
  return !(await hasTexts(join(home, 'memory')));
}

function pathOf(home: string): string {
  return join(home, 'search.db');
}
