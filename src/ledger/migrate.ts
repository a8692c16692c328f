import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { MIGRATIONS } from './migrations.ts';

/**
 * Brings the schema to this version, one transaction a step, after a copy of the file was put into `backups/`.
 *
 * @returns The path of the backup, or undefined when there was nothing to migrate or nothing to back up.
 * @throws {KairosError} `LEDGER_TOO_NEW` when a later version of kairosd has written this ledger.
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
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const directory = join(dirname(database.path), 'backups');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const target = join(directory, `ledger-schema-${version}.db`);
  // A backup of the same version from an earlier, failed attempt is the older and safer one.
  if (existsSync(target)) return target;
  copyFileSync(database.path, `${target}.part`);
  renameSync(`${target}.part`, target);
  return target;
}
