import type { Database } from './database.ts';

/** One named value that the ledger remembers about itself. */
export function readMeta(database: Database, key: string): string | undefined {
  return database.statement('SELECT value FROM meta WHERE key = ?').get<{ value: string }>(key)?.value;
}

/** Inside a transaction. */
export function writeMeta(database: Database, key: string, value: string): void {
  database
    .statement('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
    .run(key, value);
}
