import { closeSync, constants, lstatSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { KairosError } from '../core/errors.ts';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface Inside {
  /** The home, with links resolved. */
  readonly root: string;
  /** Whether `/proc/self/fd` names what is open (Linux). */
  readonly procFd: boolean;
}

/** @param home May itself be a link. */
export function insideOf(home: string, platform: string): Inside {
  return { root: realpathSync(home), procFd: platform === 'linux' };
}

/**
 * Does something to an entry of the home without following a link on the way to it. On Linux the directories are held
 * open, so that one swapped for a link meanwhile leads nowhere; elsewhere they are looked at right before.
 *
 * @param path Relative to the home. Empty is the home itself.
 * @param work Gets a path to the entry that is only good while it runs.
 * @throws {KairosError} `HOME_UNUSABLE` for a path that leads out; whatever the system says for one that is not there.
 */
export function withEntry<Value>({ root, procFd }: Inside, path: string, work: (entry: string) => Value): Value {
  const parts = path.split(sep);
  if (path === '') return work(root);
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new KairosError('HOME_UNUSABLE', `expected a path in the home, got ${JSON.stringify(path)}`);
  if (!procFd) return work(lookedAt(root, path));
  let held = openSync(root, DIRECTORY);
  try {
    for (const name of parts.slice(0, -1)) {
      const next = openSync(`/proc/self/fd/${held}/${name}`, DIRECTORY);
      closeSync(held);
      held = next;
    }
    return work(`/proc/self/fd/${held}/${basename(path)}`);
  } finally {
    closeSync(held);
  }
}

function lookedAt(root: string, path: string): string {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    if (!lstatSync(join(root, parent)).isDirectory())
      throw new KairosError('HOME_UNUSABLE', `${join(root, parent)} is no directory of the home`);
  }
  return join(root, path);
}
