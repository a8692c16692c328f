import { hash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Puts events (with a job each) into a ledger nobody has open, as a year of use would have. */
export function fillLedger(home: string, count: number): void {
  const database = new DatabaseSync(join(home, 'ledger.db'));
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN');
  const event = database.prepare(
    `INSERT INTO events (source, delivery, type, action, trust, received_at, content_type, delivery_key, body_bytes, body)
     VALUES ('github', ?, 'issues', 'opened', 'outside', ?, 'application/json', ?, 300, ?)`,
  );
  const job = database.prepare(
    `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, attempts, event_id, created_at, due_at, started_at, ended_at)
     VALUES ('log', 'old', 0, 0, 'old', 'an old one', 'succeeded', 'background', 1, ?, ?, ?, ?, ?)`,
  );
  const body = Buffer.alloc(300, 0x61);
  const firstMs = Date.now() - count * 1_000;
  const keys: [Uint8Array, number][] = [];
  for (let index = 1; index <= count; index += 1) {
    const delivery = `old-${index}`;
    const key = hash('sha256', `github\0${delivery}`, 'buffer').subarray(0, 16);
    const atMs = firstMs + index * 1_000;
    const id = Number(event.run(delivery, atMs, key, body).lastInsertRowid);
    job.run(id, atMs, atMs, atMs, atMs);
    keys.push([key, id]);
  }
  keys.sort(([a], [b]) => Buffer.compare(a, b));
  const known = database.prepare('INSERT INTO delivery_keys (key, event_id) VALUES (?, ?)');
  for (const [key, id] of keys) known.run(key, id);
  database.exec(
    `INSERT INTO meta (key, value) SELECT 'delivery_keys.through', max(id) FROM events WHERE true
     ON CONFLICT (key) DO UPDATE SET value = excluded.value; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`,
  );
  database.close();
}
