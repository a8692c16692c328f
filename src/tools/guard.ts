import { lstat, mkdir, readdir, realpath, rename, cp, rm } from 'node:fs/promises';
import type { BigIntStats, Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import { protectedBy } from '../permissions/protected-names.ts';
import type { Guard } from './confinement.ts';

/** A protected entry of a workspace as it was found. Another file of that name has another mark. */
export interface GuardedEntry {
  /** Relative to the workspace. */
  readonly path: string;
  /** Which file it is, and for a file which content it had. */
  readonly mark: string;
}

/** The protected entries of a workspace. */
export interface Survey {
  readonly workspace: string;
  readonly entries: readonly GuardedEntry[];
  readonly guard: Guard;
}

/** More directories than this are not looked through before every command. */
const FOLDERS_MAX = 50_000;
/** A command may have made some. */
const AFTERWARDS_MAX = 200_000;
/** bubblewrap takes 9 000 arguments; each guarded path is three. */
const GUARDED_MAX = 2_000;
const AT_ONCE = 32;
/** What package managers fill with what others wrote: nothing in there is read as settings of this workspace. */
const NOT_SEARCHED = new Set(['node_modules', 'site-packages']);

/**
 * Finds what no command may change in a workspace, and every other name (hard link) that leads to it.
 *
 * @param outside Files elsewhere that must not change either (shell start files of the owner, our own): their hard links in
 *   the workspace are guarded.
 * @returns A reason instead, when there is too much of it to guard: then nothing may write there.
 */
export async function surveyWorkspace(
  workspace: string,
  outside: readonly string[],
): Promise<Survey | { readonly tooLarge: string }> {
  const found = await findProtected(workspace, FOLDERS_MAX);
  if (!found.whole) return { tooLarge: `it has more than ${FOLDERS_MAX} directories` };
  const targets = await Promise.all(found.paths.map(async (path) => insideTarget(workspace, join(workspace, path))));
  const links = await findLinks(workspace, found.paths, outside);
  if ('tooLarge' in links) return links;
  const readOnly = [...new Set([...targets.filter((path) => path !== undefined), ...links.paths])].toSorted();
  const fixed = foldersToward(workspace, readOnly);
  if (readOnly.length + fixed.length > GUARDED_MAX) {
    return { tooLarge: `it holds more than ${GUARDED_MAX} protected files and directories` };
  }
  return { workspace, entries: found.entries, guard: { readOnly, fixed } };
}

/** What of the protected was not there before, and what is there but is another file or has another content. */
export async function changesSince(before: Survey): Promise<{
  readonly created: readonly string[];
  readonly changed: readonly string[];
  /** There is so much in the workspace by now that it was not all looked at. */
  readonly partly: boolean;
}> {
  const after = await findProtected(before.workspace, AFTERWARDS_MAX);
  const marks = new Map(before.entries.map(({ path, mark }) => [path, mark]));
  const others = after.entries.filter(({ path, mark }) => marks.get(path) !== mark).map(({ path }) => path);
  return {
    created: others.filter((path) => !marks.has(path)),
    changed: others.filter((path) => marks.has(path)),
    partly: !after.whole,
  };
}

/**
 * Moves what a command put under a protected name out of the workspace, to where nothing obeys it.
 *
 * @param folder Directory of ours; made when it is needed.
 * @returns The paths that were moved, and those that could not be, relative to the workspace.
 */
export async function quarantine(
  workspace: string,
  paths: readonly string[],
  folder: string,
): Promise<{ readonly moved: readonly string[]; readonly left: readonly string[] }> {
  const moved: string[] = [];
  const left: string[] = [];
  for (const path of paths) {
    try {
      await moveAway(join(workspace, path), join(folder, path));
      moved.push(path);
    } catch {
      left.push(path);
    }
  }
  return { moved, left };
}

async function moveAway(path: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    await rename(path, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await cp(path, target, { recursive: true, verbatimSymlinks: true });
    await rm(path, { recursive: true, force: true });
  }
}

async function findProtected(
  workspace: string,
  foldersMax: number,
): Promise<{ readonly paths: readonly string[]; readonly entries: readonly GuardedEntry[]; readonly whole: boolean }> {
  const paths: string[] = [];
  const whole = await walkFolders(workspace, foldersMax, (path, entry) => {
    if (protectedBy(`/${path}`) === undefined) return entry.isDirectory() && !NOT_SEARCHED.has(entry.name);
    // A directory that only holds something protected is searched for it; other things may change in it.
    if (entry.isDirectory() && protectedBy(`/${path}/x`) === undefined) return true;
    paths.push(path);
    return false;
  });
  const entries = await Promise.all(
    paths.map(async (path) => ({ path, mark: markOf(await look(join(workspace, path))) })),
  );
  return { paths, entries, whole };
}

/** Every entry below a directory, breadth first. @returns false when there was no end to it. */
export async function walkFolders(
  root: string,
  foldersMax: number,
  enter: (path: string, entry: Dirent) => boolean,
): Promise<boolean> {
  let open = [''];
  let seen = 0;
  while (open.length > 0) {
    seen += open.length;
    if (seen > foldersMax) return false;
    const next: string[] = [];
    for (let start = 0; start < open.length; start += AT_ONCE) {
      const batch = open.slice(start, start + AT_ONCE);
      const listed = await Promise.all(
        batch.map(async (folder) => ({ folder, names: await list(join(root, folder)) })),
      );
      for (const { folder, names } of listed) {
        for (const entry of names) {
          const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
          if (enter(path, entry)) next.push(path);
        }
      }
    }
    open = next;
  }
  return true;
}

/** A directory that went away or may not be read has nothing in it that a command could change. */
async function list(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function look(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Of a directory only which one it is: what is in it changes with every commit. */
function markOf(stats: BigIntStats | undefined): string {
  if (stats === undefined) return 'gone';
  const identity = `${stats.dev}:${stats.ino}`;
  return stats.isDirectory() ? identity : `${identity}:${stats.size}:${stats.mtimeNs}`;
}

/** Where a protected entry really lies: a mount cannot cover a link, only what it leads to. */
async function insideTarget(workspace: string, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    return real.startsWith(`${workspace}/`) ? real : undefined;
  } catch {
    return undefined;
  }
}

/** Other names in the workspace of files that must not change. Looked for only if one of these has several names. */
async function findLinks(
  workspace: string,
  paths: readonly string[],
  outside: readonly string[],
): Promise<{ readonly paths: readonly string[] } | { readonly tooLarge: string }> {
  const inGit = [
    '.git/config',
    '.git/config.worktree',
    ...(await list(join(workspace, '.git/hooks'))).map(({ name }) => `.git/hooks/${name}`),
  ];
  const watched = [...[...paths, ...inGit].map((path) => join(workspace, path)), ...outside];
  return linksTo(workspace, watched);
}

/** The names in the workspace that these files of it have; none when each has only one. */
export async function linksOf(
  workspace: string,
  paths: readonly string[],
): Promise<{ readonly paths: readonly string[] } | { readonly tooLarge: string }> {
  return linksTo(
    workspace,
    paths.map((path) => join(workspace, path)),
  );
}

async function linksTo(
  workspace: string,
  watched: readonly string[],
): Promise<{ readonly paths: readonly string[] } | { readonly tooLarge: string }> {
  const stats = await Promise.all(watched.map(look));
  const wanted = new Set(
    stats.flatMap((one) => (one?.isFile() === true && one.nlink > 1n ? [`${one.dev}:${one.ino}`] : [])),
  );
  if (wanted.size === 0) return { paths: [] };
  const files: string[] = [];
  const whole = await walkFolders(workspace, FOLDERS_MAX, (path, entry) => {
    if (entry.isFile()) files.push(path);
    return entry.isDirectory() && path !== '.git';
  });
  if (!whole)
    return { tooLarge: 'a protected or secret file has a second name, and there are too many to look for it' };
  const found: string[] = [];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const batch = files.slice(start, start + AT_ONCE).map((path) => join(workspace, path));
    for (const [index, one] of (await Promise.all(batch.map(look))).entries()) {
      const path = batch[index];
      if (one !== undefined && path !== undefined && wanted.has(`${one.dev}:${one.ino}`)) found.push(path);
    }
  }
  return { paths: found };
}

/** Every directory between the workspace and what is guarded. */
function foldersToward(workspace: string, paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(path); folder.length > workspace.length; folder = dirname(folder)) found.add(folder);
  }
  return [...found].toSorted();
}
