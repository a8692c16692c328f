import type { JournalDraft } from '../core/job.ts';
import type { Database } from './database.ts';
import { appendJournal } from './journal-rows.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { Rows } from './reading.ts';
import type { Writer } from './writer.ts';

/**
 * How a dream ended. `nothing`: it came to its end and had nothing to change. `cancelled`: somebody stopped it, which is no
 * failure. `lost`: its process died.
 */
type DreamOutcome = 'changed' | 'nothing' | 'failed' | 'cancelled' | 'lost';

/** A dream. Times are Unix milliseconds. */
export interface DreamRow<Report> {
  readonly id: number;
  readonly startedAtMs: number;
  readonly byHand: boolean;
  readonly endedAtMs: number | null;
  /** null: it is under way. */
  readonly outcome: DreamOutcome | null;
  readonly reason: string;
  /** null: no file was changed. */
  readonly generation: number | null;
  readonly report: Report | null;
}

/** How far a file has been read, and how it was then. */
interface FileMark {
  /** Relative to the home. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: string;
  readonly offset: number;
  readonly hash: string;
}

/** What the gates go by. */
interface GateTimes {
  readonly lastSuccessAtMs: number | null;
  readonly lastScanAtMs: number | null;
  /** Since the last success and since the last one that was asked for by hand, that one included. */
  readonly failures: number;
  readonly lastFailureAtMs: number | null;
}

interface DreamEnd<Report> {
  readonly outcome: Exclude<DreamOutcome, 'lost'>;
  readonly reason: string;
  readonly report: Report;
  /** How far it has read; it counts only when the dream came to its end. */
  readonly files: readonly FileMark[];
  readonly lines: readonly JournalDraft[];
}

/** Dreams, and how far they have read. What a report holds is the dreamer's own. */
export interface Dreams<Report> {
  gateTimes(): GateTimes;
  /** What lies in the future of this moment is moved to it: somebody has set the clock back. */
  holdBack(nowMs: number): Promise<void>;
  scanned(nowMs: number): Promise<void>;
  files(): ReadonlyMap<string, FileMark>;
  /** Files that are gone need no mark any more. */
  forget(paths: readonly string[]): Promise<void>;
  begin(byHand: boolean, nowMs: number): Promise<number>;
  /** Before its changes are applied: with the apply, what was read counts as read (`settleDreamWithin`). */
  stage(id: number, files: readonly FileMark[]): Promise<void>;
  /**
   * Ends a dream; one that its apply has ended keeps its outcome and generation, and gets the report. What a failed one had
   * staged stays: its apply may still be finished.
   */
  end(id: number, end: DreamEnd<Report>, nowMs: number): Promise<void>;
  /** At the start: those that a process which is gone has left open. @returns how many. */
  closeLost(nowMs: number): Promise<number>;
  /** Newest first. */
  list(limit: number): DreamRow<Report>[];
  /** Questions that dreams have put to the model on this local date. */
  questionsOn(day: string): number;
}

const SCANNED = 'dream.scanned';
/** Older ones are forgotten. */
const ROWS_KEPT = 500;
const WELL = "outcome IN ('changed', 'nothing')";

export function openDreams<Report>(database: Database, writer: Writer): Dreams<Report> {
  return {
    ...readDreams<Report>(database),
    holdBack: (nowMs) => writer.write((target) => holdBack(target, nowMs)),
    scanned: (nowMs) => writer.write((target) => writeMeta(target, SCANNED, String(nowMs))),
    forget: (paths) =>
      writer.write((target) => {
        for (const path of paths) target.statement('DELETE FROM dream_files WHERE path = ?').run(path);
      }),
    begin: (byHand, nowMs) => writer.write((target) => begin(target, byHand, nowMs)),
    stage(id, files) {
      const staged = JSON.stringify(files);
      return writer.write(
        (target) => void target.statement('UPDATE dreams SET staged = ? WHERE id = ?').run(staged, id),
        { bytes: staged.length },
      );
    },
    end: (id, given, nowMs) =>
      writer.write((target) => end(target, id, given, nowMs), { bytes: 1_024 + 200 * given.files.length }),
    closeLost: (nowMs) =>
      writer.write((target) =>
        target
          .statement(
            `UPDATE dreams SET outcome = 'lost', reason = 'the daemon ended while it was under way', ended_at = ?, counted_at = ?
             WHERE outcome IS NULL`,
          )
          .run(nowMs, nowMs),
      ),
  };
}

/** The half that only reads. */
function readDreams<Report>(rows: Rows): Pick<Dreams<Report>, 'gateTimes' | 'files' | 'list' | 'questionsOn'> {
  return {
    gateTimes: () => gateTimes(rows),
    files: () =>
      new Map(
        rows
          .statement('SELECT path, size, mtime_ms AS mtimeMs, inode, offset, hash FROM dream_files')
          .all<FileMark>()
          .map((mark) => [mark.path, mark]),
      ),
    list: (limit) =>
      rows
        .statement(
          `SELECT id, started_at AS startedAtMs, by_hand AS byHand, ended_at AS endedAtMs, outcome, reason, generation, report
           FROM dreams ORDER BY id DESC LIMIT ?`,
        )
        .all<Omit<DreamRow<Report>, 'report' | 'byHand'> & { report: string | null; byHand: number }>(limit)
        .map((row) => ({
          ...row,
          byHand: row.byHand === 1,
          reason: row.reason ?? '',
          report: row.report === null ? null : (JSON.parse(row.report) as Report),
        })),
    questionsOn: (day) =>
      rows
        .statement("SELECT count(*) AS count FROM spend WHERE purpose = 'dream' AND day = ?")
        .get<{ count: number }>(day)?.count ?? 0,
  };
}

/**
 * Inside the transaction that completes a generation of the memory made by a dream: the dream has come to its end, and what
 * it has read counts as read. Also after a crash, when the next start completes the generation.
 */
export function settleDreamWithin(target: Database, generation: number, nowMs: number): void {
  const open = target
    .statement('SELECT id, staged FROM dreams WHERE staged IS NOT NULL ORDER BY id DESC LIMIT 1')
    .get<{ id: number; staged: string }>();
  if (open === undefined) return;
  keepMarks(target, JSON.parse(open.staged) as FileMark[]);
  target
    .statement(
      `UPDATE dreams SET outcome = 'changed', reason = '', generation = ?, ended_at = ?, counted_at = ?, staged = NULL
       WHERE id = ?`,
    )
    .run(generation, nowMs, nowMs, open.id);
}

function begin(target: Database, byHand: boolean, nowMs: number): number {
  target.statement('UPDATE dreams SET staged = NULL WHERE staged IS NOT NULL').run();
  target.statement('INSERT INTO dreams (started_at, by_hand) VALUES (?, ?)').run(nowMs, byHand ? 1 : 0);
  const id = target.statement('SELECT max(id) AS id FROM dreams').get<{ id: number }>()?.id ?? 0;
  target.statement('DELETE FROM dreams WHERE id <= ?').run(id - ROWS_KEPT);
  return id;
}

function end<Report>(target: Database, id: number, given: DreamEnd<Report>, nowMs: number): void {
  const { outcome, reason, report, files, lines } = given;
  const ended = target
    .statement(
      `UPDATE dreams SET outcome = ?, reason = ?, ended_at = ?, counted_at = ?,
       staged = CASE WHEN ? = 'failed' THEN staged END WHERE id = ? AND outcome IS NULL`,
    )
    .run(outcome, reason, nowMs, nowMs, outcome, id);
  if (ended > 0 && (outcome === 'changed' || outcome === 'nothing')) keepMarks(target, files);
  target.statement('UPDATE dreams SET reason = ?, report = ? WHERE id = ?').run(reason, JSON.stringify(report), id);
  for (const line of lines) appendJournal(target, line, nowMs);
}

function keepMarks(target: Database, files: readonly FileMark[]): void {
  const set = target.statement(
    `INSERT INTO dream_files (path, size, mtime_ms, inode, offset, hash) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ms = excluded.mtime_ms, inode = excluded.inode,
     offset = excluded.offset, hash = excluded.hash`,
  );
  for (const { path, size, mtimeMs, inode, offset, hash } of files) set.run(path, size, mtimeMs, inode, offset, hash);
}

function gateTimes(rows: Rows): GateTimes {
  const well = rows
    .statement(`SELECT id, counted_at AS atMs FROM dreams WHERE ${WELL} ORDER BY id DESC LIMIT 1`)
    .get<{ id: number; atMs: number }>();
  const byHand = rows.statement('SELECT max(id) AS id FROM dreams WHERE by_hand = 1').get<{ id: number | null }>();
  const failed = rows
    .statement(
      `SELECT count(*) AS count, max(counted_at) AS atMs FROM dreams
       WHERE id > ? AND id >= ? AND outcome IN ('failed', 'lost')`,
    )
    .get<{ count: number; atMs: number | null }>(well?.id ?? 0, byHand?.id ?? 0);
  const scanned = rows.statement('SELECT value FROM meta WHERE key = ?').get<{ value: string }>(SCANNED)?.value;
  return {
    lastSuccessAtMs: well?.atMs ?? null,
    lastScanAtMs: scanned === undefined ? null : Number(scanned),
    failures: failed?.count ?? 0,
    lastFailureAtMs: failed?.atMs ?? null,
  };
}

function holdBack(target: Database, nowMs: number): void {
  target.statement('UPDATE dreams SET counted_at = ? WHERE counted_at > ?').run(nowMs, nowMs);
  if (Number(readMeta(target, SCANNED) ?? 0) > nowMs) writeMeta(target, SCANNED, String(nowMs));
}
