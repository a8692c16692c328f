import { systemClock as clock, systemRandom as random } from '../../src/daemon/system.ts';
import { startBullmqWorker } from '../../src/dispatch/bullmq-worker.ts';
import { readRedisUrl } from '../../src/dispatch/redis-address.ts';
import { createSeal } from '../../src/dispatch/seal.ts';

/** Our worker with a handler that does nothing, sealed as between hosts. Arguments: port, key, concurrency. Prints a line when it is ready. */
const [port = '', key = '', concurrency = ''] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const worker = startBullmqWorker({
  address: readRedisUrl(`redis://127.0.0.1:${port}`, 'the bench'),
  seal: createSeal(key, random),
  name: `bench-${process.pid}`,
  labels: ['any'],
  concurrency: Number(concurrency),
  handlers: { command: async () => null },
  version: '0',
  clock,
  random,
  log,
});
while (worker.trouble() !== undefined) await clock.sleep(5, new AbortController().signal);
console.log(process.pid);
