import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** The floor of the dispatch: a worker of BullMQ that does nothing. Arguments: port, queue, concurrency. Prints a line when it is ready. */
const [port = '', queue = '', concurrency = ''] = process.argv.slice(2);
const connection = new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: null });
const worker = new Worker(queue, async () => undefined, {
  connection,
  prefix: 'kairos',
  concurrency: Number(concurrency),
  skipVersionCheck: true,
  lockDuration: 30_000,
  maxStalledCount: 0,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
});
await worker.waitUntilReady();
console.log(process.pid);
