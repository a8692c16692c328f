import assert from 'node:assert/strict';
import { KairosError } from '../core/errors.ts';
import { formatId } from '../core/ids.ts';
import type { EventDraft } from '../core/event.ts';
import type { Effect, Happening, Job, JobState, JournalDraft } from '../core/job.ts';
import type { Database } from './database.ts';
import { dueRows, nextDue } from './due-rows.ts';
import type { Page } from './events.ts';
import { JOB_COLUMNS, toJob, type JobRow } from './job-rows.ts';
import { appendJournal } from './journal-rows.ts';
import { enqueueMessage, setMute, withdrawTopic, type MessageContext } from './messages.ts';
import type { Writer } from './writer.ts';

/** How a finished attempt is to be recorded. */
export type Settlement =
  | { readonly state: 'succeeded'; readonly effects: readonly Effect[] }
  | { readonly state: 'parked' | 'failed' | 'dead'; readonly error: string; readonly effects: readonly Effect[] }
  | { readonly state: 'queued'; readonly error: string; readonly dueAtMs: number };

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
  /** Jobs left running by a process that is gone. */
  interrupted(): Job[];
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

/** What settling adds to the effects of an attempt. */
export interface SettleContext extends MessageContext {
  /** Records an event in the transaction that settles. Left out where no effect is one. */
  readonly recordEvent?: ((target: Database, event: EventDraft) => unknown) | undefined;
}

export function openJobs(database: Database, writer: Writer, context: (nowMs: number) => SettleContext): Jobs {
  const find = (id: number): Job | undefined => {
    const row = database.statement(`SELECT ${JOB_COLUMNS} FROM jobs WHERE id = ?`).get<JobRow>(id);
    return row && toJob(row);
  };
  return {
    claim: (limit, nowMs, leaseMs) => writer.write((target) => claim(target, limit, nowMs, leaseMs)),
    settle: (job, settlement, nowMs) => writer.write((target) => settle(target, job, settlement, context(nowMs))),
    interrupted: () =>
      database
        .statement(`SELECT ${JOB_COLUMNS} FROM jobs WHERE state = 'running' ORDER BY id`)
        .all<JobRow>()
        .map(toJob),
    nextDueMs: () => nextDue(database, 'rules'),
    async requeue(id, nowMs) {
      const requeued = await writer.write((target) => requeue(target, id, nowMs));
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

function settle(database: Database, job: Job, settlement: Settlement, context: SettleContext): boolean {
  const ended = settlement.state !== 'queued';
  const changed = database
    .statement(
      `UPDATE jobs SET state = ?, error = ?, due_at = ?, ended_at = ?, lease_until = NULL
       WHERE id = ? AND state = 'running' AND attempts = ?`,
    )
    .run(
      settlement.state,
      settlement.state === 'succeeded' ? null : settlement.error,
      settlement.state === 'queued' ? settlement.dueAtMs : job.dueAtMs,
      ended && settlement.state !== 'parked' ? context.nowMs : null,
      job.id,
      job.attempts,
    );
  if (changed === 0) return false;
  if (settlement.state !== 'queued') for (const effect of settlement.effects) applyEffect(database, effect, context);
  return true;
}

function applyEffect(database: Database, effect: Effect, context: SettleContext): void {
  switch (effect.kind) {
    case 'message':
      enqueueMessage(database, effect.message, context);
      return;
    case 'withdraw':
      withdrawTopic(database, effect.withdrawal, context);
      return;
    case 'journal':
      appendJournal(database, effect.line, context.nowMs);
      return;
    case 'mute':
      setMute(database, effect.topic, effect.untilMs);
      return;
    case 'event':
      assert(context.recordEvent !== undefined, 'events can be recorded here');
      context.recordEvent(database, eventOf(effect.happening, context.nowMs));
      return;
  }
}

/** It leads to no job: whoever runs work learns of its end here, and the owner by the daily log. */
function eventOf({ type, delivery, facts }: Happening, nowMs: number): EventDraft {
  return {
    source: 'kairosd',
    delivery,
    type,
    action: null,
    trust: 'owner',
    receivedAtMs: nowMs,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(facts)),
    jobs: [],
  };
}

function requeue(database: Database, id: number, nowMs: number): boolean {
  const changed = database
    .statement(
      `UPDATE jobs SET state = 'queued', attempts = 0, due_at = ?, ended_at = NULL, error = NULL
       WHERE id = ? AND state IN ('failed', 'dead', 'parked') AND kind <> 'agent'`,
    )
    .run(nowMs, id);
  if (changed > 0) appendJournal(database, requeuedLine(id), nowMs);
  return changed > 0;
}

function requeuedLine(id: number): JournalDraft {
  return { kind: 'requeue', ref: formatId('j', id), text: 'job was put back into the queue by hand' };
}

function requeueRefused(job: Job | undefined, id: number): KairosError {
  if (job === undefined) return new KairosError('NOT_FOUND', `there is no job ${formatId('j', id)}`);
  const because = job.kind === 'agent' ? 'it is waiting for a model' : `it is ${job.state}`;
  return new KairosError('STATE_CONFLICT', `job ${formatId('j', id)} can't be requeued: ${because}`);
}

/** Jobs that succeeded, which may be millions, are not counted. */
function counts(database: Database): Partial<Record<JobState, number>> {
  const count = database.statement('SELECT count(*) AS count FROM jobs WHERE state = ?');
  const rows = UNFINISHED.map((state) => [state, count.get<{ count: number }>(state)?.count ?? 0] as const);
  return Object.fromEntries(rows.filter(([, number]) => number > 0));
}
