import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatId, parseId } from '../../src/core/units.ts';

test('an id read back is the row it was made from', () => {
  fc.assert(
    fc.property(fc.constantFrom('e', 'j', 'm'), fc.integer({ min: 1, max: 999_999_999_999_999 }), (letter, row) => {
      expect(parseId(letter, formatId(letter, row))).toBe(row);
    }),
  );
});

test.each(['', 'e', '12', 'j12', 'e0', 'e012', 'e-1', 'e1.5', ' e1', 'e1\n', 'E1', 'e1234567890123456', '__proto__'])(
  'the text %j is not the id of an event',
  (text) => {
    expect(() => parseId('e', text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  },
);

test('the complaint about an id shows at most forty characters of it', () => {
  expect(() => parseId('e', 'x'.repeat(1_000))).toThrow(/^expected an id such as e12, got "x{40}"$/);
});
