import { z } from 'zod';

/**
 * What the parent and the jailed worker say to each other: one JSON object a line, over the worker's standard input and
 * output. Both sides read with these schemas; the parent ends a worker that says anything else, or too much.
 */

/** Bytes of one line, and of all that one worker says. */
export const LINE_BYTES_MAX = 262_144;
export const TOTAL_BYTES_MAX = 8 * 1_048_576;
/** Of the first line a worker reads: the files, the stale facts, the limits. */
export const TASK_BYTES_MAX = 16 * 1_048_576;
/** Of all that one worker proposes. */
export const PROPOSAL_BYTES_MAX = 1_048_576;
export const OPERATIONS_MAX = 2_000;
/** In one line. */
export const BATCH_MAX = 50;

const path = z.string().min(1).max(1_000);
const whole = z.int().min(0);
const words = z.string().max(500);

const fileState = {
  path,
  size: whole,
  mtimeMs: z.int(),
  inode: z.string().max(32),
  offset: whole,
  hash: z.string().max(64),
};
const fileMark = z.strictObject(fileState);

/** What a worker is to do. */
export const taskSchema = z.strictObject({
  kind: z.literal('task'),
  home: path,
  timeZone: z.string().max(64),
  now: z.string().max(40),
  files: z.array(fileMark).max(5_000),
  stale: z
    .array(
      z.strictObject({
        topic: z.string().max(64),
        bullet: z.string().max(12),
        reason: words,
        moved: words.optional(),
      }),
    )
    .max(2_000),
  limits: z.strictObject({
    linesMax: whole,
    bytesMax: whole,
    topicsMax: whole,
    factCharsMax: whole,
    shrinkCap: z.number().min(0).max(1),
    lineBytesMax: whole,
    gatherBytesMax: whole,
    factsMax: whole,
    /** Questions to the model; 0: there is none. */
    questionsMax: whole,
  }),
});

export type Task = z.infer<typeof taskSchema>;

/** One question to the model: facts that may be about the same thing. */
export const groupSchema = z.strictObject({
  topic: z.string().max(64),
  facts: z
    .array(
      z.strictObject({
        id: z.string().max(24),
        text: words,
        since: z.string().max(40).optional(),
      }),
    )
    .min(2)
    .max(20),
});

export type Group = z.infer<typeof groupSchema>;

const factId = z.string().max(24);

/**
 * What the model makes of a group: which facts say the same, and which of them says it best; which is overtaken by which.
 * It never writes a fact: words of the memory are always words that somebody said.
 */
export const verdictSchema = z.strictObject({
  same: z
    .array(z.strictObject({ keep: factId, drop: z.array(factId).min(1).max(20) }))
    .max(20)
    .default([]),
  overtaken: z
    .array(z.strictObject({ old: factId, by: factId }))
    .max(20)
    .default([]),
});

export type Verdict = z.infer<typeof verdictSchema>;

/** To the worker. */
export const toWorkerSchema = z.discriminatedUnion('kind', [
  taskSchema,
  z.strictObject({
    kind: z.literal('answer'),
    id: whole,
    /** null: there is none, and none will come: go on without a model. */
    verdict: verdictSchema.nullable(),
    more: z.boolean(),
  }),
]);

export const PHASES = ['orient', 'gather', 'consolidate', 'prune'] as const;
export type Phase = (typeof PHASES)[number];

const trusts = z
  .array(z.enum(['owner', 'agent', 'tool', 'outside']))
  .min(1)
  .max(4);

/** From the worker. */
export const fromWorkerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('progress'), phase: z.enum(PHASES), done: whole, total: whole }),
  z.strictObject({ kind: z.literal('ask'), id: whole, group: groupSchema }),
  /** Each is read by itself (protocol.ts): one that is malformed is rejected, and the others count. */
  z.strictObject({ kind: z.literal('operations'), operations: z.array(z.unknown()).min(1).max(BATCH_MAX) }),
  /** The sources that the operations name, and whose words are in them. */
  z.strictObject({
    kind: z.literal('sources'),
    sources: z.array(z.strictObject({ id: z.string().max(80), trusts })).max(500),
  }),
  z.strictObject({ kind: z.literal('marks'), marks: z.array(fileMark).max(500) }),
  z.strictObject({
    kind: z.literal('done'),
    report: z.strictObject({
      files: whole,
      bytes: whole,
      items: whole,
      skipped: whole,
      left: whole,
      rssMaxMb: whole,
      notes: z.array(words).max(100),
    }),
  }),
]);

export type FromWorker = z.infer<typeof fromWorkerSchema>;
export type WorkerReport = Extract<FromWorker, { kind: 'done' }>['report'];
