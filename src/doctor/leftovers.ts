import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { formatDuration } from '../core/units.ts';
import { ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';
import type { SeenFile, Step } from './repair.ts';

/** Whoever writes such a file is done in a moment; only a killed process leaves it for longer. */
const OLD_MS = 600_000;
const NAMED_MAX = 5;
const FOUND_MAX = 1_000;
const RUN_FILE_BYTES_MAX = 65_536;

/** Drafts of ours that are renamed once they are whole, by folder. Those of the memory are ended by its own next start. */
const DRAFTS: Readonly<Record<string, RegExp>> = {
  '': /^(run\.json|secrets\.env)\.part$/,
  backups: /^ledger-schema-\d+\.db\.part$/,
  digests: /^\d{4}-\d{2}-\d{2}\.md\.new$/,
  'artifacts/results': /\.tmp$/,
  'artifacts/changes': /^j\d+\.(patch|json)\.tmp$/,
};

/** Nothing of a process that is gone lies about. */
export const leftovers: Check = {
  name: 'leftovers',
  about: 'No run.json, lock.txt or half-written file of a process that is gone.',
  mends: 'Moves them into its backup, if no daemon runs.',
  async look(ports) {
    if (ports.isAlive === undefined) return [];
    const found = [...deadProcess(ports), ...drafts(ports)];
    return found.length > 0 ? found : [ok('none')];
  },
};

function deadProcess(ports: DoctorPorts): Found[] {
  const gone = ['run.json', 'lock.txt'].flatMap((name) => {
    const pid = pidIn(join(ports.home, name));
    return pid === undefined || ports.isAlive?.(pid) !== false ? [] : [{ name, pid }];
  });
  if (gone.length === 0) return [];
  const names = gone.map(({ name }) => name).join(' and ');
  const why = 'Should another process get its number, it would be taken for the daemon.';
  const steps = gone.flatMap(({ name }): Step[] => {
    if (name === 'lock.txt') return [{ kind: 'free lock', path: name }];
    const stats = lstatSync(join(ports.home, name), { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ kind: 'set aside', path: name, seen: seenOf(stats) }];
  });
  const fix = `kairos start, or: rm ${gone.map(({ name }) => join(ports.home, name)).join(' ')}`;
  return [warn(`${names} of process ${gone[0]?.pid}, which is gone`, why, fix, { what: `take away ${names}`, steps })];
}

function pidIn(path: string): number | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || stats.size > RUN_FILE_BYTES_MAX) return undefined;
  const found = /"pid":\s*(\d{1,10})\b|^pid (\d{1,10})\b/.exec(readFileSync(path, 'utf8'));
  return found === null ? undefined : Number(found[1] ?? found[2]);
}

function drafts({ home, nowMs }: DoctorPorts): Found[] {
  const old = Object.entries(DRAFTS)
    .flatMap(([folder, pattern]) =>
      namesIn(join(home, folder))
        .filter((name) => pattern.test(name))
        .map((name) => join(folder, name)),
    )
    .flatMap((path) => {
      const stats = lstatSync(join(home, path), { throwIfNoEntry: false });
      return stats?.isFile() === true && nowMs - stats.mtimeMs > OLD_MS ? [{ path, stats }] : [];
    })
    .slice(0, FOUND_MAX);
  if (old.length === 0) return [];
  const more = old.length > NAMED_MAX ? ` and ${old.length - NAMED_MAX} more` : '';
  const names = `${old
    .slice(0, NAMED_MAX)
    .map(({ path }) => path)
    .join(', ')}${more}`;
  const steps = old.map(({ path, stats }) => ({ kind: 'set aside', path, seen: seenOf(stats) }) as const);
  const why = 'A process was killed while it wrote them. Nothing reads them, and what is in them may be secret.';
  return [
    warn(
      `half-written, older than ${formatDuration(OLD_MS)}: ${names}`,
      why,
      `rm ${join(home, old[0]?.path ?? '')} …`,
      {
        what: `take away ${names}`,
        steps,
      },
    ),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch {
    return [];
  }
}

function seenOf({ ino, size, mtimeMs }: Stats): SeenFile {
  return { inode: ino, bytes: size, modifiedMs: mtimeMs };
}
