import { describe, expect, test } from 'vitest';
import { annotate, ageOf } from '../../../src/memory/claims/annotate.ts';
import { beforeActing } from '../../../src/memory/claims/before-acting.ts';
import { verifyTopics, rememberedOf } from '../../../src/memory/claims/verify.ts';
import { parseTopic } from '../../../src/memory/topic.ts';
import { put, skepticOf, temporary } from './lay.ts';
import { WORLD } from './world.ts';

const TOPIC = `---
name: shop
type: project
description: how the shop is built
modified: 2026-10-01T00:00:00Z
---
- The entry is src/server.ts. {since: 2026-10-20}
- Money helpers are in src/utils/money.ts.
- The owner likes tea.
- Was src/gone.ts once. {until: 2026-10-02, by: s1}
`;
const NOW_MS = Date.parse('2026-11-11T12:00:00Z');

function looked() {
  const path = temporary();
  put(path, WORLD.shop);
  const skeptic = skepticOf(path);
  const topic = parseTopic('shop', TOPIC);
  return { rows: verifyTopics([topic], skeptic), judged: skeptic.check(rememberedOf(topic)) };
}

describe('in context', () => {
  test('what is stale comes first, with what is so now and its age', () => {
    expect(annotate(TOPIC, looked().judged, NOW_MS)).toBe(
      '- Money helpers are in src/utils/money.ts.\n  [! stale: src/utils/money.ts is not there; there is src/lib/money.ts] (noted 41 days ago)\n' +
        '- The entry is src/server.ts.\n  [ok] (noted 22 days ago)',
    );
  });

  test('an age that is not known, or lies ahead, is not told', () => {
    expect([ageOf('', NOW_MS), ageOf('2027-01-01', NOW_MS), ageOf('2026-11-11', NOW_MS)]).toEqual([
      '',
      '',
      ' (noted today)',
    ]);
  });
});

describe('before acting', () => {
  test('a call that names what is stale is told so, others are not', () => {
    const judged = looked().judged.flat();
    const note = beforeActing({ tool: 'shell', input: { command: 'sed -n 1p src/utils/money.ts' } }, judged);
    expect(note).toBe(
      'memory is out of date: src/utils/money.ts: src/utils/money.ts is not there; there is src/lib/money.ts',
    );
    expect(beforeActing({ tool: 'read', input: { path: 'src/server.ts' } }, judged)).toBeUndefined();
    expect(beforeActing({ tool: 'read', input: { path: 'old-src/utils/money.tsx' } }, judged)).toBeUndefined();
  });
});

test('a fact that is over is not asked about, and each claim is a row of its own [CLI-MEMORY-VERIFY]', () => {
  expect(looked().rows).toEqual([
    {
      topic: 'shop',
      text: 'The entry is src/server.ts.',
      claim: 'src/server.ts',
      verdict: 'verified',
      reason: 'src/server.ts is a file',
      kind: 'path',
    },
    {
      topic: 'shop',
      text: 'Money helpers are in src/utils/money.ts.',
      claim: 'src/utils/money.ts',
      verdict: 'stale',
      reason: 'src/utils/money.ts is not there; there is src/lib/money.ts',
      kind: 'path',
      moved: 'src/lib/money.ts',
    },
  ]);
});
