import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSearch } from '../src/daemon/search.ts';
import { systemClock } from '../src/daemon/system.ts';
import { openSearch } from '../src/ledger/search.ts';
import { refreshIndex } from '../src/memory/search/refresh.ts';
import { searchMemory } from '../src/tools/memory-search.ts';
import { findRipgrep } from '../src/tools/ripgrep.ts';

/** One row of the result. */
interface SearchTime {
  readonly what: string;
  readonly medianMs: number;
}

export interface SearchResult {
  readonly files: number;
  readonly mib: number;
  readonly times: readonly SearchTime[];
  readonly indexMs: number;
  /** Longest time the event loop stood still while the index was made. */
  readonly stillMs: number;
  readonly residentMib: number;
}

const IDENTIFIER = 'KAI-4711';
const WORDS =
  'the quick agent looked at src/app/server.ts and found that deploy staging failed because of a missing variable in the pipeline'.split(
    ' ',
  );
const ROUNDS = 5;
const MONTHS = 12;

/** Searches generated transcripts of so many MiB: an identifier that stands in two lines, and one that stands nowhere. Deletes them afterwards. */
export async function benchSearch(mib: number): Promise<SearchResult> {
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-search-'));
  try {
    const files = fill(home, mib * 1_048_576);
    const redact = (text: string): string => text;
    const never = new AbortController().signal;
    const startedMs = performance.now();
    const still = stillness();
    {
      using index = openSearch(join(home, 'search.db'));
      await refreshIndex(index, { home, redact, signal: never, scope: 'all' });
    }
    const stillMs = still.end();
    const indexMs = performance.now() - startedMs;
    const index = readSearch({ home, redact }, never);
    const ripgrep = findRipgrep(process.env['PATH'] ?? '');
    const ways = [
      ...(ripgrep === undefined ? [] : [['ripgrep', ripgrep] as const]),
      ['without ripgrep', undefined] as const,
    ];
    const times: SearchTime[] = [];
    for (const [name, program] of ways) {
      for (const query of [IDENTIFIER, 'KAI-9999', 'deploy staging']) {
        const options = { home, clock: systemClock, ripgrep: program, index, deadlineMs: 60_000 };
        times.push({ what: `${query}, ${name}`, medianMs: await median(() => searchMemory(query, options, never)) });
      }
    }
    return { files, mib, times, indexMs, stillMs, residentMib: process.resourceUsage().maxRSS / 1_024 };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  return times.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? 0;
}

/** Transcripts of 0.1 to 2 MB over a year. @returns how many. */
function fill(home: string, bytesMin: number): number {
  let bytes = 0;
  let count = 0;
  let seed = 42;
  const below = (limit: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  while (bytes < bytesMin) {
    count += 1;
    const folder = join(home, 'sessions', '2026', String(1 + (count % MONTHS)).padStart(2, '0'));
    mkdirSync(folder, { recursive: true });
    const lines = [line('meta', '', { session: `s${count}`, startedAt: '2026-01-01T00:00:00Z' })];
    lines.push(line('user', `look after task ${count}`, { trust: 'owner' }));
    if (count === 3 || count === 20) lines.push(line('user', `this is about ${IDENTIFIER}`, { trust: 'owner' }));
    let chars = 0;
    for (const charsMax = 100_000 + below(1_900_000); chars < charsMax;) {
      const words = Array.from({ length: 20 + below(400) }, () => WORDS[below(WORDS.length)]);
      const text = line(below(3) === 0 ? 'tool_result' : 'assistant', words.join(' '), { trust: 'agent' });
      chars += text.length;
      lines.push(text);
    }
    const file = openSync(join(folder, `s${count}.jsonl`), 'w');
    bytes += writeSync(file, lines.join(''));
    closeSync(file);
  }
  return count;
}

function line(kind: string, text: string, more: Readonly<Record<string, string>>): string {
  return `${JSON.stringify({ at: '2026-01-01T00:00:00Z', kind, text, ...more })}\n`;
}

function stillness(): { end(): number } {
  let worstMs = 0;
  let lastMs = performance.now();
  let open = true;
  const look = (): void => {
    const nowMs = performance.now();
    worstMs = Math.max(worstMs, nowMs - lastMs);
    lastMs = nowMs;
    if (open) setImmediate(look);
  };
  setImmediate(look);
  return {
    end() {
      open = false;
      return worstMs;
    },
  };
}
