import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const SHARED_MEMORY = '/dev/shm';
/** Less would not hold what some tests write, nor keep a daemon from calling its disk full. */
const FREE_BYTES_MIN = 2 * 1_073_741_824;

let found: string | undefined;

/**
 * Where a flush costs nothing: shared memory where there is room in it (Linux), else the temporary directory. Every write
 * and flush is made all the same. Not for what is shown to a sandbox, which has a `/dev` of its own.
 */
export function fastDisk(): string {
  found ??= hasRoom(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir();
  return found;
}

function hasRoom(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(path);
    return process.platform === 'linux' && bavail * bsize >= FREE_BYTES_MIN;
  } catch {
    return false;
  }
}
