import type { Item } from '../core/agent.ts';
import { KairosError } from '../core/errors.ts';
import type { Effect } from '../core/job.ts';
import { reached } from '../core/ports.ts';
import { insertApproval, type Approval, type ApprovalDraft } from './approvals.ts';
import type { Database } from './database.ts';
import { applyEffects, type EffectContext } from './effects.ts';
import { findRun, writeRun, type RunRow } from './run-rows.ts';
import { appendItems, endSession, findSession, itemsOf } from './sessions.ts';
import type { Writer } from './writer.ts';

/** What a conversation has come near to, for the gate. It never becomes less. */
export interface SessionFacts {
  readonly tainted: boolean;
  readonly hasReadSecrets: boolean;
  readonly hasSent: boolean;
}

/** A call that was asked for and has no result yet. */
export interface OpenCall {
  /** It was begun by a process that is gone. */
  readonly begun: boolean;
  /** What was asked about it and not taken up yet. */
  readonly approval: Approval | undefined;
}

/** A run as it stands. `Progress` is the agent's own; the ledger keeps it as JSON. */
export interface StoredRun<Progress> {
  readonly sessionId: number;
  readonly again: number;
  readonly items: Item[];
  readonly facts: SessionFacts;
  readonly progress: Progress;
  readonly open: ReadonlyMap<string, OpenCall>;
}

export interface RunBeginning<Progress> {
  readonly jobId: number;
  /** Conversations of one key follow each other. */
  readonly key: string;
  readonly origin: string;
  /** The folder of the transcript, relative to the home. */
  readonly folder: string;
  /** Goes on with the last conversation of the key if it is younger and smaller than this. undefined: begins one of its own. */
  readonly continues: { readonly idleMs: number; readonly tokensMax: number } | undefined;
  readonly tainted: boolean;
  /** Come before the items where a conversation begins, and are left out where one goes on. */
  readonly opening?: readonly Item[] | undefined;
  readonly items: readonly Item[];
  readonly progress: Progress;
}

/** One step of a run: recorded whole or not at all. */
export interface RunStep<Progress, Charge> {
  readonly jobId: number;
  readonly sessionId: number;
  /** Items the run knows of: another writer in its conversation is a defect, and is refused. */
  readonly afterSeq: number;
  readonly items: readonly Item[];
  readonly progress: Progress;
  readonly ended: boolean;
  readonly facts: SessionFacts;
  readonly contextTokens?: number | undefined;
  readonly charge?: Charge | undefined;
  readonly begun?: { readonly callId: string; readonly tool: string; readonly hash: string } | undefined;
  /** The run has learned what was decided about this call. */
  readonly taken?: string | undefined;
  readonly approval?: ApprovalDraft | undefined;
  readonly effects?: readonly Effect[] | undefined;
}

export interface RunStore<Progress, Charge> {
  /** The run of a job, if it has begun. */
  find(jobId: number): StoredRun<Progress> | undefined;
  /** Begins the run of a job. Once: a second time it is the run that was begun. */
  begin(beginning: RunBeginning<Progress>, nowMs: number): Promise<StoredRun<Progress>>;
  /** @returns the number of the approval, if one was asked for. @throws {KairosError} when an effect is refused: then nothing was recorded. */
  record(step: RunStep<Progress, Charge>, nowMs: number): Promise<number | undefined>;
}

export interface RunStoreOptions<Charge> {
  readonly context: (nowMs: number) => EffectContext;
  /** Writes down what a request cost, in the step's transaction. */
  readonly charge: (target: Database, charge: Charge, nowMs: number) => void;
}

export function openRunStore<Progress, Charge extends { readonly microUsd: number }>(
  database: Database,
  writer: Writer,
  options: RunStoreOptions<Charge>,
): RunStore<Progress, Charge> {
  const load = (row: RunRow, sessionId: number): StoredRun<Progress> => ({
    sessionId,
    again: row.again,
    items: itemsOf(database, sessionId),
    facts: factsOf(database, sessionId),
    progress: JSON.parse(row.progress) as Progress,
    open: openCalls(database, sessionId),
  });
  const find = (jobId: number): StoredRun<Progress> | undefined => {
    const row = findRun(database, jobId);
    return row === undefined || row.sessionId === null ? undefined : load(row, row.sessionId);
  };
  return {
    find,
    async begin(beginning, nowMs) {
      await writer.write((target) => begin(target, beginning, nowMs));
      return find(beginning.jobId) as StoredRun<Progress>;
    },
    record: (step, nowMs) => {
      const bytes = step.items.reduce((sum, item) => sum + item.text.length + 256, 512);
      return writer.write((target) => record(target, step, nowMs, options), { bytes });
    },
  };
}

function begin(database: Database, beginning: RunBeginning<unknown>, nowMs: number): void {
  const { jobId } = beginning;
  const known = findRun(database, jobId);
  if (known !== undefined && known.sessionId !== null) return;
  const before = continued(database, beginning, nowMs);
  const sessionId = before ?? insertSession(database, beginning, nowMs);
  if (beginning.tainted) database.statement('UPDATE sessions SET tainted = 1 WHERE id = ?').run(sessionId);
  const opening = before === undefined ? (beginning.opening ?? []) : [];
  appendItems(database, sessionId, [...opening, ...beginning.items], nowMs);
  const progress = JSON.stringify(beginning.progress);
  writeRun(database, { jobId, sessionId, again: known?.again ?? 0, ended: 0, progress });
}

interface OpenSession {
  readonly id: number;
  readonly lastAtMs: number;
  readonly tokens: number;
  readonly busy: number;
}

/**
 * The conversation this one goes on in: the newest of its key, while it is open, fresh and small, and neither laid aside
 * nor broken off on a call. One that is not any of these has come to its end.
 */
function continued(database: Database, { key, continues }: RunBeginning<unknown>, nowMs: number): number | undefined {
  if (continues === undefined) return undefined;
  const last = database
    .statement(
      `SELECT id, last_at AS lastAtMs, context_tokens AS tokens,
              EXISTS (SELECT 1 FROM agent_runs WHERE session_id = sessions.id AND ended = 0) AS busy
       FROM sessions WHERE key = ? AND chat = 1 AND ended_at IS NULL ORDER BY id DESC LIMIT 1`,
    )
    .get<OpenSession>(key);
  // Its own run may still come back to it: the periodic look ends it afterwards.
  if (last === undefined || last.busy === 1) return undefined;
  // From the future is from before somebody set the clock back: how old it is, nobody knows.
  const ageMs = Math.abs(nowMs - last.lastAtMs);
  if (ageMs < continues.idleMs && last.tokens < continues.tokensMax) return last.id;
  endSession(database, last.id, nowMs);
  return undefined;
}

function insertSession(database: Database, beginning: RunBeginning<unknown>, nowMs: number): number {
  const { key, origin, folder, continues, tainted } = beginning;
  const id = (database.statement('SELECT max(id) AS id FROM sessions').get<{ id: number | null }>()?.id ?? 0) + 1;
  database
    .statement(
      `INSERT INTO sessions (id, key, origin, path, chat, started_at, last_at, tainted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(id, key, origin, `${folder}/s${id}.jsonl`, continues === undefined ? 0 : 1, nowMs, nowMs, Number(tainted));
  appendItems(database, id, [{ atMs: nowMs, kind: 'meta', text: 'started', trust: 'agent' }], nowMs);
  return id;
}

/** Everything that may be refused first, the events of its effects last. */
function record<Charge extends { readonly microUsd: number }>(
  database: Database,
  step: RunStep<unknown, Charge>,
  nowMs: number,
  { context, charge }: RunStoreOptions<Charge>,
): number | undefined {
  const { jobId, sessionId, facts } = step;
  expectSeq(database, step);
  if (step.charge !== undefined) charge(database, step.charge, nowMs);
  recordCalls(database, step, nowMs);
  if (step.items.length > 0) appendItems(database, sessionId, step.items, nowMs);
  reached('agent.recording');
  database
    .statement(
      `UPDATE sessions SET tainted = max(tainted, ?), has_read_secrets = max(has_read_secrets, ?),
         has_sent = max(has_sent, ?), context_tokens = coalesce(?, context_tokens), spent_micro_usd = spent_micro_usd + ?
       WHERE id = ?`,
    )
    .run(
      Number(facts.tainted),
      Number(facts.hasReadSecrets),
      Number(facts.hasSent),
      step.contextTokens ?? null,
      step.charge?.microUsd ?? 0,
      sessionId,
    );
  database
    .statement('UPDATE agent_runs SET ended = ?, progress = ? WHERE job_id = ?')
    .run(Number(step.ended), JSON.stringify(step.progress), jobId);
  if (step.ended) endOwnSession(database, sessionId, nowMs);
  const asked = step.approval && insertApproval(database, step.approval, { jobId, sessionId, nowMs });
  const question = asked === undefined ? [] : [askingEffect(step.approval as ApprovalDraft, asked)];
  applyEffects(database, [...question, ...(step.effects ?? [])], context(nowMs));
  return asked;
}

function askingEffect(draft: ApprovalDraft, id: number): Effect {
  return { kind: 'message', message: { ...draft.message(id), approvalId: id } };
}

function expectSeq(database: Database, { sessionId, afterSeq }: RunStep<unknown, unknown>): void {
  const seq = database
    .statement('SELECT last_seq AS seq FROM sessions WHERE id = ? AND ended_at IS NULL')
    .get<{ seq: number }>(sessionId)?.seq;
  if (seq === afterSeq) return;
  throw new KairosError(
    'INTERNAL',
    `session ${sessionId} was expected to be open with ${afterSeq} items, got ${seq ?? 'an ended one'}`,
  );
}

function recordCalls(database: Database, step: RunStep<unknown, unknown>, nowMs: number): void {
  const { jobId, sessionId, begun, taken, items } = step;
  if (begun !== undefined) {
    // The primary key is what makes a second beginning impossible.
    database
      .statement('INSERT INTO calls (session_id, call_id, job_id, tool, hash, begun_at) VALUES (?, ?, ?, ?, ?, ?)')
      .run(sessionId, begun.callId, jobId, begun.tool, begun.hash, nowMs);
  }
  if (taken !== undefined) {
    database
      .statement('UPDATE approvals SET taken_at = ? WHERE session_id = ? AND call_id = ?')
      .run(nowMs, sessionId, taken);
  }
  for (const { kind, callId } of items) {
    if (kind === 'tool_result' && callId !== undefined) endCall(database, sessionId, callId, nowMs);
  }
}

/** A call with a result is done with, and so is what was asked about it: an answer would come too late. */
function endCall(database: Database, sessionId: number, callId: string, nowMs: number): void {
  database
    .statement('UPDATE calls SET ended_at = ? WHERE session_id = ? AND call_id = ? AND ended_at IS NULL')
    .run(nowMs, sessionId, callId);
  database
    .statement(
      `UPDATE approvals SET taken_at = ?1, decided_at = coalesce(decided_at, ?1),
         state = CASE state WHEN 'pending' THEN 'expired' ELSE state END
       WHERE session_id = ?2 AND call_id = ?3 AND taken_at IS NULL`,
    )
    .run(nowMs, sessionId, callId);
}

/** A conversation of one job ends with it; one with the owner waits for what they say next. */
function endOwnSession(database: Database, sessionId: number, nowMs: number): void {
  const own = database.statement('SELECT 1 FROM sessions WHERE id = ? AND chat = 0').get(sessionId);
  if (own !== undefined) endSession(database, sessionId, nowMs);
}

function factsOf(database: Database, sessionId: number): SessionFacts {
  const row = database
    .statement('SELECT has_read_secrets AS secrets, has_sent AS sent FROM sessions WHERE id = ?')
    .get<{ secrets: number; sent: number }>(sessionId);
  const tainted = findSession(database, sessionId)?.tainted ?? true;
  return { tainted, hasReadSecrets: row?.secrets === 1, hasSent: row?.sent === 1 };
}

function openCalls(database: Database, sessionId: number): Map<string, OpenCall> {
  const begun = database
    .statement('SELECT call_id AS id FROM calls WHERE session_id = ? AND ended_at IS NULL')
    .all<{ id: string }>(sessionId);
  const asked = database
    .statement(
      `SELECT id, kind, state, job_id AS jobId, session_id AS sessionId, call_id AS callId, tool, shown, hash, risk, reason,
              asked_at AS askedAtMs, expires_at AS expiresAtMs, decided_at AS decidedAtMs, decided_by AS decidedBy, answer
       FROM approvals WHERE session_id = ? AND taken_at IS NULL`,
    )
    .all<Approval>(sessionId);
  const open = new Map<string, OpenCall>(begun.map(({ id }) => [id, { begun: true, approval: undefined }]));
  for (const approval of asked) {
    open.set(approval.callId, { begun: open.has(approval.callId), approval });
  }
  return open;
}
