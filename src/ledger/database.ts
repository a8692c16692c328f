import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { KairosError } from '../core/errors.ts';
import type { Redact } from '../core/ports.ts';

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
  /** Takes secrets out of words before they become a row. Bodies of deliveries are kept as they came. */
  readonly redact: Redact;
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

/** The log's file goes back to this size after a burst has made it larger. */
const LOG_BYTES_MAX = 67_108_864;

/**
 * Opens the connection that writes, with the ledger's settings. There is one in a home: a second one that wrote, even for
 * a moment, would make commits fail (nothing waits for locks here).
 *
 * @param platform `process.platform`; macOS needs `fullfsync`, there a plain fsync does not reach the disk.
 * @throws {KairosError} `LEDGER_FAILED`, `DISK_FULL`: what is there is no database, or can't be read.
 */
export function openDatabase(path: string, platform: string, redact: Redact = (text) => text): Database {
  let connection = connect(path, platform);
  const prepared = new Map<string, Statement>();
  const database: Database = {
    path,
    redact,
    statement(sql) {
      let statement = prepared.get(sql);
      if (statement === undefined) {
        statement = wrapStatement(connection.prepare(sql));
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

/**
 * Copies as much of the log as can be copied back into the database, over a connection of its own that changes nothing
 * else. PASSIVE never waits for the writer and never makes it wait. For the checkpoint thread.
 */
export function copyLogBack(path: string, platform: string): void {
  const connection = new DatabaseSync(path, { timeout: 0 });
  try {
    setDurability(connection, platform);
    connection.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } finally {
    connection.close();
  }
}

function connect(path: string, platform: string): DatabaseSync {
  // SQLite gives its log the mode of the database: 0600 here, whatever the umask.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, { timeout: 0 });
    // Before the first table exists, or it has no effect: freed pages go back in slices, never by a VACUUM of everything.
    if (pragma(connection, 'auto_vacuum') !== 2) connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
    connection.exec('PRAGMA journal_mode = WAL');
    setDurability(connection, platform);
    connection.exec(
      `PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = ${LOG_BYTES_MAX}`,
    );
    return connection;
  } catch (thrown) {
    connection?.close();
    throw asLedgerError(thrown);
  }
}

function setDurability(connection: DatabaseSync, platform: string): void {
  connection.exec('PRAGMA synchronous = FULL');
  // The checkpoint thread copies the log back; a commit must never have to.
  connection.exec('PRAGMA wal_autocheckpoint = 0');
  if (platform === 'darwin') connection.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
}

function pragma(connection: DatabaseSync, name: string): unknown {
  return connection.prepare(`PRAGMA ${name}`).get()?.[name];
}

/** A prepared statement whose values pass `bind`. */
export function wrapStatement(statement: StatementSync): Statement {
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
    if (!fits)
      throw new KairosError('INTERNAL', `a column holds text, finite numbers, bytes or null, got ${kindOf(value)}`);
  }
  return values as Value[];
}

/** What it is, never what it says: a value may be a secret. */
function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return Object.prototype.toString.call(value).slice(8, -1);
}

function runTransaction<T>(database: Database, work: () => T): T {
  begin(database);
  try {
    const result = work();
    database.statement('COMMIT').run();
    return result;
  } catch (error) {
    // The first error says what happened; a rollback that fails as well leaves nothing on the disk either.
    try {
      if (database.inTransaction) database.statement('ROLLBACK').run();
    } catch {}
    throw asLedgerError(error);
  }
}

/** Outside the block that rolls back: a transaction inside a transaction is a defect and must not undo the outer one. */
function begin(database: Database): void {
  try {
    database.statement('BEGIN IMMEDIATE').run();
  } catch (error) {
    throw asLedgerError(error);
  }
}

const SQLITE_FULL = 13;
/** BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, CANTOPEN, PROTOCOL, NOTADB: the disk, the file or the machine, not a defect of ours. */
const SQLITE_FAILURES: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 11, 14, 15, 26]);

/** What SQLite threw, in our table: a full disk, a failing disk, or a defect of ours. */
export function asLedgerError(thrown: unknown): KairosError {
  if (thrown instanceof KairosError) return thrown;
  const primary = Number((thrown as { errcode?: unknown }).errcode ?? 0) & 0xff;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (primary === SQLITE_FULL)
    return new KairosError('DISK_FULL', 'the ledger could not grow: the disk is full', {}, thrown);
  // After an I/O error whose repair failed, there is no connection until the next try.
  if (SQLITE_FAILURES.has(primary) || (thrown as { code?: unknown }).code === 'ERR_INVALID_STATE') {
    return new KairosError('LEDGER_FAILED', `the ledger could not be written: ${text}`, {}, thrown);
  }
  return new KairosError('INTERNAL', `the ledger refused: ${text}`, {}, thrown);
}
