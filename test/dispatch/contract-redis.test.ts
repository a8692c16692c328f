import { noRedis, startRedis } from '../fakes/redis.ts';
import { dispatchContract, type DispatchWorld, type Play } from './contract.ts';
import { brainAt, workerAt } from './redis-world.ts';

dispatchContract('over BullMQ, on Redis [SCALE-CONTRACT]', async (): Promise<DispatchWorld> => {
  const missing = noRedis();
  if (missing !== undefined)
    return { missing, start: () => Promise.reject(new Error(missing)), async [Symbol.asyncDispose]() {} };
  const redis = await startRedis();
  let playing: Play = async () => ({ kind: 'retry', error: 'nobody plays' });
  const worker = workerAt(redis.url, (work, signal) => playing(work, signal));
  return {
    async start(ledger, play) {
      playing = play;
      const brain = brainAt(redis.url, ledger);
      const stop = async (): Promise<void> => brain[Symbol.asyncDispose]();
      return {
        wake: () => brain.wake(),
        abandon: stop,
        async [Symbol.asyncDispose]() {
          // What a worker still has is settled by the next start; a test of this one waits for it.
          while (brain.snapshot().offered > 0) await new Promise((again) => setTimeout(again, 5));
          await stop();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
});
