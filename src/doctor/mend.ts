import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import { takeLock } from '../ledger/lock.ts';
import { openSafeCopy, type SafeCopy } from './safe-copy.ts';
import { insideOf, withEntry, type Inside } from './inside.ts';
import type { Repair, SeenFile, Step } from './repair.ts';

export interface MendOptions {
  readonly home: string;
  /** Of this process; -1 where there is none. */
  readonly userId: number;
  readonly nowMs: number;
  readonly platform: string;
}

/** What became of the repairs: why one did not work, and where what was changed is kept. */
export interface Mended {
  /** Repairs that are not here were done. */
  readonly errors: ReadonlyMap<Repair, string>;
  /** undefined: nothing was changed. */
  readonly backup: string | undefined;
}

const MODE_BITS = 0o7777;
const LOCK = 'lock';

/**
 * Does repairs, after everything they change was written into `backups/doctor-<time>/`. Touches nothing outside the home,
 * nothing of another user, follows no links, and takes no file from under a running daemon. Never throws: what does not
 * work is in `errors`.
 */
export function applyRepairs(repairs: readonly Repair[], options: MendOptions): Mended {
  const errors = new Map<Repair, string>();
  const all = (error: unknown): Mended => ({
    errors: new Map(repairs.map((repair) => [repair, messageOf(error)])),
    backup: undefined,
  });
  if (repairs.length === 0) return { errors, backup: undefined };
  try {
    const owner = statSync(options.home).uid;
    if (options.userId >= 0 && owner !== options.userId) return all(notOurs(options, owner));
    const inside = insideOf(options.home, options.platform);
    const copy = openSafeCopy(
      inside,
      repairs.flatMap(({ steps }) => steps),
      options.nowMs,
    );
    // Modes first: opening and closing the lock's file would let go of the lock.
    for (const repair of repairs) attempt(repair, errors, () => doPlainSteps(inside, repair, options));
    withLock(inside, repairs.filter(needsLock), errors, (repair) => setAside(inside, repair, copy));
    return { errors, backup: copy.path };
  } catch (error) {
    return all(error);
  }
}

function notOurs({ home, userId }: MendOptions, owner: number): KairosError {
  return new KairosError(
    'HOME_UNUSABLE',
    `${home} belongs to user ${owner}, this is user ${userId}: run it as that user`,
  );
}

/** The first thing that goes wrong ends a repair; the others go on. */
function attempt(repair: Repair, errors: Map<Repair, string>, work: () => void): void {
  if (errors.has(repair)) return;
  try {
    work();
  } catch (error) {
    errors.set(repair, messageOf(error));
  }
}

function doPlainSteps(inside: Inside, { steps }: Repair, options: MendOptions): void {
  for (const step of steps) {
    if (step.kind === 'mode') withEntry(inside, step.path, (entry) => changeMode(entry, step, options.userId));
    if (step.kind === 'make') withEntry(inside, step.path, makeDirectory);
  }
}

/** The file is opened, looked at and changed as one: it can't be another one in between. */
function changeMode(entry: string, step: Extract<Step, { kind: 'mode' }>, userId: number): void {
  const file = openSync(entry, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    const what = step.path === '' ? 'the home' : step.path;
    if (userId >= 0 && stats.uid !== userId) throw changed(`${what} belongs to user ${stats.uid}`);
    if (!stats.isFile() && !stats.isDirectory()) throw changed(`${what} is neither file nor directory`);
    if (stats.isFile() && stats.nlink > 1) throw changed(`${what} has a second name elsewhere (hard link)`);
    if ((stats.mode & MODE_BITS) !== step.from) throw changed(`${what} was changed meanwhile`);
    fchmodSync(file, step.to);
  } finally {
    closeSync(file);
  }
}

function makeDirectory(entry: string): void {
  try {
    mkdirSync(entry, { mode: 0o700 });
  } catch (error) {
    // Somebody was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !lstatSync(entry).isDirectory()) throw error;
  }
}

function needsLock({ steps }: Repair): boolean {
  return steps.some(({ kind }) => kind === 'set aside' || kind === 'free lock');
}

/** While the home is held by us no daemon starts, and none runs. Letting go removes the lock's note. */
function withLock(
  { root }: Inside,
  repairs: readonly Repair[],
  errors: Map<Repair, string>,
  work: (repair: Repair) => void,
): void {
  if (repairs.length === 0) return;
  try {
    const lock = takeLock(root, LOCK, 'kairos doctor --fix');
    if ('heldBy' in lock) throw new KairosError('HOME_HELD', `a daemon runs (${lock.heldBy}); these are left alone`);
    using _held = lock;
    for (const repair of repairs) attempt(repair, errors, () => work(repair));
  } catch (error) {
    for (const repair of repairs) if (!errors.has(repair)) errors.set(repair, messageOf(error));
  }
}

function setAside(inside: Inside, { steps }: Repair, copy: SafeCopy): void {
  for (const step of steps) {
    if (step.kind !== 'set aside') continue;
    const kept = join(copy.path, copy.nameOf(step.path));
    withEntry(inside, step.path, (entry) => {
      if (!isSame(entry, step.seen)) throw changed(`${step.path} was changed meanwhile`);
      renameSync(entry, kept);
      if (isSame(kept, step.seen)) return;
      // Written anew between the look and the move: it goes back, unless there is one again already.
      if (!existsSync(entry)) renameSync(kept, entry);
      throw changed(`${step.path} was changed meanwhile`);
    });
  }
}

function isSame(path: string, { inode, bytes, modifiedMs }: SeenFile): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.ino === inode && stats.size === bytes && stats.mtimeMs === modifiedMs;
}

function changed(message: string): KairosError {
  return new KairosError('STATE_CONFLICT', message);
}
