import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, judge, rateOf, reservePauseMs, secondsMs } from '../../src/github/pace.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12, 0, 0);

function verdict(status: number, headers: Record<string, string> = {}, message = '') {
  return judge({ status, headers: new Headers(headers), message, wallMs: NOW_MS });
}

describe('what an answer says about asking', () => {
  test('content, nothing new, and what makes no sense', () => {
    expect(verdict(200)).toEqual({ kind: 'fresh' });
    expect(verdict(304)).toEqual({ kind: 'unchanged' });
    expect(verdict(404)).toMatchObject({ kind: 'refused' });
    expect(verdict(403, { 'x-ratelimit-remaining': '17' }, 'Resource not accessible')).toMatchObject({
      kind: 'refused',
    });
    expect(verdict(451)).toMatchObject({ kind: 'refused' });
    expect(verdict(302)).toMatchObject({ kind: 'refused' });
  });

  test('Retry-After comes first, in seconds or as a date, then the reset, then a minute', () => {
    const reset = String(NOW_MS / 1_000 + 300);
    const used = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    expect(verdict(429, { ...used, 'retry-after': '20' })).toMatchObject({ kind: 'pause', delayMs: 20_000 });
    expect(verdict(429, { 'retry-after': new Date(NOW_MS + 45_000).toUTCString() })).toMatchObject({ delayMs: 45_000 });
    expect(verdict(403, used)).toMatchObject({ kind: 'pause', delayMs: 300_000 });
    expect(verdict(403, {}, 'secondary rate limit')).toMatchObject({ kind: 'pause', delayMs: 60_000 });
    expect(verdict(429, { 'retry-after': '999999999' })).toMatchObject({ delayMs: 3_630_000 });
    expect(verdict(503, { 'retry-after': '7' })).toMatchObject({ kind: 'fault', delayMs: 7_000 });
  });

  test('the reset is told by the clock of GitHub: ours may be wrong', () => {
    const headers = new Headers({
      date: new Date(NOW_MS).toUTCString(),
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '250',
      'x-ratelimit-reset': String(NOW_MS / 1_000 + 120),
    });
    for (const offMs of [-86_400_000, 0, 86_400_000])
      expect(rateOf(headers, NOW_MS + offMs)).toEqual({ limit: 5_000, remaining: 250, resetMs: 120_000 });
    expect(reservePauseMs(rateOf(headers, NOW_MS))).toBe(120_000);
    expect(reservePauseMs({ limit: 5_000, remaining: 251, resetMs: 1 })).toBeUndefined();
    expect(reservePauseMs(undefined)).toBeUndefined();
  });

  test('no header makes a pause negative, endless or shorter than a second', () => {
    const header = fc.oneof(fc.string(), fc.integer().map(String), fc.constant(''));
    fc.assert(
      fc.property(fc.constantFrom(403, 429, 500, 503), header, header, header, (status, retry, remaining, reset) => {
        const headers = new Headers();
        const set = (name: string, value: string): void => {
          if (/^[\x20-\x7e]*$/.test(value)) headers.set(name, value);
        };
        set('retry-after', retry);
        set('x-ratelimit-limit', '60');
        set('x-ratelimit-remaining', remaining);
        set('x-ratelimit-reset', reset);
        const said = judge({ status, headers, message: 'rate limit', wallMs: NOW_MS });
        const delayMs = said.kind === 'pause' || said.kind === 'fault' ? said.delayMs : 1_000;
        expect(delayMs).toBeGreaterThanOrEqual(said.kind === 'pause' ? 1_000 : 0);
        expect(delayMs).toBeLessThanOrEqual(3_630_000);
        expect(secondsMs(retry)).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });

  test('backoff doubles up to its limit, with a random half taken off', () => {
    const limits = { firstMs: 1_000, mostMs: 60_000 };
    const at = (failures: number, fraction: number): number =>
      backoffMs(failures, { fraction: () => fraction, bytes: () => new Uint8Array() }, limits);
    expect([1, 2, 3, 7, 1_000].map((failures) => at(failures, 1))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
    expect(at(3, 0)).toBe(2_000);
  });
});
