import { hash } from 'node:crypto';
import type { EventDraft } from '../core/event.ts';
import type { Database } from './database.ts';

/**
 * How far apart two roads may date one happening. GitHub's own times of it (a push, an update, an entry of the event list)
 * differ by seconds; ten minutes leave room for a wrong clock where only the arrival is known.
 */
export const SAME_HAPPENING_MS = 600_000;

/**
 * The event that this happening is already, by the other road; undefined when it is new. Inside the transaction that would
 * record it.
 *
 * Each event answers for one arrival by the other road and no more: whoever sets a label, takes it off and sets it again
 * within minutes makes two events on each road, and they pair off. The arrival that was paired is remembered by its
 * delivery, so that its redelivery is the same duplicate.
 */
export function pairEvent(database: Database, draft: EventDraft, delivery: Uint8Array): number | undefined {
  if (draft.identity === undefined) return undefined;
  const { road, happenedAtMs } = draft.identity;
  const key = identityKey(draft);
  const again = database
    .statement('SELECT event_id AS id FROM identities WHERE key = ? AND paired = ?')
    .get<{ id: number }>(key, delivery);
  if (again !== undefined) return again.id;
  const free = database
    .statement(
      `SELECT event_id AS id FROM identities
       WHERE key = ? AND road <> ? AND paired IS NULL AND coalesce(abs(happened_at - ?), 0) <= ?
       ORDER BY coalesce(abs(happened_at - ?), 0), event_id LIMIT 1`,
    )
    .get<{ id: number }>(key, road, happenedAtMs, SAME_HAPPENING_MS, happenedAtMs);
  if (free === undefined) return undefined;
  database.statement('UPDATE identities SET paired = ? WHERE event_id = ?').run(delivery, free.id);
  return free.id;
}

/** Remembers what a new event is by its content. Costs nothing for an event without an identity. */
export function rememberIdentity(database: Database, draft: EventDraft, eventId: number): void {
  if (draft.identity === undefined) return;
  const { road, happenedAtMs } = draft.identity;
  database
    .statement('INSERT INTO identities (event_id, key, road, happened_at) VALUES (?, ?, ?, ?)')
    .run(eventId, identityKey(draft), road, happenedAtMs);
}

function identityKey({ source, identity }: EventDraft): Uint8Array {
  return hash('sha256', `${source}\0${identity?.key}`, 'buffer').subarray(0, 16);
}
