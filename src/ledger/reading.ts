import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { asLedgerError, wrapStatement, type Database, type Statement } from './database.ts';

/** As much of a database as reading needs. */
export type Rows = Pick<Database, 'statement'>;

/** One state of a ledger, however long it is looked at. Disposing closes it. */
export interface Snapshot extends Rows, Disposable {}

/** What a reader waits, blocking, for somebody who is just recovering the log. */
const BUSY_MS = 50;

/**
 * Opens a ledger for reading over a connection of its own, beside a running daemon or without one, and stays in one
 * state of it: what is counted in several steps still adds up. Nothing is written. While it is open the log cannot
 * start over, so it is kept for seconds, not hours.
 *
 * @throws {KairosError} `LEDGER_FAILED`: there is none, or it can't be read.
 */
export function openSnapshot(path: string): Snapshot {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(locationOf(path), { readOnly: true, timeout: BUSY_MS });
    connection.exec('BEGIN');
    // The state is taken by the first read, not by BEGIN.
    connection.prepare('SELECT count(*) FROM sqlite_master').get();
  } catch (error) {
    connection?.close();
    throw asLedgerError(error);
  }
  const open = connection;
  const prepared = new Map<string, Statement>();
  return {
    statement(sql) {
      let statement = prepared.get(sql);
      if (statement === undefined) {
        statement = wrapStatement(open.prepare(sql));
        prepared.set(sql, statement);
      }
      return statement;
    },
    [Symbol.dispose]() {
      prepared.clear();
      if (open.isOpen) open.close();
    },
  };
}

/**
 * How a file is named to SQLite by somebody who only reads. Without a log beside it nobody has the file open: read so,
 * nothing is written, not even the index of a log.
 */
export function locationOf(path: string): string | URL {
  if (existsSync(`${path}-wal`)) return path;
  const location = pathToFileURL(path);
  location.searchParams.set('immutable', '1');
  return location;
}
