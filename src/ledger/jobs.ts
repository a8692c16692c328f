import { KairosError } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import type { Effect, Job, JobState, JournalDraft } from '../core/job.ts';
import { reached } from '../core/ports.ts';
import type { Database } from './database.ts';
import { dueRows, nextDue } from './due-rows.ts';
import { applyEffects, type EffectContext } from './effects.ts';
import type { Page } from './events.ts';
import { JOB_COLUMNS, toJob, type JobRow } from './job-rows.ts';
import { appendJournal } from './journal-rows.ts';
import { beginAgain } from './run-rows.ts';
import type { Writer } from './writer.ts';

/** How a finished attempt is to be recorded. */
export type Settlement =
  | { readonly state: 'succeeded'; readonly effects: readonly Effect[] }
  | { readonly state: 'parked' | 'failed' | 'dead'; readonly error: string; readonly effects: readonly Effect[] }
  | { readonly state: 'queued'; readonly error: string; readonly dueAtMs: number }
  /** Back into the queue without having failed: its attempts begin anew, and its effects are applied. */
  | {
      readonly state: 'waiting';
      readonly error: string;
      readonly dueAtMs: number;
      readonly effects: readonly Effect[];
    };

/** Jobs: what to do about events. */
export interface Jobs {
  /**
   * Takes due rules (work is taken by its lanes, see work.ts), reactive ones first, and writes the attempt before it begins. A job that has been begun before is
   * taken alone: should it be the one that brings the process down, it takes no others with it. A job whose lease ran out
   * unsettled is due again.
   */
  claim(limit: number, nowMs: number, leaseMs: number): Promise<Job[]>;
  /** Records the end of an attempt and all its effects in one transaction. @returns false when the attempt is not the current one. */
  settle(job: Job, settlement: Settlement, nowMs: number): Promise<boolean>;
  /** Jobs left running by a process that is gone. Attempts that other hosts make go on without it: by default they are not among them. */
  interrupted(alsoRemote?: boolean): Job[];
  /** When the next queued rule is due or the next lease runs out, or undefined. */
  nextDueMs(): number | undefined;
  /** @throws {KairosError} `NOT_FOUND`, or `STATE_CONFLICT` unless it is failed, dead or parked. */
  requeue(id: number, nowMs: number): Promise<Job>;
  find(id: number): Job | undefined;
  list(page: Page & { readonly state?: JobState | undefined }): Job[];
  /** How many wait, run, or ended badly, by state. */
  counts(): Partial<Record<JobState, number>>;
}

const UNFINISHED: readonly JobState[] = ['queued', 'running', 'failed', 'dead', 'parked'];

/** @param modelIsOn Whether there is a model: without one, jobs of the agent stay parked. */
export function openJobs(
  database: Database,
  writer: Writer,
  context: (nowMs: number) => EffectContext,
  modelIsOn: () => boolean = () => false,
): Jobs {
  const find = (id: number): Job | undefined => {
    const row = database.statement(`SELECT ${JOB_COLUMNS} FROM jobs WHERE id = ?`).get<JobRow>(id);
    return row && toJob(row);
  };
  return {
    claim: (limit, nowMs, leaseMs) => writer.write((target) => claim(target, limit, nowMs, leaseMs)),
    settle: (job, settlement, nowMs) => writer.write((target) => settleWithin(target, job, settlement, context(nowMs))),
    interrupted: (alsoRemote = false) =>
      database
        .statement(
          `SELECT ${JOB_COLUMNS}, token FROM jobs WHERE state = 'running' AND (token IS NULL OR ?) ORDER BY id`,
        )
        .all<JobRow & { token: string | null }>(alsoRemote ? 1 : 0)
        .map((row) => (row.token === null ? toJob(row) : { ...toJob(row), token: row.token })),
    nextDueMs: () => nextDue(database, 'rules'),
    async requeue(id, nowMs) {
      const requeued = await writer.write((target) => requeue(target, id, { nowMs, modelIsOn: modelIsOn() }));
      if (!requeued) throw requeueRefused(find(id), id);
      return find(id) as Job;
    },
    find,
    list: (page) => list(database, page),
    counts: () => counts(database),
  };
}

function list(
  database: Database,
  { limit, after, sinceMs, state }: Page & { readonly state?: JobState | undefined },
): Job[] {
  const before = after ?? Number.MAX_SAFE_INTEGER;
  const select = `SELECT ${JOB_COLUMNS} FROM jobs WHERE`;
  const rows =
    state === undefined
      ? database.statement(`${select} id < ? ORDER BY id DESC LIMIT ?`).all<JobRow>(before, limit)
      : database.statement(`${select} state = ? AND id < ? ORDER BY id DESC LIMIT ?`).all<JobRow>(state, before, limit);
  return rows.filter((row) => row.created_at >= (sinceMs ?? 0)).map(toJob);
}

function claim(database: Database, limit: number, nowMs: number, leaseMs: number): Job[] {
  const rows = [1, 0].flatMap((reactive) => dueRows(database, 'rules', { reactive, nowMs, limit })).slice(0, limit);
  const begin = database.statement(
    "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = ?, started_at = ? WHERE id = ?",
  );
  return untilSuspect(rows).map((row) => {
    begin.run(nowMs + leaseMs, nowMs, row.id);
    return toJob({ ...row, state: 'running', attempts: row.attempts + 1, started_at: nowMs });
  });
}

/** The jobs before the first one that was begun already, or that one alone. */
function untilSuspect(rows: readonly JobRow[]): readonly JobRow[] {
  const suspect = rows.findIndex((row) => row.attempts > 0);
  if (suspect === -1) return rows;
  return suspect === 0 ? rows.slice(0, 1) : rows.slice(0, suspect);
}

/**
 * Inside a transaction: the end of an attempt and all its effects. @param job With the token of a remote attempt: it settles
 * that one only, as an attempt without a token settles only one of this process.
 */
export function settleWithin(
  database: Database,
  job: Job & { readonly token?: string },
  settlement: Settlement,
  context: EffectContext,
): boolean {
  const { nowMs } = context;
  const changed = database
    .statement(
      `UPDATE jobs SET state = ?, error = ?, due_at = ?, ended_at = ?, attempts = ?, lease_until = NULL, token = NULL
       WHERE id = ? AND state = 'running' AND attempts = ? AND token IS ?`,
    )
    .run(
      settlement.state === 'waiting' ? 'queued' : settlement.state,
      settlement.state === 'succeeded' ? null : redacted(database, settlement.error),
      dueAfter(database, job, settlement, nowMs),
      ['queued', 'waiting', 'parked'].includes(settlement.state) ? null : nowMs,
      settlement.state === 'waiting' ? 0 : job.attempts,
      job.id,
      job.attempts,
      job.token ?? null,
    );
  if (changed === 0) return false;
  reached('job.settling');
  if (settlement.state !== 'queued') applyEffects(database, settlement.effects, context);
  return true;
}

function redacted({ redact }: Database, text: string | null): string | null {
  return text === null ? null : redact(text);
}

/** An approval that was decided before the job was laid aside for it must not wait until its expiry. */
function dueAfter(database: Database, job: Job, settlement: Settlement, nowMs: number): number {
  if (settlement.state === 'queued') return settlement.dueAtMs;
  if (settlement.state !== 'waiting') return job.dueAtMs;
  const decided = database
    .statement("SELECT 1 FROM approvals WHERE job_id = ? AND taken_at IS NULL AND state <> 'pending'")
    .get(job.id);
  return decided === undefined ? settlement.dueAtMs : nowMs;
}

function requeue(
  database: Database,
  id: number,
  { nowMs, modelIsOn }: { readonly nowMs: number; readonly modelIsOn: boolean },
): boolean {
  const changed = database
    .statement(
      `UPDATE jobs SET state = 'queued', attempts = 0, due_at = ?, ended_at = NULL, error = NULL
       WHERE id = ? AND state IN ('failed', 'dead', 'parked') AND (kind <> 'agent' OR ?)`,
    )
    .run(nowMs, id, modelIsOn ? 1 : 0);
  if (changed === 0) return false;
  beginAgain(database, id, nowMs);
  appendJournal(database, requeuedLine(id), nowMs);
  return true;
}

function requeuedLine(id: number): JournalDraft {
  return { kind: 'requeue', ref: formatId('j', id), text: 'job was put back into the queue by hand' };
}

function requeueRefused(job: Job | undefined, id: number): KairosError {
  if (job === undefined) return new KairosError('NOT_FOUND', `there is no job ${formatId('j', id)}`);
  const because = job.kind === 'agent' && job.state === 'parked' ? 'it is waiting for a model' : `it is ${job.state}`;
  return new KairosError('STATE_CONFLICT', `job ${formatId('j', id)} can't be requeued: ${because}`);
}

/** Jobs that succeeded, which may be millions, are not counted. */
function counts(database: Database): Partial<Record<JobState, number>> {
  const count = database.statement('SELECT count(*) AS count FROM jobs WHERE state = ?');
  const rows = UNFINISHED.map((state) => [state, count.get<{ count: number }>(state)?.count ?? 0] as const);
  return Object.fromEntries(rows.filter(([, number]) => number > 0));
}
