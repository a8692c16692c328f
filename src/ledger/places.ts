import type { Seen } from '../budget/presence.ts';
import type { CameBy } from '../core/event.ts';
import type { Database } from './database.ts';

/** Inside the transaction of an event of the owner: where its answers belong, and that the owner is there. */
export function rememberPlace(database: Database, eventId: number, by: CameBy, nowMs: number): void {
  if (by.place !== null) {
    database
      .statement('INSERT INTO event_places (event_id, channel, place) VALUES (?, ?, ?)')
      .run(eventId, by.channel, by.place);
  }
  // The last one counts, not the latest: a clock that was set back must not keep the owner where they are not.
  database
    .statement(
      'INSERT INTO presence (channel, seen_at) VALUES (?, ?) ON CONFLICT (channel) DO UPDATE SET seen_at = excluded.seen_at',
    )
    .run(by.channel, nowMs);
}

/** Where an answer to an event belongs; undefined: on every channel. */
export function placeOf(database: Database, eventId: number): { channel: string; place: string } | undefined {
  return database
    .statement('SELECT channel, place FROM event_places WHERE event_id = ?')
    .get<{ channel: string; place: string }>(eventId);
}

/** On which channels the owner was heard since then. */
export function seenSince(database: Database, sinceMs: number): Seen[] {
  return database
    .statement('SELECT channel, seen_at AS atMs FROM presence WHERE seen_at >= ?')
    .all<{ channel: string; atMs: number }>(sinceMs)
    .map(({ channel, atMs }) => ({ channel, atMs }));
}
