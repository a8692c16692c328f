import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/job.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { prune } from '../../src/ledger/retention.ts';
import { openRunStore } from '../../src/ledger/run-store.ts';
import { openSessions } from '../../src/ledger/sessions.ts';
import { DAY_MS, event, folder, freshDatabase, job, ledgerIn, NOON_MS, present, writerOf } from './make.ts';

const HOUR_MS = 3_600_000;
const item = { atMs: NOON_MS, kind: 'user', text: 'words', trust: 'owner' } as const;

/** A run that has asked for one approval, its job laid aside. */
async function laidAside(ledger: Ledger) {
  const draft = job({ kind: 'command', origin: 'say', reactive: true });
  await ledger.events.append(event('d', { trust: 'owner', jobs: [draft] }));
  const claimed = present(await ledger.work.claimWork(1, 'foreground', NOON_MS, 60_000));
  const runs = ledger.agentRuns<{ n: number }>();
  const chat = { idleMs: HOUR_MS, tokensMax: 1_000 };
  const beginning = {
    jobId: 1,
    key: 'say',
    origin: 'say',
    folder: 'sessions/2026/11',
    continues: chat,
    tainted: false,
    items: [item],
    progress: { n: 0 },
  };
  await runs.begin(beginning, NOON_MS);
  const message = (id: number) =>
    ({
      kind: 'reactive',
      urgent: false,
      topic: `approval a${id}`,
      text: 'May I?',
      replyTo: 1,
      jobId: 1,
      count: 1,
    }) as const;
  const approval = {
    kind: 'call',
    callId: 'c1',
    tool: 'shell',
    shown: 'rm -rf build',
    hash: 'h',
    risk: 'HIGH',
    reason: 'deletes',
    expiresAtMs: NOON_MS + HOUR_MS,
    message,
  } as const;
  const facts = { tainted: false, hasReadSecrets: false, hasSent: true };
  const step = { jobId: 1, sessionId: 1, afterSeq: 2, items: [], progress: { n: 1 }, ended: false, facts };
  expect(await runs.record({ ...step, approval }, NOON_MS)).toBe(1);
  await ledger.jobs.settle(
    claimed,
    { state: 'waiting', error: 'waits for approval a1', dueAtMs: NOON_MS + HOUR_MS, effects: [] },
    NOON_MS,
  );
  return { runs, beginning, step, approval };
}

describe('an approval', () => {
  test('is decided once, makes its job due, and is in the log [APPROVAL-ONCE]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await laidAside(ledger);
    expect(ledger.jobs.find(1)).toMatchObject({
      state: 'queued',
      attempts: 0,
      dueAtMs: NOON_MS + HOUR_MS,
      error: 'waits for approval a1',
    });
    const answers = await Promise.allSettled(
      (['allowed', 'denied', 'allowed'] as const).map((verdict) =>
        ledger.approvals.decide(1, verdict, { by: 'slack' }, NOON_MS + 5),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(answers[1]).toMatchObject({
      reason: { code: 'STATE_CONFLICT', message: "approval a1 can't be decided: it is allowed by slack" },
    });
    expect(ledger.jobs.find(1)).toMatchObject({ dueAtMs: NOON_MS + 5 });
    expect(ledger.journal.pending(9).map(({ text }) => text)).toEqual([
      'j1 asks to call shell: rm -rf build',
      'allowed by slack: shell: rm -rf build',
    ]);
    await expect(ledger.approvals.decide(2, 'allowed', { by: 'cli' }, NOON_MS)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('expires by itself, which is a no [APPROVAL-EXPIRY-IS-NO]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await laidAside(ledger);
    await expect(ledger.approvals.decide(1, 'allowed', { by: 'cli' }, NOON_MS + HOUR_MS)).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect(await ledger.approvals.expire(NOON_MS + HOUR_MS - 1)).toBe(0);
    expect(await ledger.approvals.expire(NOON_MS + HOUR_MS)).toBe(1);
    expect(ledger.approvals.list({ limit: 5, state: 'expired' })).toMatchObject([
      { id: 1, shown: 'rm -rf build', decidedBy: null },
    ]);
    expect(ledger.approvals.pendingCount()).toBe(0);
  });

  test('is still there after a restart, with its message [APPROVAL-BOUND]', async () => {
    using home = folder();
    {
      await using ledger = await ledgerIn(home.path);
      await laidAside(ledger);
    }
    await using ledger = await ledgerIn(home.path);
    const stored = present(ledger.agentRuns<{ n: number }>().find(1));
    expect(stored).toMatchObject({ sessionId: 1, progress: { n: 1 }, facts: { hasSent: true } });
    expect(stored.open.get('c1')).toMatchObject({ begun: false, approval: { state: 'pending', hash: 'h' } });
    expect(ledger.messages.list({ limit: 5 })).toMatchObject([{ topic: 'approval a1', kind: 'reactive' }]);
  });
});

describe('a step of a run', () => {
  test('is recorded whole or not at all [AGENT-ONE-TRANSACTION]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const { runs, step } = await laidAside(ledger);
    const reserved = await ledger.spend.reserve(
      { jobId: 1, sessionId: 1, model: 'm', purpose: 'turn', reactive: true, microUsd: 500 },
      { caps: { perDayMicroUsd: 1e6, perRunMicroUsd: 1e6, ownerShare: 0 }, timeZone: 'UTC' },
      NOON_MS,
    );
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
    const charge = {
      reservationId: reserved.kind === 'reserved' ? reserved.id : 0,
      microUsd: 100,
      usage,
      requestId: null,
      outcome: 'ok',
    } as const;
    const wrong: Effect = {
      kind: 'message',
      message: { kind: 'reactive', urgent: false, topic: 'x', text: 'x', replyTo: 99, jobId: 1, count: 1 },
    };
    const whole = { ...step, items: [item], charge, begun: { callId: 'c2', tool: 'shell', hash: 'h' } };
    await expect(runs.record({ ...whole, effects: [wrong] }, NOON_MS)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(ledger.sessions.items(1, 9)).toHaveLength(2);
    expect(ledger.spend.run(1)).toBe(500);
    expect(present(runs.find(1)).open.has('c2')).toBe(false);
    await runs.record(whole, NOON_MS);
    expect(ledger.spend.run(1)).toBe(100);
    expect(present(runs.find(1)).open.get('c2')).toMatchObject({ begun: true });
    await expect(runs.record({ ...whole, afterSeq: 3 }, NOON_MS), 'a call is begun once').rejects.toThrow('UNIQUE');
    await expect(runs.record(whole, NOON_MS), 'another writer is refused').rejects.toThrow(
      'expected to be open with 2 items',
    );
  });

  test('of a run that was put back by hand is one of a new run [AGENT-RESUME]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const { runs, beginning } = await laidAside(ledger);
    const claimed = present(await ledger.work.claimWork(1, 'foreground', NOON_MS, 60_000));
    await ledger.jobs.settle(claimed, { state: 'failed', error: 'no', effects: [] }, NOON_MS);
    await ledger.jobs.requeue(1, NOON_MS);
    expect(runs.find(1)).toBeUndefined();
    expect(ledger.approvals.find(1)?.state).toBe('expired');
    expect(await runs.begin(beginning, NOON_MS)).toMatchObject({ again: 1, sessionId: 1 });
  });

  test('goes when its session is long over and in its file [SESSION-RETENTION]', async () => {
    using home = freshDatabase();
    const { database } = home;
    const writer = writerOf(database);
    const sessions = openSessions(database, writer);
    const context = (nowMs: number) => ({ nowMs, ttlMs: HOUR_MS, homeId: 'home' });
    const runs = openRunStore<object, { microUsd: number }>(database, writer, { context, charge() {} });
    const begin = (jobId: number) =>
      runs.begin(
        {
          jobId,
          key: `job:${jobId}`,
          origin: 'x',
          folder: 'sessions',
          continues: undefined,
          tainted: false,
          items: [item],
          progress: {},
        },
        NOON_MS,
      );
    await begin(1);
    await begin(2);
    const facts = { tainted: false, hasReadSecrets: false, hasSent: false };
    const retention = { events: 90 * DAY_MS, bodies: 30 * DAY_MS };
    const left = async (nowMs: number): Promise<number[]> => {
      await prune(database, writer, retention, nowMs);
      return sessions.list({ limit: 9 }).map(({ id }) => id);
    };
    const laterMs = NOON_MS + 100 * DAY_MS;
    expect(await left(laterMs), 'not while it is open').toEqual([2, 1]);
    await runs.record({ jobId: 1, sessionId: 1, afterSeq: 2, items: [], progress: {}, ended: true, facts }, NOON_MS);
    expect(await left(laterMs), 'not before it is in its file').toEqual([2, 1]);
    await sessions.written(1, 3);
    expect(await left(NOON_MS + 80 * DAY_MS), 'not before its time').toEqual([2, 1]);
    expect(await left(laterMs)).toEqual([2]);
    expect(sessions.items(1, 9)).toEqual([]);
    expect(runs.find(1)).toBeUndefined();
  });
});
