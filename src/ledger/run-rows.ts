import { withdrawApprovals } from './approvals.ts';
import type { Database } from './database.ts';

/** The row of a run. Its progress is the agent's own, as JSON. */
export interface RunRow {
  readonly jobId: number;
  /** null: it is to begin, in a conversation of its own choice. */
  readonly sessionId: number | null;
  /** How often its job was put back by hand. */
  readonly again: number;
  readonly ended: number;
  readonly progress: string;
}

export function findRun(database: Database, jobId: number): RunRow | undefined {
  return database
    .statement(
      'SELECT job_id AS jobId, session_id AS sessionId, again, ended, progress FROM agent_runs WHERE job_id = ?',
    )
    .get<RunRow>(jobId);
}

/** Inside a transaction. */
export function writeRun(database: Database, row: RunRow): void {
  database
    .statement(
      `INSERT INTO agent_runs (job_id, session_id, again, ended, progress) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (job_id) DO UPDATE SET session_id = excluded.session_id, again = excluded.again, ended = excluded.ended,
         progress = excluded.progress`,
    )
    .run(row.jobId, row.sessionId, row.again, row.ended, row.progress);
}

/** Inside a transaction: a job that is put back by hand is a new run, which owes nothing to the one before. */
export function beginAgain(database: Database, jobId: number, nowMs: number): void {
  const before = findRun(database, jobId);
  if (before === undefined) return;
  writeRun(database, { jobId, sessionId: null, again: before.again + 1, ended: 0, progress: '{}' });
  withdrawApprovals(database, jobId, nowMs);
}
