import type { Job, Lane } from '../core/job.ts';
import type { Database } from './database.ts';
import { dueRows, nextDue, WORK } from './due-rows.ts';
import { JOB_COLUMNS, toJob, type JobRow } from './job-rows.ts';
import type { Writer } from './writer.ts';

/** Jobs that take time: they begin one by one, in a lane, and their lease is prolonged while they run. */
export interface Work {
  /** The next due ones, reactive first, oldest first. `own-work`: only those that no other host may do. */
  dueWork(limit: number, nowMs: number, jobs?: 'work' | 'own-work'): Job[];
  /** Begins one, the attempt written first. @returns undefined when it is no longer due. */
  claimWork(id: number, lane: Lane, nowMs: number, leaseMs: number): Promise<Job | undefined>;
  moveLane(id: number, lane: Lane): Promise<void>;
  renewLeases(ids: readonly number[], nowMs: number, leaseMs: number): Promise<void>;
  /** How long the last successful runs of an origin took, newest first. */
  durationsMs(origin: string, limit: number): number[];
  nextWorkDueMs(): number | undefined;
  /** The origins that have run lately, with how long. */
  recentRuns(
    limit: number,
  ): { readonly kind: string; readonly origin: string; readonly ms: number; readonly lane: Lane }[];
}

const RAN = `state = 'succeeded' AND ${WORK}`;

export function openWork(database: Database, writer: Writer): Work {
  return {
    dueWork: (limit, nowMs, jobs = 'work') =>
      [1, 0]
        .flatMap((reactive) => dueRows(database, jobs, { reactive, nowMs, limit }))
        .slice(0, limit)
        .map(toJob),
    claimWork: (id, lane, nowMs, leaseMs) =>
      writer.write((target) => {
        const row = target
          .statement(
            `UPDATE jobs SET state = 'running', attempts = attempts + 1, lane = ?, lease_until = ?, started_at = ?
             WHERE id = ? AND token IS NULL AND (state = 'queued' OR (state = 'running' AND lease_until <= ?)) RETURNING ${JOB_COLUMNS}`,
          )
          .get<JobRow>(lane, nowMs + leaseMs, nowMs, id, nowMs);
        return row && toJob(row);
      }),
    moveLane: (id, lane) =>
      writer.write((target) => {
        target.statement("UPDATE jobs SET lane = ? WHERE id = ? AND state = 'running'").run(lane, id);
      }),
    renewLeases: (ids, nowMs, leaseMs) =>
      writer.write((target) => {
        const renew = target.statement("UPDATE jobs SET lease_until = ? WHERE id = ? AND state = 'running'");
        for (const id of ids) renew.run(nowMs + leaseMs, id);
      }),
    durationsMs: (origin, limit) =>
      database
        .statement(`SELECT ended_at - started_at AS ms FROM jobs WHERE origin = ? AND ${RAN} ORDER BY id DESC LIMIT ?`)
        .all<{ ms: number }>(origin, limit)
        .map((row) => row.ms),
    nextWorkDueMs: () => nextDue(database, 'work'),
    recentRuns: (limit) =>
      database
        .statement(
          `SELECT kind, origin, ended_at - started_at AS ms, lane FROM jobs WHERE ${RAN} ORDER BY id DESC LIMIT ?`,
        )
        .all(limit),
  };
}
