import { describe, expect, test } from 'vitest';
import { workStatistics } from '../../src/budget/work.ts';

describe('statistics of work', () => {
  test('are by origin and kind, with median, 95th percentile and how many ended in the background [BLOCKING-STATISTICS]', () => {
    const run = (origin: string, ms: number, lane: 'foreground' | 'background' = 'foreground') => ({
      kind: 'command',
      origin,
      ms,
      lane,
    });
    const backups = Array.from({ length: 20 }, (_, index) => run('backup', (index + 1) * 1_000));
    const recent = [run('tidy', 300), ...backups, run('tidy', 100), run('tidy', 20_000, 'background')];
    expect(workStatistics(recent)).toEqual([
      { origin: 'backup', kind: 'command', runs: 20, medianMs: 10_000, p95Ms: 19_000, background: 0 },
      { origin: 'tidy', kind: 'command', runs: 3, medianMs: 300, p95Ms: 20_000, background: 1 },
    ]);
    expect(workStatistics([])).toEqual([]);
  });
});
