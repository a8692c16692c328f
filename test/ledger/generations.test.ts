import { describe, expect, test } from 'vitest';
import { openGenerations, readGenerations } from '../../src/ledger/generations.ts';
import { freshDatabase, writerOf } from './make.ts';

const STEP = { path: 'topics/a.md', before: null, after: 'a1' };
const LINE = { kind: 'memory', ref: '', text: 'dreamt' };
const FIRST = {
  generation: 1,
  atMs: 5,
  author: 'dream' as const,
  reason: 'test',
  steps: [STEP],
  marks: { stale: [], described: { a: 'hash' } },
  line: LINE,
};

describe('generations', () => {
  test('that were begun are told until they are done or undone, with all it takes [MEM-APPLY-WHOLE]', async () => {
    using fresh = freshDatabase();
    const ledger = openGenerations<'dream'>(fresh.database, writerOf(fresh.database));
    await ledger.begin(FIRST);
    expect(ledger.unfinished()).toEqual({ ...FIRST, direction: 'forward' });
    expect([ledger.newest(), ledger.isDone(1), ledger.known().size]).toEqual([1, false, 0]);
    await ledger.turnBack(1);
    expect(ledger.unfinished()).toEqual({ ...FIRST, direction: 'back' });
    await ledger.undone(1);
    expect([ledger.unfinished(), ledger.newest(), ledger.isDone(1)]).toEqual([undefined, 1, false]);
    const second = { ...FIRST, generation: 2 };
    await ledger.begin(second);
    await ledger.done(second);
    expect([ledger.unfinished(), ledger.isDone(2)]).toEqual([undefined, true]);
    expect([...ledger.known()]).toEqual([['topics/a.md', { sha256: 'a1', generation: 2 }]]);
    expect(ledger.described()).toEqual({ a: 'hash' });
    const lines = fresh.database.statement('SELECT at, kind, ref, text FROM journal').all();
    expect(lines).toEqual([{ at: 5, ...LINE }]);
  });

  test('take files away, and marks', async () => {
    using fresh = freshDatabase();
    const ledger = openGenerations<'dream'>(fresh.database, writerOf(fresh.database));
    await ledger.learn(new Map([['topics/a.md', 'a0']]));
    expect(ledger.known().get('topics/a.md')).toEqual({ sha256: 'a0', generation: 0 });
    await ledger.done({ ...FIRST, steps: [{ ...STEP, before: 'a0', after: null }] });
    expect(ledger.known().size).toBe(0);
    const mark = { topic: 'a', bullet: 'b', reason: 'gone', moved: null, atMs: 7 };
    await ledger.mark({ stale: [mark], described: {} }, [LINE], 7);
    await ledger.mark({ stale: [{ ...mark, reason: 'still gone' }], described: {} }, [], 8);
    expect(ledger.stale()).toEqual([{ ...mark, reason: 'still gone' }]);
    await ledger.unmark([mark]);
    expect(ledger.stale()).toEqual([]);
  });

  test('that are old go, the newest and those that are under way never [MEM-GENERATIONS]', async () => {
    using fresh = freshDatabase();
    const ledger = openGenerations<'dream'>(fresh.database, writerOf(fresh.database));
    for (const generation of [1, 2, 3]) await ledger.done({ ...FIRST, generation });
    await ledger.prune(9);
    expect([1, 2, 3].map((generation) => ledger.isDone(generation))).toEqual([false, false, true]);
    expect(ledger.newest()).toBe(3);
  });

  test('are none in a ledger that is older than the memory', () => {
    using fresh = freshDatabase();
    fresh.database.exec('DROP TABLE memory_marks');
    const ledger = readGenerations(fresh.database);
    expect([ledger.unfinished(), ledger.newest(), ledger.stale()]).toEqual([undefined, 0, []]);
  });
});
