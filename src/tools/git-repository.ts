import { lstat, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** The repository a call works on. */
export interface Repository {
  /** What `GIT_DIR` and `GIT_WORK_TREE` say, so that no setting of the repository leads elsewhere. */
  readonly gitDir: string;
  readonly workTree: string;
  /** Directories outside the workspace that belong to it: those of a linked worktree. */
  readonly more: readonly string[];
}

const POINTER_BYTES_MAX = 4_096;

/**
 * Finds the repository of a directory between it and the top of the workspace, never above. Only a `.git` counts: a
 * bare repository inside a checkout, which could bring its own configuration, is none.
 *
 * @param from Canonical, in the workspace.
 * @returns undefined when there is none; a reason when it lies where it must not.
 */
export async function findRepository(
  workspace: string,
  from: string,
): Promise<Repository | undefined | { readonly refused: string }> {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, '.git');
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory() === true) return { gitDir: path, workTree: folder, more: [] };
    if (stats?.isFile() === true) return pointedAt(workspace, folder, path);
    if (stats !== undefined) return { refused: `${path} is neither a directory nor a file` };
    if (folder === workspace || dirname(folder) === folder) return undefined;
  }
}

/** A `.git` file leads to the repository: that of a submodule inside the workspace, or that of a linked worktree. */
async function pointedAt(
  workspace: string,
  folder: string,
  path: string,
): Promise<Repository | { readonly refused: string }> {
  const target = /^gitdir: (.+)$/m.exec(await readSmall(path))?.[1];
  const gitDir = target === undefined ? undefined : await realpath(resolve(folder, target)).catch(() => undefined);
  if (gitDir === undefined) return { refused: `${path} does not lead to a repository` };
  if (gitDir.startsWith(`${workspace}/`)) return { gitDir, workTree: folder, more: [] };
  // Anybody can write such a file into a checkout; only git writes the way back.
  const back = (await readSmall(join(gitDir, 'gitdir'))).trim();
  const common = (await readSmall(join(gitDir, 'commondir'))).trim();
  const commonDir = common === '' ? undefined : await realpath(resolve(gitDir, common)).catch(() => undefined);
  const linked = back !== '' && (await realpath(back).catch(() => '')) === path;
  if (!linked || commonDir === undefined || !gitDir.startsWith(`${commonDir}/worktrees/`)) {
    return { refused: `${path} leads out of the workspace, and not to the repository of a linked worktree` };
  }
  return { gitDir, workTree: folder, more: [commonDir] };
}

async function readSmall(path: string): Promise<string> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isFile() !== true || stats.size > POINTER_BYTES_MAX) return '';
  return readFile(path, 'utf8').catch(() => '');
}
