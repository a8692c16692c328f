import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { MIGRATIONS } from '../../src/ledger/migrations.ts';
import { folder, ledgerIn, scalar } from './make.ts';

const V1 = 'CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT';
const V2 = "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'";
const V3_BROKEN = 'CREATE TABLE others (id INTEGER PRIMARY KEY) STRICT; INSERT INTO nowhere VALUES (1)';

function oldLedger(home: string) {
  const database = openDatabase(join(home, 'ledger.db'), process.platform);
  migrate(database, [V1]);
  database.statement("INSERT INTO things (name) VALUES ('kept')").run();
  return database;
}

describe('migrating', () => {
  test('a new ledger needs no backup', () => {
    using home = folder();
    const database = openDatabase(join(home.path, 'ledger.db'), process.platform);
    expect(migrate(database)).toBeUndefined();
    expect(scalar(database, 'PRAGMA user_version')).toBe(MIGRATIONS.length);
    expect(migrate(database)).toBeUndefined();
    expect(existsSync(join(home.path, 'backups'))).toBe(false);
    database.close();
  });

  test('an older one is copied first, as it was, and goes on in its place [LEDGER-BACKUP-FIRST] [LEDGER-MIGRATIONS]', () => {
    using home = folder();
    const database = oldLedger(home.path);
    const backup = migrate(database, [V1, V2]);
    expect(backup).toBe(join(home.path, 'backups', 'ledger-schema-1.db'));
    expect(database.statement('SELECT * FROM things').all()).toEqual([{ id: 1, name: 'kept', colour: 'red' }]);
    const copy = openDatabase(backup ?? '', process.platform);
    expect(scalar(copy, 'PRAGMA user_version')).toBe(1);
    expect(copy.statement('SELECT * FROM things').all()).toEqual([{ id: 1, name: 'kept' }]);
    copy.close();
    expect(statSync(backup ?? '').mode & 0o077).toBe(0);
    // The connection was made anew under the same settings, and writes.
    expect(scalar(database, 'PRAGMA synchronous')).toBe(2);
    expect(database.transaction(() => database.statement("INSERT INTO things (name) VALUES ('new')").run())).toBe(1);
    database.close();
  });

  test.each([
    { name: 'of the last state', commitsAfter: 0 },
    { name: 'of a state before the last commit', commitsAfter: 1 },
  ])('somebody who reads $name is no reason not to start: the copy holds all', ({ commitsAfter }) => {
    using home = folder();
    const database = oldLedger(home.path);
    const reader = new DatabaseSync(database.path, { readOnly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM things').get();
    for (let count = 0; count < commitsAfter; count += 1) {
      database.statement("INSERT INTO things (name) VALUES ('late')").run();
    }
    const backup = migrate(database, [V1, V2]) ?? '';
    expect(scalar(database, 'SELECT count(*) FROM things')).toBe(1 + commitsAfter);
    reader.close();
    database.close();
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const copy = openDatabase(backup, process.platform);
    expect(scalar(copy, 'PRAGMA user_version')).toBe(1);
    expect(scalar(copy, 'PRAGMA auto_vacuum')).toBe(2);
    expect(scalar(copy, 'SELECT count(*) FROM things')).toBe(1 + commitsAfter);
    copy.close();
  });

  test('the copy of another time, such as from before a restore, is not taken for one of this ledger, and stays', () => {
    using home = folder();
    mkdirSync(join(home.path, 'backups'));
    writeFileSync(join(home.path, 'backups', 'ledger-schema-1.db'), 'from last year');
    const database = oldLedger(home.path);
    const backup = migrate(database, [V1, V2]) ?? '';
    database.close();
    const copy = openDatabase(backup, process.platform);
    expect(copy.statement('SELECT name FROM things').all()).toEqual([{ name: 'kept' }]);
    copy.close();
    expect(readFileSync(join(home.path, 'backups', 'ledger-schema-1.1.db'), 'utf8')).toBe('from last year');
  });

  test('a newer one is refused, and not touched [LEDGER-MIGRATIONS]', async () => {
    using home = folder();
    const database = openDatabase(join(home.path, 'ledger.db'), process.platform);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    expect(() => migrate(database)).toThrow(expect.objectContaining({ code: 'LEDGER_TOO_NEW' }));
    expect(scalar(database, 'SELECT count(*) FROM sqlite_schema')).toBe(0);
    database.close();
    await expect(ledgerIn(home.path)).rejects.toMatchObject({ code: 'LEDGER_TOO_NEW' });
    expect(existsSync(join(home.path, 'ledger.db-wal'))).toBe(false);
  });

  test('a step that fails leaves the version before it, whole [LEDGER-MIGRATIONS]', () => {
    using home = folder();
    const database = oldLedger(home.path);
    expect(() => migrate(database, [V1, V2, V3_BROKEN])).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(scalar(database, 'PRAGMA user_version')).toBe(2);
    expect(scalar(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'others'")).toBe(0);
    expect(database.statement('SELECT * FROM things').all()).toEqual([{ id: 1, name: 'kept', colour: 'red' }]);
    // The next try keeps the first, oldest backup beside its own.
    expect(() => migrate(database, [V1, V2, V3_BROKEN])).toThrow(/nowhere/);
    expect(readdirSync(join(home.path, 'backups')).toSorted()).toEqual(['ledger-schema-1.db', 'ledger-schema-2.db']);
    database.close();
  });
});
