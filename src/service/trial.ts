import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
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
 * @throws {KairosError} `STATE_CONFLICT` when `revokeTrial` came first: nothing may be taken in.
 */
export function endTrial(home: string, onTrial: boolean, at: string): void {
  const upgrade = upgradeOf(home);
  const { from, to } = readLines(join(upgrade, 'attempt'));
  if (from === undefined || to === undefined) {
    // The version before runs: that one was taken back is history.
    if (!onTrial) rmSync(join(upgrade, 'revoked'), { force: true });
    return;
  }
  if (onTrial && !take(join(upgrade, 'trial')) && existsSync(join(upgrade, 'revoked'))) {
    throw new KairosError('STATE_CONFLICT', `kairos install has taken the upgrade to ${to} back`);
  }
  if (!onTrial && failedTrial(home)?.to !== to) {
    const reason = 'it ended before it was ready; another start took the ledger as it was';
    writeWhole(join(upgrade, 'failed'), `from=${from}\nto=${to}\nat=${at}\nreason=${reason}\n`);
  }
  forget(upgrade);
}

/**
 * Takes a trial back, whether or not it has begun: from here on the version on trial can't end it, and the next start is that of
 * the version before, with its ledger. The trial's file can be moved or removed only once, so this and `endTrial` can't both
 * come first.
 *
 * @returns false: too late, the version was ready and the ledger is its own.
 */
export function revokeTrial(home: string, to: string): boolean {
  const upgrade = upgradeOf(home);
  const revoked = join(upgrade, 'revoked');
  if (readTrial(home)?.to === to && move(join(upgrade, 'trial'), revoked)) {
    flush(upgrade);
    return true;
  }
  return failedTrial(home)?.to === to || readLines(revoked)['to'] === to;
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

/** The versions that a trial, begun, waiting, failed or taken back, still needs: not to be pruned. */
export function versionsOnTrial(home: string): string[] {
  return ['trial', 'attempt', 'failed', 'revoked'].flatMap((name) => {
    const { from, to } = readLines(join(upgradeOf(home), name));
    return [from, to].filter((one) => one !== undefined);
  });
}

function upgradeOf(home: string): string {
  return join(home, 'upgrade');
}

/** @returns whether it was there: of several who take it, one does. */
function take(path: string): boolean {
  return wasThere(() => unlinkSync(path));
}

function move(from: string, to: string): boolean {
  return wasThere(() => renameSync(from, to));
}

function wasThere(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The trial and the attempt go first, and for good: without them `run` takes what is left for what it is, old copies. */
function forget(upgrade: string): void {
  for (const name of ['attempt', 'trial']) rmSync(join(upgrade, name), { force: true });
  flush(upgrade);
  for (const name of ['revoked', 'putback', 'before', 'before.part']) {
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
