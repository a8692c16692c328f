import type { JournalDraft } from '../core/job.ts';
import type { StaleMark } from './operations.ts';

/** Who made a generation. `rollback`: kairosd, asked by a person to take one back. */
export type Author = 'owner' | 'agent' | 'dream' | 'rollback';

/** One file that an apply replaces, by the SHA-256 of its bytes. null: there is none. The texts lie in the generation's directory. */
export interface FileStep {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** An apply that was begun: it is finished, or undone, before anything else happens to the memory. */
export interface UnfinishedApply {
  readonly generation: number;
  /** `back`: it met an edit of a person's, and what it did is being undone. */
  readonly direction: 'forward' | 'back';
  readonly steps: readonly FileStep[];
  readonly atMs: number;
  readonly author: Author;
  readonly reason: string;
  readonly marks: MarkChanges;
  readonly line: JournalDraft | null;
}

/** A file as it was when the memory was last looked at. */
export interface KnownFile {
  readonly sha256: string;
  /** The generation that made it so; 0: it was there at the first look. */
  readonly generation: number;
}

/** What is kept beside the files. */
export interface MarkChanges {
  readonly stale: readonly StaleMark[];
  /** Topics whose description kairosd wrote, with its SHA-256: only such a one may it write anew. */
  readonly described: Readonly<Record<string, string>>;
}

/** A generation that is complete. */
export interface FinishedGeneration {
  readonly generation: number;
  readonly atMs: number;
  readonly author: Author;
  readonly reason: string;
  readonly steps: readonly FileStep[];
  readonly marks: MarkChanges;
  readonly line: JournalDraft | null;
}

/** What the store needs of the ledger. Each call is one transaction. */
export interface MemoryLedger {
  unfinished(): UnfinishedApply | undefined;
  /** The highest number ever given out; 0 when none was. */
  newest(): number;
  /** Whether this one is complete, whatever its directory says. */
  isDone(generation: number): boolean;
  begin(apply: Omit<UnfinishedApply, 'direction'>): Promise<void>;
  /** What was begun will be undone. */
  turnBack(generation: number): Promise<void>;
  /** Ends what was begun, or records what is there already; with it the files are known as they are now. */
  done(finished: FinishedGeneration): Promise<void>;
  undone(generation: number): Promise<void>;
  known(): ReadonlyMap<string, KnownFile>;
  /** Files that were there before the first look. */
  learn(files: ReadonlyMap<string, string>): Promise<void>;
  stale(): readonly StaleMark[];
  described(): Readonly<Record<string, string>>;
  /** Marks that stand alone, without a change of a file. */
  mark(marks: MarkChanges, lines: readonly JournalDraft[], nowMs: number): Promise<void>;
  /** Takes marks away whose fact is gone. */
  unmark(gone: readonly Pick<StaleMark, 'topic' | 'bullet'>[]): Promise<void>;
  /** Rows of generations below this one go. */
  prune(below: number): Promise<void>;
}
