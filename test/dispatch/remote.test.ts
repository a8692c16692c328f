import { Queue } from 'bullmq';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/daemon/system.ts';
import { KEY_PREFIX, outcomesKey, queueOf } from '../../src/dispatch/bullmq-keys.ts';
import type { Carrier } from '../../src/dispatch/remote-ports.ts';
import { createSeal, openSeal } from '../../src/dispatch/seal.ts';
import { recordingLog } from '../ledger/make.ts';
import { askFor as ask, done, until, type Play } from './contract.ts';
import { brainAt, but, did, KEY, onRedis, succeeded, workerAt } from './redis-world.ts';

/** Ends when the test says so. */
function gated(): { play: Play; go: () => void; begun: { id: number; attempts: number }[] } {
  const gate = Promise.withResolvers<void>();
  const begun: { id: number; attempts: number }[] = [];
  return {
    begun,
    go: gate.resolve,
    async play(work) {
      begun.push(work);
      await gate.promise;
      return done(work.id);
    },
  };
}

describe('Redis', () => {
  test(
    'wiped while work waits and runs there loses nothing, and doubles nothing [SCALE-REDIS-LOST]',
    onRedis(async ({ redis, client, ledger }) => {
      const { play, go, begun } = gated();
      await using worker = workerAt(redis.url, play, { concurrency: 4 });
      await using brain = brainAt(redis.url, ledger);
      const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => ask(ledger, `job ${index}`)));
      await until(() => begun.length === 4 && brain.snapshot().offered === 12);
      await client.flushall();
      go();
      await until(succeeded(ledger, ids));
      expect(did(ledger).toSorted()).toEqual(ids.map((id) => `did ${id}`).toSorted());
      expect(worker.running).toBe(0);
    }),
  );

  test(
    'killed and begun anew, empty, loses nothing [SCALE-REDIS-LOST]',
    onRedis(async ({ redis, ledger }) => {
      await using _worker = workerAt(redis.url, async ({ id }) => done(id));
      await using brain = brainAt(redis.url, ledger);
      const early = await Promise.all([ask(ledger, 'a'), ask(ledger, 'b')]);
      await redis.kill9();
      await until(() => brain.snapshot().trouble !== null);
      const late = await ask(ledger, 'c');
      await redis.restart();
      await until(succeeded(ledger, [...early, late]));
      expect(did(ledger)).toHaveLength(3);
    }),
  );

  test(
    'that is not there is not waited for, neither at the start nor at the stop [SCALE-REDIS-AWAY]',
    onRedis(async ({ redis, ledger }) => {
      await redis.kill9();
      const brain = brainAt(redis.url, ledger);
      const worker = workerAt(redis.url, async ({ id }) => done(id), {
        limits: { heartbeatMs: 50, presenceMs: 600, drainMs: 50, flushMs: 50 },
      });
      const id = await ask(ledger, 'waits');
      await until(() => brain.snapshot().trouble?.includes('does not answer') === true);
      expect(brain.serves('')).toBe(false);
      expect(ledger.jobs.find(id)).toMatchObject({ state: 'queued', attempts: 0 });
      const startedMs = performance.now();
      await Promise.all([brain[Symbol.asyncDispose](), worker[Symbol.asyncDispose]()]);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
    }),
  );
});

describe('an outcome', () => {
  test(
    'that comes twice, from nobody, or under another token is settled once or not at all [SCALE-FENCED]',
    onRedis(async ({ redis, client, ledger }) => {
      const { play, go, begun } = gated();
      await using _worker = workerAt(redis.url, play);
      const log = recordingLog();
      await using brain = brainAt(redis.url, ledger, { log });
      const id = await ask(ledger, 'once');
      await until(() => begun.length === 1);
      const [open] = ledger.remote.offered();
      const seal = createSeal(KEY, systemRandom);
      const end = { kind: 'done', result: { kind: 'failed', error: 'forged' }, startedAtMs: 0, tookMs: 1 };
      const send = async (text: string): Promise<void> =>
        void (await client.xadd(outcomesKey(ledger.homeId), '*', 'sealed', text));
      await send(openSeal.close('completion', [{ token: open?.token, worker: 'x', end }]));
      await send(
        createSeal(`another ${KEY}`, systemRandom).close('completion', [{ token: open?.token, worker: 'x', end }]),
      );
      await send(seal.close('completion', [{ token: '0'.repeat(32), worker: 'x', end }]));
      // Sealed with our key, but as something else.
      await send(seal.close('heartbeat', [{ token: open?.token, worker: 'x', end }]));
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 0);
      expect(ledger.jobs.find(id)?.state).toBe('running');
      expect(log.lines.filter(({ message }) => message.includes('not sealed with our key'))).toHaveLength(3);
      const well = { token: open?.token, worker: 'hand', end: { ...end, result: done(id) } };
      // Twice in one letter, and once more in another.
      await send(seal.close('completion', [well, well]));
      await send(seal.close('completion', [well]));
      go();
      await until(() => ledger.jobs.find(id)?.state === 'succeeded' && brain.snapshot().offered === 0);
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 0);
      expect(did(ledger)).toEqual([`did ${id}`]);
    }),
  );

  test(
    'waits in Redis for a daemon that is away, also when its worker has gone [SCALE-BRAIN-RESTART]',
    onRedis(async ({ redis, client, ledger }) => {
      const { play, go, begun } = gated();
      const worker = workerAt(redis.url, play);
      const brain = brainAt(redis.url, ledger);
      const id = await ask(ledger, 'kept');
      await until(() => begun.length === 1);
      await brain[Symbol.asyncDispose]();
      go();
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 1);
      await worker[Symbol.asyncDispose]();
      expect(ledger.jobs.find(id)?.state).toBe('running');
      await using _next = brainAt(redis.url, ledger);
      await until(succeeded(ledger, [id]));
      expect(begun).toHaveLength(1);
    }),
  );
});

describe('a worker', () => {
  test(
    'that falls silent loses its work to another one, as another attempt, and its late outcome is dropped [SCALE-SILENT-WORKER]',
    onRedis(async ({ redis, client, ledger }) => {
      const silent = gated();
      const first = workerAt(redis.url, silent.play, {
        name: 'silent',
        concurrency: 1,
        limits: { heartbeatMs: 50, presenceMs: 300, drainMs: 10, flushMs: 500 },
      });
      let deaf = false;
      // As on a link that is cut: the daemon hears nothing of that worker any more.
      const wrap = (carrier: Carrier): Carrier =>
        but(carrier, {
          async workers() {
            const { seen, unreadable } = await carrier.workers();
            return { seen: seen.filter(({ name }) => name !== 'silent' || !deaf), unreadable };
          },
        });
      await using brain = brainAt(redis.url, ledger, { limits: { lookMs: 50, leaseMs: 400 }, wrap });
      const id = await ask(ledger, 'moved');
      await until(() => silent.begun.length === 1);
      const [open] = ledger.remote.offered();
      deaf = true;
      await until(() => ledger.jobs.find(id)?.state === 'queued');
      await using _second = workerAt(redis.url, async (work) => done(work.id), { name: 'second' });
      await until(succeeded(ledger, [id]));
      const late = {
        token: open?.token,
        worker: 'silent',
        end: { kind: 'done', result: { kind: 'failed', error: 'late' }, startedAtMs: 0, tookMs: 1 },
      };
      await client.xadd(
        outcomesKey(ledger.homeId),
        '*',
        'sealed',
        createSeal(KEY, systemRandom).close('completion', [late]),
      );
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 0);
      silent.go();
      await first[Symbol.asyncDispose]();
      expect(ledger.jobs.find(id)).toMatchObject({ state: 'succeeded', attempts: 2 });
      expect(did(ledger)).toEqual([`did ${id}`]);
      expect(brain.snapshot().offered).toBe(0);
    }),
  );

  test(
    'that stops hands back what it can not finish, and another one does it [SCALE-WORKER-DRAIN]',
    onRedis(async ({ redis, ledger }) => {
      const begun: number[] = [];
      const first = workerAt(redis.url, async ({ id }, signal) => {
        begun.push(id);
        await new Promise((cut) => signal.addEventListener('abort', cut, { once: true }));
        return done(id);
      });
      await using _brain = brainAt(redis.url, ledger);
      const id = await ask(ledger, 'handed back');
      await until(() => begun.length === 1);
      await using _second = workerAt(redis.url, async (work) => done(work.id));
      await first[Symbol.asyncDispose]();
      await until(succeeded(ledger, [id]));
      expect(ledger.jobs.find(id)?.attempts).toBe(2);
      expect(did(ledger)).toEqual([`did ${id}`]);
    }),
  );

  test(
    'does nothing that was not sealed with its key, and one with another key counts as none [SCALE-SEALED]',
    onRedis(async ({ redis, client, ledger }) => {
      const begun: number[] = [];
      const log = recordingLog();
      await using _worker = workerAt(redis.url, async ({ id }) => (begun.push(id), done(id)), { log });
      const queue = new Queue(queueOf(''), { connection: client, prefix: KEY_PREFIX });
      const work = {
        brain: '00000000',
        jobId: 1,
        token: '0'.repeat(32),
        kind: 'command',
        label: '',
        payload: { id: 1, attempts: 1 },
        deadlineMs: 9e15,
      };
      await queue.add('command', { sealed: openSeal.close('work', [work]) }, { jobId: 'forged' });
      await until(() => log.lines.some(({ message }) => message.includes('is KAIROS_WORKER_KEY the same')));
      await queue.add('command', { sealed: createSeal(KEY, systemRandom).close('work', work) }, { jobId: 'of-old' });
      await until(() => log.lines.some(({ message }) => message.includes('of the same version here and there')));
      await using brain = brainAt(redis.url, ledger, { key: `another ${KEY}` });
      await ask(ledger, 'never offered');
      await until(() => brain.snapshot().unreadable === 1);
      expect(brain.serves('')).toBe(false);
      expect(begun).toEqual([]);
      expect(ledger.remote.offered()).toEqual([]);
    }),
  );

  test(
    'takes what asks for one of its labels and nothing else; what nobody has waits [SCALE-LABELS]',
    onRedis(async ({ redis, ledger }) => {
      const by: string[] = [];
      const named =
        (name: string): Play =>
        async ({ id }) => (by.push(`${name} ${id}`), done(id));
      await using _mac = workerAt(redis.url, named('mac'), { labels: ['macos'] });
      await using brain = brainAt(redis.url, ledger);
      const mac = await ask(ledger, 'for a mac', 'macos');
      const any = await ask(ledger, 'for anybody');
      const gpu = await ask(ledger, 'for a gpu', 'gpu');
      await until(succeeded(ledger, [mac]));
      expect(brain.serves('')).toBe(false);
      await using _any = workerAt(redis.url, named('any'));
      await until(succeeded(ledger, [mac, any]));
      expect(by).toEqual([`mac ${mac}`, `any ${any}`]);
      expect(ledger.jobs.find(gpu)).toMatchObject({ state: 'queued', attempts: 0, label: 'gpu' });
      expect(ledger.remote.waitingByLabel(9e15)).toMatchObject([{ label: 'gpu', count: 1 }]);
      // The lanes of the daemon leave it alone.
      expect(ledger.work.dueWork(10, 9e15)).toEqual([]);
    }),
  );

  test(
    'is offered no more than it can begin soon [SCALE-BACKPRESSURE]',
    onRedis(async ({ redis, ledger }) => {
      const { play, go } = gated();
      await using _worker = workerAt(redis.url, play, { concurrency: 2 });
      await using brain = brainAt(redis.url, ledger);
      const ids = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(ledger, `job ${index}`)));
      await until(() => brain.snapshot().offered === 8);
      expect(ids.filter((id) => ledger.jobs.find(id)?.state === 'running')).toHaveLength(8);
      go();
      await until(succeeded(ledger, ids));
    }),
  );
});
