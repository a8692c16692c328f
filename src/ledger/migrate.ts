import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { reached } from '../core/ports.ts';
import type { Database } from './database.ts';
import { MIGRATIONS } from './migrations.ts';

/**
 * Brings the schema to this version, one transaction a step, after a copy of the file was put into `backups/`.
 *
 * @returns The path of the backup, or undefined when there was nothing to migrate or nothing to back up.
 * @throws {KairosError} `LEDGER_TOO_NEW` when a later version of kairosd has written this ledger; `DISK_FULL` or
 * `LEDGER_FAILED` when it can't be backed up: then nothing was changed.
 */
export function migrate(database: Database, migrations: readonly string[] = MIGRATIONS): string | undefined {
  const version = schemaVersion(database);
  if (version > migrations.length) {
    throw new KairosError(
      'LEDGER_TOO_NEW',
      `the ledger has schema ${version}, this version of kairosd knows ${migrations.length}`,
      { found: version, known: migrations.length },
    );
  }
  if (version === migrations.length) return undefined;
  const backup = version === 0 ? undefined : backUp(database, version);
  for (const [index, sql] of migrations.slice(version).entries()) {
    database.transaction(() => {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${version + index + 1}`);
    });
    reached('ledger.migrated');
  }
  return backup;
}

function schemaVersion(database: Database): number {
  return database.statement('PRAGMA user_version').get<{ user_version: number }>()?.user_version ?? 0;
}

/**
 * Nobody else writes (the home is locked), but somebody may read: a backup that is under way, `kairos memory`. So the log is
 * copied back as far as it goes. That is all of it, unless the reader looks at a state from before the last commit: then
 * SQLite itself writes the copy, which takes longer.
 */
function backUp(database: Database, version: number): string {
  const directory = join(dirname(database.path), 'backups');
  const target = join(directory, `ledger-schema-${version}.db`);
  const part = `${target}.part`;
  const isCopiedBack = copyLogBack(database);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // An earlier try may have made it already, and has changed nothing since.
    if (isCopiedBack && isSame(database.path, target)) return target;
    rmSync(part, { force: true });
    if (isCopiedBack) copyFileSync(database.path, part);
    else database.statement('VACUUM INTO ?').run(part);
    chmodSync(part, 0o600);
    sync(part);
    // One of another time: the home was restored, or an older version went on with it. It stays beside this one.
    if (existsSync(target)) renameSync(target, freeName(directory, version));
    renameSync(part, target);
    reached('ledger.backed-up');
  } catch (cause) {
    rmSync(part, { force: true });
    const { code, errcode } = cause as { code?: unknown; errcode?: unknown };
    const full = code === 'ENOSPC' || code === 'EDQUOT' || errcode === SQLITE_FULL;
    throw new KairosError(
      full ? 'DISK_FULL' : 'LEDGER_FAILED',
      'the ledger could not be backed up before its migration',
      {},
      cause,
    );
  } finally {
    // Copying has closed the file once, and with that the system forgot the locks that this process holds on it.
    database.reopen();
  }
  return target;
}

const SQLITE_FULL = 13;

/** @returns Whether all of the log is in the database now. */
function copyLogBack(database: Database): boolean {
  const truncated = database.statement('PRAGMA wal_checkpoint(TRUNCATE)').get<{ busy: number }>();
  if (truncated?.busy === 0) return true;
  const { busy, log, checkpointed } = database
    .statement('PRAGMA wal_checkpoint(PASSIVE)')
    .get<{ busy: number; log: number; checkpointed: number }>() ?? { busy: 1, log: 1, checkpointed: 0 };
  return busy === 0 && log >= 0 && log === checkpointed;
}

const PIECE_BYTES = 1_048_576;

function isSame(path: string, other: string): boolean {
  if (!existsSync(other) || statSync(path).size !== statSync(other).size) return false;
  const [one, two] = [openSync(path, 'r'), openSync(other, 'r')];
  const [left, right] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)];
  try {
    for (;;) {
      const bytes = readSync(one, left);
      if (bytes !== readSync(two, right) || left.compare(right, 0, bytes, 0, bytes) !== 0) return false;
      if (bytes === 0) return true;
    }
  } finally {
    closeSync(one);
    closeSync(two);
  }
}

function freeName(directory: string, version: number): string {
  for (let number = 1; ; number += 1) {
    const path = join(directory, `ledger-schema-${version}.${number}.db`);
    if (!existsSync(path)) return path;
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
