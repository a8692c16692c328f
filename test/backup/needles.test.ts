import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNeedles } from '../../src/backup/needles.ts';
import { writingsOf } from '../../src/redact/encodings.ts';

/** Few letters, so that secrets overlap, repeat and begin alike. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 8, maxLength: 12 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '%'), maxLength: 80 });

/** The same, as slowly as it can be said. */
function slowly(secrets: readonly { name: string; value: string }[], bytes: Buffer): object[] {
  const writings = secrets
    .flatMap(({ name, value }) => writingsOf(value).map((one) => ({ name, bytes: Buffer.from(one) })))
    .toSorted((one, other) => other.bytes.length - one.bytes.length);
  const spans: object[] = [];
  for (let at = 0; at < bytes.length;) {
    const found = writings.find((one) => bytes.subarray(at, at + one.bytes.length).equals(one.bytes));
    if (found !== undefined) spans.push({ from: at, to: at + found.bytes.length });
    at += found?.bytes.length ?? 1;
  }
  return spans;
}

describe('looking for secrets', () => {
  test('every writing is found wherever it stands, the longest first, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 4 }),
        fc.array(fc.oneof(text, word), { maxLength: 6 }),
        (words, parts) => {
          const secrets = words.map((value, index) => ({ name: `N${index}`, value }));
          const bytes = Buffer.from(parts.map((part, index) => (index % 2 === 0 ? part : (words[0] ?? part))).join(''));
          const found = createNeedles(secrets).find(bytes);
          expect(found.map(({ from, to }) => ({ from, to }))).toEqual(slowly(secrets, bytes));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('one that stands at the very end is found, one that is cut off is not', () => {
    const needles = createNeedles([{ name: 'KEY', value: 'abcdefgh' }]);
    expect(needles.find(Buffer.from('..abcdefgh'))).toEqual([{ from: 2, to: 10, name: 'KEY', plain: true }]);
    expect(needles.find(Buffer.from('..abcdefg'))).toEqual([]);
    expect(createNeedles([]).find(Buffer.from('abcdefgh'))).toEqual([]);
  });
});
