import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { figures, put, putBranches, skepticOf, temporary, verdictOf } from './lay.ts';
import { HELD_OUT } from './prose-held-out.ts';
import { SECOND } from './prose-second.ts';
import { TUNED } from './prose-tuned.ts';
import { BRANCHES, WORLD, type Memory, type WorldName } from './world.ts';

/**
 * The first run, before anything was changed for it: HELD_OUT recall 94.7 %, false alarms 10.6 %, unverifiable 1.3 %; after two rounds
 * of corrections SECOND, written then: 100 %, 0 %, 0 %. One person wrote them all.
 */
describe.each([
  ['tuned on', TUNED],
  ['held out', HELD_OUT],
  ['second held-out', SECOND],
])('free prose, %s', (_name, memories) => {
  test('what no longer holds is found, what holds is left alone, little stays open [SKEPTIC-RECALL] [SKEPTIC-FALSE-ALARMS] [SKEPTIC-UNVERIFIABLE]', () => {
    const found = figures(judge(memories));
    expect(found.missed).toEqual([]);
    expect(found.alarms).toEqual([]);
    expect(found.recall).toBeGreaterThanOrEqual(0.98);
    expect(found.falseAlarms).toBeLessThanOrEqual(0.02);
    expect(found.unverifiable).toBeLessThanOrEqual(0.15);
  });
});

function judge(memories: readonly Memory[]) {
  const root = temporary();
  const skeptics = new Map(
    (Object.keys(WORLD) as WorldName[]).map((name) => {
      const path = join(root, name);
      put(path, WORLD[name]);
      putBranches(path, ['main', ...BRANCHES[name]]);
      return [name, skepticOf(path)];
    }),
  );
  return memories.map(([world, truth, text]) => ({
    stale: truth === 'none' ? undefined : truth === 'stale',
    got: verdictOf(skeptics.get(world)?.check([{ text }])[0] ?? []),
    text,
  }));
}
