import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob } from '../../src/subscriptions/glob.ts';

test.each([
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['a*c', 'abbc', true],
  ['a*c', 'abbd', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['**a**', 'bab', true],
  ['*ab', 'aab', true],
  ['a.c', 'abc', false],
  ['[a]', 'a', false],
])('%j over %j: %s', (pattern, text, wanted) => {
  expect(matchesGlob(pattern, text)).toBe(wanted);
});

test('it agrees with the same pattern as a regular expression', () => {
  const piece = fc.constantFrom('a', 'b', '*', '?', '.');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 12 }),
      (glob, text) => {
        const source = glob
          .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace('.', '\\.')))
          .join('');
        expect(matchesGlob(glob.join(''), text.join(''))).toBe(new RegExp(`^${source}$`, 's').test(text.join('')));
      },
    ),
  );
});

test('twice the text takes at most about twice the steps', () => {
  const steps = (pattern: string, length: number): number => {
    let count = 0;
    matchesGlob(pattern, {
      length,
      charCodeAt: () => {
        count += 1;
        return 97;
      },
    });
    return count;
  };
  for (const pattern of ['*a*a*a*a*a*b', 'a*a*a*a*a*a*a*a*c', '*aaaaaaaaaaaaaaab', '?*?*?*b']) {
    expect(steps(pattern, 20_000)).toBeLessThanOrEqual(2.2 * steps(pattern, 10_000));
    expect(steps(pattern, 20_000)).toBeLessThanOrEqual(pattern.length * 20_000);
  }
});
