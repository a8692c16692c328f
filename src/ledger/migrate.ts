import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KairosError } from '../core/errors.ts';
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
  }
  return backup;
}

function schemaVersion(database: Database): number {
  return database.statement('PRAGMA user_version').get<{ user_version: number }>()?.user_version ?? 0;
}

/** Nobody else has the file open (the home is locked), so after a full checkpoint a plain copy is the whole ledger. */
function backUp(database: Database, version: number): string {
  const directory = join(dirname(database.path), 'backups');
  const target = join(directory, `ledger-schema-${version}.db`);
  // A backup of the same version from an earlier, failed attempt is the older and safer one.
  if (existsSync(target)) return target;
  const copied = database.statement('PRAGMA wal_checkpoint(TRUNCATE)').get<{ busy: number }>();
  if (copied?.busy !== 0) throw new KairosError('LEDGER_FAILED', 'the log could not be copied back before the backup');
  const part = `${target}.part`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    copyFileSync(database.path, part);
    sync(part);
    renameSync(part, target);
  } catch (cause) {
    rmSync(part, { force: true });
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
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

function sync(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
