import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';
import type { Repair } from './repair.ts';

const MODE_BITS = 0o7777;

/** The home is there, ours, and nobody else's to read. */
export const home: Check = {
  name: 'home',
  about: 'The home exists, is a directory of this user, and nobody else can look into it; a link to it is one of ours.',
  mends: 'Takes the rights of others off the home (mode 700).',
  async look(ports) {
    const { home: path, userId } = ports;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) {
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return [dangling(path)];
      return [warn(`${path} does not exist yet`, 'kairos start makes it, with the defaults.', 'kairos init')];
    }
    if (!stats.isDirectory())
      return [fail(`${path} is no directory`, 'Everything is kept there.', 'Set another KAIROS_HOME.')];
    const found = [...linked(ports), ...foreign(path, stats, userId), ...open(path, stats, userId)];
    return found.length > 0 ? found : [ok(`${shown(path)}, private`)];
  },
};

function dangling(path: string): Found {
  return fail(`${path} is a link to nowhere`, 'Everything is kept there.', `Bring back what it names, or: rm ${path}`);
}

/** Whoever may change the link decides what our home is. */
function linked({ home: path, userId }: DoctorPorts): Found[] {
  const link = lstatSync(path);
  if (!link.isSymbolicLink() || userId < 0 || link.uid === userId || link.uid === 0) return [];
  const why = 'Whoever owns a link decides where it leads: to another home, with other secrets.';
  return [fail(`${path} is a link of user ${link.uid}`, why, `Set KAIROS_HOME to ${realpathSync(path)}`)];
}

function foreign(path: string, { uid }: Stats, userId: number): Found[] {
  if (userId < 0 || uid === userId) return [];
  const fix = `sudo chown -R ${userId} ${path} (or run this as user ${uid})`;
  return [fail(`${path} belongs to user ${uid}, this is user ${userId}`, 'The daemon must own its home.', fix)];
}

function open(path: string, { mode, uid }: Stats, userId: number): Found[] {
  if ((mode & 0o077) === 0 && (mode & 0o700) === 0o700) return [];
  const what = `${path} has mode ${(mode & 0o777).toString(8)}, not 700`;
  const why = (mode & 0o077) === 0 ? 'We can not use it ourselves.' : 'Others on this machine can look into it.';
  const isOurs = userId < 0 || uid === userId;
  const repair: Repair = {
    what: `chmod 700 ${path}`,
    steps: [{ kind: 'mode', path: '', from: mode & MODE_BITS, to: 0o700 }],
  };
  return [fail(what, why, `chmod 700 ${path}`, isOurs ? repair : undefined)];
}

function shown(path: string): string {
  const real = realpathSync(path);
  return lstatSync(path).isSymbolicLink() ? `${join(path)} (a link to ${real})` : path;
}
