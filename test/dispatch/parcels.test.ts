import * as fc from 'fast-check';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { makeTokens, PARCEL_MAX, parcelOf, parcelSize } from '../../src/dispatch/parcels.ts';
import type { Carrier, Offer } from '../../src/dispatch/remote-ports.ts';
import { systemRandom } from '../../src/daemon/system.ts';
import { askFor as ask, done, until, type Play } from './contract.ts';
import { brainAt, but, did, onRedis, succeeded, workerAt } from './redis-world.ts';

describe('a parcel', () => {
  test('holds what one place does in a quarter of a second, and never more than eight [SCALE-PARCELS]', () => {
    const size = (perSecond: number, places: number, out: number): number => parcelSize({ perSecond, places, out });
    expect(size(0, 4, 100)).toBe(1);
    expect(size(4, 1, 10)).toBe(1);
    expect(size(16, 1, 10)).toBe(4);
    expect(size(16, 4, 10)).toBe(1);
    expect(size(5_000, 50, 200)).toBe(PARCEL_MAX);
    // A place has nothing: whatever is there goes to it alone.
    expect(size(5_000, 50, 49)).toBe(1);
    expect(size(5_000, 0, 0)).toBe(1);
  });

  test('is named in the tokens, of which none comes twice; whom the owner waits for travels alone [SCALE-PARCELS]', () => {
    const attempts = fc.array(fc.record({ reactive: fc.boolean() }), { maxLength: 100 });
    fc.assert(
      fc.property(attempts, fc.integer({ min: 1, max: PARCEL_MAX }), (given, size) => {
        const tokens = makeTokens(given, size, systemRandom);
        expect(tokens.every((token) => /^[0-9a-f]{32}$/.test(token))).toBe(true);
        expect(new Set(tokens).size).toBe(given.length);
        const parcels = Map.groupBy(given.keys(), (index) => parcelOf(tokens[index] ?? ''));
        for (const members of parcels.values()) {
          const isAlone = members.some((index) => given[index]?.reactive);
          expect(members.length).toBeLessThanOrEqual(isAlone ? 1 : size);
        }
        const others = given.filter(({ reactive }) => !reactive).length;
        expect(parcels.size).toBe(given.length - others + Math.ceil(others / size));
      }),
    );
  });
});

/** Shows every parcel before it is handed over. */
function seeing(look: (parcel: readonly Offer[]) => void): (carrier: Carrier) => Carrier {
  return (carrier) =>
    but(carrier, {
      offer(works) {
        for (const parcel of Map.groupBy(works, ({ work }) => parcelOf(work.token)).values()) look(parcel);
        return carrier.offer(works);
      },
    });
}

/** Enough of very short jobs that they travel in parcels after the first ones. */
const MANY = 400;

describe('a stream of short jobs', () => {
  test(
    'travels in parcels, and each is settled once [SCALE-PARCELS]',
    onRedis(async ({ redis, ledger }) => {
      const sizes: number[] = [];
      await using _one = workerAt(redis.url, async ({ id }) => done(id), { name: 'one', concurrency: 2 });
      await using _other = workerAt(redis.url, async ({ id }) => done(id), { name: 'other', concurrency: 2 });
      const ids = await Promise.all(Array.from({ length: MANY }, (_, index) => ask(ledger, `job ${index}`)));
      await using _brain = brainAt(redis.url, ledger, { wrap: seeing(({ length }) => sizes.push(length)) });
      await until(succeeded(ledger, ids));
      expect(did(ledger).toSorted()).toEqual(ids.map((id) => `did ${id}`).toSorted());
      expect(sizes[0]).toBe(1);
      expect(Math.max(...sizes)).toBeGreaterThan(2);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(PARCEL_MAX);
      expect(ids.every((id) => ledger.jobs.find(id)?.attempts === 1)).toBe(true);
    }),
  );

  test(
    'does not wait for one among them that is long: what came with it goes back, to other hands [SCALE-PARCELS]',
    onRedis(async ({ redis, ledger }) => {
      const gate = Promise.withResolvers<void>();
      let parcel: number[] | undefined;
      const play: Play = async ({ id }) => {
        if (id === parcel?.[0]) await gate.promise;
        return done(id);
      };
      const limits = { heartbeatMs: 50, presenceMs: 600, patienceMs: 60, drainMs: 300, flushMs: 1_000 };
      await using one = workerAt(redis.url, play, { name: 'one', concurrency: 1, limits });
      await using other = workerAt(redis.url, play, { name: 'other', concurrency: 1, limits });
      const ids = await Promise.all(Array.from({ length: MANY }, (_, index) => ask(ledger, `job ${index}`)));
      const wrap = seeing((works) => {
        if (works.length > 2) parcel ??= works.map(({ work }) => work.jobId);
      });
      await using _brain = brainAt(redis.url, ledger, { wrap });
      await until(() => parcel !== undefined);
      const [long = 0, ...beside] = parcel ?? [];
      await until(
        succeeded(
          ledger,
          ids.filter((id) => id !== long),
        ),
      );
      expect(ledger.jobs.find(long)).toMatchObject({ state: 'running', attempts: 1 });
      expect(beside.map((id) => ledger.jobs.find(id)?.attempts)).toEqual(beside.map(() => 2));
      await until(() => one.running + other.running === 1);
      gate.resolve();
      await until(succeeded(ledger, ids));
      expect(did(ledger)).toHaveLength(MANY);
    }),
  );

  test(
    'that Redis loses, or whose worker stops, comes to one end each [SCALE-PARCELS] [SCALE-REDIS-LOST] [SCALE-WORKER-DRAIN]',
    onRedis(async ({ redis, client, ledger }) => {
      const gate = Promise.withResolvers<void>();
      let isHeld = false;
      const play: Play = async ({ id }, signal) => {
        if (isHeld) await Promise.race([gate.promise, once(signal, 'abort')]);
        return done(id);
      };
      const worker = workerAt(redis.url, play, { name: 'one', concurrency: 2 });
      const ids = await Promise.all(Array.from({ length: MANY }, (_, index) => ask(ledger, `job ${index}`)));
      const wrap = seeing(({ length }) => (isHeld ||= length > 2));
      await using brain = brainAt(redis.url, ledger, { wrap });
      await until(() => isHeld && worker.running === 2);
      await client.flushall();
      await worker[Symbol.asyncDispose]();
      expect(worker.running).toBe(0);
      gate.resolve();
      await using _other = workerAt(redis.url, play, { name: 'other' });
      await until(succeeded(ledger, ids));
      expect(did(ledger).toSorted()).toEqual(ids.map((id) => `did ${id}`).toSorted());
      expect(brain.snapshot().offered).toBe(0);
    }),
  );
});
