import { expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import { approvalsOver, type ApprovalStore } from '../../src/dispatch/approvals.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { FakeClock } from '../fakes/clock.ts';

const HASH = '0123456789abcdef'.repeat(4);

type Row = NonNullable<ReturnType<ApprovalStore['find']>>;

function make(given: Partial<Row> = {}, quicker = false) {
  const clock = new FakeClock();
  let row: Row = {
    id: 3,
    kind: 'call',
    state: 'pending',
    shown: 'git push',
    hash: HASH,
    expiresAtMs: clock.wallMs() + 1_000,
    decidedAtMs: null,
    decidedBy: null,
    ...given,
  };
  const decisions: unknown[] = [];
  let woken = 0;
  const store: ApprovalStore = {
    list: () => [row],
    find: (id) => (id === 3 ? row : undefined),
    async decide(_id, state, decision, nowMs) {
      row = { ...row, state, decidedBy: quicker ? 'cli' : decision.by, decidedAtMs: nowMs };
      decisions.push(decision);
      if (quicker) throw new KairosError('STATE_CONFLICT', 'it is allowed by cli');
    },
  };
  const approvals = approvalsOver(store, clock, () => void (woken += 1));
  return { approvals, clock, given: decisions, woken: () => woken };
}

const yes = { id: 3, hashPrefix: HASH.slice(0, 12), verdict: 'allow', by: 'Ann on telegram', answer: null } as const;

test('a button decides the call it was shown with, once, and the job goes on [CHAT-BUTTONS-BOUND]', async () => {
  const { approvals, clock, woken } = make();
  expect(await approvals.decide({ ...yes, hashPrefix: 'ffffffffffff' })).toEqual({ kind: 'changed' });
  expect(await approvals.decide({ ...yes, id: 4 })).toEqual({ kind: 'unknown' });
  expect(woken()).toBe(0);
  expect(await approvals.decide(yes)).toEqual({ kind: 'decided' });
  expect(woken()).toBe(1);
  const again = { kind: 'settled', state: 'allowed', by: 'Ann on telegram', atMs: clock.wallMs() };
  expect(await approvals.decide({ ...yes, verdict: 'deny' })).toEqual(again);
});

test('what is too old, or was decided elsewhere in this moment, is said to be so [CHAT-BUTTONS-BOUND]', async () => {
  const old = make();
  await old.clock.advance(1_000);
  expect(await old.approvals.decide(yes)).toMatchObject({ kind: 'settled', state: 'expired' });
  expect(old.approvals.pending()).toEqual([]);
  const late = make({}, true);
  expect(await late.approvals.decide(yes)).toMatchObject({ kind: 'settled', by: 'cli' });
  expect(late.woken()).toBe(0);
});

test('the ledger fits', () => {
  const fits = (ledger: Ledger): ApprovalStore => ledger.approvals;
  expect(fits).toBeTypeOf('function');
});
