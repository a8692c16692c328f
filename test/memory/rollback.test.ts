import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Because } from '../../src/memory/store.ts';
import { fact, openTest, snapshot, topicText, type Opened } from './make.ts';

const DREAM: Because = { author: 'dream', reason: 'test' };
const NAMES = ['a', 'b', 'c'] as const;

const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 }));
/** A file as some editor leaves it. */
const file = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.array(text, { maxLength: 6 }),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([name, lines, lineEnd, mark, open]) => {
    const bullets = lines.map(
      (line, index) => `- ${line.replaceAll(/[\r\n]/g, ' ')}${index % 2 === 0 ? ' {src: s1}' : ''}`,
    );
    const whole = topicText(name, 'project', ...bullets).replaceAll('\n', lineEnd);
    return {
      path: `topics/${name}.md`,
      text: `${mark ? '\uFEFF' : ''}${open ? whole.trimEnd() : whole}`.toWellFormed(),
    };
  });
const word = fc.stringMatching(/^[A-Za-zäöü🧀][A-Za-zäöü ]{0,40}$/u);
const act = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), file }),
  fc.record({ kind: fc.constant('add' as const), topic: fc.constantFrom(...NAMES, 'd'), text: word }),
);

type Act = { kind: 'write'; file: { path: string; text: string } } | { kind: 'add'; topic: string; text: string };

async function perform(opened: Opened, given: Act): Promise<void> {
  if (given.kind === 'add') {
    await opened.memory.applyOperations([fact(given.topic, given.text)], DREAM);
    return;
  }
  opened.write(given.file.path, given.file.text);
  await opened.memory.look();
}

describe('a rollback', () => {
  test('restores byte for byte what a generation replaced, and can be taken back itself [MEM-ROLLBACK-EXACT]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 3 }),
        fc.array(act, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (files, acts, pick) => {
          await using opened = await openTest(Object.fromEntries(files.map((each) => [each.path, each.text])));
          const before = new Map<number, Record<string, string>>();
          let ownerAt = 0;
          for (const each of acts) {
            const old = snapshot(opened.home);
            await perform(opened, each);
            const [newest] = await opened.memory.history(1);
            if (newest === undefined || before.has(newest.generation)) continue;
            before.set(newest.generation, old);
            if (newest.author === 'owner') ownerAt = newest.generation;
          }
          // Edits of the owner after it would stay: those are another test's.
          const numbers = [...before.keys()].filter((generation) => generation >= Math.max(1, ownerAt));
          const generation = numbers[pick % numbers.length];
          if (generation === undefined) return;
          const now = snapshot(opened.home);
          const back = await opened.memory.rollback(generation);
          expect(back.held).toEqual([]);
          expect(snapshot(opened.home)).toEqual(before.get(generation));
          await opened.memory.rollback(back.generation ?? 0);
          expect(snapshot(opened.home)).toEqual(now);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  test('leaves what the owner edited since as it is, and says so; the index fits what is there [MEM-OWNER-FIRST]', async () => {
    await using opened = await openTest({ 'topics/a.md': topicText('a', 'project', '- One {src: s1}') });
    const { memory } = opened;
    await memory.applyOperations([fact('a', 'Two'), fact('b', 'Three')], DREAM);
    opened.write('topics/b.md', `${opened.file('topics/b.md')}- Mine\n`);
    const back = await memory.rollback(1);
    expect(back).toMatchObject({
      generation: 3,
      held: [{ path: 'topics/b.md', why: 'you edited it since (generation 2)' }],
    });
    expect(opened.file('topics/a.md')).toBe(topicText('a', 'project', '- One {src: s1}'));
    expect(opened.file('topics/b.md')).toMatch(/- Three .*\n- Mine\n$/);
    expect(opened.file('MEMORY.md')).toContain('- [B](topics/b.md): Three\n');
  });

  test('takes back an edit of the owner when they ask for that one', async () => {
    const old = topicText('a', 'project', '- Mine');
    await using opened = await openTest({ 'topics/a.md': old });
    opened.write('topics/a.md', 'oops');
    await opened.memory.look();
    expect(await opened.memory.rollback(1)).toMatchObject({ restored: ['topics/a.md'], held: [] });
    expect(opened.file('topics/a.md')).toBe(old);
  });
});
