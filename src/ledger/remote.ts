import type { Job, WorkKind } from '../core/job.ts';
import type { Database } from './database.ts';
import type { EffectContext } from './effects.ts';
import { JOB_COLUMNS, toJob, type JobRow } from './job-rows.ts';
import { settleWithin, type Settlement } from './jobs.ts';
import { appendRun, type RunDraft, type RunEnd } from './runs.ts';
import type { Writer } from './writer.ts';

/** An attempt that is made elsewhere: its token is this attempt's alone, and only its bearer can settle it. */
export interface OfferedJob extends Job {
  readonly token: string;
}

interface Claim {
  readonly id: number;
  readonly token: string;
}

/** How a remote attempt is recorded. */
export interface RemoteEnd {
  readonly settlement: Settlement;
  /** Left out when it never began. */
  readonly run?: (Omit<RunDraft, 'scheduledForMs'> & RunEnd) | undefined;
}

/** Work that other hosts do. The attempt is written, with its token, before anybody is offered it. */
export interface Remote {
  /** The next due jobs of these kinds that ask for this label, those the owner waits for first. */
  dueRemote(label: string, kinds: readonly WorkKind[], page: { readonly limit: number; readonly nowMs: number }): Job[];
  /** Writes attempts. @returns Those that were still due, with their tokens. */
  offer(claims: readonly Claim[], nowMs: number): Promise<OfferedJob[]>;
  /** Every attempt that is out, also those of a process that is gone. At most 10 000. */
  offered(): OfferedJob[];
  /** Says of due jobs of a label, for people, why they wait. */
  noteWaiting(label: string, why: string, nowMs: number): Promise<void>;
  /** Its end and all that it makes, in one transaction. @returns false when this attempt is not the open one: then nothing was written. */
  settleRemote(job: OfferedJob, end: RemoteEnd, nowMs: number): Promise<boolean>;
  /** Labels that due jobs ask for, with how many wait. */
  waitingByLabel(
    nowMs: number,
  ): readonly { readonly label: string; readonly count: number; readonly sinceMs: number }[];
}

type OfferedRow = JobRow & { token: string };

const OFFERED_MAX = 10_000;
const LABELS_MAX = 200;

export function openRemote(
  database: Database,
  writer: Writer,
  context: (nowMs: number) => EffectContext,
  scheduledFor: (eventId: number) => number | undefined,
): Remote {
  return {
    dueRemote: (label, kinds, { limit, nowMs }) =>
      [1, 0]
        .flatMap((reactive) =>
          database
            .statement(
              `SELECT ${JOB_COLUMNS} FROM jobs WHERE state = 'queued' AND reactive = ? AND due_at <= ? AND label = ?
                 AND kind IN (SELECT value FROM json_each(?)) ORDER BY due_at, id LIMIT ?`,
            )
            .all<JobRow>(reactive, nowMs, label, JSON.stringify(kinds), limit),
        )
        .slice(0, limit)
        .map(toJob),
    offer: (claims, nowMs) =>
      claims.length === 0
        ? Promise.resolve([])
        : writer.write((target) => offer(target, claims, nowMs), { bytes: claims.length * 256 }),
    offered: () =>
      database
        .statement(`SELECT ${JOB_COLUMNS}, token FROM jobs WHERE token IS NOT NULL ORDER BY id LIMIT ?`)
        .all<OfferedRow>(OFFERED_MAX)
        .map(toOffered),
    noteWaiting: (label, why, nowMs) =>
      writer.write((target) => {
        target
          .statement("UPDATE jobs SET error = ? WHERE state = 'queued' AND label = ? AND due_at <= ? AND error IS NULL")
          .run(why, label, nowMs);
      }),
    settleRemote: (job, end, nowMs) =>
      writer.write(
        (target) => {
          if (!settleWithin(target, job, end.settlement, context(nowMs))) return false;
          if (end.run !== undefined) appendRun(target, { ...end.run, scheduledForMs: slotOf(job, scheduledFor) });
          return true;
          // Of hundreds in one transaction hardly one throws.
        },
        { bare: true },
      ),
    waitingByLabel: (nowMs) =>
      database
        .statement(
          `SELECT label, count(*) AS count, min(due_at) AS sinceMs FROM jobs
           WHERE state = 'queued' AND label <> '' AND due_at <= ? GROUP BY label ORDER BY label LIMIT ?`,
        )
        .all(nowMs, LABELS_MAX),
  };
}

/** No lease in the row: the daemon itself judges by the heartbeats whether somebody still works on it. */
function offer(database: Database, claims: readonly Claim[], nowMs: number): OfferedJob[] {
  const begin = database.statement(
    `UPDATE jobs SET state = 'running', attempts = attempts + 1, lane = 'background', token = ?, lease_until = NULL, started_at = ?
     WHERE id = ? AND state = 'queued' RETURNING ${JOB_COLUMNS}, token`,
  );
  return claims.flatMap(({ id, token }) => {
    const row = begin.get<OfferedRow>(token, nowMs, id);
    return row === undefined ? [] : [toOffered(row)];
  });
}

function toOffered(row: OfferedRow): OfferedJob {
  return { ...toJob(row), token: row.token };
}

function slotOf(job: Job, scheduledFor: (eventId: number) => number | undefined): number {
  return (job.eventId === null ? undefined : scheduledFor(job.eventId)) ?? job.createdAtMs;
}
