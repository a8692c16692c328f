import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readlink, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import { git, type Repository } from './changes-git.ts';
import { sameState, type ChangeRecord, type FileChange, type FileState } from './changes-record.ts';
import { isSystemError } from './system-error.ts';
import { demand, holdDirectory, type FileAccess, type HeldDirectory } from './held.ts';
import { replaceFile } from './replace.ts';

const NAMED_MAX = 5;
/** A kept file is at most 50 MiB. */
const BLOB_BYTES_MAX = 67_108_864;

/**
 * Why the changes of a run cannot be taken back; undefined when they can: every file they touched is still as the run left
 * it. With `resumed`, a file may also be as it was before, because an earlier attempt got to it.
 */
export async function reasonAgainstUndo(
  record: ChangeRecord,
  repository: Repository,
  access: FileAccess,
  resumed: boolean,
): Promise<string | undefined> {
  const { files, workspace } = record;
  const broken = files.filter((change) => change.broken === true);
  if (broken.length > 0) return `changed by somebody else while the run was laid aside: ${named(broken)}`;
  const refused = files.filter(({ path }) => !access.allowed(join(workspace, path), 'write', ''));
  if (refused.length > 0) return `protected: ${named(refused)}`;
  const changed: FileChange[] = [];
  for (const change of files) {
    const now = await stateNow(workspace, change.path, access);
    const expected = sameState(now, change.after) || (resumed && sameState(now, change.before));
    if (!expected) changed.push(change);
  }
  if (changed.length > 0) return `changed since: ${named(changed)}`;
  return reasonFromBlobs(files, repository);
}

/**
 * Brings every file of a record back to its first state: first what was new goes, then what was there comes back. Each step
 * may be done twice. Bytes, permissions, links and deletions are restored; directories only as far as files need them.
 *
 * @throws {KairosError} `STATE_CONFLICT`, or system errors, in the middle: what was done stays done.
 */
export async function restoreFiles(record: ChangeRecord, repository: Repository, access: FileAccess): Promise<void> {
  const { workspace, jobId } = record;
  // The deepest first, so that a directory is empty when its turn comes.
  const news = record.files
    .filter(({ before }) => before === null)
    .toSorted((one, other) => (one.path < other.path ? 1 : -1));
  for (const { path } of news) await removeFile(workspace, path, access);
  for (const { path, before, after } of record.files) {
    if (before === null || sameState(await stateNow(workspace, path, access), before)) continue;
    const bytes = await readBlob(before.hash, repository);
    const canonical = join(workspace, path);
    if (before.kind === 'link') await restoreLink(canonical, bytes.toString('utf8'), access);
    else {
      const callKey = `undo j${jobId} ${path}`;
      const force = after?.kind === 'link' ? 'link' : 'file';
      await replaceFile({ canonical, bytes, callKey, callId: '', mode: before.mode, force }, access);
    }
  }
}

/** What is at a path of the workspace now. null: no file; also when a directory on the way is a link or is not there. */
async function stateNow(workspace: string, path: string, access: FileAccess): Promise<FileState | null> {
  await using directory = await parentOf(workspace, path, access);
  if (directory === undefined) return null;
  const name = directory.entry(basename(path));
  const stats = await lstat(name).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (stats?.isSymbolicLink() === true) {
    return { kind: 'link', hash: hashOf(Buffer.from(await readlink(name))), mode: 0 };
  }
  if (stats?.isFile() !== true) return null;
  return { kind: 'file', hash: await hashFile(name, stats.size), mode: stats.mode & 0o777 };
}

/** The directory a file is in, held open; undefined when there is none in the workspace. */
async function parentOf(workspace: string, path: string, access: FileAccess): Promise<HeldDirectory | undefined> {
  try {
    return await holdDirectory(dirname(join(workspace, path)), access);
  } catch (error) {
    const absent = isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP');
    if (absent || (error instanceof KairosError && error.code === 'STATE_CONFLICT')) return undefined;
    throw error;
  }
}

async function hashFile(path: string, size: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const hash = createHash('sha1').update(`blob ${size}\0`);
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Before anything is touched: is all of it still there? */
async function reasonFromBlobs(files: readonly FileChange[], repository: Repository): Promise<string | undefined> {
  const hashes = files.flatMap(({ before }) => before?.hash ?? []);
  if (hashes.length === 0) return undefined;
  try {
    const output = await git(['cat-file', '--batch-check'], repository, { input: `${hashes.join('\n')}\n` });
    const missing = output
      .toString('utf8')
      .split('\n')
      .filter((line) => line.endsWith(' missing')).length;
    return missing === 0 ? undefined : `${missing} of the files it had are no longer kept`;
  } catch (error) {
    return messageOf(error);
  }
}

async function readBlob(hash: string, repository: Repository): Promise<Buffer> {
  const bytes = await git(['cat-file', 'blob', hash], repository, { outputBytesMax: BLOB_BYTES_MAX });
  if (hashOf(bytes) === hash) return bytes;
  throw new KairosError('STATE_CONFLICT', `what was kept of a file is damaged (${hash})`);
}

/** Removes a file, and the directories it leaves empty. */
async function removeFile(workspace: string, path: string, access: FileAccess): Promise<void> {
  demand(access, join(workspace, path), 'write', '');
  for (let at = path; at !== '.'; at = dirname(at)) {
    await using directory = await parentOf(workspace, at, access);
    if (directory === undefined) continue;
    const name = directory.entry(basename(at));
    try {
      if (at === path) await unlink(name);
      else await rmdir(name);
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) continue;
      // A directory by now, or one that still holds something.
      if (isSystemError(error, 'EISDIR', 'EPERM', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY')) return;
      throw error;
    }
    await directory.handle.sync();
  }
}

async function restoreLink(canonical: string, target: string, access: FileAccess): Promise<void> {
  demand(access, canonical, 'write', '');
  await using directory = await holdDirectory(dirname(canonical), access, true);
  const temporary = directory.entry(`.kairos-${hashOf(Buffer.from(canonical)).slice(0, 16)}.tmp`);
  await unlink(temporary).catch(() => undefined);
  await symlink(target, temporary);
  await rename(temporary, directory.entry(basename(canonical)));
  await directory.handle.sync();
}

function named(changes: readonly FileChange[]): string {
  const more = changes.length > NAMED_MAX ? ` and ${changes.length - NAMED_MAX} more` : '';
  return (
    changes
      .slice(0, NAMED_MAX)
      .map(({ path }) => path)
      .join(', ') + more
  );
}
