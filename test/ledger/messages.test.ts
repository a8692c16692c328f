import { describe, expect, test } from 'vitest';
import { pruneMessages } from '../../src/ledger/messages.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { insertJob, makeWorld, scriptedChannel, TTL_MS, type Life } from '../notify/world.ts';

/** The outbox with a channel that takes everything. */
async function home() {
  const clock = new FakeClock();
  const world = makeWorld(clock);
  const phone = scriptedChannel('phone', clock);
  const life = await world.boot([phone]);
  return { clock, phone, life, world, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

function journal({ database }: Life): string[] {
  return database
    .statement('SELECT kind, ref, text FROM journal ORDER BY id')
    .all<{ kind: string; ref: string; text: string }>()
    .map(({ kind, ref, text }) => `${kind} ${ref} ${text}`);
}

const mute = (life: Life): Promise<void> => life.messages.mute('', life.clock.wallMs() + 600_000);

describe('enqueueMessage', () => {
  test('a job that runs again queues nothing twice, whatever became of the first', async () => {
    await using all = await home();
    const { life } = all;
    const jobId = insertJob(life.database, 1, 0);
    const first = await life.enqueue({ jobId, topic: 'ci', text: 'failed' });
    await settle();
    expect(await life.enqueue({ jobId, topic: 'ci', text: 'failed again' })).toBe(first);
    expect(await life.enqueue({ jobId, topic: 'other' })).not.toBe(first);
    await settle();
    expect(all.phone.receipts).toHaveLength(2);
  });

  test('a reply needs an event of the owner and the job it started [WINDOW-REACTIVE]', async () => {
    await using all = await home();
    const { life } = all;
    const outside = await life.ask('outside');
    await expect(life.enqueue(outside)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const mine = await life.ask();
    await expect(life.enqueue({ ...mine, jobId: outside.jobId })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(life.enqueue({ ...mine, replyTo: null })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(life.enqueue({ ...mine, replyTo: 99 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(life.enqueue({ ...mine, jobId: null })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(life.messages.list({ limit: 9 })).toEqual([]);
    expect(life.messages.find(await life.enqueue(mine))).toMatchObject({ kind: 'reactive', replyTo: mine.replyTo });
  });

  test('the sixth reply to one event counts as proactive [WINDOW-REACTIVE-CAP]', async () => {
    await using all = await home();
    const { life } = all;
    await mute(life);
    const { replyTo, kind } = await life.ask();
    for (let n = 0; n < 6; n += 1) {
      await life.enqueue({ kind, replyTo, jobId: insertJob(life.database, replyTo, 0), text: `${n}` });
    }
    await settle();
    expect(all.phone.receipts.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4']);
    expect(life.messages.list({ limit: 1 })[0]).toMatchObject({ kind: 'proactive', state: 'queued', replyTo });
  });

  test('replies and messages without a topic never join others; urgent ones join only urgent ones [WINDOW-COALESCE]', async () => {
    await using all = await home();
    const { life } = all;
    await mute(life);
    await life.enqueue({ topic: 'ci' });
    await life.enqueue({ topic: 'ci', urgent: true });
    await life.enqueue({ topic: 'ci', urgent: true });
    await life.enqueue({ topic: '' });
    await life.enqueue({ topic: '' });
    await life.enqueue({ ...(await life.ask()), topic: 'ci' });
    const rows = life.messages.list({ limit: 9 }).toReversed();
    expect(rows.map(({ state, intoId }) => [state, intoId])).toMatchObject([
      ['queued', null],
      ['queued', null],
      ['coalesced', 2],
      ['queued', null],
      ['queued', null],
      [expect.any(String), null],
    ]);
  });

  test('what joins a waiting message keeps it fresh: it expires by its newest part [WINDOW-TTL]', async () => {
    await using all = await home();
    const { clock, life } = all;
    await life.messages.mute('', clock.wallMs() + 10 * TTL_MS);
    const id = await life.enqueue({ topic: 'ci' });
    await clock.advance(TTL_MS - 1_000);
    await life.enqueue({ topic: 'ci' });
    await clock.advance(TTL_MS - 1_000);
    expect(life.messages.find(id)?.state).toBe('queued');
    await clock.advance(1_000);
    expect(life.messages.find(id)).toMatchObject({
      state: 'expired',
      reason: expect.stringContaining('everything is muted'),
    });
    expect(journal(life).map((line) => line.split(' ')[0])).toEqual(['held', 'expired']);
  });
});

describe('withdrawTopic', () => {
  test('what waits is taken back, and nothing is said of what was never said [OUTBOX-WITHDRAW]', async () => {
    await using all = await home();
    const { life } = all;
    await mute(life);
    const id = await life.enqueue({ topic: 'ci', text: 'red' });
    expect(await life.withdraw({ topic: 'ci', text: 'green', reason: 'green again' })).toEqual({
      withdrawn: 1,
      messageId: null,
    });
    await life.messages.mute('', 0);
    await all.clock.advance(60_000);
    expect(all.phone.receipts).toEqual([]);
    expect(life.messages.find(id)).toMatchObject({ state: 'withdrawn', reason: 'green again' });
    expect(journal(life).at(-1)).toBe('withdrawn m1 ci: green again');
  });

  test('an alert that is out is followed by its resolution, once [OUTBOX-WITHDRAW]', async () => {
    await using all = await home();
    const { life, clock, phone } = all;
    await life.enqueue({ topic: 'ci', text: 'red' });
    await clock.advance(60_000);
    await mute(life);
    expect((await life.withdraw({ topic: 'ci', text: 'green' })).messageId).toBe(2);
    expect((await life.withdraw({ topic: 'ci', text: 'green' })).messageId).toBeNull();
    await life.messages.mute('', 0);
    await clock.advance(60_000);
    expect((await life.withdraw({ topic: 'ci', text: 'green' })).messageId).toBeNull();
    expect(phone.receipts.map(({ text }) => text)).toEqual(['red', 'green']);
  });

  test('red again while "green" waits, then green: the owner hears green', async () => {
    await using all = await home();
    const { life, clock, phone } = all;
    await life.enqueue({ topic: 'ci', text: 'red' });
    await clock.advance(60_000);
    await mute(life);
    await life.withdraw({ topic: 'ci', text: 'green' });
    await life.enqueue({ topic: 'ci', text: 'red again' });
    await life.withdraw({ topic: 'ci', text: 'green for good' });
    await life.messages.mute('', 0);
    await clock.advance(60_000);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['red', 'green for good']);
  });

  test('an alert of more than a week ago, or of another topic, is not resolved aloud', async () => {
    await using all = await home();
    const { life, clock } = all;
    await life.enqueue({ topic: 'ci', text: 'red' });
    await settle();
    expect((await life.withdraw({ topic: 'cd', text: 'green' })).messageId).toBeNull();
    clock.jumpWall(8 * 86_400_000);
    expect((await life.withdraw({ topic: 'ci', text: 'green' })).messageId).toBeNull();
  });

  test('a resolution does not overtake its alert on a channel that failed in between', async () => {
    await using all = await home();
    const { life, clock, phone } = all;
    let failures = 4;
    phone.answer = () =>
      failures-- > 0
        ? { received: false, result: { kind: 'retry', error: 'x' } }
        : { received: true, result: { kind: 'sent' } };
    const other = scriptedChannel('other', clock);
    life.kill();
    const next = await all.world.boot([phone, other]);
    await next.enqueue({ topic: 'ci', text: 'red' });
    await settle();
    await next.withdraw({ topic: 'ci', text: 'green' });
    await clock.advance(60_000);
    expect(other.receipts.map(({ text }) => text)).toEqual(['red', 'green']);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['red', 'green']);
  });
});

describe('lists and retention', () => {
  test('are newest first, by page, state and time', async () => {
    await using all = await home();
    const { life, clock } = all;
    await mute(life);
    for (let n = 1; n <= 5; n += 1) {
      await life.enqueue({ topic: n < 4 ? 'ci' : '', text: `${n}` });
      await clock.advance(1_000);
    }
    const ids = (page: Parameters<typeof life.messages.list>[0]): number[] =>
      life.messages.list(page).map(({ id }) => id);
    expect(ids({ limit: 2 })).toEqual([5, 4]);
    expect(ids({ limit: 2, after: 4 })).toEqual([3, 2]);
    expect(ids({ limit: 9, state: 'coalesced' })).toEqual([3, 2]);
    expect(ids({ limit: 9, sinceMs: clock.wallMs() - 2_000 })).toEqual([5, 4]);
    expect(life.messages.counts()).toEqual({
      waiting: 3,
      oldestWaitingAtMs: expect.any(Number),
      underWay: 0,
      openByChannel: {},
    });
  });

  test('old messages go with their delivery records; what is open stays, and no number is used twice [LEDGER-RETENTION] [OUTBOX-ONE-KEY]', async () => {
    await using all = await home();
    const { life, clock } = all;
    for (let n = 1; n <= 2; n += 1) await life.enqueue({ text: `${n}` });
    await clock.advance(60_000);
    await mute(life);
    await life.enqueue({ topic: 'ci' });
    await life.enqueue({ topic: 'ci' });
    const prune = (): number => life.database.transaction(() => pruneMessages(life.database, clock.wallMs() + 1, 100));
    expect(prune()).toBe(2);
    expect(life.messages.list({ limit: 9 }).map(({ id }) => id)).toEqual([4, 3]);
    expect(life.messages.deliveriesOf(1)).toEqual([]);
    await life.messages.mute('', 0);
    await clock.advance(60_000);
    expect(prune()).toBe(1);
    expect(life.messages.list({ limit: 9 }).map(({ id }) => id)).toEqual([4]);
    expect(life.messages.find(await life.enqueue({}))?.idempotencyKey).toBe('msg_abcd1234_m5');
  });

  test('the queries of every step use their indexes', async () => {
    await using all = await home();
    const plan = (sql: string): string =>
      all.life.database
        .statement(`EXPLAIN QUERY PLAN ${sql}`)
        .all<{ detail: string }>()
        .map(({ detail }) => detail)
        .join('\n');
    const waiting = "state = 'queued' AND released_at IS NULL";
    expect(plan(`SELECT id FROM messages WHERE topic = 'a' AND ${waiting} AND urgent = 0 ORDER BY id`)).toContain(
      'messages_waiting',
    );
    expect(plan("SELECT count(*) FROM deliveries WHERE channel = 'a' AND state IN ('pending', 'sending')")).toContain(
      'deliveries_open',
    );
    expect(plan("SELECT id FROM messages WHERE state = 'sent' AND id < 9 ORDER BY id DESC")).toContain(
      'messages_state',
    );
  });
});
