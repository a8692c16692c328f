import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { openDeliveryKeys } from '../../src/ledger/delivery-keys.ts';
import { openEvents } from '../../src/ledger/events.ts';
import { DAY_MS, event, folder, freshDatabase, job, ledgerIn, NOON_MS, scalar, writerOf } from './make.ts';

const KIB_256 = 262_144;
const MIB_25 = 26_214_400;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function eventsOf(home: ReturnType<typeof freshDatabase>) {
  const keys = openDeliveryKeys(home.database);
  const commits: number[] = [];
  const writer = writerOf(home.database, {
    onCommit: (count) => {
      commits.push(count);
      keys.committed();
    },
    onFailure: () => keys.rolledBack(),
  });
  return { events: openEvents(home.database, writer, keys), commits };
}

describe('an event', () => {
  test('is there with its jobs as soon as it is acknowledged [LEDGER-COMMIT-BEFORE-ACK]', async () => {
    using home = freshDatabase();
    const { events } = eventsOf(home);
    const { id } = await events.append(event('d1', { jobs: [job(), job({ kind: 'log', origin: 'all' })] }));
    const reader = openDatabase(join(home.path, 'ledger.db'), process.platform);
    expect(reader.statement('SELECT delivery FROM events WHERE id = ?').get(id)).toEqual({ delivery: 'd1' });
    expect(scalar(reader, 'SELECT count(*) FROM jobs')).toBe(2);
    reader.close();
    expect(events.find(id)).toEqual({
      id,
      source: 'github',
      delivery: 'd1',
      type: 'push',
      action: null,
      trust: 'outside',
      receivedAtMs: NOON_MS,
      contentType: 'application/json',
      bodyBytes: 2,
      jobs: [1, 2],
    });
  });

  test('that can not be recorded with its jobs leaves neither, and its id is free [LEDGER-COMMIT-BEFORE-ACK]', async () => {
    using home = freshDatabase();
    const { events } = eventsOf(home);
    const broken = event('d1', { jobs: [job(), job({ text: undefined as unknown as string })] });
    await expect(events.append(broken)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(scalar(home.database, 'SELECT count(*) FROM events')).toBe(0);
    expect(scalar(home.database, 'SELECT count(*) FROM jobs')).toBe(0);
    expect(await events.append(event('d1'))).toMatchObject({ duplicate: false });
  });

  test('has a delivery id of at most 200 characters', async () => {
    using home = freshDatabase();
    const { events } = eventsOf(home);
    expect(await events.append(event('x'.repeat(200)))).toMatchObject({ duplicate: false });
    await expect(events.append(event('x'.repeat(201)))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('is listed newest first, page by page, until nothing is left', async () => {
    using home = freshDatabase();
    const { events } = eventsOf(home);
    for (const day of [1, 2, 3, 4, 5]) await events.append(event(`d${day}`, { receivedAtMs: day * DAY_MS }));
    const ids = (page: Parameters<typeof events.list>[0]): number[] => events.list(page).map(({ id }) => id);
    expect(ids({ limit: 2 })).toEqual([5, 4]);
    expect(ids({ limit: 2, after: 4 })).toEqual([3, 2]);
    expect(ids({ limit: 2, after: 2 })).toEqual([1]);
    expect(ids({ limit: 2, after: 1 })).toEqual([]);
    expect(ids({ limit: 5, sinceMs: 4 * DAY_MS })).toEqual([5, 4]);
  });
});

describe('a body', () => {
  test.each([0, 1, KIB_256 - 1, KIB_256, KIB_256 + 1, 524_288, 524_289])(
    'of %i bytes comes back byte for byte [WEB-RAW-BYTES]',
    async (bytes) => {
      using home = freshDatabase();
      const { events } = eventsOf(home);
      const body = Buffer.alloc(bytes, Buffer.from([0, 255, 128, 10, 195]));
      const { id } = await events.append(event('d1', { body }));
      expect(Buffer.from(events.body(id) ?? []).equals(body)).toBe(true);
      expect(events.body(id)).toBeInstanceOf(Uint8Array);
      expect(events.find(id)?.bodyBytes).toBe(bytes);
      expect(scalar(home.database, 'SELECT count(*) FROM body_chunks') > 0).toBe(bytes > KIB_256);
    },
  );

  test('of 25 MiB comes back byte for byte, written in short transactions', async () => {
    using home = freshDatabase();
    const { events, commits } = eventsOf(home);
    const body = Buffer.alloc(MIB_25, 'abcdefg');
    const { id } = await events.append(event('d1', { body, jobs: [job()] }));
    expect(digest(events.body(id) ?? Buffer.alloc(0))).toBe(digest(body));
    expect(scalar(home.database, 'SELECT max(length(bytes)) FROM body_chunks')).toBeLessThanOrEqual(524_288);
    expect(commits).toHaveLength(201);
  });

  test('that is large leaves no pieces when its delivery was taken already [LEDGER-DUPLICATE]', async () => {
    using home = freshDatabase();
    const { events } = eventsOf(home);
    const body = Buffer.alloc(KIB_256 * 5, 'x');
    const twice = await Promise.all([events.append(event('d1', { body })), events.append(event('d1', { body }))]);
    expect(twice.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await events.append(event('d1', { body }))).toEqual({ id: twice[0].id, duplicate: true });
    expect(scalar(home.database, 'SELECT count(DISTINCT ref) FROM body_chunks')).toBe(1);
    expect(digest(events.body(twice[0].id) ?? Buffer.alloc(0))).toBe(digest(body));
  });

  test('that is large and could not be recorded leaves no pieces [LEDGER-DISK-FLOOR]', async () => {
    using home = freshDatabase();
    const { events } = eventsOf(home);
    home.database.exec(`PRAGMA max_page_count = ${scalar(home.database, 'PRAGMA page_count') + 400}`);
    const body = Buffer.alloc(KIB_256 * 20, 'x');
    await expect(events.append(event('d1', { body }))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(scalar(home.database, 'SELECT count(*) FROM body_chunks')).toBe(0);
    expect(scalar(home.database, 'SELECT count(*) FROM events')).toBe(0);
    home.database.exec('PRAGMA max_page_count = 1000000');
    expect(await events.append(event('d1', { body }))).toMatchObject({ duplicate: false });
  });

  test('whose event a crash prevented is cleared at the next start', async () => {
    using home = folder();
    {
      await using ledger = await ledgerIn(home.path);
      await ledger.events.append(event('d1', { body: Buffer.alloc(KIB_256 * 3, 'a') }));
    }
    const database = openDatabase(join(home.path, 'ledger.db'), process.platform);
    const piece = database.statement('INSERT INTO body_chunks (ref, bytes) VALUES (?, ?)');
    for (let count = 0; count < 7; count += 1) piece.run(2, Buffer.alloc(1_000));
    database.close();
    await using ledger = await ledgerIn(home.path);
    const reader = openDatabase(join(home.path, 'ledger.db'), process.platform);
    expect(reader.statement('SELECT DISTINCT ref FROM body_chunks').all()).toEqual([{ ref: 1 }]);
    reader.close();
    expect(ledger.events.body(1)?.byteLength).toBe(KIB_256 * 3);
  });
});
