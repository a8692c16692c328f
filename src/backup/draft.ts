import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import { flush } from './archive.ts';
import { FOLDERS } from './manifest.ts';
import { backupName } from './names.ts';

/** An archive that has not got its name yet. Disposing removes it, and never anything of somebody else. */
export interface Draft extends AsyncDisposable {
  /** An empty file of ours, mode 0600, beside where it will lie. */
  readonly path: string;
  readonly target: string;
  /** Gives it its name. @throws {KairosError} `INPUT_INVALID`: there is one of that name now. */
  finish(): Promise<void>;
}

export interface DraftRequest {
  readonly home: string;
  /** A file that does not exist yet; a directory: it is named by the time; `-`: it stays in `work`. */
  readonly target: string;
  readonly nowMs: number;
  readonly work: string;
  /** Makes the name one's own: eight small hex digits. */
  readonly tag: string;
}

/** Nobody writes for so long; what is older was left by a process that was killed. */
const LEFT_MS = 86_400_000;

/**
 * Takes the place where a backup will lie, before the work begins: a wrong one is told at once.
 *
 * @throws {KairosError} `INPUT_INVALID`: there is something already, or nothing can be written there; `DISK_FULL`.
 */
export async function openDraft(request: DraftRequest): Promise<Draft> {
  const { nowMs, tag } = request;
  const target = targetOf(request);
  const path = `${target}.${tag}.part`;
  try {
    await using _file = await open(path, 'wx', 0o600);
  } catch (error) {
    throw asTargetError(error, path);
  }
  await sweep(target, nowMs);
  return {
    path,
    target,
    async finish() {
      if (isThere(target)) throw taken(target);
      await rename(path, target);
      await flush(dirname(target));
    },
    [Symbol.asyncDispose]: () => rm(path, { force: true }),
  };
}

function targetOf({ home, target, nowMs, work }: DraftRequest): string {
  if (target === '-') return join(work, 'archive.tar.gz');
  if (target === '') throw new KairosError('INPUT_INVALID', 'expected the name of a file, got an empty one');
  const given = resolve(target);
  const path = isDirectory(given) ? join(given, backupName(nowMs)) : given;
  if (!isDirectory(dirname(path))) {
    throw new KairosError('INPUT_INVALID', `expected a directory for ${basename(path)}, and ${dirname(path)} is none`);
  }
  if (isThere(path)) throw taken(path);
  const folder = realpathSync(dirname(path)) + sep;
  const inside = FOLDERS.find((name) => folder.startsWith(join(realpathSync(home), name) + sep));
  if (inside !== undefined) {
    const text = `expected a place outside ${inside} of the home, got ${path}: each backup would hold those before it`;
    throw new KairosError('INPUT_INVALID', text);
  }
  return path;
}

/** A link that leads nowhere is something too: the disk it names may only not be mounted. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function taken(path: string): KairosError {
  return new KairosError('INPUT_INVALID', `expected a name that is free, and ${path} exists`);
}

/** Drafts for the same name that were left half-written. */
async function sweep(target: string, nowMs: number): Promise<void> {
  const folder = dirname(target);
  const start = `${basename(target)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(start) || !/^[0-9a-f]{8}\.part$/.test(name.slice(start.length))) continue;
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true && nowMs - found.mtimeMs > LEFT_MS) await rm(join(folder, name), { force: true });
  }
}

/** What went wrong while the archive was written, in our table. */
export function asTargetError(error: unknown, path: string): unknown {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return (error as Error).cause ?? error;
  if (error instanceof KairosError) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KairosError('DISK_FULL', `there is no room for ${path}`, {}, error);
  }
  const text = `expected a place where a backup can be written: ${messageOf(error)}`;
  return new KairosError('INPUT_INVALID', text, {}, error);
}
