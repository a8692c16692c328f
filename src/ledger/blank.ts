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

interface Change {
  readonly table: string;
  readonly column: string;
  readonly before: string | Uint8Array;
  readonly after: string | Uint8Array;
}

/** What fits in memory whatever happens; a ledger with more than this is looked at again from its beginning. */
const CHANGES_MAX = 1_000;
const PASSES_MAX = 1_000;
const ROWS_A_TURN = 4_000;
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
    for (let pass = 0; pass < PASSES_MAX; pass += 1) {
      const changes = await look(connection, finder, names);
      apply(connection, changes);
      if (changes.length < CHANGES_MAX) break;
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

async function look(connection: DatabaseSync, finder: SpanFinder, names: Set<string>): Promise<Change[]> {
  const changes: Change[] = [];
  let rows = 0;
  for (const table of tablesOf(connection)) {
    if (HASHES.has(table)) continue;
    if (table === 'body_chunks') {
      changes.push(...(await lookAtPieces(connection, finder, names)));
      continue;
    }
    const columns = wordColumns(connection, table);
    if (columns.length === 0) continue;
    const list = columns.map((name) => `"${name}"`).join(', ');
    for (const row of connection.prepare(`SELECT ${list} FROM "${table}"`).iterate()) {
      for (const column of columns) {
        const before = row[column];
        const after = starred(before, finder, names);
        if (after !== undefined) changes.push({ table, column, before: before as Change['before'], after });
      }
      if (changes.length >= CHANGES_MAX) return changes;
      rows += 1;
      if (rows % ROWS_A_TURN === 0) await nextTurn();
    }
  }
  return changes;
}

/** Columns that hold words or bodies; keys made by hashing are left out. */
function wordColumns(connection: DatabaseSync, table: string): string[] {
  const rows = connection.prepare(`PRAGMA table_info("${table}")`).all() as { name: string; type: string }[];
  return rows
    .filter(({ name, type }) => (type === 'TEXT' || type === 'BLOB') && name !== 'delivery_key')
    .map(({ name }) => name);
}

/** Large bodies lie in pieces: a secret may begin in one and end in the next. */
async function lookAtPieces(connection: DatabaseSync, finder: SpanFinder, names: Set<string>): Promise<Change[]> {
  const changes = new Map<Uint8Array, Uint8Array>();
  let last: { readonly ref: number; readonly bytes: Uint8Array } | undefined;
  const edge = Math.max(0, finder.longest - 1);
  for (const row of connection.prepare('SELECT ref, bytes FROM body_chunks ORDER BY ref, id').iterate()) {
    const piece = row as unknown as { readonly ref: number; readonly bytes: Uint8Array };
    const before = last?.ref === piece.ref ? last.bytes : new Uint8Array(0);
    const lead = before.subarray(Math.max(0, before.length - edge));
    for (const { from, to, name } of finder.find(Buffer.concat([lead, piece.bytes]))) {
      names.add(name);
      const start = from - lead.length;
      if (start < 0 && last !== undefined) star(copyOf(changes, last.bytes), before.length + start, before.length);
      if (to > lead.length) star(copyOf(changes, piece.bytes), Math.max(0, start), to - lead.length);
    }
    last = piece;
    await nextTurn();
  }
  return [...changes].map(([before, after]) => ({ table: 'body_chunks', column: 'bytes', before, after }));
}

function copyOf(changes: Map<Uint8Array, Uint8Array>, bytes: Uint8Array): Uint8Array {
  const known = changes.get(bytes) ?? Uint8Array.from(bytes);
  changes.set(bytes, known);
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

function apply(connection: DatabaseSync, changes: readonly Change[]): void {
  connection.exec('BEGIN IMMEDIATE');
  for (const { table, column, before, after } of changes) {
    connection.prepare(`UPDATE "${table}" SET "${column}" = ? WHERE "${column}" = ?`).run(after, before);
  }
  connection.exec('COMMIT');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
