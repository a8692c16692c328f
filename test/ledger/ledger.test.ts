import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { FakeClock } from '../fakes/clock.ts';
import { DAY_MS, event, folder, job, ledgerIn, NOON_MS, recordingLog, scalar } from './make.ts';

/** Housekeeping reads files and starts threads, so moving the clock is not enough: it is looked at again and again. */
async function until(clock: FakeClock, condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 20_000 && !condition(); tries += 1) await clock.advance(500);
  expect(condition()).toBe(true);
}

describe('a ledger', () => {
  test('that cannot write refuses with a clear error, loses nothing, and mends itself [LEDGER-FAULTS]', async () => {
    using home = folder();
    const clock = new FakeClock();
    const log = recordingLog();
    await using ledger = await ledgerIn(home.path, { clock, log });
    await ledger.events.append(event('d1', { jobs: [job()] }));
    const other = openDatabase(join(home.path, 'ledger.db'), process.platform);
    other.exec('BEGIN IMMEDIATE');
    await expect(ledger.events.append(event('d2'))).rejects.toMatchObject({ code: 'LEDGER_FAILED' });
    expect(ledger.health()).toMatchObject({ ok: false, code: 'LEDGER_FAILED' });
    await expect(ledger.events.append(event('d3'))).rejects.toMatchObject({ code: 'LEDGER_FAILED' });
    await until(clock, () => log.lines.some(({ message }) => message === 'ledger still does not write'));
    // A lesson about the present, not a latch: reads go on all the while.
    expect(ledger.events.list({ limit: 5 })).toHaveLength(1);
    other.exec('ROLLBACK');
    other.close();
    await until(clock, () => ledger.health().ok);
    expect(await ledger.events.append(event('d2'))).toMatchObject({ duplicate: false });
    expect(await ledger.events.append(event('d1'))).toEqual({ id: 1, duplicate: true });
  });

  test('moves delivery ids into their table in a quiet moment [LEDGER-DUPLICATE]', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    await ledger.events.append(event('d1'));
    const reader = openDatabase(join(home.path, 'ledger.db'), process.platform);
    await until(clock, () => scalar(reader, 'SELECT count(*) FROM delivery_keys') === 1);
    reader.close();
    expect(await ledger.events.append(event('d1'))).toEqual({ id: 1, duplicate: true });
  });

  test('removes what is too old by itself [LEDGER-RETENTION]', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    await ledger.events.append(event('old', { receivedAtMs: NOON_MS - 91 * DAY_MS }));
    await ledger.events.append(event('new', { receivedAtMs: NOON_MS }));
    await until(clock, () => ledger.events.list({ limit: 5 }).length === 1);
  });

  test('keeps what it was asked to write before it closed, and leaves one file behind', async () => {
    using home = folder();
    const ledger = await ledgerIn(home.path);
    const written = Promise.all(Array.from({ length: 50 }, (_, index) => ledger.events.append(event(`d${index}`))));
    await ledger[Symbol.asyncDispose]();
    expect(await written).toHaveLength(50);
    expect(existsSync(join(home.path, 'ledger.db-wal'))).toBe(false);
    await expect(ledger.events.append(event('late'))).rejects.toMatchObject({ code: 'STOPPING' });
    await using again = await ledgerIn(home.path);
    expect(again.events.list({ limit: 100 })).toHaveLength(50);
    expect(again.homeId).toBe(ledger.homeId);
  });

  test('counts its commits and knows its space', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const before = ledger.stats().commits;
    await Promise.all([ledger.events.append(event('a')), ledger.events.append(event('b'))]);
    expect(ledger.stats()).toMatchObject({ commits: before + 1, writesWaiting: 0 });
    expect(ledger.stats().freeBytes).toBeGreaterThan(0);
    expect(statSync(join(home.path, 'reserve')).size).toBeGreaterThan(0);
  });

  test('tells a crash from a stop [SAFE-MODE-THREE-UNCLEAN]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const boot = (startedAtMs: number) => ledger.boots.begin({ startedAtMs, pid: 1, version: '0', safeMode: false });
    await boot(NOON_MS);
    const stopped = await boot(NOON_MS + 1);
    await ledger.boots.ready(stopped, NOON_MS + 2);
    await ledger.boots.stopped(stopped, NOON_MS + 3, 'stopped');
    await boot(NOON_MS + 4);
    expect(ledger.boots.unclean(NOON_MS)).toBe(2);
    expect(ledger.boots.unclean(NOON_MS + 1)).toBe(1);
  });
});
