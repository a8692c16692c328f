import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { secretBy } from '../permissions/secret-names.ts';
import type { Hidden } from './confinement.ts';
import { linksOf, walkFolders } from './guard.ts';

/** As `surveyWorkspace`: more than this is not looked through before a command. */
const FOLDERS_MAX = 50_000;
const HIDDEN_MAX = 2_000;
/** What is in there is others' code, or git's own. */
const NOT_SEARCHED = new Set(['.git', 'node_modules', 'site-packages']);

/**
 * What of a workspace looks like a secret by its name, with every other name (hard link) of it: for commands whose words do
 * not say what they read, none of it is there.
 *
 * @returns A reason instead, when there is too much to look through.
 */
export async function secretsIn(workspace: string): Promise<readonly Hidden[] | { readonly tooLarge: string }> {
  const found: string[] = [];
  const whole = await walkFolders(workspace, FOLDERS_MAX, (path, entry) => {
    if (entry.isDirectory() && NOT_SEARCHED.has(entry.name)) return false;
    // A directory of secrets as a whole, and no need to look into it.
    const secret = secretBy(`/${path}`) !== undefined || (entry.isDirectory() && secretBy(`/${path}/x`) !== undefined);
    if (secret) found.push(path);
    return entry.isDirectory() && !secret;
  });
  if (!whole) return { tooLarge: `it has more than ${FOLDERS_MAX} directories` };
  const links = await linksOf(workspace, found);
  if ('tooLarge' in links) return links;
  const paths = [...found.map((path) => join(workspace, path)), ...links.paths];
  const hidden = new Map<string, Hidden>();
  for (const path of paths) {
    const one = await hiddenAt(path);
    if (one?.path.startsWith(`${workspace}/`) === true) hidden.set(one.path, one);
  }
  if (hidden.size > HIDDEN_MAX) return { tooLarge: `it holds more than ${HIDDEN_MAX} files that may be secrets` };
  return [...hidden.values()];
}

/** A mount cannot cover a link, only what it leads to. */
async function hiddenAt(path: string): Promise<Hidden | undefined> {
  try {
    const real = await realpath(path);
    return { path: real, isDirectory: (await stat(real)).isDirectory() };
  } catch {
    return undefined;
  }
}
