import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CONFIG_BYTES_MAX = 16_384;

/**
 * Whether git, asked from a directory, finds a repository whose own configuration names no program: no filter, no diff
 * driver, no alias, nothing from another file. Then what only reads runs nothing but git. Everything that is not on the
 * short list of harmless settings, and every unusual shape (a link, a worktree, a submodule, a bare repository), is not
 * plain. Without a repository there is nothing to obey: plain.
 *
 * The owner's and the system's settings are not looked at: git of a tool does not read them (see `environment.ts`).
 * Looks only; never throws.
 *
 * @param directory Absolute and canonical.
 */
export function plainRepository(directory: string): boolean {
  for (let folder = directory; ; folder = dirname(folder)) {
    const gitDir = join(folder, '.git');
    const stats = statsOf(gitDir);
    if (stats !== undefined) return stats.isDirectory() && plainGitDir(gitDir);
    // Ordinary files can make a bare repository, with settings of its own.
    if (BARE.every((name) => statsOf(join(folder, name)) !== undefined)) return false;
    if (dirname(folder) === folder) return true;
  }
}

const BARE = ['HEAD', 'objects', 'refs'];
/** What leads to further settings, or to another repository. */
const MORE = ['config.worktree', 'commondir', 'modules'];

function plainGitDir(gitDir: string): boolean {
  if (MORE.some((name) => statsOf(join(gitDir, name)) !== undefined)) return false;
  const path = join(gitDir, 'config');
  const stats = statsOf(path);
  if (stats === undefined) return true;
  if (!stats.isFile() || stats.size > CONFIG_BYTES_MAX) return false;
  try {
    return plainSettings(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}

function statsOf(path: string): ReturnType<typeof lstatSync> {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Not allowed to look: something may be there.
    return lstatSync('/');
  }
}

const SETTINGS: Readonly<Record<string, RegExp>> = {
  core: /^(?:repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|autocrlf|eol|safecrlf|quotepath|abbrev)$/,
  user: /^(?:name|email)$/,
  init: /^defaultbranch$/,
  pull: /^(?:rebase|ff)$/,
  push: /^(?:default|autosetupremote|followtags)$/,
  fetch: /^(?:prune|prunetags)$/,
  color: /^(?:ui|status|diff|branch)$/,
  remote: /^(?:url|pushurl|fetch|tagopt|prune)$/,
  branch: /^(?:remote|merge|rebase|vscode-merge-base|autosetuprebase|autosetupmerge)$/,
};

/** Line by line, in the form git itself writes: `[section "name"]` alone, then `key = value`, nothing continued. */
export function plainSettings(text: string): boolean {
  let keys: RegExp | undefined;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || /^[#;]/.test(trimmed)) continue;
    if (trimmed.endsWith('\\')) return false;
    const section = /^\[([a-z]+)(?: "[^"\\\]]*")?\]$/i.exec(trimmed)?.[1];
    if (section !== undefined) {
      keys = Object.hasOwn(SETTINGS, section.toLowerCase()) ? SETTINGS[section.toLowerCase()] : undefined;
      if (keys === undefined) return false;
      continue;
    }
    const key = /^([a-z][a-z0-9-]*)\s*(?:=|$)/i.exec(trimmed)?.[1]?.toLowerCase();
    if (keys === undefined || key === undefined || !keys.test(key)) return false;
  }
  return true;
}
