import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import { openDatabase, type Value } from '../../src/ledger/database.ts';
import { folder, freshDatabase, ledgerIn, event, scalar } from './make.ts';

describe('the connection', () => {
  test('runs in WAL with synchronous=FULL, and gives freed pages back in slices [LEDGER-DURABLE-MODE]', () => {
    using home = freshDatabase();
    expect(home.database.statement('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(scalar(home.database, 'PRAGMA synchronous')).toBe(2);
    expect(scalar(home.database, 'PRAGMA auto_vacuum')).toBe(2);
    expect(scalar(home.database, 'PRAGMA wal_autocheckpoint')).toBe(0);
  });

  test('flushes for real on macOS, where fsync does not', () => {
    using home = folder();
    const database = openDatabase(join(home.path, 'ledger.db'), 'darwin');
    expect(scalar(database, 'PRAGMA fullfsync')).toBe(1);
    expect(scalar(database, 'PRAGMA checkpoint_fullfsync')).toBe(1);
    database.close();
  });

  test('keeps its settings when it is opened anew', () => {
    using home = freshDatabase();
    home.database.reopen();
    expect(scalar(home.database, 'PRAGMA synchronous')).toBe(2);
    expect(scalar(home.database, 'PRAGMA auto_vacuum')).toBe(2);
  });

  test('has only STRICT tables [LEDGER-DURABLE-MODE]', () => {
    using home = freshDatabase();
    const tables = home.database.statement("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'");
    const rows = tables.all<{ name: string; strict: number }>().filter(({ name }) => !name.startsWith('sqlite_'));
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.filter(({ strict }) => strict !== 1)).toEqual([]);
  });

  test('writes files that only their owner can read, whatever the umask [LEDGER-PRIVATE-FILES]', async (context) => {
    context.skip(process.platform === 'win32', 'there are no file modes on Windows');
    using home = folder();
    const before = process.umask(0o000);
    try {
      await using ledger = await ledgerIn(home.path);
      await ledger.events.append(event('d1'));
      for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'reserve']) {
        expect([name, statSync(join(home.path, name)).mode & 0o777]).toEqual([name, 0o600]);
      }
    } finally {
      process.umask(before);
    }
  });

  test('says that a file is no database, as an error with a code', () => {
    using home = folder();
    expect(() => openDatabase(home.path, 'linux')).toThrow(expect.objectContaining({ code: 'LEDGER_FAILED' }));
  });
});

describe('a value on its way into a column', () => {
  const refused: [string, unknown][] = [
    ['undefined', undefined],
    ['a boolean', true],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a date', new Date(0)],
    ['an object', {}],
    ['a list', []],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['another kind of array', new Float64Array(1)],
  ];

  test.each(refused)('is refused when it is %s [LEDGER-TYPED-BIND]', (_name, value) => {
    using home = freshDatabase();
    const insert = home.database.statement('INSERT INTO meta (key, value) VALUES (?, ?)');
    expect(() => insert.run('k', value as Value)).toThrow(KairosError);
    expect(() => home.database.statement('SELECT * FROM meta WHERE value = ?').get(value as Value)).toThrow(
      KairosError,
    );
    expect(() => home.database.statement('SELECT * FROM meta WHERE value = ?').all(value as Value)).toThrow(
      KairosError,
    );
    expect(scalar(home.database, 'SELECT count(*) FROM meta')).toBe(0);
  });

  test('comes back as it was: text with NUL, big numbers, empty and full bytes', () => {
    using home = freshDatabase();
    home.database.exec('CREATE TABLE probe (a TEXT, b INTEGER, c BLOB, d BLOB, e REAL) STRICT');
    home.database
      .statement('INSERT INTO probe VALUES (?, ?, ?, ?, ?)')
      .run('a\0b🎉', Number.MAX_SAFE_INTEGER, new Uint8Array(0), Buffer.from([0, 255]), 0.5);
    expect(home.database.statement('SELECT * FROM probe').get()).toEqual({
      a: 'a\0b🎉',
      b: Number.MAX_SAFE_INTEGER,
      c: new Uint8Array(0),
      d: new Uint8Array([0, 255]),
      e: 0.5,
    });
  });
});

describe('a transaction', () => {
  test('leaves nothing when it throws', () => {
    using home = freshDatabase();
    const insert = () => home.database.statement("INSERT INTO meta (key, value) VALUES ('k', 'v')").run();
    expect(() =>
      home.database.transaction(() => {
        insert();
        throw new Error('no');
      }),
    ).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(home.database.inTransaction).toBe(false);
    expect(scalar(home.database, 'SELECT count(*) FROM meta')).toBe(0);
  });

  test('inside another is a defect that does not undo the outer one', () => {
    using home = freshDatabase();
    home.database.transaction(() => {
      home.database.statement("INSERT INTO meta (key, value) VALUES ('k', 'v')").run();
      expect(() => home.database.transaction(() => 1)).toThrow(KairosError);
    });
    expect(scalar(home.database, 'SELECT count(*) FROM meta')).toBe(1);
  });

  test('that another connection is in the way of is LEDGER_FAILED', () => {
    using home = freshDatabase();
    const other = openDatabase(join(home.path, 'ledger.db'), process.platform);
    other.exec('BEGIN IMMEDIATE');
    expect(() => home.database.transaction(() => 1)).toThrow(expect.objectContaining({ code: 'LEDGER_FAILED' }));
    other.close();
    expect(home.database.transaction(() => 1)).toBe(1);
  });
});
