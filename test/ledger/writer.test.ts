import { describe, expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import type { Database } from '../../src/ledger/database.ts';
import { freshDatabase, scalar, writerOf } from './make.ts';

const put =
  (key: string, value = 'v') =>
  (database: Database): string => {
    database.statement('INSERT INTO meta (key, value) VALUES (?, ?)').run(key, value);
    return key;
  };

describe('group commit', () => {
  test('writes that come together share one commit, and each gets its own answer [LEDGER-GROUP-COMMIT]', async () => {
    using home = freshDatabase();
    const commits: number[] = [];
    const writer = writerOf(home.database, { onCommit: (count) => commits.push(count) });
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    expect(await Promise.all(keys.map((key) => writer.write(put(key))))).toEqual(keys);
    expect(commits).toEqual([300]);
    expect(writer.depth).toBe(0);
  });

  test('nobody is answered before the commit [LEDGER-COMMIT-BEFORE-ACK]', async () => {
    using home = freshDatabase();
    const order: string[] = [];
    const writer = writerOf(home.database, {
      onCommit: () => order.push(`commit, open: ${home.database.inTransaction}`),
    });
    await Promise.all(['a', 'b'].map(async (key) => order.push(`answered ${await writer.write(put(key))}`)));
    expect(order).toEqual(['commit, open: false', 'answered a', 'answered b']);
  });

  test('one that throws undoes only itself [LEDGER-GROUP-COMMIT]', async () => {
    using home = freshDatabase();
    const writer = writerOf(home.database);
    const results = await Promise.allSettled([
      writer.write(put('a')),
      writer.write((database) => {
        put('b')(database);
        throw new KairosError('STATE_CONFLICT', 'not now');
      }),
      writer.write(put('a')),
      writer.write(put('c')),
    ]);
    expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : result.value))).toEqual([
      'a',
      'STATE_CONFLICT',
      'INTERNAL',
      'c',
    ]);
    expect(home.database.statement('SELECT key FROM meta ORDER BY key').all()).toEqual([{ key: 'a' }, { key: 'c' }]);
  });

  test('also among those that were spared their savepoint [LEDGER-GROUP-COMMIT]', async () => {
    using home = freshDatabase();
    const failures: string[] = [];
    const writer = writerOf(home.database, { onFailure: (error) => failures.push(error.code) });
    const bare = { bare: true };
    const results = await Promise.allSettled([
      writer.write(put('a'), bare),
      writer.write(put('a'), bare),
      writer.write(put('b')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(failures).toEqual(['INTERNAL']);
    expect(scalar(home.database, 'SELECT count(*) FROM meta')).toBe(2);
  });

  test('splits what is too much for one transaction, in order', async () => {
    using home = freshDatabase();
    const commits: number[] = [];
    const onCommit = (count: number): void => void commits.push(count);
    const writer = writerOf(home.database, { onCommit, limits: { batchMax: 3, batchBytesMax: 1_000 } });
    const sizes = [100, 100, 100, 100, 950, 100, 5_000, 100];
    const answered: number[] = [];
    const write = async (bytes: number, index: number): Promise<void> => {
      await writer.write(put(`k${index}`), { bytes });
      answered.push(index);
    };
    await Promise.all(sizes.map(write));
    expect(commits).toEqual([3, 1, 1, 1, 1, 1]);
    expect(answered).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('the queue', () => {
  test('takes as many writes as its limit, and refuses one more [WEB-SHED]', async () => {
    using home = freshDatabase();
    const writer = writerOf(home.database, { limits: { queueMax: 3 } });
    const taken = ['a', 'b', 'c'].map((key) => writer.write(put(key)));
    await expect(writer.write(put('d'))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await Promise.all(taken)).toEqual(['a', 'b', 'c']);
    expect(await writer.write(put('d'))).toBe('d');
  });

  test('takes as many bytes as its limit, and refuses one more [WEB-SHED]', async () => {
    using home = freshDatabase();
    const writer = writerOf(home.database, { limits: { queueBytesMax: 1_000 } });
    const first = writer.write(put('a'), { bytes: 1_000 });
    await expect(writer.write(put('b'), { bytes: 1 })).rejects.toMatchObject({ code: 'OVERLOADED' });
    await first;
    expect(await writer.write(put('b'), { bytes: 1_000 })).toBe('b');
  });

  test('is drained by close, which then refuses', async () => {
    using home = freshDatabase();
    const counts: number[] = [];
    const onCommit = (count: number): void => void counts.push(count);
    const writer = writerOf(home.database, { onCommit, limits: { batchMax: 2 } });
    const taken = Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => writer.write(put(key))));
    await Promise.all([writer.close(), writer.close()]);
    expect(await taken).toHaveLength(5);
    await expect(writer.write(put('f'))).rejects.toMatchObject({ code: 'STOPPING' });
    expect(scalar(home.database, 'SELECT count(*) FROM meta')).toBe(5);
    expect(counts.filter((count) => count === 0)).toEqual([]);
  });

  test('waits a bounded time for others, even when the clock stands still', async () => {
    using home = freshDatabase();
    const writer = writerOf(home.database, { limits: { gatherMs: 1_000 } });
    await Promise.all(Array.from({ length: 10 }, (_, index) => writer.write(put(`k${index}`))));
    expect(await writer.write(put('alone'))).toBe('alone');
  });
});

describe('a full disk', () => {
  test('fails everybody in the commit, says so once, and the next write works [LEDGER-FAULTS]', async () => {
    using home = freshDatabase();
    const failures: string[] = [];
    const writer = writerOf(home.database, { onFailure: (error) => failures.push(error.code) });
    const pages = scalar(home.database, 'PRAGMA page_count');
    home.database.exec(`PRAGMA max_page_count = ${pages + 4}`);
    const big = 'x'.repeat(100_000);
    for (const bare of [false, true]) {
      const results = await Promise.allSettled([
        writer.write(put('a')),
        writer.write(put('b', big), { bare }),
        writer.write(put('c')),
      ]);
      expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
        Array(3).fill('DISK_FULL'),
      );
    }
    expect(failures).toEqual(['DISK_FULL', 'DISK_FULL']);
    expect(home.database.inTransaction).toBe(false);
    expect(scalar(home.database, 'SELECT count(*) FROM meta')).toBe(0);
    home.database.exec('PRAGMA max_page_count = 1000000');
    expect(await writer.write(put('b', big))).toBe('b');
  });
});
