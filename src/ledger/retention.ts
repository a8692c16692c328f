import { z } from 'zod';
import { reached } from '../core/ports.ts';
import { durationOption } from '../core/units.ts';
import { dropBody } from './bodies.ts';
import type { Database } from './database.ts';
import { appendJournal, writtenThrough } from './journal-rows.ts';
import { readMeta, writeMeta } from './meta.ts';
import { pruneMessages } from './messages.ts';
import { pruneSessions } from './sessions.ts';
import { pruneSpend } from './spend.ts';
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
  .meta({
    description: 'How long events (and with them jobs, messages and delivery ids) and the bodies of events are kept.',
  });

export type Retention = z.output<typeof retentionOptions>;

/** Rows looked at in a transaction, and bytes of bodies let go in one: a few milliseconds. */
const SLICE = 200;
const SLICE_BYTES = 4 * 1_048_576;
/** Pages given back at a time: 1 MiB. Fewer free ones are left to be used again. */
const VACUUM_PAGES = 256;

/**
 * One slice of housekeeping: removes old rows, then gives freed pages back to the file system. Rows are looked at from the
 * oldest on, and only as far as the slice reaches, so that it costs the same with ten rows and with ten million.
 *
 * @returns Whether there may be more to do.
 */
export async function prune(database: Database, writer: Writer, retention: Retention, nowMs: number): Promise<boolean> {
  const beforeMs = nowMs - retention.events;
  const bodies = await dropOldBodies(database, writer, nowMs - retention.bodies);
  const removed = await writer.write((target) => {
    const jobs = pruneJobs(target, beforeMs, nowMs);
    const events = pruneEvents(target, beforeMs);
    const others =
      pruneMessages(target, beforeMs, SLICE) +
      pruneJournal(target, beforeMs) +
      pruneBoots(target, beforeMs) +
      pruneSchedules(target, beforeMs) +
      pruneSessions(target, beforeMs, SLICE) +
      pruneSpend(target, beforeMs, SLICE);
    return { rows: jobs + events.count + others, refs: events.refs };
  });
  reached('retention.rows');
  for (const ref of removed.refs) await dropBody(writer, ref);
  const vacuumed = await writer.write(vacuum);
  return bodies + removed.rows > 0 || vacuumed;
}

const BODIES_THROUGH = 'retention.bodies_through';

/** Bodies go earlier than their events; an event whose job is still open keeps its body. A cursor spares the rows seen before. */
async function dropOldBodies(database: Database, writer: Writer, beforeMs: number): Promise<number> {
  const old = oldestEvents(database, beforeMs, Number(readMeta(database, BODIES_THROUGH) ?? 0));
  const last = old.at(-1);
  if (last === undefined) return 0;
  const finished = old.filter((event) => event.open === 0);
  await writer.write((target) => {
    const clear = target.statement('UPDATE events SET body = NULL, body_ref = NULL WHERE id = ?');
    for (const { id } of finished) clear.run(id);
    writeMeta(target, BODIES_THROUGH, String(last.id));
  });
  reached('retention.bodies');
  for (const { ref } of finished) if (ref !== null) await dropBody(writer, ref);
  return old.length;
}

/** The newest row of each table stays, however old: SQLite would give its number out again. */
function pruneJobs(database: Database, beforeMs: number, nowMs: number): number {
  const old = database
    .statement(
      `SELECT id, state FROM (SELECT id, state, created_at FROM jobs ORDER BY id LIMIT ?)
       WHERE created_at < ? AND state NOT IN ('queued', 'running') AND id < (SELECT max(id) FROM jobs)`,
    )
    .all<{ id: number; state: string }>(SLICE, beforeMs);
  const remove = database.statement('DELETE FROM jobs WHERE id = ?');
  for (const { id } of old) remove.run(id);
  const parked = old.filter((job) => job.state === 'parked').length;
  if (parked > 0) {
    const text = `${parked} jobs had waited too long for a model and were removed with their events`;
    appendJournal(database, { kind: 'retention', ref: '', text }, nowMs);
  }
  return old.length;
}

/** @returns How many went, and the large bodies that are orphans now. */
function pruneEvents(database: Database, beforeMs: number): { count: number; refs: number[] } {
  const old = oldestEvents(database, beforeMs, 0).filter((event) => event.open === 0);
  for (const { id, key } of old) {
    database.statement('DELETE FROM delivery_keys WHERE key = ?').run(key);
    database.statement('DELETE FROM job_events WHERE event_id = ?').run(id);
    database.statement('DELETE FROM identities WHERE event_id = ?').run(id);
    database.statement('DELETE FROM event_places WHERE event_id = ?').run(id);
    database.statement('DELETE FROM events WHERE id = ?').run(id);
  }
  return { count: old.length, refs: old.flatMap(({ ref }) => (ref === null ? [] : [ref])) };
}

interface OldEvent {
  readonly id: number;
  readonly ref: number | null;
  readonly key: Uint8Array;
  /** 1 while a job of it has not ended. */
  readonly open: number;
  /** What its row itself holds. */
  readonly bytes: number;
}

/** From a row on, in order, as far as they are old, the slice reaches, and their bodies are not too much at once. */
function oldestEvents(database: Database, beforeMs: number, afterId: number): OldEvent[] {
  const rows = database
    .statement(
      `SELECT id, ref, key, bytes,
              EXISTS (SELECT 1 FROM jobs WHERE event_id = oldest.id AND state IN ('queued', 'running', 'parked')) AS open
       FROM (SELECT id, received_at, body_ref AS ref, delivery_key AS key, coalesce(length(body), 0) AS bytes
             FROM events WHERE id > ? AND id < (SELECT max(id) FROM events) ORDER BY id LIMIT ?) AS oldest
       WHERE received_at < ?`,
    )
    .all<OldEvent>(afterId, SLICE, beforeMs);
  let bytes = 0;
  const enough = rows.findIndex((row) => (bytes += row.bytes) > SLICE_BYTES);
  return enough === -1 ? rows : rows.slice(0, Math.max(1, enough));
}

/** Only lines that are in their file; their numbers say how far the file is, so the newest one stays as well. */
function pruneJournal(database: Database, beforeMs: number): number {
  return database
    .statement(
      `DELETE FROM journal WHERE id IN (SELECT id FROM (SELECT id, at FROM journal ORDER BY id LIMIT ?)
       WHERE at < ? AND id <= ? AND id < (SELECT max(id) FROM journal))`,
    )
    .run(SLICE, beforeMs, writtenThrough(database));
}

function pruneBoots(database: Database, beforeMs: number): number {
  return database
    .statement(
      `DELETE FROM boots WHERE id IN (SELECT id FROM (SELECT id, started_at FROM boots ORDER BY id LIMIT ?)
       WHERE started_at < ? AND id < (SELECT max(id) FROM boots))`,
    )
    .run(SLICE, beforeMs);
}

/** How far each schedule is decided stands in a row of its own, so these may go whatever their age. */
function pruneSchedules(database: Database, beforeMs: number): number {
  const slots = database
    .statement(
      `DELETE FROM slots WHERE (schedule, slot_at) IN
       (SELECT schedule, slot_at FROM slots WHERE decided_at < ? ORDER BY decided_at LIMIT ?)`,
    )
    .run(beforeMs, SLICE);
  const runs = database
    .statement(
      `DELETE FROM runs WHERE id IN (SELECT id FROM (SELECT id, started_at FROM runs ORDER BY id LIMIT ?)
       WHERE started_at < ? AND id < (SELECT max(id) FROM runs))`,
    )
    .run(SLICE, beforeMs);
  return slots + runs;
}

/** @returns Whether there is more to give back. */
function vacuum(database: Database): boolean {
  const free = (): number =>
    database.statement('PRAGMA freelist_count').get<{ freelist_count: number }>()?.freelist_count ?? 0;
  if (free() <= VACUUM_PAGES) return false;
  database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  return free() > VACUUM_PAGES;
}
