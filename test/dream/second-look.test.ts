import { describe, expect, test } from 'vitest';
import { entryOf, type Entry } from '../../src/dream/board.ts';
import { bundlesOf, heed } from '../../src/dream/second-look.ts';

function entry(text: string, more: Partial<Entry> = {}): Entry {
  return entryOf({ text, src: ['s1'], since: '2026-10-01', seen: '2026-10-01', fixed: false, outside: false, ...more });
}

const known = { topic: 'servers', id: '0123456789ab', bytes: 40, owners: false };

describe('a second look by a model', () => {
  test('is for new facts beside what they may be about, never for the owner’s own words', () => {
    const fresh = entry('The billing service has a staging database on atlas');
    const near = entry('Staging database of the billing service moved to hera', { bullet: known });
    const owners = entry('The billing service has no staging database', { fixed: true });
    const other = entry('I like green tea');
    const bundles = bundlesOf([owners, near, fresh, other]);
    expect(bundles).toHaveLength(1);
    expect(bundles[0]?.group).toMatchObject({
      topic: 'servers',
      facts: [
        { id: 'f1', text: fresh.text },
        { id: 'f2', text: near.text },
      ],
    });
    expect(bundlesOf([near, other])).toEqual([]);
  });

  const [one, two, three, four] = [
    'The nightly backup goes to the bucket vault on port 9000',
    'Our nightly backup goes to the vault bucket',
    'The nightly backup is kept for thirty days',
    'I like green tea',
  ].map((text) => entry(text)) as [Entry, Entry, Entry, Entry];
  const entries = new Map([
    ['f1', one],
    ['f2', two],
    ['f3', three],
    ['f4', four],
  ]);
  const bundle = { group: { topic: '', facts: [] }, entries };

  test('lets a fact leave only when nothing in it is lost, and says who has its place', () => {
    heed(bundle, { same: [{ keep: 'f1', drop: ['f2', 'f3', 'f4'] }], overtaken: [{ old: 'f4', by: 'f1' }] });
    expect([...entries.values()].map(({ gone }) => gone?.weight)).toEqual([
      undefined,
      'repeated',
      undefined,
      undefined,
    ]);
    expect(two.gone?.by).toBe(one);
    heed(bundle, { same: [], overtaken: [{ old: 'f3', by: 'f1' }] });
    expect(three.gone?.weight).toBe('overtaken');
  });
});
