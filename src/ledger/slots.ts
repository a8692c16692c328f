import type { EventDraft } from '../core/event.ts';
import type { JobState } from '../core/job.ts';
import type { Database } from './database.ts';
import type { Alongside, Appended, Events } from './events.ts';
import { appendJournal } from './journal-rows.ts';
import type { Writer } from './writer.ts';

/** How far a schedule is decided. */
export interface Cursor {
  /** Every slot up to here has been run or missed. */
  readonly throughMs: number;
  /** It was not known before, or was due at other times: it begins now. */
  readonly fresh: boolean;
}

/** Slots that do not run, as they are to be recorded. */
export interface MissedDraft {
  readonly fromMs: number;
  readonly throughMs: number;
  readonly count: number | null;
  readonly reason: string;
  /** For the daily log. */
  readonly line: string;
}

export interface SlotDraft {
  readonly schedule: string;
  readonly slotMs: number;
  /** Missed ones before it, recorded in the same transaction. */
  readonly missed: readonly MissedDraft[];
  readonly nowMs: number;
}

/** A slot that was decided, or several missed ones that followed each other. */
export interface Slot {
  readonly schedule: string;
  readonly fromMs: number;
  readonly throughMs: number;
  readonly state: 'run' | 'missed';
  /** null: too many to count. */
  readonly count: number | null;
  readonly reason: string | null;
  readonly eventId: number | null;
  readonly decidedAtMs: number;
}

/** Slots: which moments of which schedule were run or missed. A slot is decided once. */
export interface Slots {
  /** Makes the schedules known, forgets the others, and says how far each is decided. */
  sync(
    schedules: readonly { readonly name: string; readonly timing: string }[],
    nowMs: number,
  ): Promise<ReadonlyMap<string, Cursor>>;
  /** What is decided already between two instants, both included. */
  decided(
    schedule: string,
    fromMs: number,
    throughMs: number,
  ): readonly { readonly fromMs: number; readonly throughMs: number }[];
  /** Records the event of a slot, its jobs, the slot, and what was missed before it, in one transaction. */
  run(draft: EventDraft, slot: SlotDraft): Promise<Appended>;
  miss(schedule: string, missed: readonly MissedDraft[], nowMs: number): Promise<void>;
  /**
   * The clock was set back: what was missed after the present is to be decided again when its time comes. What has run
   * stays as it is.
   */
  reopen(schedules: readonly string[], nowMs: number): Promise<void>;
  /** Records a run that somebody asked for: no slot, but the schedule is busy with it. */
  runByHand(draft: EventDraft, schedule: string): Promise<Appended>;
  /** The state of the job that was begun last, while it has not come to its end. */
  unfinished(schedule: string): Extract<JobState, 'queued' | 'running' | 'parked'> | undefined;
  /** What a job of this event was to run for: its slot, or when it was asked for. undefined: no schedule began it. */
  scheduledFor(eventId: number): number | undefined;
  /** Newest first. */
  list(schedule: string, page: { readonly limit: number; readonly state?: Slot['state'] | undefined }): Slot[];
  /** How many runs of how many schedules were decided to be missed since then; of very many, the first ten thousand rows. */
  missedSince(fromMs: number): { readonly runs: number; readonly schedules: number };
}

/** Rows in one transaction: a few milliseconds. */
const SYNC_ROWS = 1_000;
/** Counted in about two milliseconds. */
const MISSED_ROWS = 10_000;

export function openSlots(database: Database, writer: Writer, append: Events['append']): Slots {
  return {
    sync: (schedules, nowMs) => sync(database, writer, schedules, nowMs),
    decided: (schedule, fromMs, throughMs) => decided(database, schedule, fromMs, throughMs),
    async run(draft, slot) {
      const record: Alongside = (target, eventId) => recordRun(target, eventId, slot);
      const appended = await append(draft, record);
      // The event was there before its slot: only in a ledger whose slots were lost. Now it has one.
      if (appended.duplicate) await writer.write((target) => record(target, appended.id));
      return appended;
    },
    miss: (schedule, missed, nowMs) =>
      writer.write((target) => {
        for (const one of missed) recordMissed(target, schedule, one, nowMs);
      }),
    async reopen(schedules, nowMs) {
      for (let index = 0; index < schedules.length; index += SYNC_ROWS) {
        const slice = schedules.slice(index, index + SYNC_ROWS);
        await writer.write((target) => {
          for (const schedule of slice) reopen(target, schedule, nowMs);
        });
      }
    },
    runByHand: (draft, schedule) => append(draft, (target, eventId) => setLast(target, schedule, eventId)),
    unfinished: (schedule) =>
      database
        .statement(
          `SELECT jobs.state FROM schedules JOIN jobs ON jobs.event_id = schedules.last_event_id
           WHERE schedules.name = ? AND jobs.state IN ('queued', 'running', 'parked') LIMIT 1`,
        )
        .get<{ state: 'queued' | 'running' | 'parked' }>(schedule)?.state,
    scheduledFor: (eventId) =>
      database
        .statement(
          `SELECT coalesce((SELECT slot_at FROM slots WHERE event_id = ?1), received_at) AS at
           FROM events WHERE id = ?1 AND source = 'schedule'`,
        )
        .get<{ at: number }>(eventId)?.at,
    list: (schedule, page) => list(database, schedule, page),
    missedSince: (fromMs) =>
      database
        .statement(
          `SELECT coalesce(sum(coalesce(count, 1)), 0) AS runs, count(DISTINCT schedule) AS schedules FROM
           (SELECT schedule, count FROM slots WHERE state = 'missed' AND decided_at >= ? LIMIT ${MISSED_ROWS})`,
        )
        .get<{ runs: number; schedules: number }>(fromMs) ?? { runs: 0, schedules: 0 },
  };
}

interface ScheduleRow {
  name: string;
  timing: string;
  through_at: number;
}

async function sync(
  database: Database,
  writer: Writer,
  schedules: readonly { readonly name: string; readonly timing: string }[],
  nowMs: number,
): Promise<ReadonlyMap<string, Cursor>> {
  const known = new Map(
    database
      .statement('SELECT name, timing, through_at FROM schedules')
      .all<ScheduleRow>()
      .map((row) => [row.name, row] as const),
  );
  const fresh = schedules.filter(({ name, timing }) => known.get(name)?.timing !== timing);
  const wanted = new Set(schedules.map(({ name }) => name));
  const gone = [...known.keys()].filter((name) => !wanted.has(name));
  for (let index = 0; index < fresh.length; index += SYNC_ROWS) {
    await writer.write((target) => {
      const begin = target.statement(
        `INSERT INTO schedules (name, timing, through_at) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET timing = excluded.timing, through_at = excluded.through_at`,
      );
      for (const { name, timing } of fresh.slice(index, index + SYNC_ROWS)) begin.run(name, timing, nowMs);
    });
  }
  for (let index = 0; index < gone.length; index += SYNC_ROWS) {
    await writer.write((target) => {
      const forget = target.statement('DELETE FROM schedules WHERE name = ?');
      for (const name of gone.slice(index, index + SYNC_ROWS)) forget.run(name);
    });
  }
  const begun = new Set(fresh.map(({ name }) => name));
  return new Map(
    schedules.map(({ name }) => {
      const isFresh = begun.has(name);
      return [name, { throughMs: isFresh ? nowMs : (known.get(name)?.through_at ?? nowMs), fresh: isFresh }];
    }),
  );
}

/** Decided stretches never overlap: those that begin inside, and the one before them if it reaches in. */
function decided(
  database: Database,
  schedule: string,
  fromMs: number,
  throughMs: number,
): { readonly fromMs: number; readonly throughMs: number }[] {
  const columns = 'SELECT slot_at AS fromMs, through_at AS throughMs FROM slots WHERE schedule = ?';
  const before = database
    .statement(`${columns} AND slot_at < ? ORDER BY slot_at DESC LIMIT 1`)
    .get<{ fromMs: number; throughMs: number }>(schedule, fromMs);
  const inside = database
    .statement(`${columns} AND slot_at BETWEEN ? AND ? ORDER BY slot_at`)
    .all<{ fromMs: number; throughMs: number }>(schedule, fromMs, throughMs);
  return before !== undefined && before.throughMs >= fromMs ? [before, ...inside] : inside;
}

function recordRun(database: Database, eventId: number, { schedule, slotMs, missed, nowMs }: SlotDraft): void {
  for (const one of missed) recordMissed(database, schedule, one, nowMs);
  database
    .statement(
      `INSERT INTO slots (schedule, slot_at, through_at, state, count, event_id, decided_at) VALUES (?, ?, ?, 'run', 1, ?, ?)`,
    )
    .run(schedule, slotMs, slotMs, eventId, nowMs);
  setThrough(database, schedule, slotMs);
  setLast(database, schedule, eventId);
}

/** Missed for the same reason as the ones before, it joins them: a long overlap is one row and one line. */
function recordMissed(database: Database, schedule: string, missed: MissedDraft, nowMs: number): void {
  const last = database
    .statement(
      'SELECT slot_at, through_at, state, count, reason FROM slots WHERE schedule = ? ORDER BY slot_at DESC LIMIT 1',
    )
    .get<{ slot_at: number; through_at: number; state: string; count: number | null; reason: string | null }>(schedule);
  if (last?.state === 'missed' && last.reason === missed.reason && last.through_at < missed.fromMs) {
    const count = last.count === null || missed.count === null ? null : last.count + missed.count;
    database
      .statement('UPDATE slots SET through_at = ?, count = ?, decided_at = ? WHERE schedule = ? AND slot_at = ?')
      .run(missed.throughMs, count, nowMs, schedule, last.slot_at);
  } else {
    database
      .statement(
        `INSERT INTO slots (schedule, slot_at, through_at, state, count, reason, decided_at) VALUES (?, ?, ?, 'missed', ?, ?, ?)`,
      )
      .run(schedule, missed.fromMs, missed.throughMs, missed.count, missed.reason, nowMs);
    appendJournal(database, { kind: 'missed', ref: '', text: missed.line }, nowMs);
  }
  setThrough(database, schedule, missed.throughMs);
}

function reopen(database: Database, schedule: string, nowMs: number): void {
  const missed = "schedule = ? AND state = 'missed'";
  database.statement(`DELETE FROM slots WHERE ${missed} AND slot_at > ?`).run(schedule, nowMs);
  database
    .statement(`UPDATE slots SET through_at = ?, count = NULL WHERE ${missed} AND slot_at <= ? AND through_at > ?`)
    .run(nowMs, schedule, nowMs, nowMs);
  setThrough(database, schedule, nowMs);
}

function setThrough(database: Database, schedule: string, throughMs: number): void {
  database.statement('UPDATE schedules SET through_at = ? WHERE name = ?').run(throughMs, schedule);
}

function setLast(database: Database, schedule: string, eventId: number): void {
  database.statement('UPDATE schedules SET last_event_id = ? WHERE name = ?').run(eventId, schedule);
}

function list(
  database: Database,
  schedule: string,
  { limit, state }: { readonly limit: number; readonly state?: Slot['state'] | undefined },
): Slot[] {
  const columns = `SELECT schedule, slot_at AS fromMs, through_at AS throughMs, state, count, reason, event_id AS eventId,
    decided_at AS decidedAtMs FROM slots WHERE schedule = ?`;
  const newest = 'ORDER BY slot_at DESC LIMIT ?';
  if (state === 'missed')
    return database.statement(`${columns} AND state = 'missed' ${newest}`).all<Slot>(schedule, limit);
  if (state === undefined) return database.statement(`${columns} ${newest}`).all<Slot>(schedule, limit);
  return database.statement(`${columns} AND state = ? ${newest}`).all<Slot>(schedule, state, limit);
}
