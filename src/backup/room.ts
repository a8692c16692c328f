import { readdirSync } from 'node:fs';
import { mkdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';

const MIB = 1_048_576;
/** Left free on top of what is written: twice the most below which the daemon takes no more deliveries. */
const SPARE_BYTES = 128 * MIB;
/** On a small disk a tenth of it is spare enough. */
const SPARE_SHARE = 0.1;

/** @throws {KairosError} `DISK_FULL` when so much can't be written without the daemon noticing. */
export async function needRoom(directory: string, bytes: number, what: string): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  const spareBytes = Math.min(SPARE_BYTES, blocks * bsize * SPARE_SHARE);
  if (freeBytes >= bytes + spareBytes) return;
  const needed = `${mib(bytes + spareBytes)} MiB`;
  throw new KairosError('DISK_FULL', `${what} needs ${needed} in ${directory}, and ${mib(freeBytes)} MiB are free`, {
    neededBytes: Math.ceil(bytes + spareBytes),
    freeBytes,
  });
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}

/** The size of a file; 0: there is none. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

const WORK = /^work-(\d{1,10})-[a-z0-9]+$/;

/**
 * A directory of this process in `backups/` of the home, which is a local disk by its own rule. What processes that are gone
 * left behind is removed first. Disposing removes it.
 *
 * @param tag Makes the name one's own; small letters and digits.
 */
export async function makeWorkplace(
  home: string,
  { pid, tag, isAlive }: { readonly pid: number; readonly tag: string; readonly isAlive: (pid: number) => boolean },
): Promise<AsyncDisposable & { readonly path: string }> {
  const backups = join(home, 'backups');
  try {
    await mkdir(backups, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(backups)) {
      const owner = Number(WORK.exec(name)?.[1] ?? 0);
      if (owner > 0 && !isAlive(owner)) await rm(join(backups, name), { recursive: true, force: true });
    }
    const path = join(backups, `work-${pid}-${tag}`);
    await mkdir(path, { mode: 0o700 });
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  } catch (error) {
    throw new KairosError('HOME_UNUSABLE', `${backups} can't be written`, {}, error);
  }
}
