import { lstatSync, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';
import type { Repair } from './repair.ts';

/** Files whose readers could act as the owner, or read what he is told. */
const PRIVATE = /^(secrets\.env|token|run\.json|lock\.(db|txt)|.*\.db(-wal|-shm|-journal)?|secrets\.env\..*)$/;
/** Read by others they do less harm: a warning. */
const QUIET = /^config\.yaml$/;
/** Everything in it is a copy of what is private. */
const BACKUPS = 'backups';
/** Listing stops here: a home of this size takes a quarter of a second. */
const ENTRIES_MAX = 50_000;
const NAMED_MAX = 5;
const MODE_BITS = 0o7777;

interface Entry {
  /** Relative to the home. */
  readonly path: string;
  readonly stats: Stats;
}

/** What is in the home is ours, and private where that matters; nobody else can change anything in it. */
export const files: Check = {
  name: 'files',
  about:
    'Secrets, token, ledger, backups: mode 600. Nothing in the home belongs to another user, or can be changed by one.',
  mends: 'Takes the rights of others off such files and directories, if they are ours and no links.',
  async look(ports) {
    const top = statSync(ports.home, { throwIfNoEntry: false });
    // What is wrong with the home itself is told by `home`.
    if (top === undefined || !top.isDirectory()) return [];
    const entries = list(ports.home);
    const found = [...foreign(entries, ports), ...openOnes(entries, ports), ...writable(entries, ports)];
    if (found.length > 0) return found;
    const seen = entries.length >= ENTRIES_MAX ? `the first ${ENTRIES_MAX}` : entries.length;
    return [ok(`${seen} in the home, private where it matters`)];
  },
};

/** Never through a link. */
function list(home: string): Entry[] {
  const entries: Entry[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined && entries.length < ENTRIES_MAX; folder = folders.pop()) {
    for (const name of namesIn(join(home, folder))) {
      const path = join(folder, name);
      const stats = lstatSync(join(home, path), { throwIfNoEntry: false });
      if (stats === undefined) continue;
      entries.push({ path, stats });
      if (stats.isDirectory()) folders.push(path);
    }
  }
  return entries;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function foreign(entries: readonly Entry[], { userId, home }: DoctorPorts): Found[] {
  if (userId < 0 || statSync(home).uid !== userId) return [];
  const theirs = entries.filter(({ stats }) => stats.uid !== userId);
  if (theirs.length === 0) return [];
  const why = 'The daemon can not write what is not its own. It happens when kairos was once run with sudo.';
  return [fail(`of another user: ${named(theirs)}`, why, `sudo chown -R ${userId} ${home}`)];
}

function openOnes(entries: readonly Entry[], ports: DoctorPorts): Found[] {
  return entries.filter(isPrivate).flatMap((entry) => {
    const { path } = entry;
    const file = join(ports.home, path);
    // A link is followed to say it: what it names is read by others. It is not changed from here.
    const stats = entry.stats.isSymbolicLink() ? statSync(file, { throwIfNoEntry: false }) : entry.stats;
    if (stats === undefined || !stats.isFile() || ((stats.mode & 0o077) === 0 && (stats.mode & 0o600) === 0o600))
      return [];
    const what = `${path} has mode ${(stats.mode & 0o777).toString(8)}, not 600`;
    const why = (stats.mode & 0o077) === 0 ? 'We can not use it ourselves.' : 'Others on this machine can read it.';
    const repair = isOurs(entry.stats, ports) ? toMode([entry], () => 0o600, `chmod 600 ${file}`) : undefined;
    return [(QUIET.test(path) ? warn : fail)(what, why, `chmod 600 ${file}`, repair)];
  });
}

function isPrivate({ path, stats }: Entry): boolean {
  if (stats.isDirectory()) return false;
  return path.includes('/') ? path.startsWith(`${BACKUPS}/`) : PRIVATE.test(path) || QUIET.test(path);
}

/** In a private home nobody gets at them; a home that is copied or mounted elsewhere is not private. */
function writable(entries: readonly Entry[], ports: DoctorPorts): Found[] {
  const open = entries.filter(
    (entry) => !entry.stats.isSymbolicLink() && (entry.stats.mode & 0o022) !== 0 && !isPrivate(entry),
  );
  if (open.length === 0) return [];
  const why = 'Whoever can write there could change what the agent remembers and is told to do.';
  const ours = open.filter(({ stats }) => isOurs(stats, ports));
  const repair = ours.length === 0 ? undefined : toMode(ours, (mode) => mode & ~0o022, `chmod go-w: ${named(ours)}`);
  return [warn(`others may write: ${named(open)}`, why, `chmod -R go-w ${ports.home}`, repair)];
}

function isOurs(stats: Stats, { userId }: DoctorPorts): boolean {
  const isPlain = stats.isDirectory() || (stats.isFile() && stats.nlink === 1);
  return isPlain && (userId < 0 || stats.uid === userId);
}

function toMode(entries: readonly Entry[], to: (mode: number) => number, what: string): Repair {
  return {
    what,
    steps: entries.map(({ path, stats }) => {
      const from = stats.mode & MODE_BITS;
      return { kind: 'mode', path, from, to: to(from) };
    }),
  };
}

function named(entries: readonly Entry[]): string {
  const more = entries.length > NAMED_MAX ? ` and ${entries.length - NAMED_MAX} more` : '';
  return `${entries
    .slice(0, NAMED_MAX)
    .map(({ path }) => path)
    .join(', ')}${more}`;
}
