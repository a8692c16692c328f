import type { MessageDraft, Withdrawal } from './message.ts';

/** What a job does. Rules only write rows; work takes time and runs in a lane. `agent` waits, parked, while there is no model. */
export type JobKind = RuleKind | WorkKind | ReportKind;
export type RuleKind = 'log' | 'notify' | 'digest' | 'resolve' | 'reply';
export type WorkKind = 'command' | 'agent';
/** Writes the digest of a day (`digest` only marks something for it). Taken like a rule: it reads for some milliseconds. */
export type ReportKind = 'digest-report';

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'dead' | 'parked';

/** Reactive work answers the owner and goes first; proactive work is the daemon's own idea. */
export type Lane = 'foreground' | 'background';

/** A job as it is asked for. */
export interface JobDraft {
  readonly kind: JobKind;
  /** The subscription that asked, or the name of the door that did (`say`). */
  readonly origin: string;
  /** Answers something the owner asked: claimed before everything else. */
  readonly reactive: boolean;
  /** Groups what belongs together: messages of one topic are one message, a storm of one topic is one job. */
  readonly topic: string;
  /** The rendered text or prompt. */
  readonly text: string;
  /** Only the owner's configuration sets it. */
  readonly urgent: boolean;
  /** What the host that does it must have (`macos`, `gpu`); `brain`: the daemon itself. Left out: any. */
  readonly label?: string | undefined;
  /** Many of them in a short time may become one job (see `storm` in the subscriptions room). */
  readonly mayCoalesce: boolean;
}

/** A job as the ledger holds it. Times are Unix milliseconds. */
export interface Job extends Omit<JobDraft, 'mayCoalesce'> {
  readonly id: number;
  readonly state: JobState;
  readonly lane: Lane;
  /** How often it was begun; written before the attempt. */
  readonly attempts: number;
  readonly eventId: number | null;
  /** How many events it stands for: 1, or more after a storm. */
  readonly eventCount: number;
  readonly createdAtMs: number;
  readonly dueAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly error: string | null;
}

/** One line of the daily log, on its way there. */
export interface JournalDraft {
  readonly kind: string;
  /** The id behind it (`e12`, `j3`, `m7`), or empty. */
  readonly ref: string;
  readonly text: string;
}

/** Something that happened in the daemon itself, to be recorded as an event of the source `kairosd`. */
export interface Happening {
  readonly type: string;
  /** Recorded once under this id. */
  readonly delivery: string;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

/** What a finished attempt asks the ledger to do, in the same transaction that settles the job. */
export type Effect =
  | { readonly kind: 'message'; readonly message: MessageDraft }
  | { readonly kind: 'withdraw'; readonly withdrawal: Withdrawal }
  | { readonly kind: 'journal'; readonly line: JournalDraft }
  | { readonly kind: 'mute'; readonly topic: string; readonly untilMs: number }
  | { readonly kind: 'event'; readonly happening: Happening }
  /** Work for later; `trust` is that of the run that asked, and becomes the event's. */
  | { readonly kind: 'later'; readonly draft: JobDraft; readonly dueAtMs: number; readonly trust: 'owner' | 'outside' };

/** How an attempt ended. `failed` will not be better next time; `retry` may. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly effects: readonly Effect[] }
  | { readonly kind: 'parked'; readonly reason: string }
  /** Laid aside without having failed: goes on at this time at the latest, sooner when somebody wakes it. Its attempts begin anew. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly untilMs: number; readonly effects: readonly Effect[] }
  | { readonly kind: 'retry'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string; readonly effects?: readonly Effect[] };
