import type { Item } from '../core/agent.ts';
import type { Database } from './database.ts';
import type { Page } from './events.ts';
import type { Writer } from './writer.ts';

/** One conversation of the agent. Times are Unix milliseconds. */
export interface Session {
  readonly id: number;
  /** What it belongs to: `say`, `telegram:123`, `job:45`. */
  readonly key: string;
  readonly origin: string;
  readonly startedAtMs: number;
  readonly lastAtMs: number;
  readonly endedAtMs: number | null;
  readonly items: number;
  /** It has read text from outside. */
  readonly tainted: boolean;
  readonly spentMicroUsd: number;
  /** Its transcript, relative to the home. */
  readonly path: string;
}

/** Items that are recorded and not known to be in the transcript, in order. */
export interface Unwritten {
  readonly session: Session;
  readonly afterSeq: number;
  readonly items: readonly Item[];
}

/** Conversations, and their way into the transcripts. */
export interface Sessions {
  find(id: number): Session | undefined;
  list(page: Page): Session[];
  /** The newest items, oldest first. */
  items(id: number, limit: number): Item[];
  /** Of one session, the oldest that has any. */
  unwritten(limit: number): Unwritten | undefined;
  /** Its items up to this one are in the transcript. */
  written(id: number, throughSeq: number): Promise<void>;
  /** Ends conversations nobody has taken up for so long; never one with a run that has not ended. @returns how many. */
  endIdle(nowMs: number, idleMs: number): Promise<number>;
  /** Ends the conversation of a key, as `/new` does; one with a run that has not ended goes on by itself. */
  endConversation(key: string, nowMs: number): Promise<void>;
}

const COLUMNS = `id, key, origin, path, started_at AS startedAtMs, last_at AS lastAtMs, ended_at AS endedAtMs,
  last_seq AS items, tainted, spent_micro_usd AS spentMicroUsd`;

type SessionRow = Omit<Session, 'tainted'> & { readonly tainted: number };

export function openSessions(database: Database, writer: Writer): Sessions {
  return {
    find: (id) => findSession(database, id),
    list: ({ limit, after, sinceMs }) =>
      database
        .statement(`SELECT ${COLUMNS} FROM sessions WHERE id < ? ORDER BY id DESC LIMIT ?`)
        .all<SessionRow>(after ?? Number.MAX_SAFE_INTEGER, limit)
        .filter((row) => row.lastAtMs >= (sinceMs ?? 0))
        .map(toSession),
    items: (id, limit) =>
      database
        .statement('SELECT json FROM items WHERE session_id = ? ORDER BY seq DESC LIMIT ?')
        .all<{ json: string }>(id, limit)
        .map(toItem)
        .toReversed(),
    unwritten: (limit) => unwritten(database, limit),
    written: (id, throughSeq) =>
      writer.write((target) => {
        target
          .statement('UPDATE sessions SET written_seq = ? WHERE id = ? AND written_seq < ?')
          .run(throughSeq, id, throughSeq);
      }),
    // Looked at every minute: what finds nothing writes nothing.
    endIdle: async (nowMs, idleMs) =>
      quietSessions(database, 'last_at < ?', nowMs - idleMs).length === 0
        ? 0
        : writer.write((target) => endIdle(target, nowMs, idleMs)),
    endConversation: (key, nowMs) =>
      writer.write((target) => {
        for (const { id } of quietSessions(target, 'key = ?', key)) endSession(target, id, nowMs);
      }),
  };
}

/** Inside a transaction: items at the end of a session. @returns the number of the last one. */
export function appendItems(database: Database, sessionId: number, items: readonly Item[], nowMs: number): number {
  const from =
    database.statement('SELECT last_seq AS seq FROM sessions WHERE id = ?').get<{ seq: number }>(sessionId)?.seq ?? 0;
  const insert = database.statement('INSERT INTO items (session_id, seq, json) VALUES (?, ?, ?)');
  for (const [index, item] of items.entries()) insert.run(sessionId, from + index + 1, JSON.stringify(item));
  const seq = from + items.length;
  database.statement('UPDATE sessions SET last_seq = ?, last_at = ? WHERE id = ?').run(seq, nowMs, sessionId);
  return seq;
}

/** Inside a transaction: nothing follows in this session; its transcript gets its last line. */
export function endSession(database: Database, id: number, nowMs: number): void {
  const open = database.statement('UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL').run(nowMs, id);
  if (open === 0) return;
  const lastAtMs =
    database.statement('SELECT last_at AS at FROM sessions WHERE id = ?').get<{ at: number }>(id)?.at ?? nowMs;
  appendItems(database, id, [{ atMs: nowMs, kind: 'meta', text: 'ended', trust: 'agent' }], lastAtMs);
}

export function findSession(database: Database, id: number): Session | undefined {
  const row = database.statement(`SELECT ${COLUMNS} FROM sessions WHERE id = ?`).get<SessionRow>(id);
  return row && toSession(row);
}

export function itemsOf(database: Database, sessionId: number): Item[] {
  return database
    .statement('SELECT json FROM items WHERE session_id = ? ORDER BY seq')
    .all<{ json: string }>(sessionId)
    .map(toItem);
}

/**
 * Inside a transaction: removes conversations that ended before then and are in their transcripts, with what belongs to
 * them. The newest row stays: its number names a file.
 */
export function pruneSessions(database: Database, beforeMs: number, limit: number): number {
  const old = database
    .statement(
      `SELECT id FROM (SELECT id, last_at, ended_at, written_seq, last_seq FROM sessions ORDER BY id LIMIT ?)
       WHERE last_at < ? AND ended_at IS NOT NULL AND written_seq = last_seq AND id < (SELECT max(id) FROM sessions)`,
    )
    .all<{ id: number }>(Math.min(limit, PRUNE_MAX), beforeMs);
  for (const { id } of old) {
    for (const table of ['items', 'calls', 'agent_runs', 'approvals'] as const) {
      database.statement(REMOVALS[table]).run(id);
    }
    database.statement('DELETE FROM sessions WHERE id = ?').run(id);
  }
  return old.length;
}

/** A conversation may have thousands of items. */
const PRUNE_MAX = 5;
const REMOVALS = {
  items: 'DELETE FROM items WHERE session_id = ?',
  calls: 'DELETE FROM calls WHERE session_id = ?',
  agent_runs: 'DELETE FROM agent_runs WHERE session_id = ?',
  // The newest one keeps its number from being given out again: an old button must not answer a new question.
  approvals: 'DELETE FROM approvals WHERE session_id = ? AND id < (SELECT max(id) FROM approvals)',
} as const;

function unwritten(database: Database, limit: number): Unwritten | undefined {
  const row = database
    .statement(
      `SELECT ${COLUMNS}, written_seq AS afterSeq FROM sessions WHERE written_seq < last_seq ORDER BY id LIMIT 1`,
    )
    .get<SessionRow & { afterSeq: number }>();
  if (row === undefined) return undefined;
  const { afterSeq } = row;
  const items = database
    .statement('SELECT json FROM items WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?')
    .all<{ json: string }>(row.id, afterSeq, limit)
    .map(toItem);
  return { session: toSession(row), afterSeq, items };
}

function endIdle(database: Database, nowMs: number, idleMs: number): number {
  const idle = quietSessions(database, 'last_at < ?', nowMs - idleMs);
  for (const { id } of idle) endSession(database, id, nowMs);
  return idle.length;
}

/** Open sessions without a run that has not ended, at most a hundred. */
function quietSessions(database: Database, where: 'key = ?' | 'last_at < ?', value: string | number): { id: number }[] {
  return database
    .statement(
      `SELECT id FROM sessions WHERE ended_at IS NULL AND ${where}
         AND NOT EXISTS (SELECT 1 FROM agent_runs JOIN jobs ON jobs.id = agent_runs.job_id
                         WHERE agent_runs.session_id = sessions.id AND agent_runs.ended = 0
                           AND jobs.state IN ('queued', 'running'))
       ORDER BY last_at LIMIT 100`,
    )
    .all<{ id: number }>(value);
}

function toSession({ tainted, ...row }: SessionRow): Session {
  const { id, key, origin, path, startedAtMs, lastAtMs, endedAtMs, items, spentMicroUsd } = row;
  return { id, key, origin, path, startedAtMs, lastAtMs, endedAtMs, items, spentMicroUsd, tainted: tainted === 1 };
}

function toItem({ json }: { readonly json: string }): Item {
  return JSON.parse(json) as Item;
}
