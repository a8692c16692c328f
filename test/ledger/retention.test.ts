import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/ledger/database.ts';
import { openDeliveryKeys } from '../../src/ledger/delivery-keys.ts';
import { openEvents } from '../../src/ledger/events.ts';
import { openJobs } from '../../src/ledger/jobs.ts';
import { openJournalRows } from '../../src/ledger/journal-rows.ts';
import { prune, retentionOptions } from '../../src/ledger/retention.ts';
import { DAY_MS, event, freshDatabase, job, NOON_MS, scalar, writerOf, present } from './make.ts';

const RETENTION = { events: 90 * DAY_MS, bodies: 30 * DAY_MS };
const agoMs = (days: number): number => NOON_MS - days * DAY_MS;

function storesOf(home: ReturnType<typeof freshDatabase>) {
  const { database } = home;
  database.exec('PRAGMA synchronous = OFF');
  const keys = openDeliveryKeys(database);
  const sizes: number[] = [];
  const writer = writerOf(database, {
    onCommit: (count) => {
      sizes.push(count);
      keys.committed();
    },
  });
  const events = openEvents(database, writer, keys);
  const jobs = openJobs(database, writer, (nowMs) => ({ nowMs, ttlMs: DAY_MS, homeId: 'home' }));
  const step = (nowMs = NOON_MS) => prune(database, writer, RETENTION, nowMs);
  const all = async (nowMs?: number): Promise<number> => {
    let slices = 1;
    while (await step(nowMs)) slices += 1;
    return slices;
  };
  return { database, keys, writer, events, jobs, step, all };
}

const count = (database: Database, table: string): number => scalar(database, `SELECT count(*) FROM ${table}`);

describe('retention', () => {
  test('takes events, their jobs and delivery ids after their time, and nothing younger [LEDGER-RETENTION]', async () => {
    using home = freshDatabase();
    const { database, keys, writer, events, jobs, all } = storesOf(home);
    const days = [200, 91, 89, 31, 29, 0];
    for (const day of days)
      await events.append(event(`d${day}`, { receivedAtMs: agoMs(day), jobs: [job({ topic: `t${day}` })] }));
    for (const claimed of await jobs.claim(10, NOON_MS, 1))
      await jobs.settle(claimed, { state: 'succeeded', effects: [] }, NOON_MS);
    await keys.settle(writer);
    await all();
    expect(events.list({ limit: 10 }).map(({ delivery, jobs: ids }) => [delivery, ids.length])).toEqual([
      ['d0', 1],
      ['d29', 1],
      ['d31', 1],
      ['d89', 1],
    ]);
    expect(events.list({ limit: 10 }).map(({ id }) => events.body(id) !== undefined)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([count(database, 'jobs'), count(database, 'delivery_keys')]).toEqual([4, 4]);
    expect(await events.append(event('d89'))).toMatchObject({ duplicate: true });
    expect(await events.append(event('d91'))).toMatchObject({ duplicate: false });
  });

  test('keeps delivery ids at least 30 days, whatever is configured [LEDGER-RETENTION]', () => {
    expect(retentionOptions.parse({ events: '30d' }).events).toBe(30 * DAY_MS);
    expect(retentionOptions.safeParse({ events: '29d' }).success).toBe(false);
    expect(retentionOptions.parse(undefined)).toEqual({ events: 90 * DAY_MS, bodies: 30 * DAY_MS });
  });

  test('never takes an event, or its body, whose job has not ended [LEDGER-RETENTION]', async () => {
    using home = freshDatabase();
    const { events, jobs, all } = storesOf(home);
    await events.append(event('open', { receivedAtMs: agoMs(200), jobs: [job()] }));
    await events.append(event('done', { receivedAtMs: agoMs(200) }));
    await events.append(event('new'));
    await all();
    expect(events.list({ limit: 10 }).map(({ delivery }) => delivery)).toEqual(['new', 'open']);
    expect(events.body(1)).toBeDefined();
    const [claimed] = await jobs.claim(1, NOON_MS, 1);
    await jobs.settle(present(claimed), { state: 'succeeded', effects: [] }, NOON_MS);
    await events.append(event('newer', { jobs: [job()] }));
    await all();
    expect(events.list({ limit: 10 }).map(({ delivery }) => delivery)).toEqual(['newer', 'new']);
  });

  test('says so when jobs waited too long for a model', async () => {
    using home = freshDatabase();
    const { database, events, jobs, all } = storesOf(home);
    const parked = job({ kind: 'agent' });
    await events.append(event('a', { receivedAtMs: agoMs(91), jobs: [parked, parked] }));
    await events.append(event('b', { receivedAtMs: agoMs(89), jobs: [parked] }));
    await events.append(event('c'));
    await all();
    expect(jobs.list({ limit: 10 }).map(({ eventId }) => eventId)).toEqual([2]);
    expect(events.body(2)).toBeDefined();
    expect(database.statement('SELECT text FROM journal').all()).toEqual([
      { text: '2 jobs had waited too long for a model and were removed with their events' },
    ]);
  });

  test('never lets a number be given twice, also after everything grew old [LEDGER-RETENTION]', async () => {
    using home = freshDatabase();
    const { database, writer, events, jobs, all } = storesOf(home);
    const journal = openJournalRows(database, writer);
    for (const name of ['a', 'b', 'c']) {
      await events.append(event(name, { receivedAtMs: agoMs(200), jobs: [job({ topic: name })] }));
      await journal.append({ kind: 'log', ref: '', text: name }, agoMs(200));
    }
    for (const claimed of await jobs.claim(10, NOON_MS, 1))
      await jobs.settle(claimed, { state: 'succeeded', effects: [] }, NOON_MS);
    await journal.written(3);
    await all();
    expect([count(database, 'events'), count(database, 'jobs'), count(database, 'journal')]).toEqual([1, 1, 1]);
    const { id } = await events.append(event('d', { jobs: [job({ topic: 'd' })] }));
    expect(id).toBe(4);
    expect(events.find(id)?.jobs).toEqual([4]);
    await journal.append({ kind: 'log', ref: '', text: 'after' }, NOON_MS);
    expect(journal.pending(10).map(({ text }) => text)).toEqual(['after']);
  });

  test('keeps lines of the daily log that are not in their file yet', async () => {
    using home = freshDatabase();
    const { database, writer, all } = storesOf(home);
    const journal = openJournalRows(database, writer);
    for (const text of ['a', 'b', 'c', 'd']) await journal.append({ kind: 'log', ref: '', text }, agoMs(200));
    await journal.written(2);
    await all();
    expect(journal.pending(10).map(({ text }) => text)).toEqual(['c', 'd']);
    expect(count(database, 'journal')).toBe(2);
  });

  test('goes in slices of bounded rows and bytes, and then looks at nothing twice', async () => {
    using home = freshDatabase();
    const { database, events, step, all } = storesOf(home);
    const body = Buffer.alloc(200_000, 'x');
    for (let index = 0; index < 60; index += 1)
      await events.append(event(`large${index}`, { receivedAtMs: agoMs(40), body }));
    for (let index = 0; index < 500; index += 1)
      await events.append(event(`small${index}`, { receivedAtMs: agoMs(40) }));
    const held = (): number => scalar(database, 'SELECT count(*) FROM events WHERE body IS NOT NULL');
    await step();
    // 4 MiB hold twenty of them.
    expect(560 - held()).toBe(20);
    expect(await all()).toBeLessThan(20);
    expect(held()).toBe(1);
    expect(await step()).toBe(false);
  });

  test('takes large bodies with their events, and gives the space back to the file system [LEDGER-RETENTION]', async () => {
    using home = freshDatabase();
    const { database, events, all } = storesOf(home);
    const fileBytes = (): number => {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return statSync(join(home.path, 'ledger.db')).size;
    };
    await events.append(event('large', { receivedAtMs: agoMs(31), body: Buffer.alloc(10_000_000, 'x') }));
    await events.append(event('new'));
    const before = fileBytes();
    await all();
    expect(count(database, 'body_chunks')).toBe(0);
    expect(events.find(1)).toMatchObject({ bodyBytes: 10_000_000 });
    expect(events.body(1)).toBeUndefined();
    expect(before - fileBytes()).toBeGreaterThan(8_000_000);
    expect(scalar(database, 'PRAGMA freelist_count')).toBeLessThanOrEqual(256);
  });

  test('takes a large body that outlives the others when its event goes', async () => {
    using home = freshDatabase();
    const { database, writer, events } = storesOf(home);
    await events.append(event('large', { receivedAtMs: agoMs(31), body: Buffer.alloc(600_000, 'x') }));
    await events.append(event('new'));
    const longer = { events: 30 * DAY_MS, bodies: 300 * DAY_MS };
    while (await prune(database, writer, longer, NOON_MS));
    expect([count(database, 'events'), count(database, 'body_chunks')]).toEqual([1, 0]);
  });
});
