import type { Message, MessageKind, MessageState } from '../core/message.ts';
import type { Database } from './database.ts';
import type { Page } from './events.ts';

/** Who has a message, who is still to get it, and what happened on the way. */
export interface DeliveryRecord {
  readonly messageId: number;
  readonly channel: string;
  /** `dropped`: the channel left the configuration before it had the message, or the owner was active on another one. */
  readonly state: 'pending' | 'sending' | 'sent' | 'failed' | 'dropped';
  readonly attempts: number;
  readonly nextAtMs: number;
  readonly attemptedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly error: string | null;
}

/** Gauges that are cheap to read at any size of the ledger. */
export interface MessageCounts {
  /** Not yet let go to the channels. */
  readonly waiting: number;
  readonly oldestWaitingAtMs: number | null;
  /** Let go, and no channel has it yet. */
  readonly underWay: number;
  /** Deliveries still to be made, by channel. */
  readonly openByChannel: Readonly<Record<string, number>>;
}

interface MessageRow {
  readonly id: number;
  readonly job_id: number | null;
  readonly kind: MessageKind;
  readonly urgent: number;
  readonly topic: string;
  readonly text: string;
  readonly count: number;
  readonly reply_to: number | null;
  readonly state: MessageState;
  readonly queued_at: number;
  readonly expires_at: number;
  readonly released_at: number | null;
  readonly sent_at: number | null;
  readonly into_id: number | null;
  readonly reason: string | null;
  readonly idempotency_key: string;
  readonly attempts: number;
  readonly channel: string | null;
  readonly approval_id: number | null;
}

const HEADLINE_CHARS_MAX = 120;

/** What left is shown as it left; what waits, as it was said. */
const MESSAGE_COLUMNS = `id, job_id, kind, urgent, topic, coalesce(rendered, text) AS text, count, reply_to, state, queued_at,
  expires_at, released_at, sent_at, into_id, reason, idempotency_key, channel, approval_id,
  (SELECT coalesce(sum(attempts), 0) FROM deliveries WHERE message_id = messages.id) AS attempts`;

function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    jobId: row.job_id,
    kind: row.kind,
    urgent: row.urgent === 1,
    topic: row.topic,
    text: row.text,
    count: row.count,
    replyTo: row.reply_to,
    state: row.state,
    queuedAtMs: row.queued_at,
    expiresAtMs: row.expires_at,
    releasedAtMs: row.released_at,
    sentAtMs: row.sent_at,
    intoId: row.into_id,
    reason: row.reason,
    idempotencyKey: row.idempotency_key,
    attempts: row.attempts,
    channel: row.channel,
    approvalId: row.approval_id,
  };
}

export function findMessage(database: Database, id: number): Message | undefined {
  const row = database.statement(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id = ?`).get<MessageRow>(id);
  return row && toMessage(row);
}

/** Newest first; `after` is the last row of the page before. */
export function listMessages(
  database: Database,
  { limit, after, sinceMs, state }: Page & { readonly state?: MessageState | undefined },
): Message[] {
  // Two texts rather than an OR: so the index over the states serves the one that asks for a state.
  const ofState = state === undefined ? '' : 'AND state = ?4';
  const statement = database.statement(
    `SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id < ?1 AND queued_at >= ?2 ${ofState} ORDER BY id DESC LIMIT ?3`,
  );
  const page = [after ?? Number.MAX_SAFE_INTEGER, sinceMs ?? 0, limit];
  return statement.all<MessageRow>(...page, ...(state === undefined ? [] : [state])).map(toMessage);
}

export function deliveriesOf(database: Database, messageId: number): DeliveryRecord[] {
  return database
    .statement(
      `SELECT message_id AS messageId, channel, state, attempts, next_at AS nextAtMs, attempted_at AS attemptedAtMs,
              ended_at AS endedAtMs, error
       FROM deliveries WHERE message_id = ? ORDER BY channel`,
    )
    .all<DeliveryRecord>(messageId);
}

export function countMessages(database: Database): MessageCounts {
  // Answered from the index alone: rows are queued in the order of their numbers.
  const waiting = database
    .statement(
      `SELECT waiting, (SELECT queued_at FROM messages WHERE id = first) AS oldest
       FROM (SELECT count(*) AS waiting, min(id) AS first FROM messages INDEXED BY messages_queue
             WHERE state = 'queued' AND released_at IS NULL)`,
    )
    .get<{ waiting: number; oldest: number | null }>();
  const underWay = database
    .statement("SELECT count(*) AS n FROM messages WHERE state = 'queued' AND released_at IS NOT NULL")
    .get<{ n: number }>();
  const open = database
    .statement("SELECT channel, count(*) AS n FROM deliveries WHERE state IN ('pending', 'sending') GROUP BY channel")
    .all<{ channel: string; n: number }>();
  return {
    waiting: waiting?.waiting ?? 0,
    oldestWaitingAtMs: waiting?.oldest ?? null,
    underWay: underWay?.n ?? 0,
    openByChannel: Object.fromEntries(open.map((row) => [row.channel, row.n])),
  };
}

/**
 * Inside a transaction: removes messages that ended, from before `beforeMs`, with their delivery records. The newest
 * row always stays: SQLite would give its number to the next message, and with it an idempotency key that receivers know.
 * Only the oldest `limit` rows are looked at, however many there are.
 *
 * @returns How many rows went.
 */
export function pruneMessages(database: Database, beforeMs: number, limit: number): number {
  const ids = database
    .statement(
      `SELECT id FROM (SELECT id, state, queued_at, into_id FROM messages ORDER BY id LIMIT ?2) AS old
       WHERE queued_at < ?1 AND state <> 'queued' AND id < (SELECT max(id) FROM messages)
         AND NOT EXISTS (SELECT 1 FROM messages AS carrier WHERE carrier.id = old.into_id AND carrier.state = 'queued')
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE message_id = old.id AND state IN ('pending', 'sending'))`,
    )
    .all<{ id: number }>(beforeMs, limit);
  const dropDeliveries = database.statement('DELETE FROM deliveries WHERE message_id = ?');
  const dropMessage = database.statement('DELETE FROM messages WHERE id = ?');
  for (const { id } of ids) {
    dropDeliveries.run(id);
    dropMessage.run(id);
  }
  database.statement('DELETE FROM mutes WHERE until_at < ?').run(beforeMs);
  return ids.length;
}

/** A line's worth of a message for the daily log. */
export function headline(database: Database, id: number): string {
  const row = database
    .statement('SELECT topic, substr(coalesce(rendered, text), 1, 200) AS text, count FROM messages WHERE id = ?')
    .get<{ topic: string; text: string; count: number }>(id);
  if (row === undefined) return '';
  const line = firstWords(row.text.replaceAll(/\s+/g, ' '));
  const counted = row.count > 1 ? ` (${row.count} as one)` : '';
  return row.topic === '' ? `${line}${counted}` : `[${row.topic}] ${line}${counted}`;
}

/** Cut between words: half a secret would not be recognised as one by the redactor in front of the log. */
function firstWords(text: string): string {
  if (text.length <= HEADLINE_CHARS_MAX) return text;
  return `${text.slice(0, text.lastIndexOf(' ', HEADLINE_CHARS_MAX) + 1)}…`;
}
