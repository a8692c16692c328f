import { writeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { readTree } from '../memory/tree.ts';
import { createRedactor } from '../redact/redactor.ts';
import { startConsolidation, type Consolidation } from './consolidate.ts';
import { gather, nothingGathered, type Gathered } from './gather.ts';
import type { ConsolidateOptions, MaterialItem } from './material.ts';
import { createLineReader } from './line-reader.ts';
import {
  BATCH_MAX,
  OPERATIONS_MAX,
  TASK_BYTES_MAX,
  toWorkerSchema,
  type FromWorker,
  type Phase,
  type Task,
  type Verdict,
} from './messages.ts';
import type { Proposal } from './propose.ts';
import { bundlesOf, heed } from './second-look.ts';

/*
 * The jailed half of a dream (see jail.ts): a process that reads and can do nothing else. It gets a task on its standard
 * input, reads the memory and what is new, and says on its standard output what it would change.
 */

type Say = (message: FromWorker) => void;
type ToWorker = {
  readonly kind: 'answer';
  readonly id: number;
  readonly verdict: Verdict | null;
  readonly more: boolean;
};

const SOURCES_IN_LINE = 200;
const MARKS_IN_LINE = 200;
const REPORT_LINES_MAX = 100;
const REPORT_CHARS_MAX = 400;
/** Files, or questions, between two lines of progress. */
const STEPS_BETWEEN = 20;

if (import.meta.main) {
  setPriority(0, constants.priority.PRIORITY_LOW);
  await work(process.stdin, sayAloud);
  process.exit(0);
}

/** Takes one task and says one proposal. */
async function work(input: NodeJS.ReadableStream, say: Say): Promise<void> {
  const inbox = openInbox(input);
  say({ kind: 'ready' });
  const task = await inbox.task;
  const progress = progressTo(say);
  const memory = await readTree(join(task.home, 'memory'));
  progress.phase('gather', task.files.length);
  const gathered = nothingGathered();
  const material = materialOf(task, gathered, (done) => progress.step(done, task.files.length));
  const consolidation = startConsolidation({ topics: memory.topics, material, stale: task.stale }, optionsOf(task));
  progress.phase('consolidate', 0);
  const answered = await askModel(consolidation, task, say, inbox, (done, total) => progress.step(done, total));
  progress.phase('prune', 0);
  const proposal = consolidation.propose();
  hand(proposal, gathered, say);
  const notes = [...proposal.report, ...(answered === undefined ? [] : [answered])];
  say({ kind: 'done', report: { ...countsOf(gathered), notes: shortened(notes), rssMaxMb: rssMaxMb() } });
}

function materialOf(task: Task, gathered: Gathered, onFile: (done: number) => void): Iterable<MaterialItem> {
  const { home, timeZone, files, limits } = task;
  const bounds = { lineBytesMax: limits.lineBytesMax, bytesMax: limits.gatherBytesMax };
  return gather({ home, timeZone, files, limits: bounds, onFile }, gathered);
}

/** By shape only: the secrets themselves are not known in here. */
function optionsOf({ limits }: Task): ConsolidateOptions {
  const { shrinkCap, linesMax, bytesMax, topicsMax, factCharsMax, factsMax } = limits;
  const { redact } = createRedactor([]);
  return { shrinkCap, linesMax, bytesMax, topicsMax, factCharsMax, factsMax, operationsMax: OPERATIONS_MAX, redact };
}

/** @returns a line for the report when not everything could be asked. */
async function askModel(
  { entries }: Consolidation,
  { limits }: Task,
  say: Say,
  inbox: Inbox,
  onStep: (done: number, total: number) => void,
): Promise<string | undefined> {
  if (limits.questionsMax === 0) return undefined;
  const bundles = bundlesOf(entries, limits.questionsMax);
  for (const [id, bundle] of bundles.entries()) {
    onStep(id, bundles.length);
    say({ kind: 'ask', id, group: bundle.group });
    const { verdict, more } = await inbox.answer(id);
    if (verdict !== null) heed(bundle, verdict);
    if (!more) return `the model was asked about ${id} of ${bundles.length} groups; the rest was done by rules alone`;
  }
  return undefined;
}

function hand({ operations }: Proposal, gathered: Gathered, say: Say): void {
  for (let at = 0; at < operations.length; at += BATCH_MAX) {
    say({ kind: 'operations', operations: operations.slice(at, at + BATCH_MAX) });
  }
  const named = new Set(operations.flatMap((operation) => ('src' in operation ? operation.src : [])));
  const sources = [...gathered.sources]
    .filter(([id]) => named.has(id))
    .map(([id, trusts]) => ({ id, trusts: [...trusts] }));
  for (let at = 0; at < sources.length; at += SOURCES_IN_LINE) {
    say({ kind: 'sources', sources: sources.slice(at, at + SOURCES_IN_LINE) });
  }
  for (let at = 0; at < gathered.marks.length; at += MARKS_IN_LINE) {
    say({ kind: 'marks', marks: gathered.marks.slice(at, at + MARKS_IN_LINE) });
  }
}

function countsOf({ files, bytes, items, skipped, left }: Gathered) {
  return { files, bytes, items, skipped, left };
}

function shortened(lines: readonly string[]): string[] {
  return lines.slice(0, REPORT_LINES_MAX).map((line) => line.slice(0, REPORT_CHARS_MAX));
}

function rssMaxMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_024);
}

interface Inbox {
  readonly task: Promise<Task>;
  answer(id: number): Promise<ToWorker>;
}

/** What the parent says. Whatever is not for this moment, and the end of the pipe, ends the process: nobody is there any more. */
function openInbox(input: NodeJS.ReadableStream): Inbox {
  let waiting: { readonly id: number; readonly resolve: (answer: ToWorker) => void } | undefined;
  const { promise: task, resolve: resolveTask } = Promise.withResolvers<Task>();
  const limits = { lineBytesMax: TASK_BYTES_MAX, totalBytesMax: 2 * TASK_BYTES_MAX };
  const reader = createLineReader(limits, (line) => {
    const message = toWorkerSchema.parse(JSON.parse(line));
    if (message.kind === 'task') resolveTask(message);
    else if (message.id === waiting?.id) waiting.resolve(message);
  });
  input.on('data', (chunk: Buffer) => {
    if (!reader.take(chunk)) process.exit(1);
  });
  input.on('end', () => process.exit(1));
  return {
    task,
    answer: (id) =>
      new Promise((resolve) => {
        waiting = { id, resolve };
      }),
  };
}

/** Blocks until the parent has taken it: a worker that is ahead of its reader waits. */
function sayAloud(message: FromWorker): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(1);
    }
  }
}

/** What the parent is told of how far this has come; it has the clock. */
function progressTo(say: Say) {
  let phase: Phase = 'orient';
  say({ kind: 'progress', phase, done: 0, total: 0 });
  return {
    phase(next: Phase, total: number) {
      phase = next;
      say({ kind: 'progress', phase, done: 0, total });
    },
    step(done: number, total: number) {
      if (done % STEPS_BETWEEN === 0) say({ kind: 'progress', phase, done, total });
    },
  };
}
