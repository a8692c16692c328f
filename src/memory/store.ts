import { KairosError } from '../core/errors.ts';
import type { Clock, Log, Redact } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { bulletId, type FactTrust } from './bullet.ts';
import { contextOf, type MemoryContext } from './context.ts';
import { startDraft, type Drafted } from './draft.ts';
import type { Manifest } from './generations.ts';
import { readDiff, readHistory, unknownGeneration } from './history.ts';
import { makeFolders } from './folders.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import { MEMORY_LIMITS, type MemoryLimits } from './limits.ts';
import { appendNote, localTime, readNote } from './notes.ts';
import type { Change, Operation, Refusal, StaleMark, ToldConflict } from './operations.ts';
import { readMemory } from './overlay.ts';
import type { Author, MemoryLedger } from './ports.ts';
import { planRollback } from './rollback.ts';
import { bulletsOf, type TopicType } from './topic.ts';
import type { Memory } from './tree.ts';

export interface MemoryOptions {
  readonly home: string;
  readonly ledger: MemoryLedger;
  readonly clock: Clock;
  readonly log: Log;
  /** A text that it would change holds a secret, and is not kept. */
  readonly redact: Redact;
  /** Asked for each use. */
  readonly timeZone: () => string;
  readonly limits?: Partial<MemoryLimits> | undefined;
  /** Generations that are kept; default 30. The newest always is. */
  readonly generationsMax?: number | undefined;
  /** For tests: called after each step of an apply, with its name. */
  readonly step?: ((name: string) => void | Promise<void>) | undefined;
}

/** Who asks for a change, and why: what the history shows. */
export interface Because {
  readonly author: Exclude<Author, 'owner' | 'rollback'>;
  readonly reason: string;
}

/** What a batch of operations came to. */
export interface ApplyResult {
  /** null: no file is other than before. */
  readonly generation: number | null;
  readonly changes: readonly Change[];
  readonly refused: readonly Refusal[];
  /** The owner is to be told of these. */
  readonly conflicts: readonly ToldConflict[];
  /** Files that a person changed at the same moment, again and again: then nothing was applied. Empty: all is well. */
  readonly edited: readonly string[];
}

/** A fact that somebody asks to be kept. */
export interface FactToRemember {
  readonly topic: string;
  readonly type: TopicType;
  readonly text: string;
  /** `owner`: their words, as they said them. */
  readonly trust: FactTrust;
  readonly src: readonly string[];
  readonly since?: string | undefined;
}

export interface RollbackResult {
  /** null: there was nothing to be put back. */
  readonly generation: number | null;
  readonly restored: readonly string[];
  /** Files that stay as they are, with why. */
  readonly held: readonly { readonly path: string; readonly why: string }[];
}

/** What is known, as files that their owner may edit at any time. Writes follow each other; reading never waits for them. */
export interface MemoryStore {
  read(): Promise<Memory>;
  /** What goes into a prompt: the index, as far as it is loaded, and the working note of the day. */
  context(): Promise<MemoryContext>;
  /** @throws {KairosError} `DISK_FULL`, `HOME_UNUSABLE`, `LEDGER_FAILED`; what was begun is then finished or undone later. */
  applyOperations(operations: readonly Operation[], because: Because): Promise<ApplyResult>;
  /**
   * Keeps one fact. A fact that is there already is no error.
   *
   * @returns The generation; null when it was known.
   * @throws {KairosError} `INPUT_INVALID` that says what to shorten or leave out; `STATE_CONFLICT` while a person edits.
   */
  remember(fact: FactToRemember): Promise<number | null>;
  history(limit: number): Promise<readonly Manifest[]>;
  /** @param generation Default: the newest. @throws {KairosError} `NOT_FOUND`. */
  diff(generation?: number): Promise<{ readonly manifest: Manifest; readonly diff: string }>;
  /** Puts back what a generation, and all after it, replaced. It is a generation itself. @throws {KairosError} `NOT_FOUND`. */
  rollback(generation: number): Promise<RollbackResult>;
  /** Adds a line to the working note of the day; secrets are taken out. @returns its path under `memory/`. */
  note(text: string): Promise<string>;
  /** The working note of a date such as `2026-11-02`. */
  noteOf(date: string): Promise<string | undefined>;
  /** Marks of facts that are still there. */
  stale(): Promise<readonly StaleMark[]>;
  /** Takes marks away: what these facts claim is so again. */
  holdAgain(marks: readonly StaleMark[]): Promise<void>;
  /** Looks for edits of a person, and records them. */
  look(): Promise<void>;
  /** When all that was asked for is done. */
  idle(): Promise<void>;
}

/** Operations between two breaths of the event loop: below a few milliseconds. */
const SLICE = 25;
const ATTEMPTS_MAX = 3;
const GENERATIONS_MAX = 30;

/**
 * Opens the memory of a home this process has locked: makes its directories, finishes what a crash cut off, and records
 * what a person edited meanwhile. What goes wrong in that is logged, and tried again with the next write.
 */
export async function openMemory(options: MemoryOptions): Promise<MemoryStore> {
  const directory = await makeFolders(options.home);
  const limits: MemoryLimits = { ...MEMORY_LIMITS, ...options.limits };
  const generationsMax = options.generationsMax ?? GENERATIONS_MAX;
  const keeper = createKeeper({ ...options, directory, generationsMax });
  await keeper.open();
  return createStore({ options, directory, limits, keeper });
}

interface Parts {
  readonly options: MemoryOptions;
  readonly directory: string;
  readonly limits: MemoryLimits;
  readonly keeper: Keeper;
}

function createStore(parts: Parts): MemoryStore {
  const { options, directory, limits, keeper } = parts;
  const { clock, ledger, redact } = options;
  const read = (): Promise<Memory> => readMemory(directory, ledger, () => keeper.readFiles());
  const look = (): Promise<void> => keeper.inTurn(async () => void (await keeper.settle()));
  return {
    read,
    context: async () => {
      const { date } = localTime(clock.wallMs(), options.timeZone());
      return contextOf(await read(), (await readNote(directory, date)) ?? '', limits);
    },
    applyOperations: (operations, because) => keeper.inTurn(() => applyAll(parts, operations, because)),
    remember: (fact) => keeper.inTurn(() => rememberOne(parts, fact)),
    history: (limit) => readHistory(directory, limit, ledger),
    diff: (generation) => readDiff(directory, generation, ledger),
    rollback: (generation) => keeper.inTurn(() => rollBack(parts, generation)),
    note: (text) =>
      keeper.inTurn(() => {
        const line = { text: redact(text), atMs: clock.wallMs(), timeZone: options.timeZone() };
        return appendNote(directory, line, limits);
      }),
    noteOf: (date) => readNote(directory, date),
    stale: async () => presentMarks(ledger.stale(), await read()),
    holdAgain: (marks) => keeper.inTurn(() => ledger.unmark(marks)),
    look,
    idle: () => keeper.idle(),
  };
}

async function applyAll(parts: Parts, operations: readonly Operation[], because: Because): Promise<ApplyResult> {
  const { keeper, options } = parts;
  const edited = new Set<string>();
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const memory = await keeper.settle();
    const drafted = await draft(parts, memory, operations);
    const { texts, changes, refused, conflicts, marks } = drafted;
    const told = { changes, refused, conflicts, edited: [] };
    const line = { kind: 'memory', ref: '', text: options.redact(`${because.reason}: ${countWords(drafted)}`) };
    if (texts.size === 0) {
      if (changes.length > 0) await options.ledger.mark(marks, [line], options.clock.wallMs());
      return { generation: null, ...told };
    }
    const committed = await keeper.commit(memory, { ...because, texts, changes, marks, line });
    if (committed.kind === 'done') {
      // An editor that had one of the files open may have written into it until now.
      await dropGone(options.ledger, await keeper.settle());
      return { generation: committed.generation, ...told };
    }
    for (const path of committed.paths) edited.add(path);
  }
  return { generation: null, changes: [], refused: [], conflicts: [], edited: [...edited] };
}

/** In slices: a large batch must not hold the event loop. */
async function draft(parts: Parts, memory: Memory, operations: readonly Operation[]): Promise<Drafted> {
  const { limits, options } = parts;
  const nowMs = options.clock.wallMs();
  const started = startDraft(memory, {
    nowMs,
    nowIso: formatInstant(nowMs, options.timeZone()),
    limits,
    redact: options.redact,
    described: options.ledger.described(),
  });
  for (const [index, operation] of operations.entries()) {
    started.apply(operation);
    if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return started.finish();
}

async function rememberOne(parts: Parts, fact: FactToRemember): Promise<number | null> {
  const because: Because = { author: 'agent', reason: `remembered from ${fact.src[0] ?? 'nowhere'}` };
  const result = await applyAll(parts, [{ kind: 'add', ...fact }], because);
  const [refusal] = result.refused;
  if (refusal?.known === true) return null;
  if (refusal !== undefined) throw new KairosError('INPUT_INVALID', refusal.reason);
  if (result.edited.length > 0) {
    throw new KairosError('STATE_CONFLICT', `memory/${result.edited[0]} is being edited: try again in a moment`);
  }
  return result.generation;
}

async function rollBack(parts: Parts, generation: number): Promise<RollbackResult> {
  const { directory, keeper, options } = parts;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const memory = await keeper.settle();
    const all = (await readHistory(directory, Infinity, options.ledger)).toReversed();
    const later = all.filter((each) => each.generation >= generation);
    if (later[0]?.generation !== generation) throw await unknownGeneration(directory, generation, options.ledger);
    const { texts, held } = await planRollback(directory, memory, later);
    if (texts.size === 0) return { generation: null, restored: [], held };
    const reason = `took back generation ${generation}${later.length > 1 ? ` and ${later.length - 1} after it` : ''}`;
    const changes = [...texts.keys()].map((path): Change => ({ kind: 'rollback', topic: path, text: reason }));
    const committed = await keeper.commit(memory, {
      author: 'rollback',
      reason,
      texts,
      changes,
      marks: { stale: [], described: {} },
      line: { kind: 'memory', ref: '', text: `${reason}: ${texts.size} files` },
    });
    if (committed.kind === 'done') return { generation: committed.generation, restored: [...texts.keys()], held };
  }
  throw new KairosError('STATE_CONFLICT', 'the memory is being edited: save, and try again');
}

/** Marks of facts that are gone stand for nothing. */
async function dropGone(ledger: MemoryLedger, memory: Memory): Promise<void> {
  const all = ledger.stale();
  if (all.length === 0) return;
  const present = new Set(presentMarks(all, memory));
  const gone = all.filter((mark) => !present.has(mark));
  if (gone.length > 0) await ledger.unmark(gone);
}

function presentMarks(marks: readonly StaleMark[], memory: Memory): readonly StaleMark[] {
  const named = new Set(marks.map(({ topic }) => topic));
  const ids = new Set(
    memory.topics
      .filter(({ name }) => named.has(name))
      .flatMap((topic) => bulletsOf(topic).map((bullet) => `${topic.name} ${bulletId(topic.name, bullet)}`)),
  );
  return marks.filter(({ topic, bullet }) => ids.has(`${topic} ${bullet}`));
}

/** `2 add, 1 supersede; 3 refused` */
function countWords({ changes, refused }: Drafted): string {
  const counts = new Map<string, number>();
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const words = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing';
  return refused.length === 0 ? words : `${words}; ${refused.length} refused`;
}
