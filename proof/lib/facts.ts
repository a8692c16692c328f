import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The rows of a ledger that campaigns look at; read from outside, never through the daemon's own code. */
export interface LedgerFacts {
  readonly events: readonly EventFact[];
  readonly jobs: readonly JobFact[];
  /** Events that joined a waiting job. */
  readonly joined: readonly { readonly event_id: number; readonly job_id: number }[];
  readonly messages: readonly MessageFact[];
  /** What `PRAGMA integrity_check` says; `ok` when all is well. */
  readonly integrity: string;
}

export interface EventFact {
  readonly id: number;
  readonly source: string;
  readonly delivery: string;
  readonly type: string;
  readonly body_bytes: number;
}

export interface JobFact {
  readonly id: number;
  readonly kind: string;
  readonly origin: string;
  readonly topic: string;
  readonly state: string;
  readonly attempts: number;
  readonly event_id: number | null;
  readonly event_count: number;
}

export interface MessageFact {
  readonly id: number;
  readonly job_id: number | null;
  readonly kind: string;
  readonly topic: string;
  readonly state: string;
  readonly count: number;
  readonly reason: string | null;
  readonly into_id: number | null;
  readonly queued_at: number;
  readonly released_at: number | null;
  readonly idempotency_key: string;
}

export function readLedger(home: string): LedgerFacts {
  const database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 2_000 });
  try {
    const all = <Row>(sql: string): Row[] => database.prepare(sql).all() as Row[];
    const [integrity] = all<{ integrity_check: string }>('PRAGMA integrity_check(5)');
    return {
      events: all('SELECT id, source, delivery, type, body_bytes FROM events ORDER BY id'),
      jobs: all('SELECT id, kind, origin, topic, state, attempts, event_id, event_count FROM jobs ORDER BY id'),
      joined: all('SELECT event_id, job_id FROM job_events'),
      messages: all(
        `SELECT id, job_id, kind, topic, state, count, reason, into_id, queued_at, released_at, idempotency_key
         FROM messages ORDER BY id`,
      ),
      integrity: integrity?.integrity_check ?? 'no answer',
    };
  } finally {
    database.close();
  }
}

/** The lines of every daily log of a home: `kind [ref] text`, without the time. */
export function readLogLines(home: string): string[] {
  return filesBelow(join(home, 'logs'))
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice('- 00:00:00 '.length));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
