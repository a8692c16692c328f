import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainLine } from '../../src/subscriptions/plain.ts';
import { parseTemplate, renderTemplate } from '../../src/subscriptions/template.ts';
import { event } from './support.ts';

function render(text: string, payload: unknown): string {
  const template = parseTemplate(text);
  if (typeof template === 'string') throw new Error(template);
  return renderTemplate(template, event('push', null), payload);
}

describe('a template', () => {
  const payload = {
    sha: '0123456789abcdef',
    message: 'First line\nsecond',
    ref: 'refs/heads/main',
    count: 3,
    ok: true,
    none: null,
    object: {},
    labels: [{ name: 'a' }, { name: 'b' }],
    source: 'of the payload',
  };

  test.each([
    ['{sha|short} {message|first-line} {ref|branch} {count} {ok}', '0123456 First line main 3 true'],
    ['{message}', 'First line second'],
    ['{none} {object} {missing.at.all} {action}', '? ? ? ?'],
    ['{labels[].name} and {labels[1].name}', 'a, b and b'],
    ['{source}:{type}', 'github:push'],
    ['{{sha}} is {sha}', '{sha} is 0123456789abcdef'],
    ['two\nlines', 'two\nlines'],
  ])('%j renders as %j [SUB-TEMPLATE]', (text, wanted) => {
    expect(render(text, payload)).toBe(wanted);
  });

  test.each(['{', 'a } b', '{sha', '{}', '{a b}', '{a..b}', '{sha|shout}', '{sha|short|short}'])(
    'a wrong one is explained: %j',
    (text) => {
      expect(typeof parseTemplate(text)).toBe('string');
    },
  );

  test('a value that looks like a template is not one', () => {
    expect(render('{a}', { a: '{b} {{', b: 'secret' })).toBe('{b} {{');
  });

  test('a value is at most 500 characters and the whole at most 4 000', () => {
    expect(render('{a}', { a: 'x'.repeat(10_000) })).toHaveLength(500);
    expect(render('{a}'.repeat(20), { a: 'x'.repeat(10_000) })).toHaveLength(4_000);
    expect(render('{a}', { a: '😀'.repeat(1_000) }).isWellFormed()).toBe(true);
  });

  test('no value brings in a control character, a line end or a mark that turns text round [SUB-TEMPLATE]', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = render('{a|first-line} {a|short} {a|branch} {a} {b[]}', { a: value, b: [value, value] });
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b]/u);
      }),
    );
  });
});

test('a plain line keeps what is harmless as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 50 }), (text) => {
      expect(plainLine(text, 50)).toBe(text.trim());
    }),
  );
  expect(plainLine('Grüße, 世界 👩‍👩‍👧', 50)).toBe('Grüße, 世界 👩‍👩‍👧');
});
