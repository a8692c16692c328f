import type { WorkKind } from '../core/job.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import type { SettleOptions } from './attempt.ts';
import type { Carrier, RemoteKind, RemoteStore } from './remote-ports.ts';

/** What the daemon's side of work on other hosts stands on. */
export interface RemoteOptions<Run> {
  readonly brain: string;
  readonly store: RemoteStore<Run>;
  readonly carrier: Carrier;
  readonly kinds: Readonly<Partial<Record<WorkKind, RemoteKind<Run>>>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settling: Pick<SettleOptions, 'retry'>;
  /** What took longer is an event as well when it ends, as in the lanes. */
  readonly behindMs: () => number;
  /** While true nothing is offered: safe mode. */
  readonly held: () => boolean;
  readonly onSettled: (jobIds: readonly number[]) => void;
  readonly onChange: (jobId: number) => void;
  readonly limits?: Partial<RemoteLimits>;
}

/** How much is out, and how long it is waited for whom. */
export interface RemoteLimits {
  /** A worker that is silent for so long has lost its jobs. Default 30 s. */
  readonly leaseMs: number;
  /** How often it is looked at what is out. Default 5 s. */
  readonly lookMs: number;
  /** Attempts out at one time. Default 4 000. */
  readonly offeredMax: number;
  /** Attempts out for each place that workers have, more while jobs are short: what lies ready when one ends. Default 4. */
  readonly perPlace: number;
  readonly offersMax: number;
  /** How long an attempt may wait to be begun before it is put back. Default 1 h. */
  readonly waitMs: number;
}

export const REMOTE_LIMITS: RemoteLimits = {
  leaseMs: 30_000,
  lookMs: 5_000,
  offeredMax: 4_000,
  perPlace: 4,
  offersMax: 20,
  waitMs: 3_600_000,
};

/** For people: who works, and on how much. */
export interface RemoteSnapshot {
  /** Why nothing travels at this moment; null: all is well. */
  readonly trouble: string | null;
  readonly offered: number;
  /** Workers that are there, but have another key. */
  readonly unreadable: number;
  readonly workers: readonly {
    readonly name: string;
    readonly labels: readonly string[];
    readonly concurrency: number;
    readonly running: number;
    readonly seenMs: number;
  }[];
}

/** Hands on other hosts. Disposing leaves what is out where it is. */
export interface RemoteHands extends AsyncDisposable {
  wake(): void;
  /** Whether a worker is there that takes work of this label; empty: work that asks for none. */
  serves(label: string): boolean;
  snapshot(): RemoteSnapshot;
}
