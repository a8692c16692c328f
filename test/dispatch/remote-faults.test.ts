import { describe, expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { outcomesKey } from '../../src/dispatch/bullmq-keys.ts';
import { createSeal } from '../../src/dispatch/seal.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { recordingLog } from '../ledger/make.ts';
import { askFor as ask, done, until } from './contract.ts';
import { brainAt, but, did, KEY, onRedis, succeeded, workerAt } from './redis-world.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('a daemon that ends', () => {
  test(
    'between writing attempts down and sending them: the next one sends them, under their tokens [SCALE-BRAIN-RESTART]',
    onRedis(async ({ redis, ledger }) => {
      const begun: number[] = [];
      await using _worker = workerAt(redis.url, async ({ id }) => (begun.push(id), done(id)));
      const ids = await Promise.all(['a', 'b', 'c'].map((text) => ask(ledger, text)));
      const dying = brainAt(redis.url, ledger, { wrap: (carrier) => but(carrier, { offer: never }) });
      await until(() => dying.snapshot().offered === 3);
      const tokens = ledger.remote.offered().map(({ token }) => token);
      await using next = brainAt(redis.url, ledger);
      expect(next.snapshot().offered).toBe(3);
      expect(ledger.remote.offered().map(({ token }) => token)).toEqual(tokens);
      await until(succeeded(ledger, ids));
      expect(new Set(begun)).toEqual(new Set(ids));
      expect(begun).toHaveLength(3);
      expect(ids.map((id) => ledger.jobs.find(id)?.attempts)).toEqual([1, 1, 1]);
      expect(did(ledger)).toHaveLength(3);
    }),
  );

  test(
    'between settling outcomes and deleting them: the next one drops them [SCALE-FENCED]',
    onRedis(async ({ redis, client, ledger }) => {
      await using _worker = workerAt(redis.url, async ({ id }) => done(id));
      const ids = await Promise.all(['a', 'b', 'c'].map((text) => ask(ledger, text)));
      const dying = brainAt(redis.url, ledger, { wrap: (carrier) => but(carrier, { settled: () => undefined }) });
      await until(succeeded(ledger, ids));
      await dying[Symbol.asyncDispose]();
      expect(await client.xlen(outcomesKey(ledger.homeId))).toBeGreaterThan(0);
      await using _next = brainAt(redis.url, ledger);
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 0);
      expect(did(ledger)).toHaveLength(3);
    }),
  );

  test(
    'and begins anew without Redis takes the attempt back; its outcome settles nothing later [SCALE-FENCED]',
    onRedis(async ({ redis, client, ledger }) => {
      const gate = Promise.withResolvers<void>();
      const begun: number[] = [];
      await using _worker = workerAt(redis.url, async ({ id }) => {
        begun.push(id);
        await gate.promise;
        return done(id);
      });
      const first = brainAt(redis.url, ledger);
      const id = await ask(ledger, 'taken back');
      await until(() => begun.length === 1);
      await first[Symbol.asyncDispose]();
      // As startHands does without REDIS_URL.
      const [left] = ledger.jobs.interrupted(true);
      if (left === undefined) throw new Error('nothing was left');
      await ledger.jobs.settle(left, { state: 'queued', error: 'the daemon ended', dueAtMs: 9e15 }, 1);
      gate.resolve();
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 1);
      await using _next = brainAt(redis.url, ledger);
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 0);
      expect(ledger.jobs.find(id)).toMatchObject({ state: 'queued', attempts: 1 });
      expect(did(ledger)).toEqual([]);
    }),
  );
});

describe('a Redis that takes no writes', () => {
  test(
    'counts against no job, however long it lasts [SCALE-REDIS-AWAY]',
    onRedis(async ({ redis, client, ledger }) => {
      // Its word stays there for the time of this test: it is not the worker that is missing.
      const limits = { heartbeatMs: 50, presenceMs: 60_000, drainMs: 300, flushMs: 500 };
      await using _worker = workerAt(redis.url, async ({ id }) => done(id), { limits });
      const log = recordingLog();
      await using brain = brainAt(redis.url, ledger, { log, limits: { lookMs: 20, offersMax: 3 } });
      await until(() => brain.serves(''));
      await client.config('SET', 'maxmemory', '1');
      const ids = await Promise.all(['a', 'b'].map((text) => ask(ledger, text)));
      const failed = (): number =>
        log.lines.filter(({ message }) => message === 'work could not be offered yet').length;
      await until(() => failed() > 6);
      expect(ids.map((id) => ledger.jobs.find(id)?.state)).toEqual(['running', 'running']);
      await client.config('SET', 'maxmemory', '0');
      await until(succeeded(ledger, ids));
      expect(ids.map((id) => ledger.jobs.find(id)?.attempts)).toEqual([1, 1]);
    }),
  );

  test(
    'while outcomes come: workers keep them until it does [SCALE-REDIS-AWAY]',
    onRedis(async ({ redis, client, ledger }) => {
      const begun: number[] = [];
      const gate = Promise.withResolvers<void>();
      const log = recordingLog();
      await using _worker = workerAt(
        redis.url,
        async ({ id }) => {
          begun.push(id);
          await gate.promise;
          return done(id);
        },
        { log, limits: { heartbeatMs: 50, presenceMs: 60_000, drainMs: 300, flushMs: 500 } },
      );
      await using _brain = brainAt(redis.url, ledger, { limits: { leaseMs: 60_000 } });
      const id = await ask(ledger, 'kept by its worker');
      await until(() => begun.length === 1);
      await client.config('SET', 'maxmemory', '1');
      gate.resolve();
      await until(() => log.lines.some(({ message }) => message === 'outcomes wait for Redis'));
      expect(ledger.jobs.find(id)?.state).toBe('running');
      await client.config('SET', 'maxmemory', '0');
      await until(succeeded(ledger, [id]));
      expect(begun).toEqual([id]);
    }),
  );
});

describe('work that waits in Redis', () => {
  test(
    'goes back into the queue when the last worker is gone that would take it [SCALE-LABELS]',
    onRedis(async ({ redis, ledger }) => {
      const gate = Promise.withResolvers<void>();
      const worker = workerAt(
        redis.url,
        async ({ id }) => {
          await gate.promise;
          return done(id);
        },
        { concurrency: 1 },
      );
      await using brain = brainAt(redis.url, ledger, { limits: { leaseMs: 300 } });
      const ids = await Promise.all(['a', 'b', 'c'].map((text) => ask(ledger, text)));
      await until(() => brain.snapshot().offered === 3);
      await worker[Symbol.asyncDispose]();
      gate.resolve();
      await until(() => ids.every((id) => ledger.jobs.find(id)?.state === 'queued'));
      expect(brain.snapshot().offered).toBe(0);
      await using _late = workerAt(redis.url, async ({ id }) => done(id));
      await until(succeeded(ledger, ids));
      expect(did(ledger)).toHaveLength(3);
    }),
  );

  test(
    'too long because all workers are busy has not failed, and waits once more [SCALE-BACKPRESSURE]',
    onRedis(async ({ redis, ledger }) => {
      const gate = Promise.withResolvers<void>();
      await using _worker = workerAt(
        redis.url,
        async ({ id }) => {
          await gate.promise;
          return done(id);
        },
        { concurrency: 1 },
      );
      await using brain = brainAt(redis.url, ledger, { limits: { waitMs: 200 } });
      const ids = [await ask(ledger, 'long')];
      await until(() => brain.snapshot().workers[0]?.running === 1);
      ids.push(await ask(ledger, 'behind it'));
      await until(() => brain.snapshot().offered === 2);
      const offeredAtMs = ledger.jobs.find(ids[1] ?? 0)?.startedAtMs ?? 0;
      await until(() => systemClock.wallMs() > offeredAtMs + 250);
      gate.resolve();
      await until(succeeded(ledger, ids));
      expect(ledger.messages.list({ limit: 10 })).toEqual([]);
      expect(ledger.jobs.find(ids[1] ?? 0)?.attempts).toBe(2);
    }),
  );

  test(
    'for a worker whose clock is hours ahead is tried again, then given up with the reason',
    onRedis(async ({ redis, ledger }) => {
      const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + 7_200_000 };
      await using _worker = workerAt(redis.url, async ({ id }) => done(id), { clock });
      await using _brain = brainAt(redis.url, ledger);
      const id = await ask(ledger, 'from the past');
      await until(() => ledger.jobs.find(id)?.state === 'dead');
      expect(ledger.jobs.find(id)?.error).toContain('do the clocks of hand and here agree?');
    }),
  );
});

describe('a letter of outcomes', () => {
  test(
    'stays in Redis until all in it are recorded, and nothing in it counts twice [SCALE-FENCED]',
    onRedis(async ({ redis, client, ledger }) => {
      const begun: number[] = [];
      await using _worker = workerAt(redis.url, async ({ id }) => (begun.push(id), await never()));
      const log = recordingLog();
      let refused = 0;
      const store: Ledger['remote'] = {
        ...ledger.remote,
        settleRemote(job, ...rest) {
          if (job.id === ids[1] && refused++ < 2) return Promise.reject(new TypeError('not now'));
          return ledger.remote.settleRemote(job, ...rest);
        },
      };
      await using _brain = brainAt(redis.url, { ...ledger, remote: store }, { log });
      const ids = await Promise.all(['a', 'b'].map((text) => ask(ledger, text)));
      await until(() => begun.length === 2);
      const letter = ledger.remote.offered().map(({ id, token }) => ({
        token,
        worker: 'hand',
        end: { kind: 'done', result: done(id), startedAtMs: 0, tookMs: 1 },
      }));
      const sealed = createSeal(KEY, systemRandom).close('completion', letter);
      await client.xadd(outcomesKey(ledger.homeId), '*', 'sealed', sealed);
      await until(succeeded(ledger, ids));
      await until(async () => (await client.xlen(outcomesKey(ledger.homeId))) === 0);
      expect(refused).toBeGreaterThanOrEqual(2);
      expect(did(ledger).toSorted()).toEqual(ids.map((id) => `did ${id}`).toSorted());
    }),
  );
});
