import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { reached } from '../core/ports.ts';
import { isSystemError } from './system-error.ts';
import { demand, holdDirectory, type FileAccess, type HeldDirectory } from './held.ts';

export interface Replacement {
  /** Absolute, canonical. */
  readonly canonical: string;
  readonly bytes: Uint8Array;
  /** Unique for this call: names the temporary file, so that one left by a crash is found again. */
  readonly callKey: string;
  readonly callId: string;
  /** What the new text was made from; if the file is another by now, nothing is written. null: it must not exist. */
  readonly basis?: BigIntStats | null | undefined;
  /** Permission bits. Default: those of the file there is, or of the directory without the right to execute. */
  readonly mode?: number | undefined;
  /** Only for undo: also over a read-only file, one of several names, or (`link`) a link. */
  readonly force?: 'file' | 'link' | undefined;
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes a file whole or not at all: into a new file beside it, flushed, then renamed over it. Missing directories are made.
 * The directory is held from the first look to the rename, so nobody can lead the write elsewhere. Keeps mode and owner.
 *
 * On Linux everything goes through the open directory. Elsewhere its identity is compared again right before the rename.
 *
 * @throws {KairosError} `STATE_CONFLICT` when it may not be written, has several names (hard links), is read-only, is no
 *   regular file, or changed meanwhile. System errors (ENOSPC, EACCES …) as they come; the file is then as it was.
 */
export async function replaceFile(replacement: Replacement, access: FileAccess): Promise<void> {
  const { canonical, callId, basis, force } = replacement;
  demand(access, canonical, 'write', callId);
  await using directory = await holdDirectory(dirname(canonical), access, true);
  const target = directory.entry(basename(canonical));
  const before = await statIfThere(target);
  refuseUnwritable(before, canonical, force);
  if (basis !== undefined && !sameFile(before, basis)) throw changedMeanwhile(canonical);

  const temporary = directory.entry(temporaryName(replacement));
  try {
    await writeNew(temporary, replacement, before, directory);
    await directory.verify();
    if (!sameFile(await statIfThere(target), before ?? null)) throw changedMeanwhile(canonical);
    reached('file.written');
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await directory.verify();
  await directory.handle.sync();
}

/** What is there, links not followed; undefined when nothing is. */
export async function statIfThere(path: string): Promise<BigIntStats | undefined> {
  return lstat(path, { bigint: true }).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  });
}

async function writeNew(
  temporary: string,
  { bytes, mode }: Replacement,
  before: BigIntStats | undefined,
  directory: HeldDirectory,
): Promise<void> {
  const file = await openNew(temporary);
  try {
    await file.writeFile(bytes);
    if (before !== undefined) await keepOwner(file, before);
    await file.chmod(mode ?? (await modeFor(before, directory)));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** One that is there already was left by a crash: the name is this call's own. */
async function openNew(temporary: string): Promise<FileHandle> {
  try {
    return await open(temporary, NEW_FILE, 0o600);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
    await unlink(temporary);
    return open(temporary, NEW_FILE, 0o600);
  }
}

async function keepOwner(file: FileHandle, { uid, gid }: BigIntStats): Promise<void> {
  const own = await file.stat({ bigint: true });
  if (own.uid === uid && own.gid === gid) return;
  await file.chown(Number(uid), Number(gid)).catch(() => undefined); // Only root can; the content matters more.
}

/** A new file may be read by whoever may read its directory. The set-id bits are never kept. */
async function modeFor(before: BigIntStats | undefined, directory: HeldDirectory): Promise<number> {
  if (before !== undefined) return Number(before.mode) & 0o777;
  const { mode } = await directory.handle.stat();
  return 0o600 | (mode & 0o044);
}

function refuseUnwritable(stats: BigIntStats | undefined, canonical: string, force: Replacement['force']): void {
  if (stats === undefined || (force !== undefined && stats.isFile()) || (force === 'link' && stats.isSymbolicLink()))
    return;
  const why = !stats.isFile()
    ? 'is no regular file'
    : stats.nlink > 1n
      ? `has ${stats.nlink} names (hard links), so another file would change with it; copy it first`
      : (Number(stats.mode) & 0o222) === 0
        ? 'is read-only; a person has to allow writing to it'
        : undefined;
  if (why !== undefined) throw new KairosError('STATE_CONFLICT', `"${canonical}" ${why}`);
}

function sameFile(found: BigIntStats | undefined, expected: BigIntStats | null): boolean {
  if (found === undefined || expected === null) return found === undefined && expected === null;
  return (
    found.dev === expected.dev &&
    found.ino === expected.ino &&
    found.size === expected.size &&
    found.mtimeNs === expected.mtimeNs
  );
}

function temporaryName({ callKey }: Replacement): string {
  return `.kairos-${createHash('sha256').update(callKey).digest('hex').slice(0, 16)}.tmp`;
}

function changedMeanwhile(canonical: string): KairosError {
  return new KairosError('STATE_CONFLICT', `"${canonical}" was changed by somebody else meanwhile; read it again`);
}
