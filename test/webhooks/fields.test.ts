import { describe, expect, test } from 'vitest';
import { deliveryId, fieldOf, headerOf, nameFrom } from '../../src/webhooks/fields.ts';

describe('headerOf', () => {
  test('is the text of a header that came once', () => {
    expect(headerOf({ a: 'x' }, 'a')).toBe('x');
    for (const value of [undefined, '', [], ['x'], ['x', 'y']]) expect(headerOf({ a: value }, 'a')).toBe(undefined);
  });
});

describe('deliveryId', () => {
  test('keeps an ordinary id, and tells odd ones apart by their hash', () => {
    expect(deliveryId('a'.repeat(200))).toBe('a'.repeat(200));
    const odd = ['a'.repeat(201), 'b'.repeat(201), 'with space', 'with\u0000nul', 'é'].map(deliveryId);
    expect(new Set(odd).size).toBe(5);
    for (const id of odd) expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('none is none', () => {
    expect(deliveryId(undefined)).toBe(undefined);
    expect(deliveryId('')).toBe(undefined);
  });
});

describe('nameFrom', () => {
  test.each(['opened', ' opened ', 'Größe ✓', 'a'.repeat(100)])('%j is a name', (name) => {
    expect(nameFrom(name)).toBe(name.trim());
  });

  test.each([7, {}, null, '', '  ', 'a'.repeat(101), 'a\nb', 'a\u202eb', 'a\ud800', 'a\u2028b', 'a\u200bb'])(
    '%j is none',
    (value) => {
      expect(nameFrom(value)).toBe(undefined);
    },
  );
});

describe('fieldOf', () => {
  test('reads own properties only', () => {
    expect(fieldOf({ a: 1 }, 'a')).toBe(1);
    expect(fieldOf(JSON.parse('{"__proto__":7}'), '__proto__')).toBe(7);
    for (const key of ['__proto__', 'constructor', 'toString']) expect(fieldOf({}, key)).toBe(undefined);
    for (const value of [undefined, null, 7, 'text']) expect(fieldOf(value, 'length')).toBe(undefined);
  });
});
