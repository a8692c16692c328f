import type { JournalDraft } from '../core/job.ts';
import type { Database } from './database.ts';
import { settleDreamWithin } from './dreams.ts';
import { appendJournal } from './journal-rows.ts';
import type { Rows } from './reading.ts';
import type { Writer } from './writer.ts';

/** One file that an apply replaces, by the hashes of its bytes; null: there is none. */
interface Step {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** A fact whose claim no longer holds. */
interface Stale {
  readonly topic: string;
  readonly bullet: string;
  readonly reason: string;
  readonly moved: string | null;
  readonly atMs: number;
}

interface Marks {
  readonly stale: readonly Stale[];
  readonly described: Readonly<Record<string, string>>;
}

/** A change of the memory, with all it takes to finish it after a crash but the texts: these lie in its directory. */
interface Generation<Author extends string> {
  readonly generation: number;
  readonly atMs: number;
  readonly author: Author;
  readonly reason: string;
  readonly steps: readonly Step[];
  readonly marks: Marks;
  readonly line: JournalDraft | null;
}

interface Unfinished<Author extends string> extends Generation<Author> {
  readonly direction: 'forward' | 'back';
}

/** The generations of the memory, and what is known beside its files. No text of the memory is in the ledger. */
export interface Generations<Author extends string> {
  /** The one that was begun and neither finished nor undone. */
  unfinished(): Unfinished<Author> | undefined;
  newest(): number;
  isDone(generation: number): boolean;
  begin(generation: Generation<Author>): Promise<void>;
  turnBack(generation: number): Promise<void>;
  /** Finishes what was begun, or records what is there already. */
  done(generation: Generation<Author>): Promise<void>;
  undone(generation: number): Promise<void>;
  /** The files as they were when last looked at. */
  known(): ReadonlyMap<string, { readonly sha256: string; readonly generation: number }>;
  learn(files: ReadonlyMap<string, string>): Promise<void>;
  stale(): readonly Stale[];
  described(): Readonly<Record<string, string>>;
  mark(marks: Marks, lines: readonly JournalDraft[], nowMs: number): Promise<void>;
  unmark(gone: readonly Pick<Stale, 'topic' | 'bullet'>[]): Promise<void>;
  prune(below: number): Promise<void>;
}

export function openGenerations<Author extends string>(database: Database, writer: Writer): Generations<Author> {
  const setState = (generation: number, state: string, redo: 'kept' | 'dropped'): Promise<void> =>
    writer.write((target) => {
      const clear = redo === 'dropped' ? ', redo = NULL' : '';
      target.statement(`UPDATE memory_generations SET state = ?${clear} WHERE id = ?`).run(state, generation);
    });
  return {
    ...readGenerations<Author>(database),
    begin: (generation) =>
      writer.write((target) => insert(target, generation, 'begun'), { bytes: 256 + 200 * generation.steps.length }),
    turnBack: (generation) => setState(generation, 'undoing', 'kept'),
    undone: (generation) => setState(generation, 'undone', 'dropped'),
    done: (generation) =>
      writer.write((target) => finish(target, generation), { bytes: 256 + 200 * generation.steps.length }),
    learn: (files) =>
      writer.write((target) => {
        for (const [path, sha256] of files) know(target, path, sha256, 0);
      }),
    mark: (marks, lines, nowMs) =>
      writer.write((target) => {
        setMarks(target, marks);
        for (const line of lines) appendJournal(target, line, nowMs);
      }),
    unmark: (gone) =>
      writer.write((target) => {
        const drop = target.statement("DELETE FROM memory_marks WHERE kind = 'stale' AND topic = ? AND bullet = ?");
        for (const { topic, bullet } of gone) drop.run(topic, bullet);
      }),
    prune: (below) =>
      writer.write((target) => {
        target
          .statement(
            `DELETE FROM memory_generations
             WHERE id < ? AND redo IS NULL AND id < (SELECT max(id) FROM memory_generations)`,
          )
          .run(below);
      }),
  };
}

/** The half that only reads: also over a snapshot, beside a daemon or without one. A ledger older than the memory holds nothing. */
export function readGenerations<Author extends string>(
  rows: Rows,
): Pick<Generations<Author>, 'unfinished' | 'newest' | 'isDone' | 'known' | 'stale' | 'described'> {
  const all = <Found>(sql: string, ...values: number[]): Found[] =>
    hasMemory(rows) ? rows.statement(sql).all<Found>(...values) : [];
  return {
    unfinished: () => {
      const [row] = all<Row<Author>>(
        'SELECT id, at AS atMs, author, reason, state, redo FROM memory_generations WHERE redo IS NOT NULL ORDER BY id LIMIT 1',
      );
      return row === undefined ? undefined : read(row);
    },
    newest: () => all<{ id: number | null }>('SELECT max(id) AS id FROM memory_generations')[0]?.id ?? 0,
    isDone: (generation) =>
      all("SELECT 1 FROM memory_generations WHERE id = ? AND state = 'done'", generation).length > 0,
    known: () =>
      new Map(
        all<{ path: string; sha256: string; generation: number }>(
          'SELECT path, sha256, generation FROM memory_files',
        ).map(({ path, ...file }) => [path, file]),
      ),
    stale: () =>
      all<Stale>(
        "SELECT topic, bullet, text AS reason, moved, at AS atMs FROM memory_marks WHERE kind = 'stale' ORDER BY topic, bullet",
      ),
    described: () =>
      Object.fromEntries(
        all<{ topic: string; text: string }>("SELECT topic, text FROM memory_marks WHERE kind = 'described'").map(
          ({ topic, text }) => [topic, text],
        ),
      ),
  };
}

interface Row<Author> {
  readonly id: number;
  readonly atMs: number;
  readonly author: Author;
  readonly reason: string;
  readonly state: string;
  readonly redo: string;
}

function hasMemory(rows: Rows): boolean {
  return rows.statement("SELECT 1 FROM sqlite_master WHERE name = 'memory_marks'").get() !== undefined;
}

function read<Author extends string>({ id, state, redo, ...row }: Row<Author>): Unfinished<Author> {
  const { steps, marks, line } = JSON.parse(redo) as Pick<Generation<Author>, 'steps' | 'marks' | 'line'>;
  return { ...row, generation: id, steps, marks, line, direction: state === 'undoing' ? 'back' : 'forward' };
}

function insert<Author extends string>(target: Database, given: Generation<Author>, state: 'begun' | 'done'): void {
  const { generation, atMs, author, reason, steps, marks, line } = given;
  target
    .statement(
      `INSERT INTO memory_generations (id, at, author, reason, state, redo) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, redo = excluded.redo`,
    )
    .run(generation, atMs, author, reason, state, state === 'done' ? null : JSON.stringify({ steps, marks, line }));
}

function finish<Author extends string>(target: Database, given: Generation<Author>): void {
  insert(target, given, 'done');
  for (const { path, after } of given.steps) {
    if (after === null) target.statement('DELETE FROM memory_files WHERE path = ?').run(path);
    else know(target, path, after, given.generation);
  }
  setMarks(target, given.marks);
  if (given.line !== null) appendJournal(target, given.line, given.atMs);
  // Also when it is a start after a crash that finishes it: what a dream has read counts with what it changed.
  if (given.author === 'dream') settleDreamWithin(target, given.generation, given.atMs);
}

function know(target: Database, path: string, sha256: string, generation: number): void {
  target
    .statement(
      `INSERT INTO memory_files (path, sha256, generation) VALUES (?, ?, ?)
       ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, generation = excluded.generation`,
    )
    .run(path, sha256, generation);
}

function setMarks(target: Database, { stale, described }: Marks): void {
  const set = target.statement(
    `INSERT INTO memory_marks (kind, topic, bullet, text, moved, at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (kind, topic, bullet) DO UPDATE SET text = excluded.text, moved = excluded.moved, at = excluded.at`,
  );
  for (const { topic, bullet, reason, moved, atMs } of stale) set.run('stale', topic, bullet, reason, moved, atMs);
  for (const [topic, sha256] of Object.entries(described)) set.run('described', topic, '', sha256, null, 0);
}
