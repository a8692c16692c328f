import type { Database } from './database.ts';
import { partsOfAll, type MessageParts } from './message-parts.ts';

/** A channel that can change a message it has delivered, and for how long after. */
export interface EditingChannel {
  readonly channel: string;
  readonly withinMs: number;
}

/** A waiting alert whose topic stands, still fresh, on every channel that carries it. */
export interface Growth {
  readonly id: number;
  readonly topic: string;
  /** Not before: the last change is to be seen first. */
  readonly atMs: number;
}

/** The message on a channel that a younger alert of its topic may be written into, and not before when. */
interface Base {
  readonly id: number;
  readonly dueAtMs: number;
}

/** Of one message on one channel: between two changes, and how many. Services limit both. */
const GAP_MS = 5_000;
const EDITS_MAX = 20;

/**
 * Waiting alerts that need no message of their own: each of the given channels can show them where the last alert of the
 * topic stands. Never urgent ones (they are to be heard) and never resolutions.
 */
export function growingAlerts(database: Database, nowMs: number, edits: readonly EditingChannel[]): Growth[] {
  const [first] = edits;
  if (first === undefined) return [];
  const topics = database
    .statement(
      `SELECT DISTINCT m.topic FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
       WHERE d.channel = ? AND d.window_at >= ? AND d.receipt IS NOT NULL AND m.topic <> ''`,
    )
    .all<{ topic: string }>(first.channel, nowMs - first.withinMs);
  const waiting = database.statement(
    `SELECT id FROM messages WHERE topic = ? AND state = 'queued' AND released_at IS NULL AND kind = 'proactive'
       AND urgent = 0 AND resolves = 0 AND channel IS NULL AND approval_id IS NULL AND expires_at > ? ORDER BY id LIMIT 1`,
  );
  return topics.flatMap(({ topic }) => {
    const id = waiting.get<{ id: number }>(topic, nowMs)?.id;
    if (id === undefined) return [];
    const bases = edits.map((edit) => baseOf(database, topic, edit, nowMs));
    if (bases.includes(undefined)) return [];
    return [{ id, topic, atMs: Math.max(...bases.map((base) => base?.dueAtMs ?? nowMs)) }];
  });
}

/** Where an alert that is let go now would be shown; undefined when it takes a message of its own. */
export function baseFor(database: Database, id: number, edit: EditingChannel, nowMs: number): Base | undefined {
  const alert = database
    .statement(
      "SELECT topic FROM messages WHERE id = ? AND kind = 'proactive' AND urgent = 0 AND resolves = 0 AND approval_id IS NULL AND topic <> ''",
    )
    .get<{ topic: string }>(id);
  return alert && baseOf(database, alert.topic, edit, nowMs);
}

/**
 * What stands in a message on a channel once an alert is written into it: itself, what was written into it before, the
 * alert. Undefined when there is nothing to change any more.
 */
export function editInto(
  database: Database,
  { base, channel, alert }: { base: number; channel: string; alert: number },
): { receipt: string; parts: MessageParts } | undefined {
  const receipt = database
    .statement('SELECT receipt FROM deliveries WHERE message_id = ? AND channel = ?')
    .get<{ receipt: string | null }>(base, channel)?.receipt;
  if (!receipt) return undefined;
  const shown = database
    .statement(
      "SELECT message_id AS id FROM deliveries WHERE edits = ? AND channel = ? AND state = 'sent' ORDER BY message_id DESC",
    )
    .all<{ id: number }>(base, channel)
    .map(({ id }) => id);
  return { receipt, parts: partsOfAll(database, base, [alert, ...shown.filter((id) => id !== alert), base]) };
}

/** How long messages of a topic belong together. */
const THREAD_MS = 86_400_000;
const EARLIER_MAX = 200;

/** What a channel called the other messages of a topic of the last 24 hours, oldest first. */
export function earlierReceipts(
  database: Database,
  { id, topic, channel }: { id: number; topic: string; channel: string },
  nowMs: number,
): string[] {
  if (topic === '') return [];
  return database
    .statement(
      `SELECT d.receipt FROM messages AS m JOIN deliveries AS d ON d.message_id = m.id AND d.channel = ?
       WHERE m.topic = ? AND m.released_at >= ? AND m.id <> ? AND d.state = 'sent' AND d.receipt IS NOT NULL
       ORDER BY m.released_at, m.id LIMIT ?`,
    )
    .all<{ receipt: string }>(channel, topic, nowMs - THREAD_MS, id, EARLIER_MAX)
    .map(({ receipt }) => receipt);
}

/**
 * Inside a transaction: a message that can't be changed (deleted, too old) is not tried again, and the alert takes a
 * message of its own. If nobody has it yet it goes back to those that wait for the windows; else only this channel
 * still needs it, and its own windows pace it.
 */
export function abandonEdit(
  database: Database,
  { messageId, channel, base }: { messageId: number; channel: string; base: number },
  { nowMs, error }: { nowMs: number; error: string },
): void {
  const here = [messageId, channel] as const;
  database.statement('UPDATE deliveries SET receipt = NULL WHERE message_id = ? AND channel = ?').run(base, channel);
  const others = database
    .statement(
      "SELECT 1 FROM deliveries WHERE message_id = ? AND channel <> ? AND state IN ('pending', 'sending', 'sent')",
    )
    .get(...here);
  const silent = database.statement('SELECT 1 FROM messages WHERE id = ? AND window_at IS NULL').get(messageId);
  if (others === undefined && silent !== undefined) {
    database.statement('DELETE FROM deliveries WHERE message_id = ?').run(messageId);
    database
      .statement(
        "UPDATE messages SET released_at = NULL, rendered = NULL, reason = ? WHERE id = ? AND state = 'queued'",
      )
      .run(`could not be added to m${base} on ${channel}: ${error}`, messageId);
    return;
  }
  database
    .statement(
      "UPDATE deliveries SET state = 'pending', edits = NULL, next_at = ?, error = ? WHERE message_id = ? AND channel = ?",
    )
    .run(nowMs, error, ...here);
}

interface StandingRow {
  readonly id: number;
  readonly state: string;
  readonly receipt: string | null;
  readonly window_at: number | null;
  readonly urgent: number;
  readonly resolves: number;
  readonly approval_id: number | null;
}

/** The newest message of the topic that stands by itself, if it is a fresh, delivered alert. */
function baseOf(database: Database, topic: string, edit: EditingChannel, nowMs: number): Base | undefined {
  const newest = database
    .statement(
      `SELECT m.id, d.state, d.receipt, d.window_at, m.urgent, m.resolves, m.approval_id
       FROM messages AS m JOIN deliveries AS d ON d.message_id = m.id AND d.channel = ?1
       WHERE m.topic = ?2 AND m.released_at IS NOT NULL AND m.kind = 'proactive' AND d.edits IS NULL
       ORDER BY m.released_at DESC, m.id DESC LIMIT 1`,
    )
    .get<StandingRow>(edit.channel, topic);
  if (newest?.state !== 'sent' || newest.receipt === null || newest.urgent === 1 || newest.resolves === 1) {
    return undefined;
  }
  // A change would take its buttons away.
  if (newest.approval_id !== null) return undefined;
  const sentAtMs = newest.window_at ?? -Infinity;
  if (sentAtMs > nowMs || sentAtMs < nowMs - edit.withinMs) return undefined;
  const edits = database
    .statement(
      `SELECT count(*) AS done, max(ended_at) AS last, sum(state IN ('pending', 'sending')) AS open
       FROM deliveries WHERE edits = ? AND channel = ?`,
    )
    .get<{ done: number; last: number | null; open: number | null }>(newest.id, edit.channel);
  const lastAtMs = Math.max(edits?.last ?? 0, sentAtMs);
  if ((edits?.done ?? 0) >= EDITS_MAX || lastAtMs > nowMs) return undefined;
  return { id: newest.id, dueAtMs: ((edits?.open ?? 0) > 0 ? nowMs : lastAtMs) + GAP_MS };
}
