import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../src/daemon/system.ts';
import { dreamOptions } from '../src/dream/options.ts';
import type { DreamReport } from '../src/dream/report.ts';
import { createDreamer, type Dreamer, type DreamResult } from '../src/dream/run.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import { takeLock } from '../src/ledger/lock.ts';
import { MEMORY_LIMITS } from '../src/memory/limits.ts';
import type { Author } from '../src/memory/ports.ts';
import { openMemory } from '../src/memory/store.ts';
import { openSandbox } from '../src/tools/sandbox.ts';

/** One dream. `lagMsMax`: the longest the loop of the daemon's process was held while it lasted. */
export interface MeasuredDream {
  readonly ms: number;
  readonly lagMsMax: number;
  readonly bytesRead: number;
  readonly filesRead: number;
  readonly workerMb: number;
  readonly operations: number;
}

const RESOLUTION_MS = 1;

/**
 * A dream of the first `old` sessions, and then one of `fresh` more on top of them: real files, ledger, memory and worker,
 * in the sandbox there is. A session is what an hour of work leaves behind: 60 lines, mostly of the agent and its tools.
 */
export async function benchDream(old: number, fresh: number): Promise<{ first: MeasuredDream; second: MeasuredDream }> {
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  const random = { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
  const clock = systemClock;
  const retention = { events: 9e9, bodies: 9e9 };
  const ledger = await openLedger(
    { home, platform: process.platform, retention, messageTtlMs: () => 9e7 },
    { clock, log, random },
  );
  const redact = (text: string): string => text;
  const timeZone = (): string => 'UTC';
  const memory = await openMemory({ home, ledger: ledger.generations<Author>(), clock, log, redact, timeZone });
  const sandbox = await openSandbox({
    platform: process.platform,
    clock,
    nodePath: process.execPath,
    searchPath: process.env['PATH'] ?? '',
    hidden: [home],
    readable: [],
  });
  const dreamer = createDreamer({
    home,
    clock,
    log,
    redact,
    timeZone,
    options: () => dreamOptions.parse({}),
    night: () => undefined,
    idleSinceMs: () => 0,
    limits: () => MEMORY_LIMITS,
    store: ledger.dreams<DreamReport | null>(),
    memory,
    stale: () => Promise.resolve([]),
    isEvent: () => false,
    lock: () => takeLock(home, 'dream.lock', 'bench'),
    model: () => undefined,
    sandbox: () => Promise.resolve(sandbox),
    nodePath: process.execPath,
    workspaces: () => [],
  });
  try {
    for (let index = 0; index < old; index += 1) writeSession(home, index);
    const first = await measured(dreamer);
    for (let index = old; index < old + fresh; index += 1) writeSession(home, index);
    return { first, second: await measured(dreamer) };
  } finally {
    await ledger[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measured(dreamer: Dreamer): Promise<MeasuredDream> {
  // What writing the sessions left behind is no cost of the dream.
  collectGarbage();
  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  lag.enable();
  const startedMs = performance.now();
  const result = await dreamer.once({ byHand: true, dryRun: false }, new AbortController().signal);
  const ms = performance.now() - startedMs;
  lag.disable();
  return { ms, lagMsMax: Math.max(0, lag.max / 1e6 - RESOLUTION_MS), ...countsOf(result) };
}

function countsOf({ failed, reason, report }: DreamResult) {
  if (failed || report === null) throw new Error(`the dream did not come to its end: ${reason}`);
  const { bytes, files, rssMaxMb, changes } = report.counts;
  return { bytesRead: bytes, filesRead: files, workerMb: rssMaxMb, operations: changes };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const THINGS = ['staging', 'billing', 'search', 'mail', 'metrics', 'build', 'wiki', 'auth', 'proxy', 'cache'];
const SAYINGS = [
  (thing: string, index: number) => `The ${thing} service listens on port ${5_000 + index}.`,
  (thing: string, index: number) => `Mara number ${index} looks after ${thing} on Mondays.`,
  (thing: string, index: number) => `We deploy ${thing} from the branch release-${index}.`,
  (thing: string, index: number) => `Backups of ${thing} go to the bucket vault-${index}.`,
  (thing: string, index: number) => `I prefer short answers about ${thing}, at most ${index} lines.`,
];

/** Most sessions are about work; one in four tells something worth keeping. */
function sayingOf(index: number, thing: string): string {
  const say = index % 4 === 0 ? SAYINGS[(index / 4) % SAYINGS.length] : undefined;
  return say?.(thing, index) ?? `Please look at the logs of ${thing} again, something is odd.`;
}

function writeSession(home: string, index: number): void {
  const day = new Date(Date.UTC(2026, 0, 1) + Math.floor(index / 4) * 86_400_000).toISOString().slice(0, 10);
  const at = `${day}T1${index % 10}:00:00Z`;
  const thing = `${THINGS[index % THINGS.length]}${Math.floor(index / 40)}`;
  const lines: object[] = [{ at, kind: 'meta', text: '', session: `s${index}`, startedAt: at, origin: 'say' }];
  lines.push({ at, kind: 'user', trust: 'owner', text: sayingOf(index, thing) });
  for (let line = 0; line < 28; line += 1) {
    lines.push({
      at,
      kind: 'tool_use',
      trust: 'agent',
      text: '',
      tool: 'read',
      input: { path: `src/${thing}/${line}.ts` },
    });
    lines.push({
      at,
      kind: 'tool_result',
      trust: 'tool',
      tool: 'read',
      text: `${line}: ${'const value = compute(); '.repeat(60)}`,
    });
  }
  lines.push({ at, kind: 'assistant', trust: 'agent', text: 'Done.' }, { at, kind: 'meta', text: '', endedAt: at });
  const path = join(home, 'sessions', day.slice(0, 4), day.slice(5, 7), `s${index}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((each) => `${JSON.stringify(each)}\n`).join(''));
}
