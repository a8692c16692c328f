import { existsSync, statSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { KairosError } from '../core/errors.ts';
import { asLedgerError, wrapStatement } from './database.ts';
import { readGenerations } from './generations.ts';
import { MIGRATIONS } from './migrations.ts';
import { locationOf } from './reading.ts';

/** One state of a ledger that is held still until it has been copied. */
export interface LedgerPin extends Disposable {
  /** How the memory stands in this state: equal texts mean that no change of it was begun or ended in between. */
  readonly memory: MemoryMark;
  /** Copies exactly this state into a new file, off the event loop. @throws {KairosError} `DISK_FULL`, `LEDGER_FAILED`. */
  copyTo(target: string): Promise<void>;
}

export interface MemoryMark {
  readonly text: string;
  /** A change of the memory is half done. */
  readonly unfinished: boolean;
}

/** What a copy holds. Times are Unix milliseconds. */
export interface LedgerFacts {
  readonly schema: number;
  readonly homeId: string;
  readonly bytes: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly lastEventId: number;
  readonly lastEventAtMs: number | null;
  readonly jobsQueued: number;
  readonly jobsRunning: number;
  /** Messages that no channel has yet, or not all of them. */
  readonly messagesWaiting: number;
}

/** What a reader waits, blocking, for somebody who is just recovering the log. */
const BUSY_MS = 2_000;
/** All pages in one step: in smaller ones a copy begins again with every commit of the daemon, and never ends. */
const ALL_PAGES = 2_147_483_647;
/** Above this only the structure is checked, not every index against its table: 1 GiB. */
const WHOLE_CHECK_BYTES_MAX = 1_073_741_824;

/**
 * Opens a ledger for copying, beside a running daemon or without one. Nothing is written, and the daemon's writer neither
 * waits nor fails: only its log can't start over until this is disposed.
 *
 * @throws {KairosError} `LEDGER_FAILED`: there is none, or it can't be read.
 */
export function pinLedger(path: string): LedgerPin {
  const location = locationOf(path);
  const { mtimeMs } = statSync(path);
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(location, { readOnly: true, timeout: BUSY_MS });
    connection.exec('BEGIN');
    const memory = markOf(connection);
    const open = connection;
    return {
      memory,
      async copyTo(target) {
        try {
          await backup(open, target, { rate: ALL_PAGES });
        } catch (error) {
          throw asLedgerError(error);
        }
        // Read as a file that nobody changes: if a daemon has begun to work meanwhile, the copy may be of two states.
        if (typeof location === 'string') return;
        if (existsSync(`${path}-wal`) || statSync(path).mtimeMs !== mtimeMs) {
          throw new KairosError('STATE_CONFLICT', 'a daemon was started while the ledger was copied: try again');
        }
      },
      [Symbol.dispose]() {
        if (open.isOpen) open.close();
      },
    };
  } catch (error) {
    connection?.close();
    throw asLedgerError(error);
  }
}

/** How the memory stands at this moment. */
export function memoryMark(path: string): MemoryMark {
  using pin = pinLedger(path);
  return pin.memory;
}

function markOf(connection: DatabaseSync): MemoryMark {
  // The state is taken by the first read, not by BEGIN.
  connection.prepare('SELECT count(*) FROM sqlite_master').get();
  const generations = readGenerations({ statement: (sql) => wrapStatement(connection.prepare(sql)) });
  const unfinished = generations.unfinished();
  const half = unfinished === undefined ? '' : `${unfinished.generation} ${unfinished.direction}`;
  const text = JSON.stringify([half, generations.newest(), [...generations.known()]]);
  return { text, unfinished: unfinished !== undefined };
}

/** Counts what a copy holds that nobody else has open. @throws {KairosError} `LEDGER_FAILED`: it is none of ours. */
export function readCopy(path: string): LedgerFacts {
  return withCopy(path, (connection) => factsOf(connection, path));
}

/**
 * Opens a copy as a start would: is it whole, and one that this version of kairosd can go on with?
 *
 * @returns What it holds, and how much of it was checked: above 1 GiB its structure only (`quick`).
 * @throws {KairosError} `LEDGER_FAILED` with what is broken; `LEDGER_TOO_NEW`.
 */
export function checkCopy(path: string): LedgerFacts & { readonly checked: 'whole' | 'quick' } {
  return withCopy(path, (connection) => {
    const facts = factsOf(connection, path);
    if (facts.schema > MIGRATIONS.length) {
      const known = MIGRATIONS.length;
      const text = `the ledger has schema ${facts.schema}, this version of kairosd knows ${known}`;
      throw new KairosError('LEDGER_TOO_NEW', text, { found: facts.schema, known });
    }
    const checked = facts.bytes > WHOLE_CHECK_BYTES_MAX ? 'quick' : 'whole';
    const pragma = checked === 'quick' ? 'quick_check' : 'integrity_check';
    const [found] = connection.prepare(`PRAGMA ${pragma}(1)`).all();
    if (found?.[pragma] !== 'ok') throw refused(`is broken: ${String(found?.[pragma])}`);
    if (connection.prepare('PRAGMA foreign_key_check').get() !== undefined) throw refused('has references to nothing');
    // Ours has none, and they would run with every write of a daemon.
    const odd = connection.prepare("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").get();
    if (odd !== undefined) throw refused('has triggers or views: it was not written by kairosd');
    return { ...facts, checked };
  });
}

/** Makes it the ledger of another home: numbers given out from now on are not mistaken for those of the old one. Nobody else has it open. */
export function giveHomeId(path: string, homeId: string): void {
  try {
    const connection = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      connection.prepare("UPDATE meta SET value = ? WHERE key = 'home_id'").run(homeId);
      connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      connection.close();
    }
  } catch (error) {
    throw asLedgerError(error);
  }
}

function withCopy<T>(path: string, work: (connection: DatabaseSync) => T): T {
  const location = pathToFileURL(path);
  location.searchParams.set('immutable', '1');
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(location, { readOnly: true });
    return work(connection);
  } catch (error) {
    const known = asLedgerError(error);
    // A file that is no ledger is no defect of ours.
    throw known.code === 'INTERNAL' ? refused(`can't be read: ${known.message}`) : known;
  } finally {
    connection?.close();
  }
}

function refused(why: string): KairosError {
  return new KairosError('LEDGER_FAILED', `the copy of the ledger ${why}`);
}

function factsOf(connection: DatabaseSync, path: string): LedgerFacts {
  const number = (sql: string): number | null =>
    (connection.prepare(sql).get() as { n: number | null } | undefined)?.n ?? null;
  const home = connection.prepare("SELECT value FROM meta WHERE key = 'home_id'").get() as
    | { value: string }
    | undefined;
  return {
    schema: number('SELECT user_version AS n FROM pragma_user_version') ?? 0,
    homeId: home?.value ?? '',
    bytes: statSync(path).size,
    rows: Object.fromEntries(
      tablesOf(connection).map((name) => [name, number(`SELECT count(*) AS n FROM "${name}"`) ?? 0]),
    ),
    lastEventId: number('SELECT max(id) AS n FROM events') ?? 0,
    lastEventAtMs: number('SELECT received_at AS n FROM events ORDER BY id DESC LIMIT 1'),
    jobsQueued: number("SELECT count(*) AS n FROM jobs WHERE state = 'queued'") ?? 0,
    jobsRunning: number("SELECT count(*) AS n FROM jobs WHERE state = 'running'") ?? 0,
    messagesWaiting: number("SELECT count(*) AS n FROM messages WHERE state = 'queued'") ?? 0,
  };
}

/** Tables of the ledger, by name. */
export function tablesOf(connection: DatabaseSync): readonly string[] {
  const rows = connection
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all() as { name: string }[];
  return rows.map(({ name }) => name).filter((name) => /^[a-z_]+$/.test(name));
}
