import type { Clock, Log, Random } from '../core/ports.ts';
import { runAttempt } from '../dispatch/attempt.ts';
import type { Handlers } from '../dispatch/handlers.ts';
import { startLanes, type LanesSnapshot } from '../dispatch/lanes.ts';
import { startWorker } from '../dispatch/worker.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Everything that does jobs: rules at once, work in its lanes. */
export interface Hands extends AsyncDisposable {
  /** There are new jobs. */
  wake(): void;
  lanes(): LanesSnapshot;
}

export interface HandsOptions {
  readonly ledger: Ledger;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How long proactive work may hold the foreground. */
  readonly budgetMs: number;
  /** While true no work begins: safe mode. */
  readonly held: () => boolean;
  /** Jobs were settled: what they made is there. */
  readonly onSettled: (jobIds: readonly number[]) => void;
  /** Work began or changed its lane. */
  readonly onChange: (jobId: number) => void;
}

/** Takes back what the process before left running, then works. */
export async function startHands(options: HandsOptions): Promise<Hands> {
  const { ledger, handlers, clock, random, log, onSettled } = options;
  const attempt = { store: ledger.jobs, handlers, clock, random, log };
  const worker = await startWorker({ ...attempt, onSettled });
  const lanes = startLanes({
    ...options,
    store: ledger.work,
    async attempt(job, signal) {
      await runAttempt(job, attempt, signal);
      onSettled([job.id]);
    },
  });
  return {
    wake() {
      worker.wake();
      lanes.wake();
    },
    lanes: () => lanes.snapshot(),
    async [Symbol.asyncDispose]() {
      await Promise.all([worker[Symbol.asyncDispose](), lanes[Symbol.asyncDispose]()]);
    },
  };
}
