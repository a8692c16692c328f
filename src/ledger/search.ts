import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { asLedgerError, wrapStatement, type Statement } from './database.ts';
import { locationOf } from './reading.ts';

/** A piece of a file that is found as one: a fact, or a session in a few words. */
interface Piece {
  readonly line: number;
  readonly kind: string;
  readonly trust: string;
  /** ISO 8601; empty when nobody knows. */
  readonly at: string;
  readonly title: string;
  readonly text: string;
}

/** A file as it was when it was read. */
interface IndexedFile {
  /** Relative to the home. */
  readonly path: string;
  /** Anything that is another when the file is. */
  readonly state: string;
  readonly pieces: readonly Piece[];
}

/** A piece that was found, with the state of its file. */
interface FoundPiece extends Piece {
  readonly path: string;
  readonly state: string;
  /** The smaller the better; comparable within one kind. */
  readonly rank: number;
}

/**
 * The full-text index of a home. It is made from files and holds nothing of its own: deleted or broken, it is made anew.
 * Each call is one short transaction and blocks while it lasts.
 */
export interface SearchIndex extends Disposable {
  states(): ReadonlyMap<string, string>;
  /** Takes the place of what was known of these files. */
  replace(files: readonly IndexedFile[]): void;
  drop(paths: readonly string[]): void;
  /** Pieces with all of these words, else, if there are none, with any of them: memory before sessions, outside last, then by bm25. */
  find(words: readonly string[], limit: number): readonly FoundPiece[];
}

const VERSION = 1;
const SCHEMA = `
  CREATE TABLE files (path TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
  CREATE TABLE pieces (id INTEGER PRIMARY KEY, path TEXT NOT NULL, line INTEGER NOT NULL, kind TEXT NOT NULL, trust TEXT NOT NULL,
    at TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL) STRICT;
  CREATE INDEX pieces_path ON pieces (path);
  CREATE VIRTUAL TABLE words USING fts5(title, text, content='pieces', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
  PRAGMA user_version = ${VERSION};
`;

/**
 * Opens the index for writing, and makes it when there is none, or none that can be used. No commit waits for the disk: what a power
 * failure takes is made anew.
 *
 * @throws {KairosError} `DISK_FULL`, `LEDGER_FAILED` when somebody else writes it at this moment, or it can't be made.
 */
export function openSearch(path: string): SearchIndex {
  try {
    return open(path);
  } catch (error) {
    const primary = Number((error as { errcode?: unknown }).errcode ?? 0) & 0xff;
    if (!UNUSABLE.has(primary)) throw asLedgerError(error);
  }
  removeSearch(path);
  try {
    return open(path);
  } catch (error) {
    throw asLedgerError(error);
  }
}

/** Deletes an index. Nothing is lost with it. */
export function removeSearch(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}

/** An index in the memory of this process. */
export function openSearchInMemory(): SearchIndex {
  const connection = new DatabaseSync(':memory:');
  connection.exec(SCHEMA);
  return indexOf(connection);
}

/** Opens an index only to be read, beside a daemon or without one; undefined: there is none that can be used. */
export function openSearchReading(path: string): SearchIndex | undefined {
  if (!existsSync(path)) return undefined;
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(locationOf(path), { readOnly: true, timeout: READ_BUSY_MS });
    if (versionOf(connection) === VERSION) return indexOf(connection);
  } catch {}
  connection?.close();
  return undefined;
}

/** CORRUPT, NOTADB, READONLY, CANTOPEN: another file in its place serves as well. */
const UNUSABLE: ReadonlySet<number> = new Set([8, 11, 14, 26]);
const READ_BUSY_MS = 50;

function open(path: string): SearchIndex {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  let connection = new DatabaseSync(path, { timeout: 0 });
  try {
    const version = versionOf(connection);
    if (version !== VERSION && version !== 0) {
      connection.close();
      removeSearch(path);
      closeSync(openSync(path, 'a', 0o600));
      connection = new DatabaseSync(path, { timeout: 0 });
    }
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048');
    if (versionOf(connection) === 0) connection.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    return indexOf(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function versionOf(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA user_version').get()?.['user_version']);
}

function indexOf(connection: DatabaseSync): SearchIndex {
  const prepared = new Map<string, Statement>();
  const statement = (sql: string): Statement => {
    const known = prepared.get(sql) ?? wrapStatement(connection.prepare(sql));
    prepared.set(sql, known);
    return known;
  };
  const write = (work: () => void): void => {
    try {
      connection.exec('BEGIN IMMEDIATE');
      work();
      connection.exec('COMMIT');
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK');
      throw asLedgerError(error);
    }
  };
  return {
    states() {
      const rows = statement('SELECT path, state FROM files').all<{ path: string; state: string }>();
      return new Map(rows.map(({ path, state }) => [path, state]));
    },
    replace: (files) =>
      write(() => {
        for (const file of files) {
          forget(statement, file.path);
          learn(statement, file);
        }
      }),
    drop: (paths) => write(() => paths.forEach((path) => forget(statement, path))),
    find: (words, limit) => {
      const all = findPieces(statement, words, 'AND', limit);
      return all.length > 0 ? all : findPieces(statement, words, 'OR', limit);
    },
    [Symbol.dispose]() {
      prepared.clear();
      if (connection.isOpen) connection.close();
    },
  };
}

type Prepare = (sql: string) => Statement;

function forget(statement: Prepare, path: string): void {
  statement(
    `INSERT INTO words (words, rowid, title, text) SELECT 'delete', id, title, text FROM pieces WHERE path = ?`,
  ).run(path);
  statement('DELETE FROM pieces WHERE path = ?').run(path);
  statement('DELETE FROM files WHERE path = ?').run(path);
}

function learn(statement: Prepare, { path, state, pieces }: IndexedFile): void {
  statement('INSERT INTO files (path, state) VALUES (?, ?)').run(path, state);
  const insert = statement(
    'INSERT INTO pieces (path, line, kind, trust, at, title, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const { line, kind, trust, at, title, text } of pieces) insert.run(path, line, kind, trust, at, title, text);
  statement('INSERT INTO words (rowid, title, text) SELECT id, title, text FROM pieces WHERE path = ?').run(path);
}

const ORDER = `CASE kind WHEN 'topic' THEN 0 WHEN 'session' THEN 2 ELSE 1 END, trust = 'outside'`;
const SNIPPET_TOKENS = 40;

function findPieces(statement: Prepare, words: readonly string[], joined: 'AND' | 'OR', limit: number): FoundPiece[] {
  const terms = words.filter((word) => /[\p{L}\p{N}]/u.test(word));
  const ranked =
    terms.length === 0
      ? []
      : statement(
          `SELECT pieces.path, state, line, kind, trust, at, pieces.title AS title, bm25(words, 2.0, 1.0) AS rank,
             CASE kind WHEN 'session' THEN snippet(words, 1, '', '', '…', ${SNIPPET_TOKENS}) ELSE pieces.text END AS text
           FROM words JOIN pieces ON pieces.id = words.rowid JOIN files ON files.path = pieces.path
           WHERE words MATCH ? ORDER BY ${ORDER}, rank LIMIT ?`,
        ).all<FoundPiece>(terms.map(phrase).join(` ${joined} `), limit);
  if (joined === 'OR') return ranked;
  // What is no word to the index: parts of words, and punctuation.
  const like = words.map((word) => `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
  const exact = statement(
    `SELECT pieces.path, state, line, kind, trust, at, title, text, 0 AS rank
     FROM pieces JOIN files ON files.path = pieces.path
     WHERE kind <> 'session'${String.raw` AND text LIKE ? ESCAPE '\'`.repeat(like.length)} ORDER BY ${ORDER}, pieces.path, line LIMIT ?`,
  ).all<FoundPiece>(...like, limit);
  const known = new Set(ranked.map(({ path, line }) => `${path}:${line}`));
  return inOrder([...ranked, ...exact.filter(({ path, line }) => !known.has(`${path}:${line}`))]).slice(0, limit);
}

/** Memory before sessions, outside last; within these the better rank first. */
export function inOrder<Hit extends { readonly kind: string; readonly trust: string; readonly rank: number }>(
  pieces: readonly Hit[],
): Hit[] {
  const shelf = ({ kind, trust }: Hit): number =>
    2 * (kind === 'topic' ? 0 : kind === 'session' ? 2 : 1) + Number(trust === 'outside');
  return pieces.toSorted((one, other) => shelf(one) - shelf(other) || one.rank - other.rank);
}

/** In quotes a word is taken for what it is, and one with punctuation for several that follow each other. */
function phrase(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}
