import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readExpression } from '../../src/tools/expression.ts';
import { createGlobTool, splitPattern } from '../../src/tools/glob.ts';
import { createGrepTool } from '../../src/tools/grep.ts';
import { compilePattern } from '../../src/tools/pattern.ts';
import { findRipgrep } from '../../src/tools/ripgrep.ts';
import { searchInThread } from '../../src/tools/search-thread.ts';
import { FakeClock } from '../fakes/clock.ts';
import { contextIn } from './context.ts';
import { realClock } from './clock.ts';
import { accessTo, workspaceOf } from './place.ts';
import { spentMs } from '../spent.ts';

const TREE = {
  'README.md': 'A tree\nof files\n',
  '.env.example': 'KEY=\n',
  'src/a.ts': 'export const one = 1;\nexport const two = 2;\n// TODO later\n',
  'src/b.js': 'const ONE = "größe";\r\nlast line',
  'src/deep/c.ts': 'one\n',
  'src/d.TS': 'x\n',
  'src-2/e.ts': 'one {\n',
  'bin.dat': Buffer.from('one\0two\n'),
  'odd.txt': Buffer.from([0x6f, 0x6e, 0x65, 0xff, 0x0a]),
  'node_modules/p/index.ts': 'one\n',
  '.git/config': 'one\n',
};

describe('a file pattern', () => {
  test.each([
    ['*.ts', ['src/a.ts', 'a.ts', '.ts'], ['src/a.tsx', 'src/a.TS']],
    ['src/*.ts', ['src/a.ts', 'src/.ts'], ['src/deep/c.ts', 'a.ts']],
    ['src/**/*.ts', ['src/a.ts', 'src/deep/er/c.ts'], ['src-2/e.ts', 'a.ts']],
    ['**/deep/**', ['deep/c', 'src/deep/c', 'src/deep/er/c', 'deep'], ['src/deeper']],
    ['src/*.{js,ts}', ['src/a.ts', 'src/b.js'], ['src/b.md']],
    ['{a,b{c,d}}.txt', ['a.txt', 'bc.txt', 'bd.txt'], ['b.txt']],
    ['[a-c]?.[!m]d', ['a1.xd', 'src/c2.td'], ['d1.xd', 'a1.md']],
    ['a]{b', ['a]{b'], ['ab']],
    ['\\*.md', ['*.md'], ['a.md']],
  ])('%s', (pattern, fitting, others) => {
    const fits = compilePattern(pattern);
    expect(fitting.filter((path) => !fits(path))).toEqual([]);
    expect(others.filter(fits)).toEqual([]);
  });

  test('takes time in proportion to its length, whatever it is', () => {
    const spent = spentMs(() => {
      const fits = compilePattern(`${'*a'.repeat(200)}b/**/**/**/**/x${'?*'.repeat(100)}`);
      for (let count = 0; count < 20; count += 1) fits(`${'a'.repeat(2_000)}/${'a/'.repeat(200)}c`);
    });
    expect(spent).toBeLessThan(2_000);
    expect(() => compilePattern('{a,b}'.repeat(7))).toThrow('at most 64 alternatives');
    expect(compilePattern('{a,b}'.repeat(6))('aabbab')).toBe(true);
    expect(() => compilePattern('a'.repeat(1_001))).toThrow('1000 characters');
  });

  test('never throws for short ones', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string(), (pattern, path) => void compilePattern(pattern)(path)),
    );
  });

  test('is split where its plain directories end', () => {
    expect(splitPattern('src/lib/*.ts')).toEqual({ base: 'src/lib', rest: './*.ts' });
    expect(splitPattern('src/**/x.ts')).toEqual({ base: 'src', rest: '**/x.ts' });
    expect(splitPattern('/etc/*')).toEqual({ base: '/etc', rest: '*' });
    expect(splitPattern('*.ts')).toEqual({ base: '', rest: '*.ts' });
    expect(splitPattern('src/')).toEqual({ base: 'src', rest: '*' });
    expect(splitPattern('src/a.ts')).toEqual({ base: 'src', rest: './a.ts' });
  });
});

describe('glob', () => {
  const globIn = async (root: string, input: Record<string, string>) => {
    const tool = createGlobTool({ access: accessTo([root]), clock: realClock });
    return tool.run(input, contextIn(root));
  };

  test('lists files in order of name, without .git and node_modules [TOOL-GLOB]', async () => {
    const root = workspaceOf(TREE);
    const list = async (pattern: string, path?: string) =>
      (await globIn(root, { pattern, ...(path === undefined ? {} : { path }) })).text.split('\n');
    await expect(list('*.ts')).resolves.toEqual(['src/a.ts', 'src/deep/c.ts', 'src-2/e.ts']);
    await expect(list('src/**/*.{ts,js}')).resolves.toEqual(['src/a.ts', 'src/b.js', 'src/deep/c.ts']);
    await expect(list('*.ts', 'src/deep')).resolves.toEqual(['src/deep/c.ts']);
    await expect(list('src/*')).resolves.toEqual(['src/a.ts', 'src/b.js', 'src/d.TS', 'src/deep/']);
    await expect(list('*')).resolves.toEqual(['.env.example', 'README.md', 'bin.dat', 'odd.txt', 'src/', 'src-2/']);
    await expect(list('*.ts', 'node_modules/p')).resolves.toEqual(['node_modules/p/index.ts']);
    await expect(list('*.rs')).resolves.toEqual(['no file in . fits "*.rs"']);
  });

  test('names links and does not follow them [TOOL-GLOB]', async () => {
    const outside = workspaceOf({ 'secret.ts': '' });
    const root = workspaceOf({ 'a.ts': '' });
    symlinkSync(outside, join(root, 'folder'));
    symlinkSync(root, join(root, 'circle'));
    expect((await globIn(root, { pattern: '**' })).text).toBe('a.ts\ncircle\nfolder');
    await expect(globIn(root, { pattern: '*.ts', path: 'folder' })).resolves.toMatchObject({ isError: true });
    await expect(globIn(root, { pattern: `${outside}/*.ts` })).resolves.toMatchObject({ isError: true });
    await expect(globIn(root, { pattern: '../*' })).resolves.toMatchObject({ isError: true });
  });

  test('gives 1 000 and says that there are more [TOOL-GLOB]', async () => {
    const root = workspaceOf();
    for (let count = 0; count < 1_001; count += 1) writeFileSync(join(root, `f${count}.txt`), '');
    const more = (await globIn(root, { pattern: '*.txt' })).text.split('\n');
    expect(more).toHaveLength(1_001);
    expect(more.at(-1)).toContain('there are more');
    expect((await globIn(root, { pattern: 'f?.txt' })).text.split('\n')).toHaveLength(10);
    expect((await globIn(root, { pattern: 'f{?,??,???}.txt' })).text.split('\n')).toHaveLength(1_000);
  });

  test('is not held up by a thread that never ends [TOOL-GLOB]', async () => {
    const root = workspaceOf({ 'a.txt': `${'a'.repeat(50_000)}!\n` });
    const clock = new FakeClock();
    const task = { kind: 'grep', root, pattern: '(a+)+$', ignoreCase: false, context: 0 } as const;
    const { signal } = new AbortController();
    const ended = searchInThread(task, { lines: () => true, paths: () => {} }, { clock, signal, deadlineMs: 10_000 });
    await clock.advance(10_000);
    await expect(ended).resolves.toEqual({ kind: 'timeout' });
  });
});

const ripgrep = findRipgrep(process.env['PATH'] ?? '');
const ways = [
  { way: 'our own searcher', program: undefined },
  ...(ripgrep === undefined ? [] : [{ way: 'ripgrep', program: ripgrep }]),
];

const grepIn = async (root: string, program: string | undefined, input: Record<string, string | number | boolean>) => {
  const tool = createGrepTool({ access: accessTo([root]), clock: realClock, ripgrep: program });
  const parsed = tool.parse(input);
  return parsed.ok ? tool.run(parsed.input, contextIn(root)) : { text: parsed.message, isError: true };
};

describe.each(ways)('grep with $way', ({ program }) => {
  test('shows path, line number and text in order', async () => {
    const root = workspaceOf(TREE);
    expect((await grepIn(root, program, { pattern: 'one' })).text.split('\n')).toEqual([
      'odd.txt:1:one\uFFFD',
      'src/a.ts:1:export const one = 1;',
      'src/deep/c.ts:1:one',
      'src-2/e.ts:1:one {',
    ]);
    expect((await grepIn(root, program, { pattern: 'nothing' })).text).toBe('no line fits');
  });

  test('shows no file that may not be read by itself, and none through a link', async () => {
    const outside = workspaceOf({ 'secret.txt': 'one outside\n' });
    const root = workspaceOf({ 'a.txt': 'one\n', '.env': 'one=secret\n' });
    symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
    symlinkSync(outside, join(root, 'folder'));
    const access = accessTo([root], { allowed: (path) => path.startsWith(root) && !path.endsWith('.env') });
    const tool = createGrepTool({ access, clock: realClock, ripgrep: program });
    const { text } = await tool.run({ pattern: 'one' }, contextIn(root));
    expect(text).toBe('a.txt:1:one\n[matches in 1 protected or moved files are not shown]');
    await expect(tool.run({ pattern: 'one', path: '.env' }, contextIn(root))).resolves.toMatchObject({ isError: true });
    await expect(tool.run({ pattern: 'one', path: 'folder' }, contextIn(root))).resolves.toMatchObject({
      isError: true,
    });
  });

  test('stops after 500 matches and says so', async () => {
    const root = workspaceOf({ 'a.txt': 'one\n'.repeat(500), 'b.txt': 'one\n'.repeat(501) });
    expect((await grepIn(root, program, { pattern: 'one', path: 'a.txt' })).text.split('\n')).toHaveLength(500);
    const more = (await grepIn(root, program, { pattern: 'one', path: 'b.txt' })).text;
    expect(more).toContain('[stopped after 500 matches');
  });

  test('takes a pattern that looks like an option as a pattern', async () => {
    const root = workspaceOf({ '--pre=x': 'a\n', 'a.txt': '--files here\n' });
    expect((await grepIn(root, program, { pattern: '--files' })).text).toBe('a.txt:1:--files here');
    expect((await grepIn(root, program, { pattern: 'a', path: '--pre=x' })).text).toBe('--pre=x:1:a');
  });

  test('an aborted search is a failure', async () => {
    const root = workspaceOf(TREE);
    const tool = createGrepTool({ access: accessTo([root]), clock: realClock, ripgrep: program });
    const stopping = new AbortController();
    const ended = tool.run({ pattern: 'one' }, contextIn(root, { signal: stopping.signal }));
    stopping.abort();
    await expect(ended).resolves.toMatchObject({ isError: true });
  });
});

describe('grep', () => {
  test('answers the same with ripgrep and without [TOOL-GREP-SAME]', async (context) => {
    context.skip(ripgrep === undefined, 'ripgrep is not installed');
    const root = workspaceOf({
      ...TREE,
      'wide.txt': `${'x'.repeat(900)} one\nshort one\n`,
      'crlf.txt': 'one\r\ntwo\r\n\r\none\r\n',
      'sub/.hidden/deep.md': '# one\n\n\ntwo\nthree one\nfour\n',
      'empty.txt': '',
      'ä.txt': 'one\n',
    });
    mkdirSync(join(root, 'hollow'));
    const asked: Record<string, string | number | boolean>[] = [
      { pattern: 'one' },
      { pattern: 'one', context: 1 },
      { pattern: 'one', context: 3, glob: '*.md' },
      { pattern: 'ONE', ignoreCase: true },
      { pattern: '(?i)ONE', glob: 'src/**' },
      { pattern: '^one$' },
      { pattern: 'one\\s*$' },
      { pattern: 'größe|TODO' },
      { pattern: 'gr.+e"' },
      { pattern: 'const \\w+ = [0-9]+;' },
      { pattern: '\\bone\\b', path: 'src' },
      { pattern: 'one \\{' },
      { pattern: 'one {' },
      { pattern: '\\"|\\=' },
      { pattern: '[\\]{}=]' },
      { pattern: '\\p{Lu}' },
      { pattern: 'o{1,2}n' },
      { pattern: 'x', glob: '*.{ts,TS}' },
      { pattern: 'one', path: 'src/a.ts' },
      { pattern: 'one', path: 'bin.dat' },
      { pattern: 'one', path: 'node_modules' },
      { pattern: '.' },
      { pattern: '^' },
      { pattern: '(' },
      { pattern: 'a(?=b)' },
      { pattern: '(a)\\1' },
      { pattern: 'a\\nb' },
      { pattern: '[[:alpha:]]' },
      { pattern: 'one', path: 'none' },
    ];
    for (const input of asked) {
      const own = await grepIn(root, undefined, input);
      await expect(grepIn(root, ripgrep, input), JSON.stringify(input)).resolves.toEqual(own);
    }
  });

  test('ripgrep is looked for in absolute directories only', () => {
    expect(findRipgrep('bin:./bin:')).toBeUndefined();
    expect(ripgrep === undefined || existsSync(ripgrep)).toBe(true);
  });

  test('an expression is read the same by both, or refused', () => {
    expect(readExpression('a{b}')).toEqual({ pattern: 'a\\{b\\}', ignoreCase: false });
    expect(readExpression('a{2}')).toEqual({ pattern: 'a{2}', ignoreCase: false });
    expect(readExpression('[[a&&b]')).toEqual({ pattern: '[\\[a&b]', ignoreCase: false });
    expect(readExpression('\\u{e9}\\"')).toEqual({ pattern: '\\u{e9}"', ignoreCase: false });
    expect(readExpression('(?<!a)b')).toHaveProperty('problem');
    expect(readExpression('[a')).toHaveProperty('problem');
  });
});
