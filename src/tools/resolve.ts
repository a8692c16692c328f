import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import type { ResolvedPath } from '../permissions/call.ts';

/**
 * Follows an absolute path on the disk, link by link, as the kernel would, and changes nothing. What does not exist yet is
 * its existing part, resolved, and the rest. Never throws: what cannot be followed (more than 40 links, no permission, too
 * long, an I/O error) is `unclear`. Synchronous: a few lstat calls, some microseconds each.
 */
export function resolvePath(path: string): ResolvedPath {
  if (!path.startsWith('/')) return unclear(path, 'it is not absolute');
  if (path.includes('\0')) return unclear('/', 'it holds a NUL byte');
  if (path.length > PATH_LENGTH_MAX) return unclear('/', 'it is too long');
  try {
    return walk(path);
  } catch (error) {
    return unclear(path, error instanceof Stuck ? error.message : codeOf(error));
  }
}

const PATH_LENGTH_MAX = 4_095;
/** What Linux allows on one path. */
const LINKS_MAX = 40;

class Stuck extends Error {}

function walk(path: string): ResolvedPath {
  const ahead = path.split('/').toReversed();
  const done: string[] = [];
  let linksLeft = LINKS_MAX;
  while (ahead.length > 0) {
    const name = ahead.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    done.push(name);
    const here = `/${done.join('/')}`;
    if (look(here)?.isSymbolicLink() !== true) continue;
    linksLeft -= 1;
    if (linksLeft < 0) throw new Stuck('it leads in a circle');
    const target = readlinkSync(here);
    if (target.startsWith('/')) done.length = 0;
    else done.pop();
    ahead.push(...target.split('/').toReversed());
    if (ahead.length > PATH_LENGTH_MAX) throw new Stuck('it is too long');
  }
  return describe(`/${done.join('/')}`);
}

function describe(canonical: string): ResolvedPath {
  const stats = look(canonical);
  if (stats === undefined) return { canonical, exists: false, links: 0, directory: false };
  const directory = stats.isDirectory();
  const special = !directory && !stats.isFile();
  return { canonical, exists: true, links: stats.nlink, directory, ...(special && { special }) };
}

/** undefined: nothing is there, or something on the way is not a directory. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function unclear(canonical: string, why: string): ResolvedPath {
  return { canonical, exists: true, links: 1, directory: false, unclear: why };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
