import { z } from 'zod';
import { durationOption } from '../core/units.ts';
import { dropBody } from './bodies.ts';
import type { Database } from './database.ts';
import { writtenThrough } from './journal-rows.ts';
import { readMeta, writeMeta } from './meta.ts';
import { pruneMessages } from './messages.ts';
import type { Writer } from './writer.ts';

const DAY_MS = 86_400_000;

/**
 * How long what is done with is kept. Delivery ids are the only defence against replays, and GitHub offers redelivery for
 * three days: 30 days is the least.
 */
export const retentionOptions = z
  .strictObject({
    events: durationOption(90 * DAY_MS, { minMs: 30 * DAY_MS, maxMs: 3_650 * DAY_MS }),
    bodies: durationOption(30 * DAY_MS, { minMs: 3 * DAY_MS, maxMs: 3_650 * DAY_MS }),
  })
  .prefault({})
  .meta({ description: 'How long events (and with them jobs, messages and delivery ids) and the bodies of events are kept.' });

export type Retention = z.output<typeof retentionOptions>;

/** Rows a transaction: a few milliseconds. */
const SLICE = 200;

/**
 * One slice of housekeeping: removes old rows, then gives freed pages back to the file system.
 *
 * @returns Whether there may be more to do.
 */
export async function prune(database: Database, writer: Writer, retention: Retention, nowMs: number): Promise<boolean> {
  const eventsBeforeMs = nowMs - retention.events;
  const bodies = await dropOldBodies(database, writer, nowMs - retention.bodies);
  const rows = await writer.write((target) => {
    const events = pruneEvents(target, eventsBeforeMs);
    const jobs = target
      .statement("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE created_at < ? AND state IN ('succeeded', 'failed', 'dead', 'parked') ORDER BY id LIMIT ?)")
      .run(eventsBeforeMs, SLICE);
    const messages = pruneMessages(target, eventsBeforeMs, SLICE);
    const lines = target
      .statement('DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ? AND id <= ? ORDER BY id LIMIT ?)')
      .run(eventsBeforeMs, writtenThrough(target), SLICE);
    return events + jobs + messages + lines;
  });
  if (bodies + rows > 0) database.exec('PRAGMA incremental_vacuum(256)');
  return bodies + rows > 0;
}

const BODIES_THROUGH = 'retention.bodies_through';

/** Bodies go earlier than their events; an event whose job is still open keeps its body. A cursor spares the rows seen before. */
async function dropOldBodies(database: Database, writer: Writer, beforeMs: number): Promise<number> {
  const old = oldEvents(database, beforeMs, Number(readMeta(database, BODIES_THROUGH) ?? 0));
  const last = old.at(-1);
  if (last === undefined) return 0;
  await writer.write((target) => {
    const clear = target.statement('UPDATE events SET body = NULL, body_ref = NULL WHERE id = ?');
    for (const { id } of old) clear.run(id);
    writeMeta(target, BODIES_THROUGH, String(last.id));
  });
  for (const { ref } of old) if (ref !== null) await dropBody(writer, ref);
  return old.length;
}

/** Inside a transaction. A large body that is still there is an orphan afterwards, and goes at the next start. */
function pruneEvents(database: Database, beforeMs: number): number {
  const old = oldEvents(database, beforeMs, 0);
  for (const { id, key } of old) {
    database.statement('DELETE FROM delivery_keys WHERE key = ?').run(key);
    database.statement('DELETE FROM job_events WHERE event_id = ?').run(id);
    database.statement('DELETE FROM events WHERE id = ?').run(id);
  }
  return old.length;
}

/** The newest event is never old, so that its number is not given out again; nor is one with an open job. */
function oldEvents(database: Database, beforeMs: number, afterId: number): { id: number; ref: number | null; key: Uint8Array }[] {
  return database
    .statement(
      `SELECT id, body_ref AS ref, delivery_key AS key FROM events
       WHERE id > ? AND received_at < ? AND id < (SELECT max(id) FROM events)
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE event_id = events.id AND state IN ('queued', 'running', 'parked'))
       ORDER BY id LIMIT ?`,
    )
    .all(afterId, beforeMs, SLICE);
}
