import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Assessment, RunFacts, Verdict } from '../../src/permissions/call.ts';
import { decide } from '../../src/permissions/decide.ts';
import { DEFAULT_POLICY, type PermissionPolicy } from '../../src/permissions/options.ts';
import { after, afterDenial, factsAtStart } from '../../src/permissions/taint.ts';

const CALL: Assessment = {
  risk: 'LOW',
  reason: 'reads',
  writes: false,
  readsOutside: false,
  readsSecrets: false,
  sends: false,
};
const FACTS = factsAtStart('owner', false);
const medium = { ...CALL, risk: 'MEDIUM' } as const;

function kind(assessment: Assessment, facts: RunFacts, policy = DEFAULT_POLICY, canClassify = true): string {
  const verdict = decide(assessment, facts, policy, canClassify);
  return verdict.kind === 'run' && verdict.flag ? 'flag' : verdict.kind;
}

describe('the default policy', () => {
  test.each([
    ['LOW', 'owner', 'run'],
    ['LOW', 'schedule', 'run'],
    ['LOW', 'outside', 'run'],
    ['MEDIUM', 'owner', 'flag'],
    ['MEDIUM', 'schedule', 'flag'],
    ['MEDIUM', 'outside', 'classify'],
    ['HIGH', 'owner', 'ask'],
    ['HIGH', 'schedule', 'ask'],
    ['HIGH', 'outside', 'ask'],
  ] as const)('%s in a run of %s: %s [PERM-POLICY]', (risk, source, verdict) => {
    expect(kind({ ...CALL, risk }, factsAtStart(source, false))).toBe(verdict);
  });

  test('asks where a model would settle it and there is none [PERM-POLICY]', () => {
    expect(kind(medium, factsAtStart('outside', false), DEFAULT_POLICY, false)).toBe('ask');
    expect(decide(medium, factsAtStart('outside', false), DEFAULT_POLICY).kind).toBe('ask');
  });

  test('can be made to ask by the owner [PERM-POLICY]', () => {
    expect(kind(medium, FACTS, { ...DEFAULT_POLICY, owner: 'ask' })).toBe('ask');
  });
});

describe('while the owner is away', () => {
  test.each(['owner', 'schedule', 'outside'] as const)('MEDIUM of %s waits, LOW runs [PERM-AFK]', (source) => {
    const facts = factsAtStart(source, true);
    expect(decide(medium, facts, DEFAULT_POLICY, true)).toEqual({ kind: 'ask', reason: 'reads; the owner is away' });
    expect(kind(CALL, facts)).toBe('run');
  });
});

describe('denials', () => {
  test('three in a row hand back, whatever comes next [PERM-HAND-BACK]', () => {
    const twice = afterDenial(afterDenial(FACTS));
    expect(kind(CALL, twice)).toBe('run');
    expect(decide(CALL, afterDenial(twice), DEFAULT_POLICY)).toMatchObject({
      kind: 'hand-back',
      reason: /3 calls in a row/,
    });
    expect(kind(CALL, afterDenial(after(twice, CALL, 'tool')))).toBe('run');
  });

  test('twenty in all hand back [PERM-HAND-BACK]', () => {
    let facts: RunFacts = FACTS;
    for (let denied = 0; denied < 20; denied += 1) {
      expect(kind(CALL, facts)).toBe('run');
      facts = after(afterDenial(facts), CALL, 'tool');
      if (denied === 19) facts = { ...facts, denialsInARow: 0 };
    }
    expect(decide(CALL, facts, DEFAULT_POLICY)).toMatchObject({ kind: 'hand-back', reason: '20 calls were denied' });
  });
});

describe('text from outside', () => {
  const outside = { ...CALL, readsOutside: true };
  const secret = { ...CALL, readsSecrets: true };
  const listed = { ...CALL, sends: true };

  test('is in a run that an event from outside began, and in one that a tool brought it into [PERM-TAINT]', () => {
    expect(factsAtStart('outside', false).tainted).toBe(true);
    expect(after(FACTS, CALL, 'outside').tainted).toBe(true);
    expect(after(FACTS, outside, 'tool').tainted).toBe(true);
    expect(after(FACTS, CALL, 'tool').tainted).toBe(false);
  });

  test('then a secret, or a place nobody listed, needs a human [PERM-TAINT]', () => {
    const tainted = { ...FACTS, tainted: true };
    expect(kind(secret, tainted)).toBe('ask');
    expect(kind({ ...medium, sends: true }, tainted)).toBe('ask');
    expect(kind(listed, tainted)).toBe('run');
    expect(kind(medium, tainted)).toBe('flag');
  });

  test('a secret and a way out never meet without a human, in whatever order [PERM-TAINT]', () => {
    const orders = permutations([outside, secret, listed]);
    expect(orders).toHaveLength(6);
    for (const order of orders) {
      let facts: RunFacts = FACTS;
      const kinds = order.map((call) => {
        const verdict = kind(call, facts);
        if (verdict === 'run') facts = after(facts, call, 'tool');
        return verdict;
      });
      expect(kinds).toContain('ask');
      expect(facts.tainted && facts.hasReadSecrets && facts.hasSent).toBe(false);
    }
  });

  test('no run of calls that were let through has all three [PERM-TAINT]', () => {
    fc.assert(
      fc.property(fc.array(anyAssessment()), anySource(), (calls, source) => {
        let facts = factsAtStart(source, false);
        for (const call of calls)
          if (decide(call, facts, DEFAULT_POLICY, false).kind === 'run') facts = after(facts, call, 'tool');
        expect(facts.tainted && facts.hasReadSecrets && facts.hasSent).toBe(false);
      }),
    );
  });
});

test('nothing worse about a run or a call makes the answer milder [PERM-POLICY]', () => {
  fc.assert(
    fc.property(anyAssessment(), anyFacts(), anyPolicy(), fc.boolean(), (call, facts, policy, canClassify) => {
      const before = severity(decide(call, facts, policy, canClassify));
      for (const worse of worseFacts(facts))
        expect(severity(decide(call, worse, policy, canClassify))).toBeGreaterThanOrEqual(before);
      for (const worse of worseCalls(call))
        expect(severity(decide(worse, facts, policy, canClassify))).toBeGreaterThanOrEqual(before);
    }),
  );
});

const SEVERITIES = ['run', 'flag', 'classify', 'ask', 'hand-back'];

function severity(verdict: Verdict): number {
  return SEVERITIES.indexOf(verdict.kind === 'run' && verdict.flag ? 'flag' : verdict.kind);
}

function worseFacts(facts: RunFacts): RunFacts[] {
  const flags = ['afk', 'tainted', 'hasReadSecrets', 'hasSent'] as const;
  return [
    ...flags.map((flag) => ({ ...facts, [flag]: true })),
    { ...facts, denials: facts.denials + 1 },
    { ...facts, denialsInARow: facts.denialsInARow + 1 },
  ];
}

function worseCalls(call: Assessment): Assessment[] {
  const flags = ['readsOutside', 'readsSecrets', 'sends'] as const;
  const risks = { LOW: 'MEDIUM', MEDIUM: 'HIGH', HIGH: 'HIGH' } as const;
  return [...flags.map((flag) => ({ ...call, [flag]: true })), { ...call, risk: risks[call.risk] }];
}

function anyAssessment(): fc.Arbitrary<Assessment> {
  return fc.record({
    risk: fc.constantFrom('LOW', 'MEDIUM', 'HIGH'),
    reason: fc.constant('does'),
    writes: fc.boolean(),
    readsOutside: fc.boolean(),
    readsSecrets: fc.boolean(),
    sends: fc.boolean(),
  });
}

function anySource(): fc.Arbitrary<RunFacts['source']> {
  return fc.constantFrom('owner', 'schedule', 'outside');
}

function anyFacts(): fc.Arbitrary<RunFacts> {
  return fc.record({
    source: anySource(),
    afk: fc.boolean(),
    tainted: fc.boolean(),
    hasReadSecrets: fc.boolean(),
    hasSent: fc.boolean(),
    denialsInARow: fc.nat(4),
    denials: fc.nat(24),
  });
}

function anyPolicy(): fc.Arbitrary<PermissionPolicy> {
  const rule = fc.constantFrom('flag', 'classify', 'ask');
  return fc.record({ owner: rule, schedule: rule, outside: rule });
}

function permutations<Thing>(things: readonly Thing[]): Thing[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((thing, index) => permutations(things.toSpliced(index, 1)).map((rest) => [thing, ...rest]));
}
