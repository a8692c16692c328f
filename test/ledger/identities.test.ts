import { describe, expect, test } from 'vitest';
import type { EventDraft, Road } from '../../src/core/event.ts';
import { SAME_HAPPENING_MS } from '../../src/ledger/identities.ts';
import { openDatabase } from '../../src/ledger/database.ts';
import { DAY_MS, event, folder, ledgerIn, NOON_MS, scalar } from './make.ts';
import { FakeClock } from '../fakes/clock.ts';

function by(road: Road, delivery: string, happenedAtMs: number | null, draft: Partial<EventDraft> = {}): EventDraft {
  return event(delivery, { identity: { key: 'issue 7 opened', road, happenedAtMs }, ...draft });
}

describe('identities', () => {
  test('the same happening by the other road is the same event, and each arrival pairs once [POLL-DEDUPE]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const append = (draft: EventDraft) => ledger.events.append(draft);
    expect(await append(by('webhook', 'g1', NOON_MS))).toEqual({ id: 1, duplicate: false });
    expect(await append(by('webhook', 'g2', NOON_MS))).toEqual({ id: 2, duplicate: false });
    expect(await append(by('poll', 'p1', NOON_MS + 3_000))).toEqual({ id: 1, duplicate: true });
    expect(await append(by('poll', 'p1', NOON_MS + 3_000))).toEqual({ id: 1, duplicate: true });
    expect(await append(by('poll', 'p2', NOON_MS + 3_000))).toEqual({ id: 2, duplicate: true });
    expect(await append(by('poll', 'p3', NOON_MS + 3_000))).toEqual({ id: 3, duplicate: false });
  });

  test('two that lie far apart are two, unless the key alone is unique', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const append = (draft: EventDraft) => ledger.events.append(draft);
    await append(by('webhook', 'g1', NOON_MS));
    expect(await append(by('poll', 'p1', NOON_MS + SAME_HAPPENING_MS + 1))).toMatchObject({ duplicate: false });
    expect(await append(by('poll', 'p2', NOON_MS - SAME_HAPPENING_MS))).toMatchObject({ id: 1, duplicate: true });
    const comment = (road: Road, delivery: string): EventDraft =>
      event(delivery, { identity: { key: 'comment 5', road, happenedAtMs: null } });
    const { id } = await append(comment('poll', 'p5'));
    expect(await append(comment('webhook', 'g5'))).toEqual({ id, duplicate: true });
    expect(await append(by('poll', 'p9', NOON_MS, { source: 'other' }))).toMatchObject({ duplicate: false });
  });

  test('the nearest in time is paired, and pairs outlive a restart', async () => {
    using home = folder();
    const first = await ledgerIn(home.path);
    await first.events.append(by('poll', 'p1', NOON_MS));
    await first.events.append(by('poll', 'p2', NOON_MS + 60_000));
    expect(await first.events.append(by('webhook', 'g2', NOON_MS + 58_000))).toEqual({ id: 2, duplicate: true });
    await first[Symbol.asyncDispose]();
    await using second = await ledgerIn(home.path);
    expect(await second.events.append(by('webhook', 'g2', NOON_MS + 58_000))).toEqual({ id: 2, duplicate: true });
    expect(await second.events.append(by('webhook', 'g1', NOON_MS))).toEqual({ id: 1, duplicate: true });
  });

  test('a large body that turns out to be a double leaves nothing behind', async () => {
    using home = folder();
    const ledger = await ledgerIn(home.path);
    await ledger.events.append(by('webhook', 'g1', NOON_MS));
    const large = by('poll', 'p1', NOON_MS, { body: Buffer.alloc(600_000, 'x') });
    expect(await ledger.events.append(large)).toEqual({ id: 1, duplicate: true });
    await ledger[Symbol.asyncDispose]();
    const database = openDatabase(`${home.path}/ledger.db`, process.platform);
    expect(scalar(database, 'SELECT count(*) FROM body_chunks')).toBe(0);
    database.close();
  });

  test('an event without an identity has no row, and rows go with their events', async () => {
    using home = folder();
    const clock = new FakeClock();
    const ledger = await ledgerIn(home.path, { clock, events: 30 * DAY_MS });
    await ledger.events.append(event('plain'));
    await ledger.events.append(by('poll', 'p1', NOON_MS));
    clock.jumpWall(40 * DAY_MS);
    await ledger.events.append(by('poll', 'p2', null, { receivedAtMs: clock.wallMs() }));
    await clock.advance(120_000);
    await ledger[Symbol.asyncDispose]();
    const database = openDatabase(`${home.path}/ledger.db`, process.platform);
    expect(scalar(database, 'SELECT count(*) FROM events')).toBe(1);
    expect(scalar(database, 'SELECT count(*) FROM identities')).toBe(1);
    database.close();
  });
});
