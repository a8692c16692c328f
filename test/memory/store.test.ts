import { closeSync, cpSync, existsSync, ftruncateSync, openSync, readdirSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Because } from '../../src/memory/store.ts';
import { watchMemory } from '../../src/memory/watch.ts';
import { recordingLog } from '../ledger/make.ts';
import { fact, idOf, openTest, SECRET, snapshot, topicText } from './make.ts';
import { threadMs } from '../spent.ts';

const DREAM: Because = { author: 'dream', reason: 'the dream of tonight' };

describe('remembering', () => {
  test('keeps a fact with its source, makes its topic, and points to it; the same fact again is no error', async () => {
    await using opened = await openTest();
    const given = {
      topic: 'servers',
      type: 'reference',
      text: 'The box is atlas',
      trust: 'owner',
      src: ['s4'],
    } as const;
    expect(await opened.memory.remember(given)).toBe(1);
    expect(await opened.memory.remember(given)).toBeNull();
    expect(opened.file('topics/servers.md')).toMatch(/\n- The box is atlas \{src: s4, trust: owner\}\n$/);
    expect(opened.file('MEMORY.md')).toContain('## reference\n- [Servers](topics/servers.md): The box is atlas\n');
    expect((await opened.memory.context()).text).toContain('The box is atlas');
  });

  test.each([
    ['too long', { text: 'x'.repeat(600) }, /shorten it by 100/],
    ['a secret', { text: `password ${SECRET}` }, /holds a secret/],
    ['from outside and about the owner', { trust: 'outside', type: 'user' }, /can't become a memory of type user/],
  ] as const)(
    'refuses what is %s, says why, and writes nothing [MEM-NO-OUTSIDE-USER]',
    async (_what, more, message) => {
      await using opened = await openTest();
      const given = { topic: 'a', type: 'project', text: 'x', trust: 'derived', src: ['s4'], ...more } as const;
      await expect(opened.memory.remember(given)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(message),
      });
      expect(snapshot(opened.home)).toEqual({});
    },
  );
});

describe('an edit of the owner', () => {
  const files = { 'topics/a.md': topicText('a', 'project', '- One {src: s1, trust: derived}') };

  test('is in the history as theirs, with what it changed, also when nobody ran at the time', async () => {
    await using opened = await openTest(files);
    opened.write('topics/a.md', `${files['topics/a.md']}- Mine\n`);
    const memory = await opened.again();
    expect(await memory.history(10)).toMatchObject([{ generation: 1, author: 'owner', reason: 'edited topics/a.md' }]);
    expect((await memory.diff()).diff).toContain(
      '@@ -5,3 +5,4 @@\n modified: 2026-10-01T00:00:00Z\n ---\n - One {src: s1, trust: derived}\n+- Mine\n',
    );
  });

  test('that comes while the file is being replaced stays, and the change goes on top [MEM-CONCURRENT-EDIT]', async () => {
    let edits = 0;
    await using opened = await openTest(files, {
      step(name) {
        if (name !== 'begun' || edits > 1) return;
        edits += 1;
        opened.write('topics/a.md', `${files['topics/a.md']}- Mine ${edits}\n`);
      },
    });
    const done = await opened.memory.applyOperations([fact('a', 'Two')], DREAM);
    expect(done.edited).toEqual([]);
    expect(opened.file('topics/a.md')).toMatch(/- One .*\n- Mine 2\n- Two \{src: s1, trust: derived\}\n$/);
    expect(existsSync(join(opened.home, 'memory/generations/1'))).toBe(false);
    expect((await opened.memory.history(9)).map(({ author }) => author)).toEqual(['dream', 'owner', 'owner']);
  });

  test('that comes again and again wins: nothing is applied, and it is told [MEM-CONCURRENT-EDIT]', async () => {
    let edits = 0;
    await using opened = await openTest(files, {
      step: (name) =>
        void (name === 'begun' && opened.write('topics/a.md', `${files['topics/a.md']}- Mine ${(edits += 1)}\n`)),
    });
    const done = await opened.memory.applyOperations([fact('a', 'Two')], DREAM);
    expect(done).toMatchObject({ generation: null, changes: [], edited: ['topics/a.md'] });
    expect(opened.file('topics/a.md')).toBe(`${files['topics/a.md']}- Mine 3\n`);
    expect(snapshot(opened.home)).not.toHaveProperty('MEMORY.md');
    await expect(
      opened.memory.remember({ topic: 'a', type: 'project', text: 'x', trust: 'derived', src: ['s1'] }),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  test.each(['placed topics/a.md', 'done'])(
    'written by an editor that had the old file open, at "%s", is put into the new one [MEM-CONCURRENT-EDIT]',
    async (when) => {
      let editor = -1;
      await using opened = await openTest(files, {
        step(name) {
          if (name === 'begun' && editor === -1) editor = openSync(join(opened.home, 'memory/topics/a.md'), 'r+');
          if (name !== when || editor < 0) return;
          const text = `${files['topics/a.md']}- Typed meanwhile\n`;
          ftruncateSync(editor);
          writeSync(editor, text, 0);
          closeSync(editor);
          editor = -2;
        },
      });
      await opened.memory.applyOperations([fact('a', 'Two')], DREAM);
      await opened.memory.look();
      expect(opened.file('topics/a.md')).toMatch(/- One .*\n- Two .*\n- Typed meanwhile\n$/);
      expect((await opened.memory.history(1))[0]).toMatchObject({ author: 'owner' });
      await opened.memory.rollback(1);
      expect(opened.file('topics/a.md')).toContain('- Typed meanwhile');
    },
  );

  test('is noticed while a daemon runs, once, however many steps it is written in', async () => {
    await using opened = await openTest(files);
    await using _watch = await watchMemory({
      directory: join(opened.home, 'memory'),
      clock: opened.clock,
      log: recordingLog(),
      onEdit: () => opened.memory.look(),
    });
    opened.write('topics/a.md', '');
    opened.write('topics/a.md', `${files['topics/a.md']}- Mine\n`);
    await vi.waitFor(
      async () => {
        await opened.clock.advance(600);
        expect(await opened.memory.history(9)).toMatchObject([{ author: 'owner', reason: 'edited topics/a.md' }]);
      },
      { timeout: 10_000 },
    );
  });

  test('their facts, lines and titles stay where they are, whatever is done around them [MEM-OWNER-FIRST]', async () => {
    const own = topicText(
      'a',
      'project',
      'Prose of mine.',
      '- Mine',
      '- One {src: s1, trust: derived}',
      '',
      '## Later',
      '- Mine too',
    );
    await using opened = await openTest({
      'topics/a.md': own,
      'MEMORY.md': '# Mine\n\n## project\n- [AAA](topics/a.md): mine\nA line\n',
    });
    const memory = await opened.memory.read();
    await opened.memory.applyOperations(
      [
        { kind: 'archive', topic: 'a', bullet: idOf(memory, 'a', 'One'), reason: 'old' },
        { kind: 'archive', topic: 'a', bullet: idOf(memory, 'a', 'Mine'), reason: 'old' },
        fact('a', 'Two'),
      ],
      DREAM,
    );
    expect(opened.file('topics/a.md')).toContain('---\nProse of mine.\n- Mine\n\n## Later\n- Mine too\n- Two {src');
    expect(opened.file('MEMORY.md')).toContain(
      '# Mine\n\n## user\n\n## feedback\n\n## project\nA line\n- [AAA](topics/a.md): mine\n',
    );
  });
});

describe('marks', () => {
  test('of facts that do not hold stand beside them until the fact goes', async () => {
    const files = { 'topics/a.md': topicText('a', 'project', '- One {src: s1, trust: derived}') };
    await using opened = await openTest(files);
    const bullet = idOf(await opened.memory.read(), 'a', 'One');
    const marked = await opened.memory.applyOperations(
      [{ kind: 'mark-stale', topic: 'a', bullet, reason: 'no such file' }],
      DREAM,
    );
    expect(marked).toMatchObject({ generation: null, changes: [{ kind: 'mark-stale' }] });
    expect(await opened.memory.stale()).toMatchObject([{ topic: 'a', bullet, reason: 'no such file', moved: null }]);
    expect(opened.file('topics/a.md')).toBe(files['topics/a.md']);
    await opened.memory.applyOperations([{ kind: 'archive', topic: 'a', bullet, reason: 'stale' }], DREAM);
    expect(await opened.memory.stale()).toEqual([]);
  });
});

describe('generations', () => {
  test('are kept up to a number, the newest always, and what they hold can be read until then [MEM-GENERATIONS]', async () => {
    const files = { 'topics/a.md': topicText('a', 'project'), 'topics/b.md': topicText('b', 'project') };
    await using opened = await openTest(files, { generationsMax: 3 });
    for (let n = 1; n <= 6; n += 1) await opened.memory.applyOperations([fact('a', `Fact ${n}`)], DREAM);
    const kept = (): string[] => readdirSync(join(opened.home, 'memory/generations')).filter((name) => name !== 'base');
    expect(kept()).toEqual(['4', '5', '6']);
    expect((await opened.memory.history(2)).map(({ generation }) => generation)).toEqual([6, 5]);
    await expect(opened.memory.rollback(3)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no generation 3: kept are 4 to 6',
    });
    // What was last written long ago can still be compared.
    for (let n = 1; n <= 4; n += 1) await opened.memory.applyOperations([fact('b', `Fact ${n}`)], DREAM);
    opened.write('topics/a.md', opened.file('topics/a.md').replace('Fact 6', 'Fact six'));
    await opened.memory.look();
    expect((await opened.memory.diff()).diff).toContain('-- Fact 6 {');
    expect(kept()).toEqual(['9', '10', '11'].toSorted());
  });

  test('the default keeps 30 of them [MEM-GENERATIONS]', async () => {
    await using opened = await openTest();
    for (let n = 1; n <= 32; n += 1) await opened.memory.applyOperations([fact('a', `Fact ${n}`)], DREAM);
    const all = await opened.memory.history(100);
    expect([all.length, all[0]?.generation, all.at(-1)?.generation]).toEqual([30, 32, 3]);
    await using one = await openTest({}, { generationsMax: 0 });
    await one.memory.applyOperations([fact('a', 'x')], DREAM);
    expect(await one.memory.history(9)).toHaveLength(1);
  });

  test('of a home that was copied without its ledger are shown and taken back, and numbers go on', async () => {
    await using opened = await openTest();
    await opened.memory.applyOperations([fact('a', 'One')], DREAM);
    await opened.memory.applyOperations([fact('a', 'Two')], DREAM);
    const files = snapshot(opened.home);
    await using fresh = await openTest();
    cpSync(join(opened.home, 'memory'), join(fresh.home, 'memory'), { recursive: true });
    const memory = await fresh.again();
    expect(await memory.history(9)).toMatchObject([{ generation: 2 }, { generation: 1 }]);
    const given = { topic: 'a', type: 'project', text: 'Three', trust: 'derived', src: ['s1'] } as const;
    expect(await memory.remember(given)).toBe(3);
    await memory.rollback(3);
    expect(snapshot(fresh.home)).toEqual(files);
  });
});

test('a manifest that names a file outside the memory is none', async () => {
  await using opened = await openTest();
  await opened.memory.applyOperations([fact('a', 'One')], DREAM);
  const path = 'generations/1/manifest.json';
  opened.write(path, opened.file(path).replaceAll('topics/a.md', '../../.bashrc'));
  await expect(opened.memory.rollback(1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await opened.memory.history(9)).toEqual([]);
});

describe('the working note', () => {
  test('is of one day, rolls over at local midnight, and holds no secret', async () => {
    await using opened = await openTest();
    const { memory, clock } = opened;
    clock.jumpWall(Date.UTC(2026, 10, 2, 22, 59) - clock.wallMs());
    expect(await memory.note(`tried ${SECRET}\n twice`)).toBe('notes/2026-11-02.md');
    clock.jumpWall(60_000);
    expect(await memory.note('a new day')).toBe('notes/2026-11-03.md');
    expect(opened.file('notes/2026-11-02.md')).toBe('# 2026-11-02\n\n- 23:59 tried [redacted:TEST] twice\n');
    expect((await memory.context()).note).toBe('# 2026-11-03\n\n- 00:00 a new day\n');
    await expect(memory.note('x'.repeat(501))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await memory.history(9)).toEqual([]);
  });
});

describe('what lies there and cannot be read', () => {
  test('is told, and everything else works; nothing is followed out of the home', async () => {
    await using opened = await openTest({
      'topics/big.md': 'x'.repeat(1_048_577),
      'topics/binary.md': '\0\u0001',
      'topics/Some Name.md': 'x',
      'topics/plain.md': '- a\n',
      'topics/good.md': topicText('good', 'project', '- One'),
      'MEMORY.md': '## project\n- [Big](topics/big.md): huge\n',
    });
    symlinkSync('/etc/passwd', join(opened.home, 'memory/topics/link.md'));
    const { problems, topics } = await opened.memory.read();
    expect(problems.map(({ path, problem }) => `${path} ${problem.slice(0, 20)}`).toSorted()).toEqual([
      'topics/Some Name.md is not read: a name ',
      'topics/big.md has 1048577 bytes, a',
      'topics/binary.md holds NUL characters',
      'topics/link.md is a link, and links',
      'topics/plain.md there is no front ma',
    ]);
    expect(topics.map(({ name }) => name)).toEqual(['good', 'plain']);
    for (const topic of ['big', 'binary', 'link']) {
      const given = { topic, type: 'project', text: 'x', trust: 'derived', src: ['s1'] } as const;
      await expect(opened.memory.remember(given)).rejects.toThrow(/can't be written by kairosd/);
    }
    await opened.memory.applyOperations([fact('good', 'Two')], DREAM);
    expect(opened.file('MEMORY.md')).toContain('## project\n- [Big](topics/big.md): huge\n- [Good](topics/good.md)');
    expect(opened.file('topics/big.md')).toHaveLength(1_048_577);
  });

  test('an index longer than what is loaded says so', async () => {
    await using opened = await openTest({ 'MEMORY.md': 'mine\n'.repeat(300) });
    const { text, cut } = await opened.memory.context();
    expect(cut).toBe(true);
    expect(text.split('\n')).toHaveLength(202);
    expect(text).toMatch(/\(The index was cut: 200 of 308 lines/);
  });
});

test('a large batch does not hold the event loop', async () => {
  await using opened = await openTest();
  const operations = Array.from({ length: 2_000 }, (_, n) => fact(`t${n % 100}`, `Fact number ${n} about something`));
  let longestMs = 0;
  let lastMs = threadMs();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, threadMs() - lastMs);
    lastMs = threadMs();
  }, 1);
  const done = await opened.memory.applyOperations(operations, DREAM);
  clearInterval(timer);
  expect(done.refused).toEqual([]);
  expect(longestMs).toBeLessThan(250);
});
