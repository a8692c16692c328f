import type { WaitingMessage } from '../budget/plan.ts';
import { formatId } from '../core/ids.ts';
import type { MessageKind } from '../core/message.ts';
import type { Database } from './database.ts';
import { appendJournal } from './journal-rows.ts';
import { headline } from './message-rows.ts';
import type { Writer } from './writer.ts';

/** What a message is made of at the moment it leaves. */
export interface MessageParts {
  readonly id: number;
  /** Happenings it stands for, those that joined it included. */
  readonly count: number;
  /** Newest first, each distinct text once, with the happenings behind it; at most five. */
  readonly texts: readonly { readonly text: string; readonly count: number }[];
}

/** How a message is let go. */
export interface Release {
  readonly nowMs: number;
  readonly channels: readonly string[];
  /** Fixes the text: called once, inside the transaction. */
  readonly render: (parts: MessageParts) => string;
}

/** Messages that have not left yet, and the windows they leave through. */
export interface OutboxRows {
  /**
   * Those that the next decision is about: overdue ones, and of each class the oldest that are not muted. Bounded: with
   * very many waiting the rest is looked at when these have moved on.
   */
  waiting(nowMs: number): WaitingMessage[];
  /** Topic → until when; only mutes that hold. */
  mutes(nowMs: number): Map<string, number>;
  /** Proactive messages let go since then. */
  recentReleases(sinceMs: number): { urgent: boolean; atMs: number }[];
  expire(items: readonly { readonly id: number; readonly reason: string }[], nowMs: number): Promise<void>;
  /** Notes what holds messages back; the first time it is a line of the daily log too. */
  hold(items: readonly { readonly id: number; readonly reason: string }[], nowMs: number): Promise<void>;
  /** Lets a message go: fixes its text and opens a delivery for each channel. @returns false if it no longer waits. */
  release(id: number, release: Release): Promise<boolean>;
}

const WAITING = "state = 'queued' AND released_at IS NULL";
const COLUMNS = 'id, kind, urgent, topic, queued_at, expires_at, reason';
const MUTED = "topic IN (SELECT topic FROM mutes WHERE topic <> '' AND until_at > ?)";
const LIMITS = { overdue: 500, reactive: 100, urgent: 100, normal: 500, muted: 100 };

interface WaitingRow {
  readonly id: number;
  readonly kind: MessageKind;
  readonly urgent: number;
  readonly topic: string;
  readonly queued_at: number;
  readonly expires_at: number;
  readonly reason: string | null;
}

export function openOutboxRows(database: Database, writer: Writer): OutboxRows {
  return {
    waiting: (nowMs) => waiting(database, nowMs),
    mutes: (nowMs) =>
      new Map(
        database
          .statement('SELECT topic, until_at FROM mutes WHERE until_at > ?')
          .all<{ topic: string; until_at: number }>(nowMs)
          .map((row) => [row.topic, row.until_at]),
      ),
    recentReleases: (sinceMs) =>
      database
        .statement("SELECT urgent, window_at FROM messages WHERE window_at >= ? AND kind = 'proactive'")
        .all<{ urgent: number; window_at: number }>(sinceMs)
        .map((row) => ({ urgent: row.urgent === 1, atMs: row.window_at })),
    expire: (items, nowMs) => writer.write((target) => expire(target, items, nowMs)),
    hold: (items, nowMs) => writer.write((target) => hold(target, items, nowMs)),
    release: (id, release) => writer.write((target) => releaseMessage(target, id, release)),
  };
}

function waiting(database: Database, nowMs: number): WaitingMessage[] {
  const select = (where: string, index = 'messages_queue') =>
    database.statement(`SELECT ${COLUMNS} FROM messages INDEXED BY ${index} WHERE ${WAITING} AND ${where} LIMIT ?`);
  const oldest = select(`kind = ? AND urgent = ? AND NOT ${MUTED} ORDER BY id`);
  const rows = [
    ...select('expires_at <= ? ORDER BY expires_at', 'messages_expiry').all<WaitingRow>(nowMs, LIMITS.overdue),
    ...select("kind = 'reactive' ORDER BY id").all<WaitingRow>(LIMITS.reactive),
    ...oldest.all<WaitingRow>('proactive', 1, nowMs, LIMITS.urgent),
    ...oldest.all<WaitingRow>('proactive', 0, nowMs, LIMITS.normal),
    ...select(`kind = 'proactive' AND ${MUTED} ORDER BY id`, 'messages_waiting').all<WaitingRow>(nowMs, LIMITS.muted),
  ];
  return [...new Map(rows.map((row) => [row.id, toWaiting(row)])).values()];
}

function toWaiting(row: WaitingRow): WaitingMessage {
  return {
    id: row.id,
    kind: row.kind,
    urgent: row.urgent === 1,
    topic: row.topic,
    queuedAtMs: row.queued_at,
    expiresAtMs: row.expires_at,
    reason: row.reason,
  };
}

type Reasons = readonly { readonly id: number; readonly reason: string }[];

function expire(database: Database, items: Reasons, nowMs: number): void {
  // Asked again: a message may have been refreshed by one that joined it since the decision.
  const update = database.statement(
    `UPDATE messages SET state = 'expired', reason = ? WHERE id = ? AND ${WAITING} AND expires_at <= ?`,
  );
  for (const { id, reason } of items) {
    if (update.run(reason, id, nowMs) === 1) {
      appendJournal(
        database,
        { kind: 'expired', ref: formatId('m', id), text: `${headline(database, id)}: ${reason}` },
        nowMs,
      );
    }
  }
}

function hold(database: Database, items: Reasons, nowMs: number): void {
  const first = database.statement(`UPDATE messages SET reason = ? WHERE id = ? AND ${WAITING} AND reason IS NULL`);
  const again = database.statement(`UPDATE messages SET reason = ? WHERE id = ? AND ${WAITING}`);
  for (const { id, reason } of items) {
    if (first.run(reason, id) === 1) {
      appendJournal(
        database,
        { kind: 'held', ref: formatId('m', id), text: `${headline(database, id)}: ${reason}` },
        nowMs,
      );
    } else {
      again.run(reason, id);
    }
  }
}

function releaseMessage(database: Database, id: number, { nowMs, channels, render }: Release): boolean {
  const row = database
    .statement(`SELECT count, kind FROM messages WHERE id = ? AND ${WAITING}`)
    .get<{ count: number; kind: MessageKind }>(id);
  if (row === undefined) return false;
  const rendered = render({ id, count: row.count, texts: textsOf(database, id) });
  database
    .statement('UPDATE messages SET released_at = ?, window_at = ?, rendered = ?, reason = NULL WHERE id = ?')
    .run(nowMs, row.kind === 'proactive' ? nowMs : null, rendered, id);
  const open = database.statement(
    "INSERT INTO deliveries (message_id, channel, state, next_at) VALUES (?, ?, 'pending', ?)",
  );
  for (const channel of channels) open.run(id, channel, nowMs);
  return true;
}

const TEXTS_MAX = 5;
/** Of a great many that joined only the newest are read. */
const JOINED_MAX = 500;

function textsOf(database: Database, id: number): { text: string; count: number }[] {
  const joined = database
    .statement('SELECT id, text, count FROM messages WHERE into_id = ? ORDER BY id DESC LIMIT ?')
    .all<{ id: number; text: string; count: number }>(id, JOINED_MAX);
  const own = database
    .statement(
      `SELECT text, count - (SELECT coalesce(sum(count), 0) FROM messages WHERE into_id = ?1) AS count FROM messages WHERE id = ?1`,
    )
    .all<{ text: string; count: number }>(id);
  const texts = new Map<string, number>();
  for (const { text, count } of [...joined, ...own]) texts.set(text, (texts.get(text) ?? 0) + count);
  return [...texts].slice(0, TEXTS_MAX).map(([text, count]) => ({ text, count }));
}
