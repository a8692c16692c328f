import { KairosError } from '../core/errors.ts';
import type { Event, EventDraft, Trust } from '../core/event.ts';
import { reached } from '../core/ports.ts';
import { dropBody, INLINE_BYTES_MAX, lastBodyRef, readBody, stageBody } from './bodies.ts';
import type { Database } from './database.ts';
import { deliveryKey, type DeliveryKeys } from './delivery-keys.ts';
import { changeFollows } from './follows.ts';
import { pairEvent, rememberIdentity } from './identities.ts';
import { insertJobs, type JobTiming } from './job-rows.ts';
import { applyMood } from './moods.ts';
import { rememberPlace } from './places.ts';
import type { Writer } from './writer.ts';

/** What became of a delivery. For a duplicate, `id` is the event it was the first time, and nothing was written. */
export interface Appended {
  readonly id: number;
  readonly duplicate: boolean;
}

export interface Page {
  /** At most this many, newest first. */
  readonly limit: number;
  /** Only rows older than this row number. */
  readonly after?: number | undefined;
  /** Filters the page; numbers grow with time, so an empty page means there is nothing further back either. */
  readonly sinceMs?: number | undefined;
}

/** Writes rows that belong to an event, inside its transaction. */
export type Alongside = (database: Database, eventId: number) => void;

/** Events: what happened, recorded once each. */
export interface Events {
  /**
   * Records an event and the jobs it leads to in one transaction. Resolves when both are on disk.
   *
   * @param alongside More rows for the same transaction. Not called for a duplicate; may be called twice (see `Writer`).
   * @throws {KairosError} `OVERLOADED`, `DISK_FULL`, `LEDGER_FAILED`, `STOPPING`: then nothing was recorded.
   */
  append(draft: EventDraft, alongside?: Alongside): Promise<Appended>;
  /**
   * The same inside somebody's transaction, for a small body. Nothing that may throw should follow it there: the id would
   * be taken for known.
   */
  appendWithin(target: Database, draft: EventDraft, jobs?: JobTiming): Appended;
  find(id: number): Event | undefined;
  /** Whether this delivery of this source was taken. */
  knows(source: string, delivery: string): boolean;
  body(id: number): Uint8Array | undefined;
  list(page: Page): Event[];
}

interface EventRow {
  id: number;
  source: string;
  delivery: string;
  type: string;
  action: string | null;
  trust: Trust;
  received_at: number;
  content_type: string;
  body_bytes: number;
  body_ref: number | null;
}

interface Insertion {
  readonly draft: EventDraft;
  readonly key: Uint8Array;
  readonly alongside?: Alongside | undefined;
  readonly jobs?: JobTiming | undefined;
}

const COLUMNS = 'id, source, delivery, type, action, trust, received_at, content_type, body_bytes, body_ref';
const DELIVERY_CHARACTERS_MAX = 200;

export function openEvents(
  database: Database,
  writer: Writer,
  keys: DeliveryKeys,
  modelIsOn: () => boolean = () => false,
): Events {
  let lastId = database.statement('SELECT coalesce(max(id), 0) AS id FROM events').get<{ id: number }>()?.id ?? 0;
  let lastRef = lastBodyRef(database);

  const insert = (target: Database, { draft, key, alongside, jobs }: Insertion, ref: number | null): Appended => {
    const known = keys.find(key);
    if (known !== undefined) return { id: known, duplicate: true };
    const paired = pairEvent(target, draft, key);
    if (paired !== undefined) return { id: paired, duplicate: true };
    const id = lastId + 1;
    insertEvent(target, id, draft, key, ref);
    rememberIdentity(target, draft, id);
    if (draft.follows !== undefined) changeFollows(target, draft);
    if (draft.by !== undefined) rememberPlace(target, id, draft.by, draft.receivedAtMs);
    insertJobs(target, draft.jobs, id, { nowMs: draft.receivedAtMs, modelIsOn: modelIsOn(), ...jobs });
    applyMood(target, draft, id);
    alongside?.(target, id);
    lastId = id;
    keys.remember(key, id);
    return { id, duplicate: false };
  };
  const appendLarge = async (draft: EventDraft, key: Uint8Array, alongside?: Alongside): Promise<Appended> => {
    const known = keys.find(key);
    if (known !== undefined) return { id: known, duplicate: true };
    lastRef += 1;
    const ref = lastRef;
    try {
      await stageBody(writer, ref, draft.body);
      reached('body.staged');
      const appended = await writer.write((target) => insert(target, { draft, key, alongside }, ref));
      if (appended.duplicate) await dropBody(writer, ref);
      return appended;
    } catch (error) {
      // What cannot be taken back now is taken back at the next start, as an orphan.
      await dropBody(writer, ref).catch(() => undefined);
      throw error;
    }
  };

  return {
    append(draft, alongside) {
      if (draft.delivery.length > DELIVERY_CHARACTERS_MAX) {
        return Promise.reject(
          new KairosError('INPUT_INVALID', `a delivery id has at most ${DELIVERY_CHARACTERS_MAX} characters`),
        );
      }
      const key = deliveryKey(draft.source, draft.delivery);
      if (draft.body.byteLength > INLINE_BYTES_MAX) return appendLarge(draft, key, alongside);
      return writer.write((target) => insert(target, { draft, key, alongside }, null), {
        bytes: draft.body.byteLength + 512,
        bare: true,
      });
    },
    appendWithin: (target, draft, jobs) =>
      insert(target, { draft, key: deliveryKey(draft.source, draft.delivery), jobs }, null),
    knows: (source, delivery) => keys.find(deliveryKey(source, delivery)) !== undefined,
    find(id) {
      const row = database.statement(`SELECT ${COLUMNS} FROM events WHERE id = ?`).get<EventRow>(id);
      return row && toEvent(database, row);
    },
    body: (id) => bodyOf(database, id),
    list: (page) => listEvents(database, page),
  };
}

function insertEvent(database: Database, id: number, draft: EventDraft, key: Uint8Array, ref: number | null): void {
  database
    .statement(
      `INSERT INTO events (id, source, delivery, type, action, trust, received_at, content_type, delivery_key, body_bytes, body_ref, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      id,
      draft.source,
      draft.delivery,
      draft.type,
      draft.action,
      draft.trust,
      draft.receivedAtMs,
      draft.contentType,
      key,
      draft.body.byteLength,
      ref,
      ref === null ? draft.body : null,
    );
}

function listEvents(database: Database, { limit, after, sinceMs }: Page): Event[] {
  return database
    .statement(`SELECT ${COLUMNS} FROM events WHERE id < ? ORDER BY id DESC LIMIT ?`)
    .all<EventRow>(after ?? Number.MAX_SAFE_INTEGER, limit)
    .filter((row) => row.received_at >= (sinceMs ?? 0))
    .map((row) => toEvent(database, row));
}

function bodyOf(database: Database, id: number): Uint8Array | undefined {
  const row = database
    .statement('SELECT body, body_ref AS ref FROM events WHERE id = ?')
    .get<{ body: Uint8Array | null; ref: number | null }>(id);
  if (row === undefined) return undefined;
  return row.ref === null ? (row.body ?? undefined) : readBody(database, row.ref);
}

function toEvent(database: Database, row: EventRow): Event {
  return {
    id: row.id,
    source: row.source,
    delivery: row.delivery,
    type: row.type,
    action: row.action,
    trust: row.trust,
    receivedAtMs: row.received_at,
    contentType: row.content_type,
    bodyBytes: row.body_bytes,
    jobs: database
      .statement(
        'SELECT id FROM jobs WHERE event_id = ? UNION SELECT job_id FROM job_events WHERE event_id = ? ORDER BY 1',
      )
      .all<{ id: number }>(row.id, row.id)
      .map((job) => job.id),
  };
}
