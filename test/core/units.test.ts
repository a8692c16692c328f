import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  durationOption,
  formatDuration,
  formatInstant,
  parseBytes,
  parseDurationMs,
  sizeOption,
} from '../../src/core/units.ts';

describe('durations', () => {
  test.each([
    ['15s', 15_000],
    ['15 m', 900_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['250ms', 250],
    ['250', 250],
    [' 0 ', 0],
  ])('%j is %i milliseconds', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  test.each(['', 's', '-1s', '1w', '1s 2s', '1e3', '0x10', 'Infinity', '１５s', '.5h'])('%j is no duration', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  test.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [90_000, '1m 30s'],
    [3_600_000, '1h'],
    [90_061_000, '1d 1h'],
    [59_999, '1m'],
  ])('%i milliseconds are said as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('a duration of whole seconds below an hour is read back as it was said', () => {
    const second = fc.integer({ min: 1, max: 3_599 });
    fc.assert(
      fc.property(second, (seconds) => {
        const said = formatDuration(seconds * 1_000).split(' ');
        expect(said.reduce((sum, part) => sum + (parseDurationMs(part) ?? Number.NaN), 0)).toBe(seconds * 1_000);
      }),
    );
  });
});

describe('sizes', () => {
  test.each([
    ['25KB', 25_600],
    ['1 MB', 1_048_576],
    ['0.5GB', 536_870_912],
    ['10', 10],
    ['10B', 10],
  ])('%j is %i bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', 'KB', '-1KB', '1kb', '1TB', '1 KB 2'])('%j is no size', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});

describe('instants', () => {
  test('carry the offset of their zone, on both sides of a change of the clock', () => {
    const beforeMs = Date.UTC(2026, 9, 25, 0, 59, 59, 7);
    expect(formatInstant(beforeMs, 'Europe/Berlin')).toBe('2026-10-25T02:59:59.007+02:00');
    expect(formatInstant(beforeMs + 993, 'Europe/Berlin')).toBe('2026-10-25T02:00:00.000+01:00');
  });

  test('are the same moment for whoever reads them', () => {
    const moment = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(moment, fc.constantFrom('UTC', 'America/St_Johns', 'Asia/Kathmandu'), (ms, zone) => {
        expect(Date.parse(formatInstant(ms, zone))).toBe(ms);
      }),
    );
  });
});

describe('options', () => {
  const delay = durationOption(15_000, { minMs: 1_000, maxMs: 60_000 });
  const cap = sizeOption(1_024, { minBytes: 1, maxBytes: 2_048 });

  test('take their default when they are left out', () => {
    expect([delay.parse(undefined), cap.parse(undefined)]).toEqual([15_000, 1_024]);
  });

  test('reach their limits and go no further', () => {
    expect([delay.parse('1s'), delay.parse(60_000), cap.parse('2KB')]).toEqual([1_000, 60_000, 2_048]);
    for (const value of ['999ms', 60_001, '', 'soon']) expect(delay.safeParse(value).success).toBe(false);
    for (const value of [0, '2049', 'much']) expect(cap.safeParse(value).success).toBe(false);
  });

  test('say what was expected and what came', () => {
    expect(delay.safeParse('2h').error?.issues[0]?.message).toBe(
      'must be a duration from 1s to 1m such as 15s, 30m or 24h, got "2h"',
    );
    expect(cap.safeParse('3KB').error?.issues[0]?.message).toBe(
      'must be a size from 1 to 2048 bytes such as 25KB or 64MB, got "3KB"',
    );
  });
});
