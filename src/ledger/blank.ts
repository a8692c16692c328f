import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { asLedgerError } from './database.ts';
import { tablesOf } from './copy.ts';

/** Where in some bytes a secret stands. */
export interface SecretSpan {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** Finds secrets in bytes. */
export interface SpanFinder {
  find(bytes: Uint8Array): readonly SecretSpan[];
  /** Bytes of the longest writing of a secret. */
  readonly longest: number;
}

/** As many rows are read, and changed, at a time: what fits in memory with the largest bodies. */
const ROWS_A_TURN = 64;
const PIECES_A_TURN = 64;
const STAR = 0x2a;
/** Hashes only, millions of them. */
const HASHES = new Set(['delivery_keys']);

/**
 * Puts stars in the place of every secret that stands in a copy of a ledger which nobody else has open: bodies of deliveries
 * are kept as they came, and somebody may have sent one. Lengths stay, so that JSON stays JSON.
 *
 * @param spare Where a second copy may be made: what was overwritten must not stay in unused parts of the file.
 * @returns Names of the secrets that were found; the file at `path` is then a new one, without them.
 */
export async function blankSecrets(path: string, finder: SpanFinder, spare: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path);
    connection.exec('PRAGMA journal_mode = DELETE; PRAGMA secure_delete = ON');
    for (const table of tablesOf(connection)) {
      if (HASHES.has(table)) continue;
      if (table === 'body_chunks') await blankPieces(connection, finder, names);
      else if (hasRowIds(connection, table)) await blankRows(connection, { table, finder, names });
      else blankKeyed(connection, { table, finder, names });
    }
    if (names.size > 0) connection.prepare('VACUUM INTO ?').run(spare);
    return names;
  } catch (error) {
    throw asLedgerError(error);
  } finally {
    connection?.close();
  }
}

/** Drops whatever deleted rows left behind in a copy: a new file, without unused parts. */
export function compactCopy(path: string, target: string): void {
  const connection = new DatabaseSync(path);
  try {
    connection.prepare('VACUUM INTO ?').run(target);
  } catch (error) {
    throw asLedgerError(error);
  } finally {
    connection.close();
  }
}

interface Blanking {
  readonly table: string;
  readonly finder: SpanFinder;
  readonly names: Set<string>;
}

/** From the first row to the last, once: a ledger in which every row holds a secret takes as long as writing it. */
async function blankRows(connection: DatabaseSync, { table, finder, names }: Blanking): Promise<void> {
  const columns = wordColumns(connection, table);
  if (columns.length === 0) return;
  const list = columns.map((name) => `"${name}"`).join(', ');
  const page = connection.prepare(
    `SELECT rowid AS blank_row, ${list} FROM "${table}" WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_A_TURN}`,
  );
  for (let last = Number.MIN_SAFE_INTEGER; ;) {
    const rows = page.all(last);
    const changes = rows.flatMap((row) =>
      columns.flatMap((column) => {
        const after = starred(row[column], finder, names);
        return after === undefined ? [] : [{ column, after, row: row['blank_row'] as number }];
      }),
    );
    inTransaction(connection, changes, ({ column, after, row }) => {
      const update = connection.prepare(`UPDATE OR IGNORE "${table}" SET "${column}" = ? WHERE rowid = ?`);
      // Two secrets of the same length look the same as stars: where they must differ, the row's number tells them apart.
      if (Number(update.run(after, row).changes) === 0) update.run(`${String(after)}#${row}`, row);
    });
    if (rows.length < ROWS_A_TURN) return;
    last = rows.at(-1)?.['blank_row'] as number;
    await nextTurn();
  }
}

/** Tables which are their own index: what they hold was redacted before it was written, so there is hardly ever something. */
function blankKeyed(connection: DatabaseSync, { table, finder, names }: Blanking): void {
  for (const column of wordColumns(connection, table)) {
    const changes: { readonly before: string | Uint8Array; readonly after: string | Uint8Array }[] = [];
    for (const { value } of connection.prepare(`SELECT "${column}" AS value FROM "${table}"`).iterate()) {
      const after = starred(value, finder, names);
      if (after !== undefined) changes.push({ before: value as string | Uint8Array, after });
    }
    inTransaction(connection, changes, ({ before, after }, index) => {
      const update = connection.prepare(`UPDATE OR IGNORE "${table}" SET "${column}" = ? WHERE "${column}" = ?`);
      update.run(after, before);
      update.run(`${String(after)}#${index + 1}`, before);
    });
  }
}

function inTransaction<Change>(
  connection: DatabaseSync,
  changes: readonly Change[],
  make: (change: Change, index: number) => void,
): void {
  if (changes.length === 0) return;
  connection.exec('BEGIN IMMEDIATE');
  for (const [index, change] of changes.entries()) make(change, index);
  connection.exec('COMMIT');
}

function hasRowIds(connection: DatabaseSync, table: string): boolean {
  return connection.prepare('SELECT wr FROM pragma_table_list WHERE name = ?').get(table)?.['wr'] === 0;
}

/** Columns that hold words or bodies; keys made by hashing are left out. */
function wordColumns(connection: DatabaseSync, table: string): string[] {
  const rows = connection.prepare(`PRAGMA table_info("${table}")`).all() as { name: string; type: string }[];
  return rows
    .filter(({ name, type }) => (type === 'TEXT' || type === 'BLOB') && name !== 'delivery_key')
    .map(({ name }) => name);
}

interface Piece {
  readonly id: number;
  readonly ref: number;
  readonly bytes: Uint8Array;
}

/** Large bodies lie in pieces: a secret may begin in one and end in the next. */
async function blankPieces(connection: DatabaseSync, finder: SpanFinder, names: Set<string>): Promise<void> {
  const page = connection.prepare(
    `SELECT id, ref, bytes FROM body_chunks WHERE (ref, id) > (?, ?) ORDER BY ref, id LIMIT ${PIECES_A_TURN}`,
  );
  const update = connection.prepare('UPDATE body_chunks SET bytes = ? WHERE id = ?');
  const edge = Math.max(0, finder.longest - 1);
  const first = { id: Number.MIN_SAFE_INTEGER, ref: Number.MIN_SAFE_INTEGER, bytes: new Uint8Array(0) };
  for (let last: Piece = first; ;) {
    const pieces = page.all(last.ref, last.id) as unknown as Piece[];
    const changed = new Map<number, Uint8Array>();
    for (const piece of pieces) {
      const before = last.ref === piece.ref ? last.bytes : first.bytes;
      const lead = before.subarray(Math.max(0, before.length - edge));
      for (const { from, to, name } of finder.find(Buffer.concat([lead, piece.bytes]))) {
        names.add(name);
        const start = from - lead.length;
        if (start < 0) star(changedOf(changed, last), before.length + start, before.length);
        if (to > lead.length) star(changedOf(changed, piece), Math.max(0, start), to - lead.length);
      }
      // As far as it is known to be clean by now: what begins in it and ends in the next is found with the next.
      last = { ...piece, bytes: changed.get(piece.id) ?? piece.bytes };
    }
    inTransaction(connection, [...changed], ([id, bytes]) => update.run(bytes, id));
    if (pieces.length < PIECES_A_TURN) return;
    await nextTurn();
  }
}

function changedOf(changed: Map<number, Uint8Array>, { id, bytes }: Piece): Uint8Array {
  const known = changed.get(id) ?? Uint8Array.from(bytes);
  changed.set(id, known);
  return known;
}

function starred(
  value: SQLOutputValue | undefined,
  finder: SpanFinder,
  names: Set<string>,
): string | Uint8Array | undefined {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return undefined;
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  const spans = finder.find(bytes);
  if (spans.length === 0) return undefined;
  const after = Uint8Array.from(bytes);
  for (const { from, to, name } of spans) {
    names.add(name);
    star(after, from, to);
  }
  return typeof value === 'string' ? Buffer.from(after).toString('utf8') : after;
}

function star(bytes: Uint8Array, from: number, to: number): void {
  bytes.fill(STAR, from, to);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
