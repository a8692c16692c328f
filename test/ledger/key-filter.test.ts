import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deliveryKey } from '../../src/ledger/delivery-keys.ts';
import { createKeyFilter } from '../../src/ledger/key-filter.ts';

test('a key that was added is never said to be missing [LEDGER-DUPLICATE]', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { maxLength: 200 }), (keys) => {
      const filter = createKeyFilter();
      for (const key of keys) filter.add(key);
      return keys.every((key) => filter.mayHold(key));
    }),
    { numRuns: 20 },
  );
});

test('of keys that were not added, few are looked for in vain', () => {
  const filter = createKeyFilter();
  for (let index = 0; index < 200_000; index += 1) filter.add(deliveryKey('github', `in-${index}`));
  let vain = 0;
  for (let index = 0; index < 20_000; index += 1) vain += filter.mayHold(deliveryKey('github', `out-${index}`)) ? 1 : 0;
  // By the formula 5 in a million.
  expect(vain).toBeLessThan(20);
});
