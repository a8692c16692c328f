import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MoneyCaps } from '../../src/budget/money.ts';
import { openDatabase } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { chargeWithin, openSpend, pruneSpend, type SpendCharge, type SpendDraft } from '../../src/ledger/spend.ts';
import { DAY_MS, folder, freshDatabase, ledgerIn, NOON_MS, scalar, writerOf } from './make.ts';

const CAPS: MoneyCaps = { perDayMicroUsd: 10_000, perRunMicroUsd: 4_000, ownerShare: 0.1 };
const TERMS = { caps: CAPS, timeZone: 'Europe/Berlin' };
const DAY = '2026-11-02';

const draft = (given: Partial<SpendDraft> = {}): SpendDraft => ({
  jobId: 1,
  sessionId: 1,
  model: 'claude-opus-5-5',
  purpose: 'turn',
  reactive: true,
  microUsd: 1_000,
  ...given,
});
const charge = (reservationId: number, microUsd: number, given: Partial<SpendCharge> = {}): SpendCharge => ({
  reservationId,
  microUsd,
  usage: { inputTokens: 10, outputTokens: 20, cacheWriteTokens: 30, cacheReadTokens: 40 },
  requestId: 'req_1',
  outcome: 'ok',
  ...given,
});

describe('money in the ledger', () => {
  test('counts a request under way with all that is reserved for it, and then with what it cost [MONEY-RESERVE]', async () => {
    using fresh = freshDatabase();
    const spend = openSpend(fresh.database, writerOf(fresh.database));
    const reserved = await spend.reserve(draft({ microUsd: 4_000 }), TERMS, NOON_MS);
    expect(reserved).toEqual({ kind: 'reserved', id: 1 });
    expect([spend.run(1), spend.day(DAY), spend.open()]).toEqual([4_000, 4_000, 4_000]);
    expect(await spend.reserve(draft(), TERMS, NOON_MS)).toEqual({
      kind: 'refused',
      cap: 'run',
      leftMicroUsd: 0,
      spent: { runMicroUsd: 4_000, dayMicroUsd: 4_000 },
    });
    expect(await spend.charge(charge(1, 700), NOON_MS)).toBe(true);
    expect(await spend.charge(charge(1, 9_000), NOON_MS)).toBe(false);
    expect([spend.run(1), spend.day(DAY), spend.open()]).toEqual([700, 700, 0]);
  });

  test('holds the caps when many ask in the same moment [MONEY-CAPS]', async () => {
    using fresh = freshDatabase();
    const spend = openSpend(fresh.database, writerOf(fresh.database));
    const asked = Array.from({ length: 20 }, (_, jobId) => spend.reserve(draft({ jobId }), TERMS, NOON_MS));
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'reserved')).toHaveLength(10);
    expect(spend.day(DAY)).toBe(10_000);
  });

  test('charges a process that is gone in full for what it had under way [MONEY-LOST-COUNTED]', async () => {
    using home = folder();
    const first = await ledgerIn(home.path);
    await first.spend.reserve(draft({ microUsd: 3_000 }), TERMS, NOON_MS);
    await first[Symbol.asyncDispose]();
    await using second = await ledgerIn(home.path);
    expect(await second.spend.closeOpen(NOON_MS + 1)).toBe(1);
    expect([second.spend.run(1), second.spend.open()]).toEqual([3_000, 0]);
    expect(await second.spend.closeOpen(NOON_MS + 2)).toBe(0);
  });

  test('is recorded with what it paid for, or not at all', () => {
    using fresh = freshDatabase();
    const { database } = fresh;
    database
      .statement(
        "INSERT INTO spend (at, day, model, purpose, reactive, reserved_micro_usd) VALUES (1, 'd', 'm', 'turn', 1, 5)",
      )
      .run();
    const together = (): void =>
      database.transaction(() => {
        chargeWithin(database, charge(1, 3), 2);
        throw new Error('the other half failed');
      });
    expect(together).toThrow('the other half failed');
    expect(scalar(database, 'SELECT count(*) FROM spend WHERE charged_micro_usd IS NULL')).toBe(1);
  });

  test('begins anew at local midnight, and a run that is older keeps its own cap', async () => {
    using fresh = freshDatabase();
    const spend = openSpend(fresh.database, writerOf(fresh.database));
    const lateMs = Date.UTC(2026, 10, 2, 22, 59, 59);
    for (const jobId of [1, 2, 3]) await spend.reserve(draft({ jobId, microUsd: 3_300 }), TERMS, lateMs);
    expect(await spend.reserve(draft({ jobId: 4 }), TERMS, lateMs)).toMatchObject({ kind: 'refused', cap: 'day' });
    expect(await spend.reserve(draft({ jobId: 4 }), TERMS, lateMs + 1_000)).toMatchObject({ kind: 'reserved' });
    expect(await spend.reserve(draft({ jobId: 1 }), TERMS, lateMs + 1_000)).toMatchObject({ cap: 'run' });
  });

  test('lists the newest days by model and purpose, silent work included', async () => {
    using fresh = freshDatabase();
    const spend = openSpend(fresh.database, writerOf(fresh.database));
    for (const [index, given] of [
      draft({ microUsd: 100 }),
      draft({ microUsd: 100, jobId: null, purpose: 'classify', model: 'claude-haiku-5-5' }),
      draft({ microUsd: 100 }),
    ].entries()) {
      await spend.reserve(given, TERMS, NOON_MS);
      await spend.charge(charge(index + 1, 50), NOON_MS);
    }
    await spend.reserve(draft({ jobId: 7 }), TERMS, NOON_MS + DAY_MS);
    const tokens = { inputTokens: 10, outputTokens: 20, cacheWriteTokens: 30, cacheReadTokens: 40 };
    expect(spend.days({ limit: 10 })).toMatchObject([
      { day: '2026-11-03', requests: 1, microUsd: 1_000, inputTokens: 0 },
      { day: DAY, model: 'claude-opus-5-5', purpose: 'turn', requests: 2, microUsd: 100, inputTokens: 20 },
      { day: DAY, model: 'claude-haiku-5-5', purpose: 'classify', requests: 1, microUsd: 50, ...tokens },
    ]);
    expect(spend.days({ limit: 1, before: '2026-11-03' }).map(({ day }) => day)).toEqual([DAY, DAY]);
  });

  test('keeps what is under way and the newest row when it is pruned', async () => {
    using fresh = freshDatabase();
    const spend = openSpend(fresh.database, writerOf(fresh.database));
    for (const jobId of [1, 2, 3]) await spend.reserve(draft({ jobId }), TERMS, NOON_MS);
    for (const id of [1, 3]) await spend.charge(charge(id, 1), NOON_MS);
    expect(pruneSpend(fresh.database, NOON_MS + 1, 200)).toBe(1);
    expect(scalar(fresh.database, 'SELECT count(*) FROM spend')).toBe(2);
  });
});

type Step =
  | { readonly kind: 'reserve'; readonly drafts: readonly SpendDraft[] }
  | { readonly kind: 'charge'; readonly index: number; readonly share: number }
  | { readonly kind: 'crash' }
  | { readonly kind: 'wait'; readonly ms: number };

const anyDraft = fc.record({
  jobId: fc.integer({ min: 1, max: 3 }),
  microUsd: fc.integer({ min: 0, max: 3_000 }),
  reactive: fc.boolean(),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('reserve' as const),
        drafts: fc.array(anyDraft.map(draft), { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('charge' as const),
        index: fc.nat(20),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: DAY_MS }) }),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

test('whatever is reserved, charged and lost, and in what order, no cap is passed and nothing is counted too low [MONEY-CAPS]', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      using home = folder();
      const path = join(home.path, 'ledger.db');
      let database = openDatabase(path, process.platform);
      migrate(database);
      let spend = openSpend(database, writerOf(database));
      let nowMs = NOON_MS;
      const open: { id: number; microUsd: number }[] = [];
      // What the API takes, also for requests whose answer nobody was left to record.
      let taken = 0;
      for (const step of plan) {
        if (step.kind === 'wait') nowMs += step.ms;
        if (step.kind === 'reserve') {
          const all = await Promise.all(step.drafts.map((one) => spend.reserve(one, TERMS, nowMs)));
          for (const [index, reserved] of all.entries()) {
            if (reserved.kind === 'reserved')
              open.push({ id: reserved.id, microUsd: step.drafts[index]?.microUsd ?? 0 });
          }
        }
        if (step.kind === 'charge' && open.length > 0) {
          const [one] = open.splice(step.index % open.length, 1);
          const microUsd = Math.floor((one?.microUsd ?? 0) * step.share);
          taken += microUsd;
          await spend.charge(charge(one?.id ?? 0, microUsd), nowMs);
        }
        if (step.kind === 'crash') {
          database.close();
          database = openDatabase(path, process.platform);
          spend = openSpend(database, writerOf(database));
          taken += open.splice(0).reduce((sum, { microUsd }) => sum + microUsd, 0);
          await spend.closeOpen(nowMs);
        }
        const most = (column: 'day' | 'job_id'): number =>
          scalar(
            database,
            `SELECT coalesce(max(sum), 0) FROM (SELECT sum(coalesce(charged_micro_usd, reserved_micro_usd)) AS sum FROM spend GROUP BY ${column})`,
          );
        expect(most('day')).toBeLessThanOrEqual(CAPS.perDayMicroUsd);
        expect(most('job_id')).toBeLessThanOrEqual(CAPS.perRunMicroUsd);
      }
      const counted = scalar(
        database,
        'SELECT coalesce(sum(coalesce(charged_micro_usd, reserved_micro_usd)), 0) FROM spend',
      );
      database.close();
      expect(counted).toBeGreaterThanOrEqual(taken);
    }),
    { numRuns: 40 },
  );
});

test('a latch stays over a restart until it is cleared or its time is over', async () => {
  using home = folder();
  const first = await ledgerIn(home.path);
  expect(first.latches.get('agent-stopped', NOON_MS)).toBeUndefined();
  await first.latches.set('agent-stopped', { reason: 'by hand', untilMs: null }, NOON_MS);
  await first.latches.set('agent-stopped', { reason: 'again', untilMs: null }, NOON_MS + 5);
  await first.latches.set('model-spend-cap', { reason: 'month', untilMs: NOON_MS + 10 }, NOON_MS);
  await first[Symbol.asyncDispose]();
  await using second = await ledgerIn(home.path);
  expect(second.latches.get('agent-stopped', NOON_MS + DAY_MS)).toEqual({
    setAtMs: NOON_MS,
    reason: 'again',
    untilMs: null,
  });
  expect(second.latches.get('model-spend-cap', NOON_MS + 9)).toMatchObject({ reason: 'month' });
  expect(second.latches.get('model-spend-cap', NOON_MS + 10)).toBeUndefined();
  await second.latches.set('model-spend-cap', { reason: 'new', untilMs: null }, NOON_MS + 20);
  expect(second.latches.get('model-spend-cap', NOON_MS + 20)?.setAtMs).toBe(NOON_MS + 20);
  expect([await second.latches.clear('agent-stopped'), await second.latches.clear('agent-stopped')]).toEqual([
    true,
    false,
  ]);
});
