import type { Json } from '../core/agent.ts';
import type { Job, Outcome, WorkKind } from '../core/job.ts';
import type { SettleOptions } from './attempt.ts';
import type { Sight } from './remote-sight.ts';
import type { Completion, RemoteResult, RemoteWork, WorkerSeen } from './remote-work.ts';

export interface OfferedJob extends Job {
  readonly token: string;
}

/** What remote work needs of the ledger, which is the truth about every attempt. */
export interface RemoteStore<Run> {
  dueRemote(label: string, kinds: readonly WorkKind[], page: { readonly limit: number; readonly nowMs: number }): Job[];
  offer(
    claims: readonly { readonly id: number; readonly token: string }[],
    nowMs: number,
  ): Promise<readonly OfferedJob[]>;
  offered(): readonly OfferedJob[];
  settleRemote(
    job: OfferedJob,
    end: { readonly settlement: Parameters<SettleOptions['store']['settle']>[1]; readonly run?: Run | undefined },
    nowMs: number,
  ): Promise<boolean>;
}

/** Carries attempts to workers and brings back what became of them. Never the truth: what it loses is offered again. */
export interface Carrier extends AsyncDisposable {
  /** Why it can't carry now; undefined: it can. */
  trouble(): string | undefined;
  /** Hands attempts over, in order; one that is there already is left as it is. */
  offer(works: readonly Offer[]): Promise<void>;
  look(works: readonly Pick<RemoteWork, 'label' | 'token'>[]): Promise<readonly Sight[]>;
  /** Outcomes that have come, oldest first; waits some seconds for the first. They stay there until `settled`. */
  collect(signal: AbortSignal): Promise<readonly Arrived[]>;
  settled(arrivals: readonly Arrived[]): void;
  /** Takes attempts back that nobody is to begin, and tells whoever has one to stop. */
  withdraw(works: readonly Pick<RemoteWork, 'label' | 'token'>[]): Promise<void>;
  workers(): Promise<{
    readonly seen: readonly WorkerSeen[];
    /** Workers whose word this daemon can't read: they have another key. */
    readonly unreadable: number;
  }>;
}

export interface Offer {
  readonly work: RemoteWork;
  /** Goes before what waits. */
  readonly first: boolean;
}

export interface Arrived {
  readonly id: string;
  /** Empty: nothing that this daemon can read. */
  readonly completions: readonly Completion[];
}

/** What the daemon does for a kind of work before it travels, and after. */
export interface RemoteKind<Run> {
  /** What its handler elsewhere needs; a reason when it can't travel. */
  pack(job: Job): { readonly payload: Json } | { readonly refused: string };
  /** What the result says. `run` undefined: there is none to record. */
  judge(
    job: OfferedJob,
    done: RemoteResult & { kind: 'done' },
    worker: string,
  ): Promise<{ readonly outcome: Outcome; readonly run: Run | undefined }>;
  /** The record of an attempt of which nothing came back. */
  lost(job: OfferedJob, why: string): Run;
}
