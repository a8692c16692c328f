import { rmSync, statfsSync } from 'node:fs';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** How much room a home needs, from the size of its file system. */
export interface SpaceLimits {
  /** Below this much free space nothing new is accepted. */
  readonly floorBytes: number;
  /** Held back in a file, and given up when a write fails: what was accepted can then still be worked off. */
  readonly reserveBytes: number;
}

const MIB = 1_048_576;

/** 5 % of the file system, from 2 to 64 MiB; the reserve is a quarter of that. Pure. */
export function spaceLimits(totalBytes: number): SpaceLimits {
  const floorBytes = Math.round(Math.min(64 * MIB, Math.max(2 * MIB, totalBytes / 20)));
  return { floorBytes, reserveBytes: Math.round(floorBytes / 4) };
}

/**
 * Whether new events may be accepted. Pure. After it was low, twice the floor must be free again (and the reserve on top), so
 * that the door does not swing.
 */
export function spaceVerdict(freeBytes: number, low: boolean, limits: SpaceLimits): 'ok' | 'low' {
  const neededBytes = low ? limits.floorBytes * 2 + limits.reserveBytes : limits.floorBytes;
  return freeBytes < neededBytes ? 'low' : 'ok';
}

const RESERVE = 'reserve';

export interface Space {
  readonly low: boolean;
  readonly freeBytes: number;
  /** Looks at the disk now. Cheap: one system call off the loop. */
  look(): Promise<void>;
  /** A write met a full disk: stop accepting at once, and give up the reserve. */
  full(): void;
}

export async function watchSpace(home: string): Promise<Space> {
  const reserve = join(home, RESERVE);
  const limits = spaceLimits(await sizeOf(home, 'blocks'));
  let low = false;
  let freeBytes = 0;
  let timesFull = 0;
  const look = async (): Promise<void> => {
    const seen = timesFull;
    freeBytes = await sizeOf(home, 'bavail');
    let next = spaceVerdict(freeBytes, low, limits);
    if (next === 'ok' && !(await holdReserve(reserve, limits.reserveBytes))) next = 'low';
    // A write met a full disk while this looked: it knows better.
    if (timesFull === seen) low = next === 'low';
    else rmSync(reserve, { force: true });
  };
  await look();
  return {
    get low() {
      return low;
    },
    get freeBytes() {
      return freeBytes;
    },
    look,
    full() {
      low = true;
      timesFull += 1;
      rmSync(reserve, { force: true });
    },
  };
}

/** Before a start: on a disk with nothing left the reserve is given up, or not even the lock could be taken. */
export function makeRoom(home: string): void {
  const { bavail, bsize } = statfsSync(home);
  if (bavail * bsize < MIB) rmSync(join(home, RESERVE), { force: true });
}

async function sizeOf(path: string, field: 'blocks' | 'bavail'): Promise<number> {
  const stats = await statfs(path);
  return stats[field] * stats.bsize;
}

/** Real blocks, not a hole; made off the loop. @returns false when they were not to be had. */
async function holdReserve(path: string, bytes: number): Promise<boolean> {
  // A shorter one is from a process that was killed while it filled it.
  const held = await stat(path).catch(() => undefined);
  if (held !== undefined && held.size >= bytes) return true;
  const file = await open(path, 'w', 0o600);
  try {
    const block = Buffer.alloc(Math.min(bytes, MIB), 0x6b);
    for (let at = 0; at < bytes; at += block.length) await file.writeFile(block);
    await file.sync();
    return true;
  } catch {
    await rm(path, { force: true });
    return false;
  } finally {
    await file.close();
  }
}
