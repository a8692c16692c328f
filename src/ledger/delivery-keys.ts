import { hash } from 'node:crypto';
import { reached } from '../core/ports.ts';
import type { Database } from './database.ts';
import { createKeyFilter, type KeyFilter } from './key-filter.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { Writer } from './writer.ts';

/**
 * Which deliveries were taken already: the only defence against replays, so it must answer exactly.
 *
 * A unique index on random ids would dirty one page per delivery in every commit, four times the bytes of the event
 * itself. So the newest keys live in memory (and, for a restart, in the events table), and go into the indexed table in
 * sorted batches later. The single writer of a home makes that safe: nobody else can add a key in between.
 */
export interface DeliveryKeys {
  /** The event that this delivery became, or undefined. */
  find(key: Uint8Array): number | undefined;
  /** Inside the transaction that records the event; undone by `rolledBack`. */
  remember(key: Uint8Array, eventId: number): void;
  committed(): void;
  rolledBack(): void;
  /** Keys in memory only. */
  readonly waiting: number;
  /** Moves the keys in memory into the table. Takes several short transactions. */
  settle(writer: Writer): Promise<void>;
  /**
   * Learns the keys of a large table, in slices, so that a new delivery need not be looked up in it. Until then, and in a
   * small one, it is. Not to be called while `settle` runs.
   *
   * @param pace Waited for between slices; false: leave it for another time.
   */
  learn(pace: () => Promise<boolean>): Promise<void>;
  /** Reads the newest events again: after a commit that failed with its last fsync, they may be on the disk after all. */
  reload(): void;
}

const THROUGH = 'delivery_keys.through';
/** About a hundred leaf pages a transaction: a few milliseconds. */
const CHUNK = 500;
/** Below this many rows the table is in SQLite's cache, and a look costs next to nothing. */
const LEARN_MIN = 20_000;
/** A millisecond of reading. */
const LEARN_SLICE = 1_000;

export function deliveryKey(source: string, delivery: string): Uint8Array {
  return hash('sha256', `${source}\0${delivery}`, 'buffer').subarray(0, 16);
}

/** @param learnMin Rows from which on the table is learned. */
export function openDeliveryKeys(database: Database, learnMin = LEARN_MIN): DeliveryKeys {
  const recent = new Map<string, number>();
  // Only ever a whole one: what it does not hold is certainly not in the table.
  let filter: KeyFilter | undefined;
  let uncommitted: string[] = [];
  const reload = (): void => {
    const through = Number(readMeta(database, THROUGH) ?? 0);
    const tail = database
      .statement('SELECT id, delivery_key AS key FROM events WHERE id > ? ORDER BY id')
      .all<{ id: number; key: Uint8Array }>(through);
    for (const row of tail) recent.set(text(row.key), row.id);
  };
  reload();

  return {
    reload,
    find(key) {
      const known = recent.get(text(key));
      if (known !== undefined) return known;
      if (filter?.mayHold(key) === false) return undefined;
      return database.statement('SELECT event_id AS id FROM delivery_keys WHERE key = ?').get<{ id: number }>(key)?.id;
    },
    remember(key, eventId) {
      const name = text(key);
      recent.set(name, eventId);
      uncommitted.push(name);
    },
    committed() {
      uncommitted = [];
    },
    rolledBack() {
      for (const name of uncommitted) recent.delete(name);
      uncommitted = [];
    },
    get waiting() {
      return recent.size;
    },
    async learn(pace) {
      if (filter !== undefined || !hasRows(database, learnMin)) return;
      filter = await readAll(database, pace);
    },
    async settle(writer) {
      // Sorting bare strings is five times as fast as sorting pairs: 6 ms for 32 768.
      const moving = [...recent.keys()].toSorted().map((name) => [name, recent.get(name) as number] as const);
      if (moving.length === 0) return;
      for (let at = 0; at < moving.length; at += CHUNK) {
        const chunk = moving.slice(at, at + CHUNK);
        // Before they leave the memory: a key too many in the filter does no harm, one too few would.
        for (const [name] of chunk) filter?.add(Buffer.from(name, 'latin1'));
        await writer.write((target) => insertKeys(target, chunk), { bytes: chunk.length * 64 });
        reached('keys.moved');
      }
      const last = moving.reduce((newest, [, id]) => Math.max(newest, id), 0);
      await writer.write((target) => writeMeta(target, THROUGH, String(last)));
      for (const [name] of moving) recent.delete(name);
    },
  };
}

function hasRows(database: Database, count: number): boolean {
  return database.statement('SELECT 1 FROM delivery_keys LIMIT 1 OFFSET ?').get(Math.max(0, count - 1)) !== undefined;
}

/** @returns undefined when it was cut short: a part of the keys is worth nothing. */
async function readAll(database: Database, pace: () => Promise<boolean>): Promise<KeyFilter | undefined> {
  const filter = createKeyFilter();
  const slice = database.statement('SELECT key FROM delivery_keys WHERE key > ? ORDER BY key LIMIT ?');
  let last: Uint8Array = new Uint8Array(0);
  for (;;) {
    const rows = slice.all<{ key: Uint8Array }>(last, LEARN_SLICE);
    for (const { key } of rows) filter.add(key);
    const end = rows.at(-1);
    if (end === undefined) return filter;
    last = end.key;
    if (!(await pace())) return undefined;
  }
}

/** Repeating it after a crash half-way changes nothing. */
function insertKeys(database: Database, keys: readonly (readonly [string, number])[]): void {
  const insert = database.statement('INSERT INTO delivery_keys (key, event_id) VALUES (?, ?) ON CONFLICT DO NOTHING');
  for (const [name, id] of keys) insert.run(Buffer.from(name, 'latin1'), id);
}

function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
