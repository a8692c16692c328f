import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { backupTimeMs, outdated } from './names.ts';

const recordSchema = z.object({
  /** The newest one that was made and verified. */
  at: z.iso.datetime({ offset: true }),
  file: z.string(),
  bytes: z.int().min(0),
  tookMs: z.number().min(0),
  lastEventId: z.int().min(0),
  by: z.enum(['hand', 'schedule']),
});

/** What is known of the newest backup that was verified. */
export type BackupRecord = z.output<typeof recordSchema>;

/** For status and doctor: the newest verified backup of a home; undefined: none is known. Never throws. */
export function lastBackup(home: string): BackupRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordPath(home), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function writeRecord(home: string, record: BackupRecord): Promise<void> {
  await mkdir(join(home, 'backups'), { recursive: true, mode: 0o700 });
  const part = `${recordPath(home)}.part`;
  await writeFile(part, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(part, recordPath(home));
}

/** No backup takes so long. */
const HALF_MS = 86_400_000;

function recordPath(home: string): string {
  return join(home, 'backups', 'last.json');
}

/**
 * Removes backups of ours beyond the newest `keep`, and what a killed one left half-written a day ago. To be called after a new one
 * was verified: a name like ours stands only on files that were.
 *
 * @param made The name of the new one: what is named later comes from a clock that was wrong, and does not crowd it out.
 * @returns The names that were removed.
 */
export async function applyRetention(directory: string, keep: number, made = '~'): Promise<readonly string[]> {
  const names = await readdir(directory);
  const known = names.filter((name) => name <= made);
  const newestMs = Math.max(...known.map((name) => backupTimeMs(name) ?? -Infinity));
  // A younger one may be under way: somebody else's, in a folder that two homes share.
  const halves = names.filter((name) => {
    const half = /^(.+\.tar\.gz)(?:\.[0-9a-f]{8})?\.part$/.exec(name)?.[1] ?? '';
    return newestMs - (backupTimeMs(half) ?? Infinity) >= HALF_MS;
  });
  const gone = [...outdated(known, keep), ...halves];
  for (const name of gone) await rm(join(directory, name), { force: true });
  return gone;
}

/**
 * When the newest backup in a folder was begun, as its name says; undefined: there is none. One from the future was named while
 * the clock was wrong, and must not keep the others from being made.
 */
export async function newestBackupMs(directory: string, nowMs: number): Promise<number | undefined> {
  const names = await readdir(directory).catch(() => []);
  const times = names.flatMap((name) => backupTimeMs(name) ?? []).filter((ms) => ms <= nowMs);
  return times.length === 0 ? undefined : Math.max(...times);
}
