import { existsSync, type StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { spaceLimits } from '../ledger/space.ts';
import { fail, ok, warn, type Check, type Found } from './check.ts';

const MIB = 1_048_576;
/** So many times the floor is where one should begin to think. */
const AMPLE = 8;
/** A day of work makes some dozens of files: sessions, results, generations. */
const INODES_MIN = 200;
const INODES_AMPLE = 5_000;

/** There is room for the ledger to grow, and for new files. */
export const disk: Check = {
  name: 'disk',
  about: 'Free space above the floor below which events are refused, and free inodes for new files.',
  async look({ home }) {
    const stats = await statfs(nearest(home));
    const found = judgeSpace(stats);
    return [found, ...judgeInodes(stats)];
  },
};

/** Pure. */
export function judgeSpace(stats: Pick<StatsFs, 'bavail' | 'bsize' | 'blocks'>): Found {
  const freeBytes = stats.bavail * stats.bsize;
  const { floorBytes } = spaceLimits(stats.blocks * stats.bsize);
  const what = `${Math.floor(freeBytes / MIB)} MiB free (floor ${Math.ceil(floorBytes / MIB)} MiB)`;
  if (freeBytes < floorBytes) {
    const why = 'Below the floor new events are refused with 503.';
    return fail(what, why, 'Free some space; the daemon goes on by itself.');
  }
  if (freeBytes < floorBytes * AMPLE)
    return warn(what, 'Below the floor new events would be refused with 503.', 'Free some space.');
  return ok(what);
}

/** Pure. Some file systems (btrfs) count none: then there is nothing to run out of. */
export function judgeInodes({ files, ffree }: Pick<StatsFs, 'files' | 'ffree'>): Found[] {
  if (files === 0 || ffree >= INODES_AMPLE) return [];
  const what = `${ffree} of ${files} inodes free`;
  const why = 'Without an inode no file can be made, however much space there is: no session, no log, no backup.';
  const fix = 'Find where the many small files are: du --inodes -xd1 / | sort -n | tail';
  return [ffree < INODES_MIN ? fail(what, why, fix) : warn(what, why, fix)];
}

/** The home, or the directory it would be made in. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
