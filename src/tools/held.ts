import { constants, type BigIntStats } from 'node:fs';
import { lstat, mkdir, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { ToolContext } from '../core/agent.ts';
import { KairosError } from '../core/errors.ts';
import { isSystemError } from './system-error.ts';

/** What the tools over files ask before they touch one. */
export interface FileAccess {
  /**
   * May this call do this to this path (absolute, canonical)? Asked again with what was really found, after the gate judged
   * the call: true unless it is HIGH, or a human approved this call.
   */
  allowed(canonical: string, intent: 'read' | 'write', callId: string): boolean;
  /** Whose words a file holds: `outside` in a checkout of somebody else's. */
  trustOf(canonical: string): 'tool' | 'outside';
  /** The owner's home directory, for `~/`. */
  readonly userHome: string;
  /** Where offloaded results are (`artifacts/results` of the home): each bears the trust of the call it came from. */
  readonly resultsPath?: string | undefined;
  /** Whether `/proc/self/fd` names what is open. Default: on Linux. Without it a directory is held by comparing before and after. */
  readonly procFd?: boolean | undefined;
}

/** A directory that is open: what is done through it stays in it, whatever is renamed meanwhile. */
export interface HeldDirectory extends AsyncDisposable {
  readonly canonical: string;
  readonly handle: FileHandle;
  /** A path to an entry of it. */
  entry(name: string): string;
  /** The directory itself, as a process started by this one finds it. */
  readonly processEntry: string;
  /** @throws {KairosError} `STATE_CONFLICT` when its path leads elsewhere by now. */
  verify(): Promise<void>;
}

const NEW_DIRECTORIES_MAX = 32;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * The absolute path a tool was asked for, links not yet followed. `~/` is the owner's home.
 *
 * @throws {KairosError} `INPUT_INVALID` for a relative path without a workspace, and for one no system takes.
 */
export function locate(path: string, { workspace }: Pick<ToolContext, 'workspace'>, userHome: string): string {
  if (path.includes('\0'))
    throw new KairosError('INPUT_INVALID', 'expected a path, got one with a NUL character in it');
  if (path === '~' || path.startsWith('~/')) return resolve(userHome, path.slice(2));
  if (isAbsolute(path)) return resolve(path);
  if (workspace !== undefined) return resolve(workspace.path, path);
  throw new KairosError('INPUT_INVALID', `expected an absolute path, because this run has no workspace; got "${path}"`);
}

/** A canonical path as people read it: relative inside the workspace. */
export function shownPath(canonical: string, { workspace }: Pick<ToolContext, 'workspace'>): string {
  if (workspace === undefined || !isInside(canonical, workspace.path)) return canonical;
  return relative(workspace.path, canonical) || '.';
}

/** Whether a path is a directory or lies below it. Both canonical. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** Whose words a file holds: an offloaded result is to be trusted as its call was, and one of another session is anybody's. */
export function trustOfFile(canonical: string, context: ToolContext, access: FileAccess): 'tool' | 'outside' {
  const { resultsPath } = access;
  if (resultsPath === undefined || !isInside(canonical, resultsPath)) return access.trustOf(canonical);
  const from = context.items.find((item) => {
    if (item.kind !== 'tool_result' || item.callId === undefined) return false;
    return canonical === join(resultsPath, `s${context.sessionId}`, `${item.callId}.txt`);
  });
  return from?.trust === 'tool' ? 'tool' : 'outside';
}

/** Every link followed; for what does not exist yet, its canonical parent and the rest. */
export async function canonicalOf(absolute: string): Promise<string> {
  try {
    return await realpath(absolute);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  const dangling = await lstat(absolute).catch(() => undefined);
  if (dangling !== undefined) {
    throw new KairosError(
      'STATE_CONFLICT',
      `"${absolute}" is a link to something that does not exist; name the real file`,
    );
  }
  return join(await canonicalOf(dirname(absolute)), basename(absolute));
}

/** A regular file opened for reading, and what it really is. The caller closes it. */
export interface HeldFile extends AsyncDisposable {
  readonly canonical: string;
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

/**
 * Opens a regular file for reading. What was opened is what was asked about: a link that is swapped in between is noticed.
 *
 * @throws {KairosError} `NOT_FOUND`; `INPUT_INVALID` for a directory or something that is no file; `STATE_CONFLICT` when it may
 *   not be read, or changed while it was opened. System errors as they come.
 */
export async function holdFile(absolute: string, access: FileAccess, callId: string): Promise<HeldFile> {
  const canonical = await realpath(absolute).catch((error: unknown) => missing(error, absolute));
  demand(access, canonical, 'read', callId);
  refuseUnlessFile(await lstat(canonical, { bigint: true }), canonical);
  const handle = await open(canonical, READ_FLAGS).catch((error: unknown) => swapped(error, canonical));
  try {
    const stats = await handle.stat({ bigint: true });
    refuseUnlessFile(stats, canonical);
    await verifyHandle(handle, canonical, access);
    return { canonical, handle, stats, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Holds a directory open. With `make`, directories that are missing are made, each inside the one that is held already.
 *
 * @throws {KairosError} as `holdFile`.
 */
export async function holdDirectory(canonical: string, access: FileAccess, make = false): Promise<HeldDirectory> {
  const missingNames: string[] = [];
  for (let path = canonical; ; path = dirname(path)) {
    const found = await openDirectory(path, path, access).catch((error: unknown) => {
      if (make && isSystemError(error, 'ENOENT') && path !== dirname(path)) return undefined;
      throw error;
    });
    if (found !== undefined) return missingNames.length === 0 ? found : makeInside(found, missingNames, access);
    missingNames.unshift(basename(path));
    if (missingNames.length > NEW_DIRECTORIES_MAX) {
      throw new KairosError(
        'INPUT_INVALID',
        `expected at most ${NEW_DIRECTORIES_MAX} new directories, got more: "${canonical}"`,
      );
    }
  }
}

/** @throws {KairosError} `STATE_CONFLICT` when this call may not do this to this path. */
export function demand(access: FileAccess, canonical: string, intent: 'read' | 'write', callId: string): void {
  if (access.allowed(canonical, intent, callId)) return;
  throw new KairosError(
    'STATE_CONFLICT',
    `the path leads to "${canonical}", which this call may not ${intent}: ask for exactly that path, so that a human can decide`,
  );
}

async function makeInside(from: HeldDirectory, names: readonly string[], access: FileAccess): Promise<HeldDirectory> {
  let held = from;
  for (const name of names) {
    const parent = held;
    try {
      const { mode } = await parent.handle.stat();
      await mkdir(parent.entry(name)).catch((error: unknown) => {
        if (!isSystemError(error, 'EEXIST')) throw error;
      });
      held = await openDirectory(parent.entry(name), join(parent.canonical, name), access);
      // The daemon's umask is for its own home; what is made here is as open as what it is made in.
      await held.handle.chmod(mode & 0o777);
      await parent.handle.sync();
    } finally {
      await parent[Symbol.asyncDispose]();
    }
  }
  return held;
}

async function openDirectory(path: string, canonical: string, access: FileAccess): Promise<HeldDirectory> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(path, flags).catch((error: unknown) => swapped(error, canonical));
  const held: HeldDirectory = {
    canonical,
    handle,
    entry: (name) => join(hasProcFd(access) ? `/proc/self/fd/${handle.fd}` : canonical, name),
    processEntry: hasProcFd(access) ? `/proc/${process.pid}/fd/${handle.fd}` : canonical,
    verify: () => verifyHandle(handle, canonical, access),
    [Symbol.asyncDispose]: () => handle.close(),
  };
  try {
    await held.verify();
    return held;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether what is open is what is called so. On Linux the kernel says its name; elsewhere the name is looked up again. */
async function verifyHandle(handle: FileHandle, canonical: string, access: FileAccess): Promise<void> {
  const same = hasProcFd(access)
    ? (await readlink(`/proc/self/fd/${handle.fd}`)) === canonical
    : await sameByName(handle, canonical).catch(() => false);
  if (!same) throw changed(canonical);
}

async function sameByName(handle: FileHandle, canonical: string): Promise<boolean> {
  const [opened, named, real] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(canonical, { bigint: true }),
    realpath(canonical),
  ]);
  return real === canonical && opened.dev === named.dev && opened.ino === named.ino;
}

function hasProcFd({ procFd = process.platform === 'linux' }: FileAccess): boolean {
  return procFd;
}

function refuseUnlessFile(stats: BigIntStats, canonical: string): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? 'a directory: use glob to list it' : 'no regular file (a device, pipe or socket)';
  throw new KairosError('INPUT_INVALID', `expected a file, but "${canonical}" is ${what}`);
}

function missing(error: unknown, path: string): never {
  if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw error;
  throw new KairosError('NOT_FOUND', `there is no "${path}"; glob finds files by name`);
}

/** O_NOFOLLOW met a link where a moment ago there was none, or a file where there was a directory. */
function swapped(error: unknown, canonical: string): never {
  throw isSystemError(error, 'ELOOP', 'ENOTDIR') ? changed(canonical) : error;
}

function changed(canonical: string): KairosError {
  return new KairosError('STATE_CONFLICT', `"${canonical}" was replaced while it was opened; nothing was done`);
}
