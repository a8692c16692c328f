import type { WaitingMessage } from '../budget/plan.ts';
import type { Route } from '../budget/presence.ts';
import { formatId } from '../core/units.ts';
import type { MessageKind } from '../core/message.ts';
import type { Database } from './database.ts';
import { baseFor, growingAlerts, type EditingChannel, type Growth } from './edits.ts';
import { appendJournal } from './journal-rows.ts';
import { partsOf, type MessageParts } from './message-parts.ts';
import { headline } from './message-rows.ts';
import type { Writer } from './writer.ts';

/** How a message is let go. */
export interface Release {
  readonly nowMs: number;
  readonly channels: readonly string[];
  /** Fixes the text: called once, inside the transaction. */
  readonly render: (parts: MessageParts) => string;
  /** Channels on which it may be written into an earlier message of its topic. */
  readonly edits?: readonly EditingChannel[];
  /** Only if every channel can do that; then it takes no place in the windows. */
  readonly silent?: boolean;
  /** Which of the channels get it, and which stand aside. Default: all of them get it. */
  readonly route?: (message: Routed) => Route;
}

/** A message as far as it matters for the way it takes. */
export interface Routed {
  readonly kind: MessageKind;
  readonly urgent: boolean;
  /** The only channel it is for; null: any. */
  readonly channel: string | null;
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
  /** Waiting alerts that are to be shown in an earlier message of their topic; the channels are all there are. */
  growing(nowMs: number, edits: readonly EditingChannel[]): Growth[];
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
    growing: (nowMs, edits) => growingAlerts(database, nowMs, edits),
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

function releaseMessage(database: Database, id: number, release: Release): boolean {
  const { nowMs, channels, render, edits = [], silent = false } = release;
  const row = database
    .statement(`SELECT kind, urgent, channel FROM messages WHERE id = ? AND ${WAITING}`)
    .get<{ kind: MessageKind; urgent: number; channel: string | null }>(id);
  if (row === undefined) return false;
  const all: Route = { to: channels, aside: [], why: '' };
  const route = silent ? all : (release.route?.({ ...row, urgent: row.urgent === 1 }) ?? all);
  const bases = new Map(edits.map((edit) => [edit.channel, baseFor(database, id, edit, nowMs)]));
  // What was true at the decision may not be any more.
  if (silent && channels.some((channel) => bases.get(channel) === undefined)) return false;
  database
    .statement('UPDATE messages SET released_at = ?, window_at = ?, rendered = ?, reason = NULL WHERE id = ?')
    .run(nowMs, row.kind === 'proactive' && !silent ? nowMs : null, render(partsOf(database, id)), id);
  const open = database.statement(
    "INSERT INTO deliveries (message_id, channel, state, next_at, edits) VALUES (?, ?, 'pending', ?, ?)",
  );
  for (const channel of route.to) {
    const base = bases.get(channel);
    open.run(id, channel, Math.max(nowMs, base?.dueAtMs ?? nowMs), base?.id ?? null);
  }
  standAside(database, id, route, nowMs);
  return true;
}

/** A channel that stands aside has a record that says so; it is opened should the others fail (see deliveries.ts). */
function standAside(database: Database, id: number, { aside, why }: Route, nowMs: number): void {
  const drop = database.statement(
    "INSERT INTO deliveries (message_id, channel, state, next_at, ended_at, error) VALUES (?, ?, 'dropped', ?, ?, ?)",
  );
  for (const channel of aside) drop.run(id, channel, nowMs, nowMs, why);
}
