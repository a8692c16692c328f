import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../src/ledger/database.ts';
import { deliveryKey, openDeliveryKeys, type DeliveryKeys } from '../../src/ledger/delivery-keys.ts';
import { openEvents, type Events } from '../../src/ledger/events.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import type { Writer } from '../../src/ledger/writer.ts';
import { event, folder, freshDatabase, ledgerIn, scalar, writerOf } from './make.ts';

/** The stores over a file, as after a start; leaving without closing anything is a crash. */
class Home {
  readonly path: string;
  database!: Database;
  keys!: DeliveryKeys;
  writer!: Writer;
  events!: Events;

  constructor(path: string) {
    this.path = path;
    this.open();
  }

  open(): void {
    this.database = openDatabase(join(this.path, 'ledger.db'), process.platform);
    // Power loss is not the question here, and a hundred runs of it would only heat the disk.
    this.database.exec('PRAGMA synchronous = OFF');
    migrate(this.database);
    // One row is enough for it to be learned.
    const keys = openDeliveryKeys(this.database, 1);
    this.keys = keys;
    this.writer = writerOf(this.database, {
      onCommit: () => keys.committed(),
      onFailure: () => keys.rolledBack(),
    });
    this.events = openEvents(this.database, this.writer, keys);
  }

  reopen(): void {
    this.database.close();
    this.open();
  }
}

/** A whole commit is undone: whoever was in it may come again. @returns How it was refused. */
async function refuseOne(home: Home): Promise<unknown> {
  home.database.exec(`PRAGMA max_page_count = ${scalar(home.database, 'PRAGMA page_count')}`);
  const answer = home.events.append(event('too large', { body: Buffer.alloc(200_000) }));
  const code = await answer.then(
    () => 'taken',
    (error: { code: unknown }) => error.code,
  );
  home.database.exec('PRAGMA max_page_count = 1000000');
  return code;
}

describe('a delivery id that was taken', () => {
  test('is found in the same commit, in memory, in the table and after a restart [LEDGER-DUPLICATE]', async () => {
    using place = folder();
    const home = new Home(place.path);
    const together = await Promise.all([home.events.append(event('d1')), home.events.append(event('d1'))]);
    expect(together).toEqual([
      { id: 1, duplicate: false },
      { id: 1, duplicate: true },
    ]);
    expect(await home.events.append(event('d1'))).toEqual({ id: 1, duplicate: true });
    home.reopen();
    expect(home.keys.waiting).toBe(1);
    expect(await home.events.append(event('d1'))).toEqual({ id: 1, duplicate: true });
    await home.keys.settle(home.writer);
    expect(home.keys.waiting).toBe(0);
    expect(await home.events.append(event('d1'))).toEqual({ id: 1, duplicate: true });
    home.reopen();
    expect(home.keys.waiting).toBe(0);
    expect(await home.events.append(event('d1'))).toEqual({ id: 1, duplicate: true });
    expect(scalar(home.database, 'SELECT count(*) FROM events')).toBe(1);
    home.database.close();
  });

  test('is another one from another source', async () => {
    using place = folder();
    await using ledger = await ledgerIn(place.path);
    await ledger.events.append(event('d1'));
    expect(await ledger.events.append(event('d1', { source: 'alerts' }))).toEqual({ id: 2, duplicate: false });
    expect(Buffer.from(deliveryKey('a', 'b\0c')).equals(deliveryKey('a\0b', 'c'))).toBe(true);
  });

  test('is taken for good, and no number is given twice, whatever happens in between [LEDGER-DUPLICATE]', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('append' as const),
          ids: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          { do: 'settle' as const },
          { do: 'learn' as const },
          { do: 'reopen' as const },
          { do: 'settle-cut' as const },
          { do: 'fail' as const },
        ),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        using place = folder();
        const home = new Home(place.path);
        const model = new Map<number, number>();
        const used = new Set<number>();
        const wrong: unknown[] = [];
        const refusals: unknown[] = [];
        for (const now of steps) {
          if (now.do === 'settle') await home.keys.settle(home.writer);
          else if (now.do === 'learn') await home.keys.learn(() => Promise.resolve(true));
          else if (now.do === 'reopen') home.reopen();
          else if (now.do === 'settle-cut') {
            // The process ends after the first transactions of a settling.
            void home.keys.settle(home.writer).catch(() => undefined);
            await new Promise((resolve) => setImmediate(resolve));
            home.reopen();
          } else if (now.do === 'fail') refusals.push(await refuseOne(home));
          else {
            const answers = await Promise.all(now.ids.map((id) => home.events.append(event(`d${id}`))));
            for (const [index, { id, duplicate }] of answers.entries()) {
              const delivery = now.ids[index] ?? 0;
              const known = model.get(delivery);
              const right = known === undefined ? !duplicate && !used.has(id) : duplicate && id === known;
              if (!right) wrong.push({ delivery, id, duplicate, known });
              model.set(delivery, id);
              used.add(id);
            }
          }
        }
        expect(wrong).toEqual([]);
        expect(new Set(refusals).isSubsetOf(new Set(['DISK_FULL']))).toBe(true);
        expect(scalar(home.database, 'SELECT count(*) FROM events')).toBe(model.size);
        home.database.close();
      }),
      { numRuns: 120 },
    );
  }, 60_000);
});

describe('the keys in memory', () => {
  test('of a commit that failed are forgotten [LEDGER-FAULTS]', async () => {
    using place = folder();
    const home = new Home(place.path);
    home.database.exec(`PRAGMA max_page_count = ${scalar(home.database, 'PRAGMA page_count')}`);
    const body = Buffer.alloc(200_000);
    const results = await Promise.allSettled([
      home.events.append(event('d1')),
      home.events.append(event('d2', { body })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(home.keys.waiting).toBe(0);
    home.database.exec('PRAGMA max_page_count = 1000000');
    expect(await home.events.append(event('d1'))).toMatchObject({ duplicate: false });
    home.database.close();
  });

  test('are read again after a repair: what failed may be on the disk after all [LEDGER-FAULTS]', () => {
    using home = freshDatabase();
    const keys = openDeliveryKeys(home.database);
    const key = deliveryKey('github', 'd1');
    home.database
      .statement("INSERT INTO events VALUES (7, 'github', 'd1', 'push', NULL, 'outside', 0, '', ?, 0, NULL, NULL)")
      .run(key);
    expect(keys.find(key)).toBeUndefined();
    keys.reload();
    expect(keys.find(key)).toBe(7);
  });

  test('move into the table in short transactions', async () => {
    using place = folder();
    const home = new Home(place.path);
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => home.events.append(event(`d${index}`))));
    expect(home.keys.waiting).toBe(1_200);
    await home.keys.settle(home.writer);
    expect(scalar(home.database, 'SELECT count(*) FROM delivery_keys')).toBe(1_200);
    expect(home.keys.find(deliveryKey('github', 'd777'))).toBeGreaterThan(0);
    home.database.close();
  });
});
