import { lstat, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quietEndMs, type QuietHours } from '../budget/quiet.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

export interface ChoreParts {
  readonly home: string;
  readonly timeZone: string;
  readonly log: Log;
  readonly wallMs: () => number;
  /** `nightshift:`, as it is now. */
  readonly window: () => QuietHours;
  /** `care.artifacts`. */
  readonly keepMs: () => number;
  /** Nothing holds the foreground and nothing runs behind. */
  readonly isQuiet: () => boolean;
  /** Forgets what runs changed; only asked when there is something that old. */
  readonly pruneChanges: (beforeMs: number) => Promise<number>;
}

/** What keeps the folders of the home within their limits, once a day. The ledger prunes itself, in slices, all day. */
export interface Chores {
  /** Does them if it is time; else returns at once. Never throws. */
  look(): Promise<void>;
  /** Does them now. @returns how many files and folders went, by chore. */
  run(): Promise<Readonly<Record<string, number>>>;
}

const DAY_MS = 86_400_000;
/** Without a quiet night for this long, any quiet moment will do. */
const OVERDUE_MS = 1.5 * DAY_MS;
const GAP_MS_MIN = 0.75 * DAY_MS;
/** Copies of the ledger from before a migration. */
const MIGRATION_BACKUPS_MAX = 3;
/** What a version that failed left of its ledger. */
const FAILED_UPGRADE_MS = 30 * DAY_MS;
/** What a crash left half written. */
const PART_MS = DAY_MS;

export function createChores(parts: ChoreParts): Chores {
  const { home, log } = parts;
  const bornMs = parts.wallMs();
  let doneMs: number | undefined;
  const run = async (): Promise<Readonly<Record<string, number>>> => {
    const nowMs = parts.wallMs();
    const beforeMs = nowMs - parts.keepMs();
    const { pruneResults } = await import('../tools/offload.ts');
    const chores: Readonly<Record<string, () => Promise<number>>> = {
      outputs: () => removeOld(join(home, 'artifacts', 'runs'), { beforeMs, name: /\.txt$/ }),
      results: () => pruneResults(home, beforeMs),
      changes: async () =>
        (await hasOld(join(home, 'artifacts', 'changes'), beforeMs)) ? parts.pruneChanges(beforeMs) : 0,
      backups: () => keepNewest(join(home, 'backups'), /^ledger-schema-(\d+(?:\.\d+)?)\.db$/, MIGRATION_BACKUPS_MAX),
      upgrades: () => removeOld(join(home, 'upgrade'), { beforeMs: nowMs - FAILED_UPGRADE_MS, name: /^ledger-of-/ }),
      halves: () => removeOld(join(home, 'backups'), { beforeMs: nowMs - PART_MS, name: /\.part$/ }),
    };
    const removed: Record<string, number> = {};
    for (const [name, chore] of Object.entries(chores)) {
      try {
        removed[name] = await chore();
      } catch (error) {
        log.warn({ chore: name, error: messageOf(error) }, 'a chore failed, tried again tomorrow');
      }
    }
    return removed;
  };
  return {
    run,
    async look() {
      const nowMs = parts.wallMs();
      // A clock that was set back must not keep them from being done.
      const sinceMs = Math.abs(nowMs - (doneMs ?? bornMs));
      if (doneMs !== undefined && sinceMs < GAP_MS_MIN) return;
      if (quietEndMs(parts.window(), parts.timeZone, nowMs) === undefined && sinceMs < OVERDUE_MS) return;
      if (!parts.isQuiet()) return;
      doneMs = nowMs;
      log.info({ ...(await run()) }, 'chores done');
    },
  };
}

/** One after the other, so that nobody waits for them. Links are removed, not followed. */
async function removeOld(
  folder: string,
  { beforeMs, name }: { readonly beforeMs: number; readonly name: RegExp },
): Promise<number> {
  let removed = 0;
  for await (const entry of entriesOf(folder)) {
    if (!name.test(entry)) continue;
    const path = join(folder, entry);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || found.mtimeMs >= beforeMs) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

async function hasOld(folder: string, beforeMs: number): Promise<boolean> {
  for await (const entry of entriesOf(folder)) {
    if (!/^j\d+\.json$/.test(entry)) continue;
    const found = await lstat(join(folder, entry)).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < beforeMs) return true;
  }
  return false;
}

/** By their age; of the same age, by the number in their names. */
async function keepNewest(folder: string, name: RegExp, most: number): Promise<number> {
  const found: { readonly entry: string; readonly number: number; readonly atMs: number }[] = [];
  for await (const entry of entriesOf(folder)) {
    const number = name.exec(entry)?.[1];
    const stats = number === undefined ? undefined : await lstat(join(folder, entry)).catch(() => undefined);
    if (stats !== undefined) found.push({ entry, number: Number(number), atMs: stats.mtimeMs });
  }
  const old = found.toSorted((a, b) => b.atMs - a.atMs || b.number - a.number).slice(most);
  for (const { entry } of old) await rm(join(folder, entry), { force: true });
  return old.length;
}

async function* entriesOf(folder: string): AsyncGenerator<string> {
  const directory = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (directory === undefined) return;
  for await (const entry of directory) yield entry.name;
}
