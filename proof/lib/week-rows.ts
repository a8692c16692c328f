import { DatabaseSync } from 'node:sqlite';

/** Rows of a ledger, whole, as they stand on the disk; read from outside, never through the daemon's own code. */
export interface WeekRows {
  readonly events: readonly { id: number; source: string; delivery: string; type: string; received_at: number }[];
  readonly jobs: readonly JobRow[];
  readonly joined: readonly { event_id: number; job_id: number }[];
  readonly messages: readonly MessageRow[];
  readonly journal: readonly { id: number; at: number; kind: string; ref: string; text: string }[];
  readonly boots: readonly {
    started_at: number;
    ready_at: number | null;
    stopped_at: number | null;
    safe_mode: number;
  }[];
  readonly slots: readonly SlotRow[];
  readonly runs: readonly {
    schedule: string;
    job_id: number;
    started_at: number;
    ended: string | null;
    succeeded: number | null;
  }[];
}

interface JobRow {
  readonly id: number;
  readonly kind: string;
  readonly origin: string;
  readonly topic: string;
  readonly state: string;
  readonly event_id: number | null;
  readonly event_count: number;
  readonly created_at: number;
  readonly ended_at: number | null;
}

export interface MessageRow {
  readonly id: number;
  readonly job_id: number | null;
  readonly kind: string;
  readonly urgent: number;
  readonly resolves: number;
  readonly topic: string;
  readonly state: string;
  readonly count: number;
  readonly reason: string | null;
  readonly into_id: number | null;
  readonly queued_at: number;
  readonly released_at: number | null;
  readonly idempotency_key: string;
}

interface SlotRow {
  readonly schedule: string;
  readonly slot_at: number;
  readonly through_at: number;
  readonly state: string;
  readonly count: number | null;
  readonly event_id: number | null;
  readonly decided_at: number;
}

export function readRows(path: string): WeekRows {
  using database = new DatabaseSync(path, { readOnly: true });
  const all = <Row>(table: string): Row[] => database.prepare(`SELECT * FROM ${table}`).all() as Row[];
  return {
    events: all('events'),
    jobs: all('jobs'),
    joined: all('job_events'),
    messages: all('messages'),
    journal: all('journal'),
    boots: all('boots'),
    slots: all('slots'),
    runs: all('runs'),
  };
}
