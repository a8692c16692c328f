import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../core/errors.ts';
import { MIGRATIONS } from './migrations.ts';
import { locationOf } from './reading.ts';

/** A ledger seen from outside, while its daemon may be running. */
export interface LedgerInspection {
  /** What SQLite says of the file: `ok`, or what is broken; `not checked` above the size that takes too long. */
  readonly integrity: string;
  readonly schema: number;
  readonly schemaKnown: number;
  readonly bytes: number;
  /** Jobs that nobody will try again by himself. */
  readonly deadJobs: number;
  /** Jobs whose lease ran out long ago: no running daemon leaves one. */
  readonly stuckJobs: number;
  /** Jobs that are due and wait. */
  readonly backlog: number;
  readonly oldestBacklogAtMs: number | null;
  readonly messagesWaiting: number;
  readonly newestEventAtMs: number | null;
}

export interface InspectOptions {
  readonly nowMs: number;
  /** Read the whole file whatever its size; 1 GB takes some seconds. */
  readonly deep: boolean;
}

const QUICK_BYTES_MAX = 256 * 1_048_576;
const STUCK_MS = 60_000;
const BUSY_MS = 500;

/** Reads a ledger without changing it. A file that is no ledger, or broken, is an answer too: never throws. */
export function inspectLedger(path: string, options: InspectOptions): LedgerInspection {
  const bytes = statSync(path).size;
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(locationOf(path), { readOnly: true, timeout: BUSY_MS });
    const integrity = bytes > QUICK_BYTES_MAX && !options.deep ? 'not checked' : checkIntegrity(connection);
    return {
      ...UNREAD,
      ...(integrity === 'ok' ? count(connection, options.nowMs) : {}),
      schema: schemaOf(connection),
      integrity,
      bytes,
    };
  } catch (error) {
    return { ...UNREAD, integrity: messageOf(error), bytes };
  } finally {
    connection?.close();
  }
}

const UNREAD = {
  schema: 0,
  schemaKnown: MIGRATIONS.length,
  deadJobs: 0,
  stuckJobs: 0,
  backlog: 0,
  oldestBacklogAtMs: null,
  messagesWaiting: 0,
  newestEventAtMs: null,
} as const;

function checkIntegrity(connection: DatabaseSync): string {
  const rows = connection.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  return rows[0]?.quick_check ?? 'no answer';
}

function schemaOf(connection: DatabaseSync): number {
  return (connection.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

function count(
  connection: DatabaseSync,
  nowMs: number,
): Omit<LedgerInspection, 'integrity' | 'schema' | 'schemaKnown' | 'bytes'> {
  const number = (sql: string, ...values: number[]): number | null =>
    (connection.prepare(sql).get(...values) as { n: number | null }).n;
  const due = "FROM jobs WHERE state = 'queued' AND due_at <= ?";
  return {
    deadJobs:
      number("SELECT count(*) AS n FROM jobs WHERE state IN ('failed', 'dead', 'parked') AND state = 'dead'") ?? 0,
    stuckJobs:
      number("SELECT count(*) AS n FROM jobs WHERE state = 'running' AND lease_until < ?", nowMs - STUCK_MS) ?? 0,
    backlog: number(`SELECT count(*) AS n ${due}`, nowMs) ?? 0,
    oldestBacklogAtMs: number(`SELECT min(due_at) AS n ${due}`, nowMs),
    messagesWaiting: number("SELECT count(*) AS n FROM messages WHERE state = 'queued' AND released_at IS NULL") ?? 0,
    newestEventAtMs: number('SELECT max(received_at) AS n FROM events WHERE id = (SELECT max(id) FROM events)'),
  };
}
