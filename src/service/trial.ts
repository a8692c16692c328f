import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { KairosError } from '../core/errors.ts';

/** The first start of a new version, which `run` (bin/service) watches over. Names are those of placed versions. */
export interface Trial {
  readonly from: string;
  readonly to: string;
}

/** A version that did not become ready on its first start: `run` starts `from` while it is the current one. */
export interface FailedTrial extends Trial {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly reason: string;
}

/**
 * The next start of `to` is on trial: if it ends before it is ready, `run` puts the ledger back and starts `from`. Forgets an
 * older failure. To be called before `switchTo`, while `from` is the current version.
 *
 * @throws {KairosError} `STATE_CONFLICT` while another version is on trial: restarting the service ends that.
 */
export function beginTrial(home: string, { from, to }: Trial): void {
  const upgrade = upgradeOf(home);
  const open = readLines(join(upgrade, 'attempt'))['to'];
  if (open !== undefined && failedTrial(home)?.to !== open) {
    throw new KairosError(
      'STATE_CONFLICT',
      `the first start of ${open} has not ended; restart the service, then try again`,
    );
  }
  mkdirSync(upgrade, { recursive: true, mode: 0o700 });
  forget(upgrade);
  rmSync(join(upgrade, 'failed'), { force: true });
  flush(upgrade);
  writeWhole(join(upgrade, 'trial'), `from=${from}\nto=${to}\n`);
}

/**
 * A daemon is ready, before it takes anything in: from here on the ledger is its own, and there is no way back but a restore.
 * Does nothing where no trial has begun.
 *
 * @param onTrial Whether this is the version on trial (`KAIROS_TRIAL`). A daemon that was started past `run`, after the trial's
 *   version had died, makes that a failure instead: its ledger stays, and `run` starts the version before.
 * @param at ISO 8601, UTC: recorded with a failure.
 */
export function endTrial(home: string, onTrial: boolean, at: string): void {
  const upgrade = upgradeOf(home);
  const { from, to } = readLines(join(upgrade, 'attempt'));
  if (from === undefined || to === undefined) return;
  if (!onTrial && failedTrial(home)?.to !== to) {
    const reason = 'it ended before it was ready; another start took the ledger as it was';
    writeWhole(join(upgrade, 'failed'), `from=${from}\nto=${to}\nat=${at}\nreason=${reason}\n`);
  }
  forget(upgrade);
}

/** Takes a trial back that has not begun: the switch to the new version did not come about. */
export function cancelTrial(home: string): void {
  if (existsSync(join(upgradeOf(home), 'attempt'))) return;
  rmSync(join(upgradeOf(home), 'trial'), { force: true });
}

/** undefined: no version is on trial. */
export function readTrial(home: string): Trial | undefined {
  const { from, to } = readLines(join(upgradeOf(home), 'trial'));
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** The version that failed its trial last. undefined: none, or another install has been made since. */
export function failedTrial(home: string): FailedTrial | undefined {
  const { from, to, at = '', reason = '' } = readLines(join(upgradeOf(home), 'failed'));
  return from === undefined || to === undefined ? undefined : { from, to, at, reason };
}

/** The versions that a trial, begun, waiting or failed, still needs: not to be pruned. */
export function versionsOnTrial(home: string): string[] {
  return ['trial', 'attempt', 'failed'].flatMap((name) => {
    const { from, to } = readLines(join(upgradeOf(home), name));
    return [from, to].filter((one) => one !== undefined);
  });
}

function upgradeOf(home: string): string {
  return join(home, 'upgrade');
}

/** The trial and the attempt go first, and for good: without them `run` takes what is left for what it is, old copies. */
function forget(upgrade: string): void {
  for (const name of ['attempt', 'trial']) rmSync(join(upgrade, name), { force: true });
  flush(upgrade);
  for (const name of ['putback', 'before', 'before.part']) {
    rmSync(join(upgrade, name), { recursive: true, force: true });
  }
}

function readLines(path: string): Record<string, string | undefined> {
  if (!existsSync(path)) return {};
  const lines = readFileSync(path, 'utf8').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}

function writeWhole(path: string, text: string): void {
  const temporary = `${path}.part`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  flush(dirname(path));
}

function flush(directory: string): void {
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
