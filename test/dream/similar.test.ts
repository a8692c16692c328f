import { describe, expect, test } from 'vitest';
import { dream, factsOf, memoryOf, said } from './world/home.ts';
import { PAIRS } from './world/sayings.ts';

function after(...messages: readonly string[]): readonly string[] {
  const items = messages.map((text, index) =>
    said(text, `2026-10-${String(5 + index * 7).padStart(2, '0')}`, `s${index}`),
  );
  return factsOf(dream(memoryOf(), items).memory).map(({ text }) => text);
}

describe('two things said', () => {
  test.each(PAIRS.filter(([want]) => want === 'update'))('%s: %s / %s [DREAM-NEWEST]', (_, first, second) => {
    expect(after(first, second)).toHaveLength(1);
    expect(after(first, second)).not.toEqual(after(first));
  });

  test.each(PAIRS.filter(([want]) => want === 'same'))('%s: %s / %s [DREAM-DUPLICATES]', (_, first, second) => {
    expect(after(first, second)).toHaveLength(1);
  });

  test.each(PAIRS.filter(([want]) => want === 'both'))('%s: %s / %s [DREAM-STABLE]', (_, first, second) => {
    expect(after(first, second)).toHaveLength(2);
  });
});

describe('what is not said for sure', () => {
  test('becomes one fact with its confirmation [DREAM-HEDGE]', () => {
    expect(after('I think I might prefer tabs.', 'Confirmed: I prefer tabs.')).toEqual(['I prefer tabs']);
  });

  test('overtakes nothing, and is told [DREAM-HEDGE]', () => {
    const items = [
      said('We deploy with Fly.io.', '2026-10-05', 's1'),
      said('We probably deploy with Railway.', '2026-10-12', 's2'),
    ];
    const { memory, proposal } = dream(memoryOf(), items);
    expect(factsOf(memory).map(({ text }) => text)).toEqual(['We deploy with Fly.io']);
    expect(proposal.report.join('\n')).toContain('Not sure enough');
  });

  test('is not remembered as a plan [DREAM-HEDGE]', () => {
    expect(after('We are considering Railway.', 'Maybe we should move to Render one day.')).toEqual([]);
  });
});
