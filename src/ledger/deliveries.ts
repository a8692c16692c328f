import { formatId } from '../core/units.ts';
import type { MessageKind } from '../core/message.ts';
import type { Database } from './database.ts';
import { abandonEdit, earlierReceipts, editInto } from './edits.ts';
import { appendJournal } from './journal-rows.ts';
import type { MessageParts } from './message-parts.ts';
import { headline } from './message-rows.ts';
import type { Writer } from './writer.ts';

/** A delivery that is still to be made. */
export interface OpenDelivery {
  readonly messageId: number;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  readonly topic: string;
  readonly attempts: number;
  readonly nextAtMs: number;
  readonly releasedAtMs: number;
  /** It is written into an earlier message of its topic. */
  readonly isEdit: boolean;
  readonly error: string | null;
}

/** What goes to a channel: the same for every attempt but for `attempt`. */
export interface Attempt {
  readonly id: number;
  readonly idempotencyKey: string;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  readonly topic: string;
  readonly text: string;
  readonly count: number;
  readonly replyTo: number | null;
  readonly queuedAtMs: number;
  readonly attempt: number;
  /** An attempt that ended without an answer may have brought it. */
  readonly maybeReceived: boolean;
  /** What the channel called the messages of its topic of the last 24 hours, oldest first; at most 200. */
  readonly earlier: readonly string[];
  /** The message to change instead, and what it is made of then. */
  readonly edit: { readonly receipt: string; readonly parts: MessageParts } | null;
  /** Where on this channel it belongs, in the channel's own words; null: where the channel leads. */
  readonly place: string | null;
  /** The approval it asks for. */
  readonly approvalId: number | null;
}

/** A delivered message that still shows its buttons. */
export interface Asking {
  readonly messageId: number;
  readonly approvalId: number;
  readonly receipt: string;
  /** As it was delivered. */
  readonly text: string;
}

/** How an attempt ended. `maybeReceived`: it failed, but the receiver may have it (no answer came). */
export interface AttemptEnd {
  readonly messageId: number;
  readonly channel: string;
  readonly nowMs: number;
  readonly result:
    /** `receipt`: what the channel calls it; `note`: what people should know of the way it went. */
    | { readonly kind: 'sent'; readonly receipt: string | null; readonly note: string | null }
    | { readonly kind: 'again'; readonly nextAtMs: number; readonly error: string; readonly maybeReceived: boolean }
    | { readonly kind: 'failed'; readonly error: string; readonly maybeReceived?: boolean | undefined };
}

/** The way of released messages to their channels. */
export interface Deliveries {
  /** Those due soonest, replies first; the older ones of a topic before the younger. */
  openDeliveries(channel: string, limit: number): OpenDelivery[];
  countOpen(channel: string): number;
  /** Proactive messages the channel's receiver may have got since then. */
  recentDeliveries(channel: string, sinceMs: number): { messageId: number; urgent: boolean; atMs: number }[];
  /**
   * Once at start: attempts cut short by the end of the last process are to be made again, deliveries of channels that
   * are no longer configured are dropped, and messages left without a channel get those there are.
   */
  recover(channels: readonly string[], nowMs: number): Promise<void>;
  /** Writes the attempt before it is made. @returns undefined when the delivery is no longer open. */
  beginAttempt(messageId: number, channel: string, nowMs: number): Promise<Attempt | undefined>;
  endAttempt(end: AttemptEnd): Promise<void>;
  /** Messages with buttons on a channel, oldest first. */
  asking(channel: string, limit: number): Asking[];
  /** It shows the outcome now, or never will. */
  asked(messageId: number, channel: string): Promise<void>;
  /** After somebody set the clock: what counts against the windows since `sinceMs` moves along. */
  shiftWindows(byMs: number, sinceMs: number): Promise<void>;
}

const OPEN = "state IN ('pending', 'sending')";

export function openDeliveries(database: Database, writer: Writer): Deliveries {
  return {
    openDeliveries: (channel, limit) => openOf(database, channel, limit),
    countOpen: (channel) =>
      database
        .statement(`SELECT count(*) AS n FROM deliveries WHERE channel = ? AND ${OPEN}`)
        .get<{ n: number }>(channel)?.n ?? 0,
    recentDeliveries: (channel, sinceMs) =>
      database
        .statement(
          `SELECT d.message_id AS id, m.urgent, d.window_at FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
           WHERE d.channel = ? AND d.window_at >= ? AND m.kind = 'proactive'`,
        )
        .all<{ id: number; urgent: number; window_at: number }>(channel, sinceMs)
        .map((row) => ({ messageId: row.id, urgent: row.urgent === 1, atMs: row.window_at })),
    recover: (channels, nowMs) => writer.write((target) => recover(target, channels, nowMs)),
    beginAttempt: (messageId, channel, nowMs) =>
      writer.write((target) => beginAttempt(target, messageId, channel, nowMs)),
    endAttempt: (end) => writer.write((target) => endAttempt(target, end)),
    asking: (channel, limit) => askingOn(database, channel, limit),
    asked: (messageId, channel) =>
      writer.write((target) => {
        target
          .statement('UPDATE deliveries SET asks = NULL WHERE message_id = ? AND channel = ?')
          .run(messageId, channel);
      }),
    shiftWindows: (byMs, sinceMs) => writer.write((target) => shiftWindows(target, byMs, sinceMs)),
  };
}

interface OpenRow {
  readonly message_id: number;
  readonly kind: MessageKind;
  readonly urgent: number;
  readonly topic: string;
  readonly attempts: number;
  readonly next_at: number;
  readonly released_at: number;
  readonly edits: number | null;
  readonly error: string | null;
}

/** A resolution must not overtake its alert: while an older message of a topic is open, a younger one is not offered. */
function openOf(database: Database, channel: string, limit: number): OpenDelivery[] {
  return database
    .statement(
      `SELECT d.message_id, m.kind, m.urgent, m.topic, d.attempts, d.next_at, m.released_at, d.edits, d.error
       FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
       WHERE d.channel = ?1 AND d.state IN ('pending', 'sending') AND (m.topic = '' OR m.kind = 'reactive' OR d.message_id IN (
         SELECT min(o.message_id) FROM deliveries AS o JOIN messages AS older ON older.id = o.message_id
         WHERE o.channel = ?1 AND o.state IN ('pending', 'sending') AND older.kind = 'proactive' GROUP BY older.topic))
       ORDER BY m.kind = 'reactive' DESC, d.next_at, d.message_id LIMIT ?2`,
    )
    .all<OpenRow>(channel, limit)
    .map((row) => ({
      messageId: row.message_id,
      kind: row.kind,
      urgent: row.urgent === 1,
      topic: row.topic,
      attempts: row.attempts,
      nextAtMs: row.next_at,
      releasedAtMs: row.released_at,
      isEdit: row.edits !== null,
      error: row.error,
    }));
}

const CUT_SHORT = 'the daemon ended during the attempt';
const REMOVED = 'the channel was removed from the configuration';
/** A message that was let go and then lost all its channels waits this long for another. */
const HOMELESS_MS = 86_400_000;

function recover(database: Database, channels: readonly string[], nowMs: number): void {
  database
    .statement(
      `UPDATE deliveries SET state = 'pending', next_at = ?1, window_at = CASE WHEN edits IS NULL THEN ?1 END, error = ?2
       WHERE state = 'sending'`,
    )
    .run(nowMs, CUT_SHORT);
  database
    .statement(
      `UPDATE deliveries SET state = 'dropped', ended_at = ?, error = ?
       WHERE ${OPEN} AND channel NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(nowMs, REMOVED, JSON.stringify(channels));
  const homeless = database
    .statement(
      `SELECT id, released_at FROM messages WHERE state = 'queued' AND released_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE message_id = messages.id AND ${OPEN})`,
    )
    .all<{ id: number; released_at: number }>();
  const open = database.statement(
    `INSERT INTO deliveries (message_id, channel, state, next_at) VALUES (?, ?, 'pending', ?)
     ON CONFLICT (message_id, channel) DO UPDATE SET state = 'pending', next_at = excluded.next_at, ended_at = NULL
     WHERE state = 'dropped'`,
  );
  for (const { id, released_at: releasedAt } of homeless) {
    const opened = channels.reduce((sum, channel) => sum + open.run(id, channel, nowMs), 0);
    if (opened === 0 && releasedAt < nowMs - HOMELESS_MS) failMessage(database, id, REMOVED, nowMs);
  }
}

function beginAttempt(database: Database, messageId: number, channel: string, nowMs: number): Attempt | undefined {
  const begun = database
    .statement(
      `UPDATE deliveries SET state = 'sending', attempts = attempts + 1, attempted_at = ?
       WHERE message_id = ? AND channel = ? AND ${OPEN} RETURNING attempts, window_at, edits`,
    )
    .get<{ attempts: number; window_at: number | null; edits: number | null }>(nowMs, messageId, channel);
  if (begun === undefined) return undefined;
  const { edits: base } = begun;
  const edit = base === null ? undefined : editInto(database, { base, channel, alert: messageId });
  if (base !== null && edit === undefined) {
    abandonEdit(database, { messageId, channel, base }, { nowMs, error: 'it is gone' });
    return undefined;
  }
  const message = database
    .statement(
      `SELECT id, idempotency_key AS idempotencyKey, kind, urgent, topic, rendered AS text, count, reply_to AS replyTo,
              queued_at AS queuedAtMs, iif(channel = ?2, place, NULL) AS place, approval_id AS approvalId
       FROM messages WHERE id = ?1`,
    )
    .get<MessageOfAttempt>(messageId, channel);
  return (
    message && {
      ...message,
      urgent: message.urgent === 1,
      attempt: begun.attempts,
      maybeReceived: begun.window_at !== null,
      earlier: earlierReceipts(database, { id: messageId, topic: message.topic, channel }, nowMs),
      edit: edit ?? null,
    }
  );
}

type MessageOfAttempt = Pick<
  Attempt,
  'id' | 'idempotencyKey' | 'kind' | 'topic' | 'text' | 'count' | 'replyTo' | 'queuedAtMs' | 'place' | 'approvalId'
> & { readonly urgent: number };

function endAttempt(database: Database, { messageId, channel, nowMs, result }: AttemptEnd): void {
  const row = database
    .statement("SELECT edits FROM deliveries WHERE message_id = ? AND channel = ? AND state = 'sending'")
    .get<{ edits: number | null }>(messageId, channel);
  if (row === undefined) return;
  const base = row.edits;
  const end = (assignments: string, ...values: (string | number | null)[]): void => {
    database
      .statement(`UPDATE deliveries SET ${assignments} WHERE message_id = ? AND channel = ?`)
      .run(...values, messageId, channel);
  };
  // A change makes no sound: it takes no place in the channel's windows.
  const received = (): void => {
    if (base === null) end('window_at = ?', nowMs);
  };
  switch (result.kind) {
    case 'sent':
      end(
        "state = 'sent', ended_at = ?, receipt = ?, error = ?",
        nowMs,
        base === null ? result.receipt : null,
        result.note,
      );
      received();
      if (base === null && result.receipt !== null) markAsking(database, messageId, channel);
      markSent(database, messageId, base === null ? channel : `${channel}, added to ${formatId('m', base)}`, nowMs);
      return;
    case 'again':
      end("state = 'pending', next_at = ?, error = ?", result.nextAtMs, result.error);
      if (result.maybeReceived) received();
      // One that was only cut short by a stop goes on at once, at the next start.
      if (result.nextAtMs > nowMs) callBack(database, messageId, nowMs);
      return;
    case 'failed':
      if (base !== null) {
        abandonEdit(database, { messageId, channel, base }, { nowMs, error: result.error });
        return;
      }
      end("state = 'failed', ended_at = ?, error = ?", nowMs, result.error);
      if (result.maybeReceived === true) received();
      callBack(database, messageId, nowMs);
      failWhenNobodyHasIt(database, messageId, `${channel}: ${result.error}`, nowMs);
      return;
  }
}

/** The channels that stood aside for one that has failed get the message now. */
function callBack(database: Database, id: number, nowMs: number): void {
  database
    .statement(
      `UPDATE deliveries SET state = 'pending', next_at = ?, ended_at = NULL, error = NULL
       WHERE message_id = ? AND state = 'dropped' AND error <> ?`,
    )
    .run(nowMs, id, REMOVED);
}

function markAsking(database: Database, id: number, channel: string): void {
  database
    .statement(
      `UPDATE deliveries SET asks = (SELECT approval_id FROM messages WHERE id = ?1) WHERE message_id = ?1 AND channel = ?2`,
    )
    .run(id, channel);
}

function askingOn(database: Database, channel: string, limit: number): Asking[] {
  return database
    .statement(
      `SELECT d.message_id AS messageId, d.asks AS approvalId, d.receipt, m.rendered AS text
       FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
       WHERE d.channel = ? AND d.asks IS NOT NULL ORDER BY d.message_id LIMIT ?`,
    )
    .all<Asking>(channel, limit);
}

/** Sent is when the first channel has it; that the others have it too is a line of its own, as it may be hours later. */
function markSent(database: Database, id: number, channel: string, nowMs: number): void {
  const first = database
    .statement("UPDATE messages SET state = 'sent', sent_at = ? WHERE id = ? AND state = 'queued'")
    .run(nowMs, id);
  const kind = first === 1 ? 'sent' : 'also-sent';
  appendJournal(database, { kind, ref: formatId('m', id), text: `${headline(database, id)} (${channel})` }, nowMs);
}

function failWhenNobodyHasIt(database: Database, id: number, reason: string, nowMs: number): void {
  const hope = database
    .statement(`SELECT 1 FROM deliveries WHERE message_id = ? AND state IN ('pending', 'sending', 'sent')`)
    .get(id);
  if (hope === undefined) failMessage(database, id, reason, nowMs);
}

function failMessage(database: Database, id: number, reason: string, nowMs: number): void {
  const failed = database
    .statement("UPDATE messages SET state = 'failed', reason = ? WHERE id = ? AND state = 'queued'")
    .run(reason, id);
  if (failed === 1) {
    appendJournal(
      database,
      { kind: 'failed', ref: formatId('m', id), text: `${headline(database, id)}: ${reason}` },
      nowMs,
    );
  }
}

function shiftWindows(database: Database, byMs: number, sinceMs: number): void {
  database.statement('UPDATE messages SET window_at = window_at + ? WHERE window_at >= ?').run(byMs, sinceMs);
  database.statement('UPDATE deliveries SET window_at = window_at + ? WHERE window_at >= ?').run(byMs, sinceMs);
  database.statement(`UPDATE deliveries SET next_at = next_at + ? WHERE ${OPEN}`).run(byMs);
}
