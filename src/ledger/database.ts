import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { KairosError } from '../core/errors.ts';

/** What a column can hold. Booleans, dates, undefined and objects are not among them: node:sqlite binds some of those as NULL without a word. */
export type Value = string | number | bigint | null | Uint8Array;

export interface Statement {
  /** @returns how many rows changed. */
  run(...values: Value[]): number;
  get<Row>(...values: Value[]): Row | undefined;
  all<Row>(...values: Value[]): Row[];
}

/**
 * One connection, used by one thread. Statements are prepared once by text; every value passes `bind`.
 * Nothing here waits: each call runs to its end on the event loop, so callers keep transactions short.
 */
export interface Database {
  readonly path: string;
  statement(sql: string): Statement;
  /** Runs SQL text without values: pragmas and migrations. */
  exec(sql: string): void;
  /** Runs `work` in `BEGIN IMMEDIATE … COMMIT`; rolls back when it throws. */
  transaction<T>(work: () => T): T;
  /** True inside a transaction that is still alive (a full disk makes SQLite roll back by itself). */
  readonly inTransaction: boolean;
  /** Closes the connection and opens a new one: what is left to do after an I/O error. */
  reopen(): void;
  close(): void;
}

/**
 * Opens a connection with the ledger's settings.
 *
 * @param platform `process.platform`; macOS needs `fullfsync`, there a plain fsync does not reach the disk.
 */
export function openDatabase(path: string, platform: string): Database {
  let connection = connect(path, platform);
  const prepared = new Map<string, Statement>();
  const database: Database = {
    path,
    statement(sql) {
      let statement = prepared.get(sql);
      if (statement === undefined) {
        statement = wrap(connection.prepare(sql));
        prepared.set(sql, statement);
      }
      return statement;
    },
    exec: (sql) => connection.exec(sql),
    transaction: (work) => runTransaction(database, work),
    get inTransaction() {
      return connection.isTransaction;
    },
    reopen() {
      prepared.clear();
      if (connection.isOpen) connection.close();
      connection = connect(path, platform);
    },
    close() {
      prepared.clear();
      if (connection.isOpen) connection.close();
    },
  };
  return database;
}

/** Pragmas of every connection to the ledger, the checkpoint thread's included. */
function connect(path: string, platform: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 0 });
  // Before the first table exists, or it has no effect: freed pages go back in slices, never by a VACUUM of everything.
  connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec('PRAGMA synchronous = FULL');
  // The checkpoint thread copies the log back; a commit must never have to.
  connection.exec('PRAGMA wal_autocheckpoint = 0');
  connection.exec('PRAGMA foreign_keys = ON');
  connection.exec('PRAGMA cache_size = -8192');
  if (platform === 'darwin') connection.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  return connection;
}

function wrap(statement: StatementSync): Statement {
  return {
    run: (...values) => Number(statement.run(...bind(values)).changes),
    get: <Row>(...values: Value[]) => statement.get(...bind(values)) as Row | undefined,
    all: <Row>(...values: Value[]) => statement.all(...bind(values)) as Row[],
  };
}

/** The one place where values enter SQL. @throws {KairosError} `INTERNAL` for what a column cannot hold. */
function bind(values: readonly Value[]): Value[] {
  for (const value of values) {
    const fits =
      typeof value === 'string' ||
      typeof value === 'bigint' ||
      value === null ||
      (typeof value === 'number' ? Number.isFinite(value) : value instanceof Uint8Array);
    if (!fits) throw new KairosError('INTERNAL', `a column holds text, numbers, bytes or null, got ${typeof value}`);
  }
  return values as Value[];
}

function runTransaction<T>(database: Database, work: () => T): T {
  database.statement('BEGIN IMMEDIATE').run();
  try {
    const result = work();
    database.statement('COMMIT').run();
    return result;
  } catch (error) {
    if (database.inTransaction) database.statement('ROLLBACK').run();
    throw asLedgerError(error);
  }
}

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;

/** What SQLite threw, in our table: a full disk, a failing disk, or a defect of ours. */
export function asLedgerError(thrown: unknown): KairosError {
  if (thrown instanceof KairosError) return thrown;
  const primary = Number((thrown as { errcode?: unknown }).errcode ?? 0) & 0xff;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (primary === SQLITE_FULL) return new KairosError('DISK_FULL', 'the ledger could not grow: the disk is full', {}, thrown);
  if (primary === SQLITE_IOERR || primary === SQLITE_BUSY) {
    return new KairosError('LEDGER_FAILED', `the ledger could not be written: ${text}`, {}, thrown);
  }
  return new KairosError('INTERNAL', `the ledger refused: ${text}`, {}, thrown);
}
