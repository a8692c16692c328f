import { runAttempt } from '../../src/dispatch/attempt.ts';
import { startLanes } from '../../src/dispatch/lanes.ts';
import { startWorker } from '../../src/dispatch/worker.ts';
import { systemClock as clock, systemRandom as random } from '../../src/daemon/system.ts';
import { recordingLog } from '../ledger/make.ts';
import { dispatchContract, RETRY_QUICKLY, type DispatchWorld } from './contract.ts';

dispatchContract('in the daemon, on SQLite [SCALE-CONTRACT]', async (): Promise<DispatchWorld> => ({
  async start(ledger, play) {
    let gone = false;
    // A process that is gone writes nothing.
    const settle: typeof ledger.jobs.settle = async (...given) => (gone ? false : ledger.jobs.settle(...given));
    const store = { ...ledger.jobs, settle };
    const options = { store, handlers: { command: play }, clock, random, log: recordingLog(), retry: RETRY_QUICKLY };
    const worker = await startWorker({ ...options, onSettled: () => undefined });
    const lanes = startLanes({
      ...options,
      store: ledger.work,
      budgetMs: 15_000,
      held: () => false,
      onChange: () => undefined,
      attempt: (job, signal) => runAttempt(job, options, signal),
    });
    const stop = async (): Promise<void> => {
      await Promise.all([worker[Symbol.asyncDispose](), lanes[Symbol.asyncDispose]()]);
    };
    return {
      wake: () => lanes.wake(),
      async abandon() {
        gone = true;
        void stop();
      },
      [Symbol.asyncDispose]: stop,
    };
  },
  async [Symbol.asyncDispose]() {},
}));
