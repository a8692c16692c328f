import type { JournalDraft } from '../core/job.ts';
import type { Database } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { Writer } from './writer.ts';

/** A line of the daily log that is recorded, and perhaps not yet in its file. */
export interface JournalLine extends JournalDraft {
  readonly id: number;
  readonly atMs: number;
}

export interface JournalRows {
  /** Lines that are not known to be in the file, oldest first. */
  pending(limit: number): JournalLine[];
  /** All lines up to this one are in the file. */
  written(throughId: number): Promise<void>;
  append(line: JournalDraft, nowMs: number): Promise<void>;
}

const WRITTEN = 'journal.written';

/** Inside a transaction: the line and what it tells of are recorded together. */
export function appendJournal(database: Database, line: JournalDraft, nowMs: number): void {
  database
    .statement('INSERT INTO journal (at, kind, ref, text) VALUES (?, ?, ?, ?)')
    .run(nowMs, line.kind, line.ref, database.redact(line.text));
}

export function openJournalRows(database: Database, writer: Writer): JournalRows {
  return {
    pending: (limit) =>
      database
        .statement('SELECT id, at AS atMs, kind, ref, text FROM journal WHERE id > ? ORDER BY id LIMIT ?')
        .all<JournalLine>(writtenThrough(database), limit),
    written: (throughId) => writer.write((target) => writeMeta(target, WRITTEN, String(throughId))),
    append: (line, nowMs) => writer.write((target) => appendJournal(target, line, nowMs)),
  };
}

export function writtenThrough(database: Database): number {
  return Number(readMeta(database, WRITTEN) ?? 0);
}
