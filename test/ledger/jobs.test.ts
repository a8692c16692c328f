import { describe, expect, test } from 'vitest';
import type { Effect, Job, JobDraft } from '../../src/core/job.ts';
import type { MessageDraft } from '../../src/core/message.ts';
import { openDeliveryKeys } from '../../src/ledger/delivery-keys.ts';
import { openEvents } from '../../src/ledger/events.ts';
import { openJobs } from '../../src/ledger/jobs.ts';
import { event, folder, freshDatabase, job, ledgerIn, NOON_MS, scalar, writerOf, present } from './make.ts';

const LEASE_MS = 60_000;
const HOUR_MS = 3_600_000;

function storesOf(home: ReturnType<typeof freshDatabase>) {
  const keys = openDeliveryKeys(home.database);
  const writer = writerOf(home.database, { onCommit: () => keys.committed() });
  const jobs = openJobs(home.database, writer, (nowMs) => ({ nowMs, ttlMs: HOUR_MS, homeId: 'home' }));
  const events = openEvents(home.database, writer, keys);
  let count = 0;
  const add = async (...given: Partial<JobDraft>[]): Promise<number> => {
    const drafts = given.length > 0 ? given : [{}];
    count += 1;
    const { id } = await events.append(event(`d${count}`, { jobs: drafts.map((draft) => job(draft)), trust: 'owner' }));
    return events.find(id)?.jobs[0] ?? 0;
  };
  const claim = (limit = 10, nowMs = NOON_MS) => jobs.claim(limit, nowMs, LEASE_MS);
  const claimIds = async (limit?: number, nowMs?: number) => (await claim(limit, nowMs)).map(({ id }) => id);
  return { jobs, events, add, claim, claimIds };
}

const message = (draft: Partial<MessageDraft> = {}): Effect => ({
  kind: 'message',
  message: {
    kind: 'proactive',
    urgent: false,
    topic: 'app',
    text: 'CI failed',
    replyTo: null,
    jobId: null,
    count: 1,
    ...draft,
  },
});
const first = (jobs: readonly Job[]): Job => present(jobs[0], 'a job');

describe('claiming', () => {
  test('takes reactive jobs first, then the oldest [DISPATCH-REACTIVE-FIRST]', async () => {
    using home = freshDatabase();
    const { add, claimIds } = storesOf(home);
    const late = [await add(), await add(), await add({ reactive: true, kind: 'reply' })];
    expect(await claimIds(2)).toEqual([late[2], late[0]]);
    expect(await claimIds(2)).toEqual([late[1]]);
    expect(await claimIds(2)).toEqual([]);
  });

  test('writes the attempt before it begins [DISPATCH-ATTEMPT-FIRST]', async () => {
    using home = freshDatabase();
    const { add, claim } = storesOf(home);
    await add();
    const claimed = first(await claim());
    expect(claimed).toMatchObject({ state: 'running', attempts: 1, startedAtMs: NOON_MS });
    expect(home.database.statement('SELECT state, attempts, lease_until AS until FROM jobs').get()).toEqual({
      state: 'running',
      attempts: 1,
      until: NOON_MS + LEASE_MS,
    });
  });

  test('takes a job that was begun before alone, so that it takes no others with it', async () => {
    using home = freshDatabase();
    const { jobs, add, claim, claimIds } = storesOf(home);
    const suspect = await add();
    await jobs.settle(first(await claim()), { state: 'queued', error: 'no', dueAtMs: NOON_MS + 10 }, NOON_MS);
    const fresh = [await add(), await add()];
    expect(await claimIds(10, NOON_MS + 10)).toEqual(fresh);
    expect(await claimIds(10, NOON_MS + 10)).toEqual([suspect]);
  });

  test('leaves what is not due yet, and says when it will be', async () => {
    using home = freshDatabase();
    const { jobs, add, claim, claimIds } = storesOf(home);
    expect(jobs.nextDueMs()).toBeUndefined();
    const id = await add();
    expect(jobs.nextDueMs()).toBe(NOON_MS);
    await jobs.settle(first(await claim()), { state: 'queued', error: 'no', dueAtMs: NOON_MS + 5_000 }, NOON_MS);
    expect(jobs.nextDueMs()).toBe(NOON_MS + 5_000);
    expect(await claimIds(10, NOON_MS + 4_999)).toEqual([]);
    expect(await claimIds(10, NOON_MS + 5_000)).toEqual([id]);
  });

  test('takes a job again whose lease ran out, and its late holder can settle nothing [DISPATCH-LEASE]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    await add();
    const late = first(await claim());
    expect(jobs.nextDueMs()).toBe(NOON_MS + LEASE_MS);
    expect(await claim(10, NOON_MS + LEASE_MS - 1)).toEqual([]);
    const again = first(await claim(10, NOON_MS + LEASE_MS));
    expect(again).toMatchObject({ id: late.id, attempts: 2 });
    expect(await jobs.settle(late, { state: 'succeeded', effects: [message()] }, NOON_MS)).toBe(false);
    expect(scalar(home.database, 'SELECT count(*) FROM messages')).toBe(0);
    expect(await jobs.settle(again, { state: 'succeeded', effects: [message()] }, NOON_MS)).toBe(true);
    expect(jobs.find(late.id)).toMatchObject({ state: 'succeeded', attempts: 2 });
  });

  test('does not wait for a time that the clock was set back from [DAEMON-CLOCK-JUMP]', async () => {
    using home = freshDatabase();
    const { add, claimIds } = storesOf(home);
    const id = await add();
    expect(await claimIds(10, NOON_MS - 8 * HOUR_MS)).toEqual([id]);
  });

  test('begun since the clock was set back waits for what it was told then, and is not begun again and again [DAEMON-CLOCK-JUMP]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim, claimIds } = storesOf(home);
    const id = await add();
    const nowMs = NOON_MS - 8 * HOUR_MS;
    const untilMs = nowMs + HOUR_MS;
    const waiting = { state: 'waiting', error: 'waits for approval a1', dueAtMs: untilMs, effects: [] } as const;
    await jobs.settle(first(await claim(10, nowMs)), waiting, nowMs);
    expect(await claimIds(10, untilMs - 1)).toEqual([]);
    expect(await claimIds(10, untilMs)).toEqual([id]);
  });
});

describe('settling', () => {
  test('records the end and all effects in one transaction [DISPATCH-SETTLE-ONCE]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    const id = await add();
    const claimed = first(await claim());
    const effects: Effect[] = [
      message({ jobId: id }),
      { kind: 'journal', line: { kind: 'log', ref: 'e1', text: 'seen' } },
      { kind: 'mute', topic: 'app', untilMs: NOON_MS + 1 },
    ];
    expect(await jobs.settle(claimed, { state: 'succeeded', effects }, NOON_MS + 7)).toBe(true);
    expect(await jobs.settle(claimed, { state: 'succeeded', effects }, NOON_MS + 8)).toBe(false);
    expect(jobs.find(id)).toMatchObject({ state: 'succeeded', endedAtMs: NOON_MS + 7, error: null });
    for (const table of ['messages', 'journal', 'mutes']) {
      expect([table, scalar(home.database, `SELECT count(*) FROM ${table}`)]).toEqual([table, 1]);
    }
  });

  test('leaves the job as it was when one of its effects is refused [DISPATCH-SETTLE-ONCE]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    const id = await add();
    const claimed = first(await claim());
    const effects = [message({ jobId: id }), message({ kind: 'reactive', replyTo: 99, topic: '' })];
    await expect(jobs.settle(claimed, { state: 'succeeded', effects }, NOON_MS)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(jobs.find(id)).toMatchObject({ state: 'running' });
    expect(scalar(home.database, 'SELECT count(*) FROM messages')).toBe(0);
    expect(await jobs.settle(claimed, { state: 'failed', error: 'refused', effects: [] }, NOON_MS)).toBe(true);
  });

  test('sends what cannot succeed to the dead letters with one message, however often [DISPATCH-DEAD-LETTER]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    const id = await add();
    const dead = { state: 'dead', error: 'poison', effects: [message({ jobId: id, topic: 'dead-letter' })] } as const;
    await jobs.settle(first(await claim()), dead, NOON_MS);
    expect(jobs.counts()).toEqual({ dead: 1 });
    await jobs.requeue(id, NOON_MS);
    await jobs.settle(first(await claim()), dead, NOON_MS);
    expect(scalar(home.database, "SELECT count(*) FROM messages WHERE topic = 'dead-letter'")).toBe(1);
  });
});

describe('requeueing', () => {
  test('takes a dead, failed or parked job up as if it had never begun, and notes it [DISPATCH-DEAD-LETTER]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim, claimIds } = storesOf(home);
    for (const state of ['dead', 'failed', 'parked'] as const) {
      const id = await add();
      await jobs.settle(first(await claim()), { state, error: 'no', effects: [] }, NOON_MS);
      expect(await jobs.requeue(id, NOON_MS)).toMatchObject({
        id,
        state: 'queued',
        attempts: 0,
        error: null,
        endedAtMs: null,
      });
      expect(await claimIds()).toEqual([id]);
    }
    expect(scalar(home.database, "SELECT count(*) FROM journal WHERE kind = 'requeue'")).toBe(3);
  });

  test('refuses what is not there, not at an end, or waits for a model', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    await expect(jobs.requeue(1, NOON_MS)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const queued = await add();
    await expect(jobs.requeue(queued, NOON_MS)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    const running = first(await claim());
    await expect(jobs.requeue(queued, NOON_MS)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await jobs.settle(running, { state: 'succeeded', effects: [] }, NOON_MS);
    await expect(jobs.requeue(queued, NOON_MS)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    const agent = await add({ kind: 'agent' });
    await expect(jobs.requeue(agent, NOON_MS)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});

describe('agent jobs', () => {
  test('wait, parked, and are shown as waiting for a model [SUB-ACTIONS]', async () => {
    using home = freshDatabase();
    const { jobs, add, claimIds } = storesOf(home);
    const id = await add({ kind: 'agent', text: 'Triage this.' });
    expect(jobs.find(id)).toMatchObject({ state: 'parked', error: 'waiting for a model: none is configured' });
    expect(await claimIds()).toEqual([]);
    expect(jobs.nextDueMs()).toBeUndefined();
    expect(jobs.list({ limit: 5, state: 'parked' }).map((row) => row.id)).toEqual([id]);
  });
});

describe('a storm', () => {
  const stormy = { mayCoalesce: true } as const;

  test('of a thousand events becomes one job a topic, every event linked, none lost [WEB-STORM]', async () => {
    using home = freshDatabase();
    const { jobs, events } = storesOf(home);
    const storm = Array.from({ length: 1_000 }, (_, index) =>
      events.append(event(`s${index}`, { jobs: [job({ ...stormy, topic: `t${index % 5}`, text: `alert ${index}` })] })),
    );
    await Promise.all(storm);
    const all = jobs.list({ limit: 100 });
    expect(all.map(({ eventCount }) => eventCount)).toEqual([200, 200, 200, 200, 200]);
    expect(all.map(({ text }) => text)).toContain('alert 999');
    const ids = new Set(all.map(({ id }) => id));
    const linked = events.list({ limit: 1_000 }).filter((row) => row.jobs.length === 1 && ids.has(row.jobs[0] ?? 0));
    expect(linked).toHaveLength(1_000);
  });

  test('joins only a job of the same subscription and topic that has not begun [WEB-STORM]', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    await add({ topic: 'a' });
    await claim();
    await add({ topic: 'a', ...stormy });
    await add({ topic: 'b', ...stormy });
    await add({ topic: 'a', origin: 'other', ...stormy });
    await add({ topic: 'a' });
    expect(jobs.list({ limit: 10 }).map(({ eventCount }) => eventCount)).toEqual([1, 1, 1, 1, 1]);
    await add({ topic: 'a', ...stormy });
    expect(jobs.counts()).toEqual({ running: 1, queued: 4 });
  });

  test('keeps its own subscriptions apart even when they share a topic [WEB-STORM]', async () => {
    using home = freshDatabase();
    const { jobs, add } = storesOf(home);
    for (let count = 0; count < 10; count += 1) await add({ ...stormy, origin: 'x' }, { ...stormy, origin: 'y' });
    expect(jobs.list({ limit: 10 }).map(({ origin, eventCount }) => [origin, eventCount])).toEqual([
      ['y', 10],
      ['x', 10],
    ]);
  });

  test('does not put a new alert before a resolution that would take it back [SUB-RESOLVE]', async () => {
    using home = freshDatabase();
    const { jobs, add } = storesOf(home);
    await add({ ...stormy, text: 'down' });
    await add({ ...stormy, kind: 'resolve', origin: 'ci-green', text: 'up' });
    await add({ ...stormy, text: 'down again' });
    await add({ ...stormy, text: 'still down' });
    expect(jobs.list({ limit: 10 }).map(({ kind, text, eventCount }) => [kind, text, eventCount])).toEqual([
      ['notify', 'still down', 2],
      ['resolve', 'up', 1],
      ['notify', 'down', 1],
    ]);
  });
});

describe('lists and counts', () => {
  test('show each state, newest first', async () => {
    using home = freshDatabase();
    const { jobs, add, claim } = storesOf(home);
    for (const state of ['dead', 'failed', 'parked'] as const) {
      await add();
      await jobs.settle(first(await claim()), { state, error: 'no', effects: [] }, NOON_MS);
    }
    await add();
    await jobs.settle(first(await claim()), { state: 'succeeded', effects: [] }, NOON_MS);
    await add();
    await claim();
    await add();
    await add();
    expect(jobs.counts()).toEqual({ queued: 2, running: 1, dead: 1, failed: 1, parked: 1 });
    const of = (state: Job['state'], after?: number): number[] =>
      jobs.list({ limit: 10, state, after }).map(({ id }) => id);
    expect(of('queued')).toEqual([7, 6]);
    expect(of('queued', 7)).toEqual([6]);
    expect([of('running'), of('succeeded'), of('parked'), of('failed'), of('dead')]).toEqual([[5], [4], [3], [2], [1]]);
    expect(jobs.list({ limit: 3, after: 6 }).map(({ id }) => id)).toEqual([5, 4, 3]);
    expect(jobs.list({ limit: 3, sinceMs: NOON_MS + 1 })).toEqual([]);
  });
});

describe('a process that is gone', () => {
  test('has left its running jobs to be found [DISPATCH-RECOVERY]', async () => {
    using home = folder();
    {
      await using ledger = await ledgerIn(home.path);
      await ledger.events.append(event('d1', { jobs: [job(), job({ topic: 'b' })] }));
      await ledger.jobs.claim(10, NOON_MS, LEASE_MS);
    }
    await using ledger = await ledgerIn(home.path);
    expect(ledger.jobs.interrupted().map(({ id, attempts }) => [id, attempts])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });
});

describe('a job that is laid aside', () => {
  test('is queued with its attempts new, and what it says is written with it [JOB-WAITING]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.events.append(event('d', { jobs: [job({ kind: 'command', mayCoalesce: true })] }));
    const taken = present(await ledger.work.claimWork(1, 'background', NOON_MS, LEASE_MS));
    const aside = {
      state: 'waiting',
      error: 'sleeps',
      dueAtMs: NOON_MS + HOUR_MS,
      effects: [message({ jobId: 1 })],
    } as const;
    expect(await ledger.jobs.settle(taken, aside, NOON_MS)).toBe(true);
    expect(ledger.jobs.find(1)).toMatchObject({
      state: 'queued',
      attempts: 0,
      error: 'sleeps',
      dueAtMs: NOON_MS + HOUR_MS,
      endedAtMs: null,
    });
    expect(ledger.messages.list({ limit: 5 })).toHaveLength(1);
    expect(ledger.work.dueWork(5, NOON_MS + HOUR_MS - 1)).toEqual([]);
    expect(ledger.work.dueWork(5, NOON_MS + HOUR_MS)).toHaveLength(1);
    // It has begun: an event that comes now is not for it.
    await ledger.events.append(event('e', { jobs: [job({ kind: 'command', mayCoalesce: true, text: 'newer' })] }));
    expect(ledger.jobs.list({ limit: 5 }).map(({ text }) => text)).toEqual(['newer', 'CI failed']);
  });

  test('of the agent runs only while there is a model, and can be put back then [JOB-AGENT-PARKED]', async () => {
    using home = freshDatabase();
    const on = { model: false };
    const keys = openDeliveryKeys(home.database);
    const writer = writerOf(home.database, { onCommit: () => keys.committed() });
    const jobs = openJobs(
      home.database,
      writer,
      (nowMs) => ({ nowMs, ttlMs: HOUR_MS, homeId: 'home' }),
      () => on.model,
    );
    const events = openEvents(home.database, writer, keys, () => on.model);
    await events.append(event('a', { jobs: [job({ kind: 'agent' })] }));
    expect(jobs.find(1)).toMatchObject({ state: 'parked', error: 'waiting for a model: none is configured' });
    await expect(jobs.requeue(1, NOON_MS)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    on.model = true;
    expect(await jobs.requeue(1, NOON_MS)).toMatchObject({ state: 'queued', error: null });
    await events.append(event('b', { jobs: [job({ kind: 'agent' })] }));
    expect(jobs.find(2)).toMatchObject({ state: 'queued', error: null });
  });

  test('for later is one of at most twenty, and the twenty-first is refused with everything beside it [AGENT-LATER]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const later = {
      kind: 'later',
      draft: job({ kind: 'notify' }),
      dueAtMs: NOON_MS + HOUR_MS,
      trust: 'outside',
    } as const;
    const settleWith = async (name: string, count: number): Promise<boolean> => {
      const { id } = await ledger.events.append(event(name, { jobs: [job({ kind: 'command' })] }));
      const asked = present(ledger.events.find(id)?.jobs[0]);
      const taken = present(await ledger.work.claimWork(asked, 'background', NOON_MS, LEASE_MS));
      const effects = [...Array.from({ length: count }, () => later), message({ jobId: asked })];
      return ledger.jobs.settle(taken, { state: 'succeeded', effects }, NOON_MS);
    };
    await settleWith('a', 20);
    expect(ledger.events.list({ limit: 1 })).toMatchObject([{ source: 'kairosd', type: 'later', trust: 'outside' }]);
    await expect(settleWith('b', 1)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(ledger.messages.list({ limit: 5 })).toHaveLength(1);
    expect(ledger.jobs.list({ limit: 50 })).toHaveLength(22);
    expect(await ledger.jobs.claim(64, NOON_MS + HOUR_MS, LEASE_MS)).toHaveLength(20);
    expect(await settleWith('c', 20)).toBe(true);
  });
});
