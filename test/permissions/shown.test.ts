import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/agent.ts';
import { canonicalJson, hashOf, SHOWN_LENGTH_MAX, showCall } from '../../src/permissions/shown.ts';
import { visible } from '../../src/permissions/visible.ts';

const CALL = { tool: 'shell', input: { command: 'rm -r build' }, cwd: '/work/app' };

describe('the hash of a call', () => {
  test('is the same for the same call however it was written [PERM-BOUND]', () => {
    const one = hashOf({ tool: 'edit', input: { path: 'a', old: 'b', new: { y: [1, 2], x: null } }, cwd: '/w' });
    const other = hashOf({ cwd: '/w', input: { new: { x: null, y: [1, 2] }, old: 'b', path: 'a' }, tool: 'edit' });
    expect(one).toBe(other);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is another one for another tool, input or directory [PERM-BOUND]', () => {
    const others = [
      { ...CALL, tool: 'git' },
      { ...CALL, cwd: '/work/other' },
      { ...CALL, cwd: null },
      { ...CALL, input: { command: 'rm -r build ' } },
      { ...CALL, input: { command: ['rm -r build'] } },
      { ...CALL, input: { command: 'rm -r build', all: true } },
    ];
    expect(new Set([CALL, ...others].map(hashOf)).size).toBe(others.length + 1);
  });

  test('is of JSON that keeps the data, so that no two inputs share it [PERM-BOUND]', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read: unknown = JSON.parse(canonicalJson(value as Json));
        expect(read).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(read as Json)).toBe(canonicalJson(value as Json));
      }),
    );
  });
});

describe('what an approval shows', () => {
  test('is the tool, the place, each field, and the hash [PERM-SHOWN]', () => {
    expect(showCall(CALL)).toBe(`shell in /work/app\ncommand: rm -r build\nsha256 ${hashOf(CALL)}`);
    expect(showCall({ tool: 'ask', input: [1, 'a'], cwd: null })).toMatch(
      /^ask in no workspace\ninput: \[1,"a"\]\nsha256/,
    );
  });

  test.each([
    ['an escape sequence', 'ls \u001b[2K\u001b[1Gecho', 'ls ⟨U+001B⟩[2K⟨U+001B⟩[1Gecho'],
    ['a carriage return', 'rm -rf /\rls', 'rm -rf /⟨U+000D⟩ls'],
    ['right to left', 'cp a\u202egnp.sh', 'cp a⟨U+202E⟩gnp.sh'],
    ['nothing wide', 'l\u200bs\u2060\ufeff', 'l⟨U+200B⟩s⟨U+2060⟩⟨U+FEFF⟩'],
    ['tags', 'a\u{e0041}', 'a⟨U+E0041⟩'],
    ['an odd space', 'a\u00a0b\u3000c', 'a⟨U+00A0⟩b⟨U+3000⟩c'],
    ['half a character', 'a\ud83d', 'a⟨U+D83D⟩'],
    ['a forged escape', '⟨U+0041⟩', '⟨U+27E8⟩U+0041⟨U+27E9⟩'],
    ['letters that look Latin', 'cat раssword', 'cat раssword⟨mixed letters⟩'],
    ['nothing odd', 'Grüße, 日本語, привет – 👍', 'Grüße, 日本語, привет – 👍'],
  ])('writes out %s [PERM-SHOWN]', (_, text, shown) => {
    expect(visible(text, { newlines: false })).toBe(shown);
  });

  test('lets no line of a value look like a field [PERM-SHOWN]', () => {
    const shown = showCall({ ...CALL, input: { command: 'ls\npath: nothing\nsha256 0000' } });
    expect(shown.split('\n').map((line) => line.slice(0, 12))).toEqual([
      'shell in /wo',
      'command: ls',
      '  │ path: no',
      '  │ sha256 0',
      expect.stringMatching(/^sha256 /) as string,
    ]);
  });

  test('counts what it leaves out, and shows the short fields of a long call [PERM-SHOWN]', () => {
    const content = `begin${'x'.repeat(1_000_000)}end`;
    const shown = showCall({ tool: 'write', input: { content, path: '.bashrc' }, cwd: '/work/app' });
    expect(shown.length).toBeLessThanOrEqual(SHOWN_LENGTH_MAX);
    expect(shown).toContain('path: .bashrc\ncontent: beginxxx');
    expect(shown).toMatch(/x ⟨… \d{6} characters are not shown …⟩ x+end\nsha256 [0-9a-f]{64}$/);
  });

  test('is never longer than 2 000 characters and never holds what cannot be seen [PERM-SHOWN]', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3_000 }),
      fc.string({ unit: 'grapheme', maxLength: 500 }),
    );
    const call = fc.record({
      tool: text,
      cwd: fc.option(text),
      input: fc.dictionary(text, fc.oneof(text, fc.integer())),
    });
    fc.assert(
      fc.property(call, (given) => {
        const shown = showCall(given);
        expect(shown.length).toBeLessThanOrEqual(SHOWN_LENGTH_MAX);
        expect(shown).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
        expect(shown.endsWith(hashOf(given))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});
