import { readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

/** What a walk came upon. Links are named and not followed. */
export interface Entry {
  /** Relative to where the walk began, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link';
}

/** Directories that are somebody else's machinery, not looked into unless asked for by name. */
const PASSED_OVER = new Set(['.git', 'node_modules']);

/**
 * Everything below a directory, a directory before what is in it, names in order of their bytes (as ripgrep sorts them).
 * Directories that may not be read are passed over. Blocks while it reads: for a thread of its own.
 *
 * @param depthMax 1: only what is directly in it.
 * @returns Whether that was everything.
 */
export function* walk(root: string, entriesMax: number, depthMax = Infinity): Generator<Entry, boolean> {
  let left = entriesMax;
  const open: { readonly entries: Dirent[]; readonly prefix: string }[] = [{ entries: list(root), prefix: '' }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const entry = top.entries.pop();
    if (entry === undefined) {
      open.pop();
      continue;
    }
    left -= 1;
    if (left < 0) return false;
    const path = top.prefix === '' ? entry.name : `${top.prefix}/${entry.name}`;
    const kind = kindOf(entry);
    if (kind === undefined || PASSED_OVER.has(entry.name)) continue;
    yield { path, kind };
    if (kind === 'directory' && open.length < depthMax) open.push({ entries: list(join(root, path)), prefix: path });
  }
  return true;
}

/** The last in order first, so that the next one is at the end. */
function list(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).toSorted((one, other) =>
      Buffer.compare(Buffer.from(other.name), Buffer.from(one.name)),
    );
  } catch {
    return [];
  }
}

function kindOf(entry: Dirent): Entry['kind'] | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : undefined;
}
