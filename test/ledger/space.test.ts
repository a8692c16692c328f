import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { spaceLimits, spaceVerdict, watchSpace } from '../../src/ledger/space.ts';
import { FakeClock } from '../fakes/clock.ts';
import { event, folder, job, ledgerIn, NOON_MS, present } from './make.ts';

const MIB = 1_048_576;

describe('how much space is enough', () => {
  test.each([
    [0, 2 * MIB],
    [20 * MIB, 2 * MIB],
    [40 * MIB, 2 * MIB],
    [400 * MIB, 20 * MIB],
    [1_280 * MIB, 64 * MIB],
    [10 * 1_024 * 1_024 * MIB, 64 * MIB],
  ])('on a file system of %i bytes the floor is %i, and the reserve a quarter of it', (total, floorBytes) => {
    expect(spaceLimits(total)).toEqual({ floorBytes, reserveBytes: floorBytes / 4 });
  });

  test('walks up to the floor and past it, and comes back only with room to spare [LEDGER-DISK-FLOOR]', () => {
    const limits = spaceLimits(400 * MIB);
    expect(spaceVerdict(limits.floorBytes, false, limits)).toBe('ok');
    expect(spaceVerdict(limits.floorBytes - 1, false, limits)).toBe('low');
    const enough = 2 * limits.floorBytes + limits.reserveBytes;
    expect(spaceVerdict(enough - 1, true, limits)).toBe('low');
    expect(spaceVerdict(enough, true, limits)).toBe('ok');
  });

  test('holding the reserve never makes it low again', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4_000_000 }), fc.nat({ max: 4_000_000 }), (totalKib, freeKib) => {
        const limits = spaceLimits(totalKib * 1_024);
        const verdict = spaceVerdict(freeKib * 1_024, true, limits);
        return verdict === 'low' || spaceVerdict(freeKib * 1_024 - limits.reserveBytes, false, limits) === 'ok';
      }),
    );
  });
});

describe('the reserve', () => {
  test('is real blocks, given up when a write meets a full disk, and taken again', async () => {
    using home = folder();
    const reserve = join(home.path, 'reserve');
    const space = await watchSpace(home.path);
    const { size, blocks } = statSync(reserve);
    expect(size).toBeGreaterThanOrEqual(MIB / 2);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    space.full();
    expect([space.low, existsSync(reserve)]).toEqual([true, false]);
    await space.look();
    expect([space.low, existsSync(reserve)]).toEqual([false, true]);
  });

  test('is filled up when a killed process left a short one', async () => {
    using home = folder();
    const reserve = join(home.path, 'reserve');
    await watchSpace(home.path);
    const { size } = statSync(reserve);
    truncateSync(reserve, 10);
    await watchSpace(home.path);
    expect(statSync(reserve).size).toBe(size);
  });

  test('stays given up when the disk fills up while it is looked at', async () => {
    using home = folder();
    const space = await watchSpace(home.path);
    const looking = space.look();
    space.full();
    await looking;
    expect([space.low, existsSync(join(home.path, 'reserve'))]).toEqual([true, false]);
  });
});

/** A small file system of its own. */
function smallDisk(mib: number): (Disposable & { readonly path: string }) | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const place = folder();
  const path = join(place.path, 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    place[Symbol.dispose]();
    return undefined;
  }
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', [path]);
      place[Symbol.dispose]();
    },
  };
}

const freeBytes = (path: string): number => {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
};

async function until(clock: FakeClock, condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 20_000 && !condition(); tries += 1) await clock.advance(1_000);
  expect(condition()).toBe(true);
}

async function appendUntilRefused(ledger: Ledger, prefix: string): Promise<{ taken: string[]; refused: unknown }> {
  const taken: string[] = [];
  for (let count = 0; count < 2_000; count += 1) {
    const delivery = `${prefix}${count}`;
    try {
      await ledger.events.append(
        event(delivery, { body: Buffer.alloc(100_000, 'x'), jobs: [job({ topic: delivery })] }),
      );
      taken.push(delivery);
    } catch (refused) {
      return { taken, refused };
    }
  }
  throw new Error('the disk never got full');
}

describe('a disk that is full', () => {
  test('below the floor refuses new events, finishes old work, and opens again by itself [LEDGER-DISK-FLOOR] [WEB-SHED]', async (context) => {
    using disk = smallDisk(32);
    context.skip(disk === undefined, 'a small file system can only be mounted by root on Linux');
    const home = disk?.path ?? '';
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home, { clock });
    await ledger.events.append(event('before', { jobs: [job()] }));
    const ballast = join(home, 'ballast');
    writeFileSync(ballast, Buffer.alloc(freeBytes(home) - MIB));
    await until(clock, () => !ledger.health().ok);
    expect(ledger.health()).toMatchObject({ ok: false, code: 'DISK_FULL' });
    await expect(ledger.events.append(event('refused'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    const [claimed] = await ledger.jobs.claim(1, NOON_MS, 1_000);
    expect(await ledger.jobs.settle(present(claimed), { state: 'succeeded', effects: [] }, NOON_MS)).toBe(true);
    rmSync(ballast);
    await until(clock, () => ledger.health().ok);
    expect(await ledger.events.append(event('refused'))).toEqual({ id: 2, duplicate: false });
  });

  test('in the middle of writing keeps what was acknowledged, half-writes nothing, and recovers [LEDGER-DISK-FLOOR] [LEDGER-FAULTS]', async (context) => {
    using disk = smallDisk(64);
    context.skip(disk === undefined, 'a small file system can only be mounted by root on Linux');
    const home = disk?.path ?? '';
    const ballast = join(home, 'ballast');
    writeFileSync(ballast, Buffer.alloc(44 * MIB));
    const clock = new FakeClock();
    const deliveries = (ledger: Ledger): string[] =>
      ledger.events
        .list({ limit: 5_000 })
        .map(({ delivery }) => delivery)
        .toReversed();
    const taken: string[] = [];
    {
      await using ledger = await ledgerIn(home, { clock });
      // The clock stands still, so nobody looks at the disk: the writes themselves meet its end.
      const first = await appendUntilRefused(ledger, 'a');
      expect(first.refused).toMatchObject({ code: 'DISK_FULL' });
      expect(existsSync(join(home, 'reserve'))).toBe(false);
      taken.push(...first.taken);
      expect(taken.length).toBeGreaterThan(50);
      expect(deliveries(ledger)).toEqual(taken);
      // What was accepted is worked off in the space of the reserve.
      const [claimed] = await ledger.jobs.claim(1, NOON_MS, 1_000);
      expect(await ledger.jobs.settle(present(claimed), { state: 'succeeded', effects: [] }, NOON_MS)).toBe(true);
      await expect(ledger.events.append(event('b0'))).rejects.toMatchObject({ code: 'DISK_FULL' });
      rmSync(ballast);
      await until(clock, () => ledger.health().ok);
      expect(existsSync(join(home, 'reserve'))).toBe(true);
      expect(await ledger.events.append(event('b0'))).toMatchObject({ duplicate: false });
      expect(await ledger.events.append(event(taken.at(-1) ?? ''))).toMatchObject({ duplicate: true });
    }
    await using again = await ledgerIn(home, { clock });
    expect(deliveries(again)).toEqual([...taken, 'b0']);
    expect(again.jobs.list({ limit: 5_000 })).toHaveLength(taken.length);
  });

  test('lets a daemon start on it, and take back what was running [LEDGER-DISK-FLOOR] [DISPATCH-RECOVERY]', async (context) => {
    using disk = smallDisk(32);
    context.skip(disk === undefined, 'a small file system can only be mounted by root on Linux');
    const home = disk?.path ?? '';
    const clock = new FakeClock();
    {
      await using ledger = await ledgerIn(home, { clock });
      await ledger.events.append(event('d1', { jobs: [job()] }));
      await ledger.jobs.claim(1, NOON_MS, 1_000);
    }
    writeFileSync(join(home, 'ballast'), Buffer.alloc(freeBytes(home) - 262_144));
    await using ledger = await ledgerIn(home, { clock });
    expect(ledger.health()).toMatchObject({ ok: false, code: 'DISK_FULL' });
    const [running] = ledger.jobs.interrupted();
    expect(
      await ledger.jobs.settle(present(running), { state: 'queued', error: 'cut', dueAtMs: NOON_MS }, NOON_MS),
    ).toBe(true);
  });
});
