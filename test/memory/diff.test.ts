import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addedLines, unifiedDiff } from '../../src/memory/diff.ts';
import { folder } from '../ledger/make.ts';
import { spentMs } from '../spent.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', '- d {src: s1}', '+', '-'), { maxLength: 25 });
const text = fc
  .tuple(lines, fc.boolean())
  .map(([all, open]) => all.map((line) => `${line}\n`).join('') + (open ? 'end' : ''));

describe('a diff', () => {
  test('is one that git applies, to the byte', () => {
    using home = folder();
    const file = join(home.path, 'f');
    const git = (...argv: string[]): void =>
      void execFileSync('git', argv, { cwd: home.path, env: { PATH: process.env['PATH'], HOME: home.path } });
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after && before !== '' && after !== '');
        writeFileSync(file, before);
        writeFileSync(`${file}.diff`, unifiedDiff('f', before, after));
        git('apply', '--whitespace=nowarn', `${file}.diff`);
        expect(readFileSync(file, 'utf8')).toBe(after);
      }),
      { numRuns: 60 },
    );
  });

  test('of a file that came or went says so, and of the same text is empty', () => {
    expect(unifiedDiff('a.md', 'x\n', 'x\n')).toBe('');
    expect(unifiedDiff('a.md', null, 'x\n')).toBe('--- /dev/null\n+++ b/a.md\n@@ -0,0 +1,1 @@\n+x\n');
    expect(unifiedDiff('a.md', 'x', null)).toBe(
      '--- a/a.md\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n\\ No newline at end of file\n',
    );
  });

  test('of two large files that share nothing is made in no time', () => {
    const large = (word: string): string => Array.from({ length: 9_000 }, (_, index) => `${word}${index}\n`).join('');
    expect(spentMs(() => unifiedDiff('a.md', large('a'), large('b')))).toBeLessThan(1_000);
    expect(unifiedDiff('a.md', large('a'), large('b')).split('\n')).toHaveLength(18_004);
  });

  test('tells the lines that were added', () => {
    expect(addedLines('a\nb\nc\n', 'x\na\nc\ny')).toEqual(['x', 'y\n\\ No newline at end of file']);
  });
});
