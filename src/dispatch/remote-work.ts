import { z } from 'zod';
import type { Json } from '../core/agent.ts';
import { PARCEL_MAX } from './parcels.ts';

/** Outcomes that a worker sends together, at most. */
export const LETTER_MAX = 200;

/** Attempts that a worker names in one heartbeat, at most. */
export const HOLDING_MAX = 32_000;

/** The label of work that never leaves the daemon. */
export const BRAIN_LABEL = 'brain';
/** What a worker is started with to take work that asks for no label, beside its own labels. Alone when it has none. */
export const ANY_LABEL = 'any';

const labelSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);

/** Whether a word can be a label: 1 to 32 of a-z, 0-9 and "-". */
export function isLabel(text: string): boolean {
  return labelSchema.safeParse(text).success;
}

/**
 * An attempt on its way to another host: all that its handler there needs. The token is this attempt's alone; it comes back
 * with the outcome.
 */
export interface RemoteWork {
  /** The home that asks; outcomes go back to it. */
  readonly brain: string;
  readonly jobId: number;
  readonly token: string;
  /** Which handler does it. */
  readonly kind: string;
  /** Empty: it asks for none. */
  readonly label: string;
  readonly payload: Json;
  /** Unix milliseconds; whoever comes across it later does not begin it. */
  readonly deadlineMs: number;
}

/** How an attempt ended on another host. `handed-back`: it was cut off by a stop there; `refused`, `late`: it was not begun. */
export type RemoteResult =
  | { readonly kind: 'done'; readonly result: Json; readonly startedAtMs: number; readonly tookMs: number }
  | { readonly kind: 'handed-back' | 'refused' | 'late'; readonly reason: string };

export interface Completion {
  readonly token: string;
  readonly worker: string;
  readonly end: RemoteResult;
}

/** A worker as it last said of itself. */
export interface WorkerSeen {
  /** Different for every start of a worker. */
  readonly id: string;
  readonly name: string;
  readonly labels: readonly string[];
  /** Jobs it does at one time, for each of its labels. */
  readonly concurrency: number;
  /** Attempts that it has: those it is at, and what came with them in a parcel. */
  readonly holding: readonly { readonly brain: string; readonly token: string }[];
  /** How many it is at. */
  readonly running: number;
  readonly startedAtMs: number;
  readonly version: string;
}

/** It came out of JSON.parse, so it is JSON; its handler reads it. */
const json = z.custom<Json>((value) => value !== undefined);
const token = z.string().regex(/^[0-9a-f]{32}$/);
const brain = z.string().regex(/^[0-9a-f]{8}$/);

const remoteWorkSchema = z.object({
  brain,
  jobId: z.int().min(1),
  token,
  kind: z.string().max(64),
  label: z.union([z.literal(''), labelSchema]),
  payload: json,
  deadlineMs: z.number(),
});

/** What a worker reads from Redis, after the seal: attempts that travel together. */
export const parcelSchema = z.array(remoteWorkSchema).min(1).max(PARCEL_MAX);

const completionSchema = z.object({
  token,
  worker: z.string().max(100),
  end: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('done'), result: json, startedAtMs: z.number(), tookMs: z.number().min(0) }),
    z.object({ kind: z.enum(['handed-back', 'refused', 'late']), reason: z.string().max(500) }),
  ]),
});

/** What the daemon reads from Redis, after the seal: the outcomes that a worker sent together. */
export const letterSchema = z.array(completionSchema).max(LETTER_MAX);

export const workerSeenSchema = z.object({
  id: z.string().max(64),
  name: z.string().max(100),
  labels: z.array(labelSchema).max(32),
  concurrency: z.int().min(1).max(1_000),
  holding: z.array(z.object({ brain, token })).max(HOLDING_MAX),
  running: z.int().min(0).max(HOLDING_MAX),
  startedAtMs: z.number(),
  version: z.string().max(40),
});
