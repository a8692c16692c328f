import type { Page } from './events.ts';
import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** How an attempt came to its end: says nothing about whether the task succeeded. */
export type RunEnded = 'returned' | 'exited' | 'killed' | 'timeout' | 'aborted' | 'not-started' | 'lost';

export interface RunDraft {
  readonly schedule: string;
  readonly jobId: number;
  readonly attempt: number;
  /** The slot, or the moment somebody asked. */
  readonly scheduledForMs: number;
  readonly startedAtMs: number;
}

export interface RunEnd {
  readonly endedAtMs: number;
  readonly ended: RunEnded;
  /** Whether the task did what it was for; null when nobody knows. */
  readonly succeeded: boolean | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  /** Where its output is, relative to the home. */
  readonly outputPath: string | null;
}

export interface Run extends RunDraft {
  readonly id: number;
  readonly endedAtMs: number | null;
  readonly ended: RunEnded | null;
  readonly succeeded: boolean | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly outputPath: string | null;
}

/** Runs: the attempts at scheduled jobs. */
export interface Runs {
  /** Written before the attempt. @returns its row number. */
  begin(draft: RunDraft): Promise<number>;
  end(id: number, end: RunEnd): Promise<void>;
  /** Ends the runs that a process which is gone left open. @returns how many. */
  closeLost(nowMs: number): Promise<number>;
  last(schedule: string): Run | undefined;
  list(page: Page & { readonly schedule?: string | undefined }): Run[];
}

type RunRow = Omit<Run, 'succeeded'> & { readonly succeeded: 0 | 1 | null };

const COLUMNS = `SELECT id, schedule, job_id AS jobId, attempt, scheduled_for AS scheduledForMs, started_at AS startedAtMs,
  ended_at AS endedAtMs, ended, succeeded, exit_code AS exitCode, error, output_path AS outputPath FROM runs`;

export function openRuns(database: Database, writer: Writer): Runs {
  return {
    begin: (draft) => writer.write((target) => begin(target, draft)),
    end: (id, end) => writer.write((target) => finish(target, id, end)),
    closeLost: (nowMs) =>
      writer.write((target) =>
        target
          .statement(
            `UPDATE runs SET ended_at = ?, ended = 'lost', error = 'the daemon ended during the run' WHERE ended_at IS NULL`,
          )
          .run(nowMs),
      ),
    last(schedule) {
      const row = database.statement(`${COLUMNS} WHERE schedule = ? ORDER BY id DESC LIMIT 1`).get<RunRow>(schedule);
      return row && toRun(row);
    },
    list: (page) => list(database, page),
  };
}

/** Inside a transaction: an attempt that was made elsewhere, when it has ended. */
export function appendRun(database: Database, run: RunDraft & RunEnd): void {
  database
    .statement(
      `INSERT INTO runs (schedule, job_id, attempt, scheduled_for, started_at, ended_at, ended, succeeded, exit_code, error, output_path)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      run.schedule,
      run.jobId,
      run.attempt,
      run.scheduledForMs,
      run.startedAtMs,
      run.endedAtMs,
      run.ended,
      run.succeeded === null ? null : Number(run.succeeded),
      run.exitCode,
      run.error === null ? null : database.redact(run.error),
      run.outputPath,
    );
}

function begin(database: Database, draft: RunDraft): number {
  database
    .statement('INSERT INTO runs (schedule, job_id, attempt, scheduled_for, started_at) VALUES (?, ?, ?, ?, ?)')
    .run(draft.schedule, draft.jobId, draft.attempt, draft.scheduledForMs, draft.startedAtMs);
  return database.statement('SELECT max(id) AS id FROM runs').get<{ id: number }>()?.id ?? 0;
}

function finish(database: Database, id: number, end: RunEnd): void {
  database
    .statement(
      `UPDATE runs SET ended_at = ?, ended = ?, succeeded = ?, exit_code = ?, error = ?, output_path = ?
       WHERE id = ? AND ended_at IS NULL`,
    )
    .run(
      end.endedAtMs,
      end.ended,
      end.succeeded === null ? null : Number(end.succeeded),
      end.exitCode,
      end.error === null ? null : database.redact(end.error),
      end.outputPath,
      id,
    );
}

function list(
  database: Database,
  { limit, after, sinceMs, schedule }: Page & { readonly schedule?: string | undefined },
): Run[] {
  const before = after ?? Number.MAX_SAFE_INTEGER;
  const rows =
    schedule === undefined
      ? database.statement(`${COLUMNS} WHERE id < ? ORDER BY id DESC LIMIT ?`).all<RunRow>(before, limit)
      : database
          .statement(`${COLUMNS} WHERE schedule = ? AND id < ? ORDER BY id DESC LIMIT ?`)
          .all<RunRow>(schedule, before, limit);
  return rows.filter((row) => row.startedAtMs >= (sinceMs ?? 0)).map(toRun);
}

function toRun(row: RunRow): Run {
  return { ...row, succeeded: row.succeeded === null ? null : row.succeeded === 1 };
}
