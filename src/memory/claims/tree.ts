import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Disk, FileState, Listed } from './disk.ts';

/** What a place holds, `/` between names, relative to it. */
export interface Tree {
  readonly files: readonly string[];
  readonly directories: readonly string[];
  /** Paths by their last name. */
  readonly byName: ReadonlyMap<string, readonly string[]>;
  /** The same for the same paths. */
  readonly mark: string;
  /** There were not more than could be listed. */
  readonly whole: boolean;
}

const ENTRIES_MAX = 200_000;
/** Somebody else's, or made by a machine: looked into only where a path names them. */
const PASSED_OVER = new Set(
  '.git .hg .svn .jj node_modules bower_components dist build out target coverage .venv venv env __pycache__ .mypy_cache .pytest_cache .ruff_cache .tox .nox .cache .next .nuxt .output .svelte-kit .turbo .parcel-cache .gradle .terraform .yarn .pnpm-store site-packages .eggs DerivedData Pods'.split(
    ' ',
  ),
);

interface Kept {
  readonly mark: string;
  readonly entries: readonly Listed[];
}

/** Lists a place, and again only those directories whose state has changed. */
export function createTree(root: string, disk: Disk) {
  let kept = new Map<string, Kept>();
  let last: Tree | undefined;
  let ignore = '';

  return {
    look(state: (path: string) => FileState | undefined, racy: (found: FileState) => boolean, gitignore: string): Tree {
      const fresh = new Map<string, Kept>();
      const ignored = ignoredNames(gitignore);
      const wasIgnored = ignore;
      ignore = gitignore;
      let changed = last === undefined || wasIgnored !== gitignore;
      let left = ENTRIES_MAX;
      const open = [''];
      for (let path = open.pop(); path !== undefined; path = open.pop()) {
        const found = state(join(root, path));
        if (found?.kind !== 'directory' || left <= 0) continue;
        const known = kept.get(path);
        const same = known !== undefined && known.mark === found.mark && !racy(found);
        const entries = same ? known.entries : (disk.list(join(root, path)) ?? []);
        if (!same) changed ||= known === undefined || !equal(known.entries, entries);
        fresh.set(path, { mark: found.mark, entries });
        left -= entries.length;
        for (const entry of entries)
          if (isWalked(entry, ignored)) open.push(path === '' ? entry.name : `${path}/${entry.name}`);
      }
      changed ||= fresh.size !== kept.size;
      kept = fresh;
      if (changed || last === undefined) last = collect(fresh, ignored, left > 0);
      return last;
    },
  };
}

function isWalked(entry: Listed, ignored: ReadonlySet<string>): boolean {
  return entry.kind === 'directory' && !entry.link && !PASSED_OVER.has(entry.name) && !ignored.has(entry.name);
}

/** Plain names of directories in the place's own .gitignore. */
function ignoredNames(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^\/?([\w.-]+)\/\s*$/gm)].map((found) => found[1] ?? ''));
}

function equal(one: readonly Listed[], other: readonly Listed[]): boolean {
  return (
    one.length === other.length &&
    one.every(
      (entry, index) =>
        entry.name === other[index]?.name && entry.kind === other[index].kind && entry.link === other[index].link,
    )
  );
}

function collect(kept: ReadonlyMap<string, Kept>, ignored: ReadonlySet<string>, whole: boolean): Tree {
  const files: string[] = [];
  const directories: string[] = [];
  for (const [path, { entries }] of kept) {
    for (const entry of entries) {
      const full = path === '' ? entry.name : `${path}/${entry.name}`;
      if (isWalked(entry, ignored)) directories.push(full);
      else if (entry.kind === 'file') files.push(full);
    }
  }
  files.sort();
  directories.sort();
  const byName = new Map<string, string[]>();
  for (const path of [...files, ...directories]) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [path]);
    else known.push(path);
  }
  const mark = createHash('sha1')
    .update(files.join('\n'))
    .update('\0')
    .update(directories.join('\n'))
    .digest('base64url');
  return { files, directories, byName, mark, whole };
}
