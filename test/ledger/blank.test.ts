import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { createNeedles } from '../../src/backup/needles.ts';
import { blankSecrets } from '../../src/ledger/blank.ts';
import { folder } from './make.ts';

const SECRET = 'a-secret-of-the-home';
const OTHER = 'another-one-of-homes';
const needles = createNeedles([
  { name: 'ONE', value: SECRET },
  { name: 'TWO', value: OTHER },
]);

async function blanked(path: string, make: (connection: DatabaseSync) => void): Promise<DatabaseSync> {
  const source = new DatabaseSync(join(path, 'ledger.db'));
  make(source);
  source.close();
  const spare = join(path, 'spare.db');
  await blankSecrets(join(path, 'ledger.db'), needles, spare);
  const bytes = readFileSync(spare);
  expect([SECRET, OTHER].filter((text) => bytes.includes(text))).toEqual([]);
  return new DatabaseSync(spare);
}

describe('blanking a copy of a ledger', () => {
  test('ten thousand rows that all hold one take as long as reading them', async () => {
    using home = folder();
    const startedMs = performance.now();
    using copy = await blanked(home.path, (connection) => {
      connection.exec('CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB) STRICT; BEGIN');
      const insert = connection.prepare('INSERT INTO events (body) VALUES (?)');
      for (let row = 0; row < 10_000; row += 1) insert.run(Buffer.from(`{"row":${row},"key":"${SECRET}"}`));
      connection.exec('COMMIT');
    });
    const rows = copy.prepare('SELECT id, body FROM events').all() as { id: number; body: Uint8Array }[];
    expect(
      rows.every(
        ({ id, body }) => Buffer.from(body).toString() === `{"row":${id - 1},"key":"${'*'.repeat(SECRET.length)}"}`,
      ),
    ).toBe(true);
    // A search through the table for each row took minutes.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  test('a body in pieces is clean across the borders, also between one page of pieces and the next', async () => {
    using home = folder();
    const whole = Buffer.from(`..${SECRET}..`.repeat(400));
    using copy = await blanked(home.path, (connection) => {
      connection.exec(
        'CREATE TABLE body_chunks (id INTEGER PRIMARY KEY, ref INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT',
      );
      const insert = connection.prepare('INSERT INTO body_chunks (ref, bytes) VALUES (?, ?)');
      for (let at = 0; at < whole.length; at += 31) insert.run(7, whole.subarray(at, at + 31));
    });
    const rows = copy.prepare('SELECT bytes FROM body_chunks ORDER BY id').all() as { bytes: Uint8Array }[];
    const expected = whole.toString().replaceAll(SECRET, '*'.repeat(SECRET.length));
    expect(Buffer.concat(rows.map(({ bytes }) => bytes)).toString()).toBe(expected);
  });

  test('two secrets of one length in a column of different values do not keep a backup from being made', async () => {
    using home = folder();
    using copy = await blanked(home.path, (connection) => {
      connection.exec('CREATE TABLE messages (id INTEGER PRIMARY KEY, topic TEXT NOT NULL UNIQUE) STRICT');
      connection.exec('CREATE TABLE marks (topic TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
      for (const table of ['messages', 'marks']) {
        for (const topic of [SECRET, OTHER]) connection.prepare(`INSERT INTO ${table} (topic) VALUES (?)`).run(topic);
      }
    });
    const stars = '*'.repeat(SECRET.length);
    expect(
      copy
        .prepare('SELECT topic FROM messages ORDER BY topic')
        .all()
        .map(({ topic }) => topic),
    ).toEqual([stars, `${stars}#2`]);
    expect(copy.prepare('SELECT topic FROM marks').all()).toHaveLength(2);
  });
});
