import { KairosError } from '../core/errors.ts';
import type { MessageDraft } from '../core/message.ts';
import { reached } from '../core/ports.ts';
import { formatId } from '../core/units.ts';
import type { Database } from './database.ts';
import type { Page } from './events.ts';
import { appendJournal } from './journal-rows.ts';
import type { Writer } from './writer.ts';

export type ApprovalState = 'pending' | 'allowed' | 'denied' | 'expired';

/** A question only the owner may answer: may this call be made, or what the agent asks. Times are Unix milliseconds. */
export interface Approval {
  readonly id: number;
  readonly kind: 'call' | 'question';
  readonly state: ApprovalState;
  readonly jobId: number;
  readonly sessionId: number;
  readonly callId: string;
  readonly tool: string;
  /** Exactly what the owner is shown. */
  readonly shown: string;
  /** SHA-256 of the call: an answer holds for this one only. */
  readonly hash: string;
  readonly risk: string;
  readonly reason: string;
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
  readonly decidedAtMs: number | null;
  readonly decidedBy: string | null;
  readonly answer: string | null;
}

export interface ApprovalDraft {
  readonly kind: 'call' | 'question';
  readonly callId: string;
  readonly tool: string;
  readonly shown: string;
  readonly hash: string;
  readonly risk: string;
  readonly reason: string;
  readonly expiresAtMs: number;
  /** The message that asks; it is given the number of the approval. */
  readonly message: (id: number) => MessageDraft;
}

export interface Decision {
  /** Where it was decided: `cli`, `telegram`. */
  readonly by: string;
  /** The words of the owner, for a question. At most 4 000 characters are kept. */
  readonly answer?: string | undefined;
}

/** Approvals: asked within a run's record, decided once, by a person, or by the time, which says no. */
export interface Approvals {
  list(page: Page & { readonly state?: ApprovalState | undefined }): Approval[];
  find(id: number): Approval | undefined;
  pendingCount(): number;
  /**
   * Decides one that is pending and not expired, and makes its job due.
   *
   * @throws {KairosError} `NOT_FOUND`; `STATE_CONFLICT` when it was decided already, or is too old.
   */
  decide(id: number, verdict: 'allowed' | 'denied', decision: Decision, nowMs: number): Promise<Approval>;
  /** Says no to those whose time is over, and makes their jobs due. @returns how many. */
  expire(nowMs: number): Promise<number>;
}

const COLUMNS = `id, kind, state, job_id AS jobId, session_id AS sessionId, call_id AS callId, tool, shown, hash, risk, reason,
  asked_at AS askedAtMs, expires_at AS expiresAtMs, decided_at AS decidedAtMs, decided_by AS decidedBy, answer`;

const ANSWER_CHARS_MAX = 4_000;
const EXPIRE_MAX = 100;

export function openApprovals(database: Database, writer: Writer): Approvals {
  const find = (id: number): Approval | undefined =>
    database.statement(`SELECT ${COLUMNS} FROM approvals WHERE id = ?`).get<Approval>(id);
  return {
    find,
    list: ({ limit, after, sinceMs, state }) => {
      const page = [after ?? Number.MAX_SAFE_INTEGER, limit] as const;
      const select = `SELECT ${COLUMNS} FROM approvals WHERE`;
      const rows =
        state === undefined
          ? database.statement(`${select} id < ? ORDER BY id DESC LIMIT ?`).all<Approval>(...page)
          : database.statement(`${select} state = ? AND id < ? ORDER BY id DESC LIMIT ?`).all<Approval>(state, ...page);
      return rows.filter((row) => row.askedAtMs >= (sinceMs ?? 0));
    },
    pendingCount: () =>
      database.statement("SELECT count(*) AS n FROM approvals WHERE state = 'pending'").get<{ n: number }>()?.n ?? 0,
    async decide(id, verdict, decision, nowMs) {
      await writer.write((target) => decide(target, id, { verdict, decision, nowMs }));
      reached('approval.decided');
      return find(id) as Approval;
    },
    // Looked at every minute: what finds nothing writes nothing.
    expire: async (nowMs) => (isAnyOver(database, nowMs) ? writer.write((target) => expire(target, nowMs)) : 0),
  };
}

/** Inside a transaction. @returns its number. */
export function insertApproval(
  database: Database,
  draft: ApprovalDraft,
  { jobId, sessionId, nowMs }: { readonly jobId: number; readonly sessionId: number; readonly nowMs: number },
): number {
  const id = (database.statement('SELECT max(id) AS id FROM approvals').get<{ id: number | null }>()?.id ?? 0) + 1;
  const { kind, callId, tool, shown, hash, risk, reason, expiresAtMs } = draft;
  database
    .statement(
      `INSERT INTO approvals (id, kind, state, job_id, session_id, call_id, tool, shown, hash, risk, reason, asked_at, expires_at)
       VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(id, kind, jobId, sessionId, callId, tool, shown, hash, risk, reason, nowMs, expiresAtMs);
  const text = kind === 'call' ? `asks to call ${tool}: ${shown}` : `asks: ${shown}`;
  appendJournal(database, { kind: 'approval', ref: formatId('a', id), text: `${formatId('j', jobId)} ${text}` }, nowMs);
  return id;
}

/** Inside a transaction: what its job asked and nobody answered is moot. */
export function withdrawApprovals(database: Database, jobId: number, nowMs: number): void {
  database
    .statement(
      `UPDATE approvals SET state = CASE state WHEN 'pending' THEN 'expired' ELSE state END, taken_at = ?1,
         decided_at = coalesce(decided_at, ?1) WHERE job_id = ?2 AND taken_at IS NULL`,
    )
    .run(nowMs, jobId);
}

function decide(
  database: Database,
  id: number,
  given: { readonly verdict: 'allowed' | 'denied'; readonly decision: Decision; readonly nowMs: number },
): void {
  const { verdict, decision, nowMs } = given;
  const row = database.statement(`SELECT ${COLUMNS} FROM approvals WHERE id = ?`).get<Approval>(id);
  if (row === undefined) throw new KairosError('NOT_FOUND', `there is no approval ${formatId('a', id)}`);
  if (row.state !== 'pending' || nowMs >= row.expiresAtMs) throw notOpen(row);
  // Cut afterwards: half a secret would not be found.
  const said = decision.answer === undefined ? undefined : database.redact(decision.answer);
  const answer = said?.slice(0, ANSWER_CHARS_MAX).toWellFormed() ?? null;
  database
    .statement(
      "UPDATE approvals SET state = ?, decided_at = ?, decided_by = ?, answer = ? WHERE id = ? AND state = 'pending'",
    )
    .run(verdict, nowMs, decision.by, answer, id);
  wakeJob(database, row.jobId, nowMs);
  const what = row.kind === 'call' ? `${row.tool}: ${row.shown}` : row.shown;
  const line = { kind: 'approval', ref: formatId('a', id), text: `${verdict} by ${decision.by}: ${what}` };
  appendJournal(database, line, nowMs);
}

function notOpen(row: Approval): KairosError {
  const state = row.state === 'pending' ? 'expired' : row.state;
  const by = row.decidedBy === null ? '' : ` by ${row.decidedBy}`;
  return new KairosError('STATE_CONFLICT', `approval ${formatId('a', row.id)} can't be decided: it is ${state}${by}`);
}

function isAnyOver(database: Database, nowMs: number): boolean {
  const over = database.statement("SELECT 1 AS one FROM approvals WHERE state = 'pending' AND expires_at <= ? LIMIT 1");
  return over.get(nowMs) !== undefined;
}

function expire(database: Database, nowMs: number): number {
  const over = database
    .statement(
      `SELECT ${COLUMNS} FROM approvals WHERE state = 'pending' AND expires_at <= ? ORDER BY id LIMIT ${EXPIRE_MAX}`,
    )
    .all<Approval>(nowMs);
  for (const row of over) {
    database.statement("UPDATE approvals SET state = 'expired', decided_at = ? WHERE id = ?").run(nowMs, row.id);
    wakeJob(database, row.jobId, nowMs);
    const line = {
      kind: 'approval',
      ref: formatId('a', row.id),
      text: `expired, which is a no: ${row.tool}: ${row.shown}`,
    };
    appendJournal(database, line, nowMs);
  }
  return over.length;
}

/** Its job is laid aside, or about to be: then settling sees the decision (see `dueAfter` in jobs.ts). */
function wakeJob(database: Database, jobId: number, nowMs: number): void {
  database
    .statement("UPDATE jobs SET due_at = ? WHERE id = ? AND state = 'queued' AND due_at > ?")
    .run(nowMs, jobId, nowMs);
}
