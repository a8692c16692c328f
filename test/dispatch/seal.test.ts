import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/daemon/system.ts';
import { readRedisUrl, sealFor } from '../../src/dispatch/redis-address.ts';
import { createSeal, openSeal } from '../../src/dispatch/seal.ts';

const KEY = 'k'.repeat(32);

describe('a seal', () => {
  test('opens what another process closed with the same key, for the same purpose, and nothing else [SCALE-SEALED]', () => {
    const [mine, theirs, other] = [
      createSeal(KEY, systemRandom),
      createSeal(KEY, systemRandom),
      createSeal('o'.repeat(32), systemRandom),
    ];
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = mine.close('work', value);
        expect(theirs.open('work', text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(theirs.open('completion', text)).toBeUndefined();
        expect(other.open('work', text)).toBeUndefined();
        expect(openSeal.open('work', text)).toBeUndefined();
        expect(theirs.open('work', openSeal.close('work', value))).toBeUndefined();
      }),
    );
  });

  test('is broken by any change of a bit, and says the same thing twice in different words [SCALE-SEALED]', () => {
    const seal = createSeal(KEY, systemRandom);
    const text = seal.close('work', { argv: ['a secret word'] });
    expect(text).not.toContain('secret');
    expect(seal.close('work', { argv: ['a secret word'] })).not.toBe(text);
    const bytes = Buffer.from(text.slice(2), 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(seal.open('work', `s:${changed.toString('base64')}`)).toBeUndefined();
    }
    for (const junk of ['', 's:', 's:AAAA', 'p:work:{', 'x']) expect(seal.open('work', junk)).toBeUndefined();
  });
});

describe('an address', () => {
  test.each([
    ['redis://127.0.0.1:6379', true, false],
    ['redis://localhost', true, false],
    ['redis://[::1]:1/2', true, false],
    ['rediss://user:pass@brain.example:6380/0', false, true],
    ['redis://127.0.0.1.example:6379', false, false],
  ])('%s is read, and shown without its password', (text, loopback, tls) => {
    expect(readRedisUrl(text, 'REDIS_URL')).toMatchObject({ loopback, tls });
    expect(readRedisUrl(text, 'REDIS_URL').shown).not.toContain('pass');
  });

  test.each(['', 'localhost:6379', 'http://127.0.0.1', 'redis://', 'redis://host/some/path'])(
    '%j is refused',
    (text) => {
      expect(() => readRedisUrl(text, '--redis')).toThrow(/--redis/);
    },
  );

  test('of another machine needs a key that is worth the name [SCALE-SEALED]', () => {
    const here = readRedisUrl('redis://127.0.0.1:6379', 'REDIS_URL');
    const there = readRedisUrl('rediss://u:p@brain.example:6380', 'REDIS_URL');
    expect(sealFor(here, undefined, systemRandom)).toBe(openSeal);
    expect(() => sealFor(there, undefined, systemRandom)).toThrow(/KAIROS_WORKER_KEY must be set/);
    expect(() => sealFor(here, 'short', systemRandom)).toThrow(/at least 32 characters, got 5/);
    expect(sealFor(there, KEY, systemRandom).open('work', sealFor(here, KEY, systemRandom).close('work', 1))).toBe(1);
  });
});
