import type { Job, JobDraft, JobKind, JobState, Lane } from '../core/job.ts';
import type { Database } from './database.ts';

/** A row of the jobs table. */
export interface JobRow {
  id: number;
  kind: JobKind;
  origin: string;
  reactive: number;
  urgent: number;
  topic: string;
  text: string;
  state: JobState;
  lane: Lane;
  attempts: number;
  event_id: number | null;
  event_count: number;
  created_at: number;
  due_at: number;
  started_at: number | null;
  ended_at: number | null;
  error: string | null;
  label: string;
}

export const JOB_COLUMNS = `id, kind, origin, reactive, urgent, topic, text, state, lane, attempts, event_id, event_count,
  created_at, due_at, started_at, ended_at, error, label`;

/** When the jobs of an event are due, if not at once. */
export interface JobTiming {
  readonly dueAtMs: number;
  /** They were put off by a run, and are counted. */
  readonly later: boolean;
}

/** Why an `agent` job does not run yet. */
const WAITS_FOR_MODEL = 'waiting for a model: none is configured';

/**
 * Inserts the jobs of an event, inside its transaction. In a storm a job joins the one of the same subscription and topic
 * that has not begun (one that was laid aside has): the event is linked to it, its text is the newest, and nothing is dropped. It never joins one from
 * before a resolution of the topic that has yet to run: that would take the newer alert back as well.
 */
export function insertJobs(
  database: Database,
  drafts: readonly JobDraft[],
  eventId: number,
  when: Partial<JobTiming> & { readonly nowMs: number; readonly modelIsOn: boolean },
): void {
  const { redact } = database;
  for (const given of drafts) {
    const draft = { ...given, topic: redact(given.topic), text: redact(given.text) };
    const waiting = draft.mayCoalesce ? findWaiting(database, draft) : undefined;
    if (waiting === undefined) insertJob(database, draft, eventId, when);
    else joinJob(database, waiting, draft, eventId);
  }
}

function insertJob(
  database: Database,
  draft: JobDraft,
  eventId: number,
  { nowMs, dueAtMs = nowMs, later = false, modelIsOn }: Parameters<typeof insertJobs>[3],
): void {
  const parked = draft.kind === 'agent' && !modelIsOn;
  database
    .statement(
      `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, event_id, created_at, due_at, error, later, label)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      draft.kind,
      draft.origin,
      draft.reactive ? 1 : 0,
      draft.urgent ? 1 : 0,
      draft.topic,
      draft.text,
      parked ? 'parked' : 'queued',
      draft.reactive ? 'foreground' : 'background',
      eventId,
      nowMs,
      dueAtMs,
      parked ? WAITS_FOR_MODEL : null,
      later ? 1 : 0,
      draft.label ?? '',
    );
}

function findWaiting(database: Database, draft: JobDraft): number | undefined {
  return database
    .statement(
      `SELECT id FROM jobs AS waiting
       WHERE topic = ?1 AND origin = ?2 AND kind = ?3 AND state = 'queued' AND attempts = 0 AND error IS NULL
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE topic = ?1 AND state = 'queued' AND attempts = 0 AND kind = 'resolve'
                         AND origin <> ?2 AND id > waiting.id)
       ORDER BY id DESC LIMIT 1`,
    )
    .get<{ id: number }>(draft.topic, draft.origin, draft.kind)?.id;
}

function joinJob(database: Database, jobId: number, draft: JobDraft, eventId: number): void {
  database.statement('UPDATE jobs SET event_count = event_count + 1, text = ? WHERE id = ?').run(draft.text, jobId);
  // One event may match two subscriptions of one topic; the link is the same.
  database
    .statement('INSERT INTO job_events (event_id, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run(eventId, jobId);
}

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    origin: row.origin,
    reactive: row.reactive === 1,
    urgent: row.urgent === 1,
    topic: row.topic,
    text: row.text,
    state: row.state,
    lane: row.lane,
    attempts: row.attempts,
    eventId: row.event_id,
    eventCount: row.event_count,
    createdAtMs: row.created_at,
    dueAtMs: row.due_at,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    error: row.error,
    ...(row.label !== '' && { label: row.label }),
  };
}
