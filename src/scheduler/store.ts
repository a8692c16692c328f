import type { EventDraft } from '../core/event.ts';

/** What the scheduler needs of the ledger to decide every slot once. */
export interface SlotStore {
  sync(
    schedules: readonly { readonly name: string; readonly timing: string }[],
    nowMs: number,
  ): Promise<ReadonlyMap<string, { readonly throughMs: number; readonly fresh: boolean }>>;
  decided(
    schedule: string,
    fromMs: number,
    throughMs: number,
  ): readonly { readonly fromMs: number; readonly throughMs: number }[];
  run(
    draft: EventDraft,
    slot: {
      readonly schedule: string;
      readonly slotMs: number;
      readonly missed: readonly MissedDraft[];
      readonly nowMs: number;
    },
  ): Promise<{ readonly id: number }>;
  miss(schedule: string, missed: readonly MissedDraft[], nowMs: number): Promise<void>;
  reopen(schedules: readonly string[], nowMs: number): Promise<void>;
  runByHand(draft: EventDraft, schedule: string): Promise<{ readonly id: number }>;
  unfinished(schedule: string): JobWaits | undefined;
}

/** Why a job has not come to its end. */
export type JobWaits = 'queued' | 'running' | 'parked';

export interface MissedDraft {
  readonly fromMs: number;
  readonly throughMs: number;
  readonly count: number | null;
  readonly reason: string;
  /** For the daily log. */
  readonly line: string;
}
