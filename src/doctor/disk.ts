import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { spaceLimits } from '../ledger/space.ts';
import { fail, ok, warn, type Check } from './check.ts';

const MIB = 1_048_576;
/** So many times the floor is where one should begin to think. */
const AMPLE = 8;

/** There is room for the ledger to grow. */
export const disk: Check = {
  name: 'disk',
  async look({ home }) {
    const stats = await statfs(nearest(home));
    const freeBytes = stats.bavail * stats.bsize;
    const { floorBytes } = spaceLimits(stats.blocks * stats.bsize);
    const what = `${Math.floor(freeBytes / MIB)} MiB free (floor ${Math.ceil(floorBytes / MIB)} MiB)`;
    if (freeBytes < floorBytes) {
      return [
        fail(
          what,
          'Below the floor new events are refused with 503.',
          'Free some space; the daemon goes on by itself.',
        ),
      ];
    }
    if (freeBytes < floorBytes * AMPLE)
      return [warn(what, 'Below the floor new events would be refused with 503.', 'Free some space.')];
    return [ok(what)];
  },
};

/** The home, or the directory it would be made in. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
