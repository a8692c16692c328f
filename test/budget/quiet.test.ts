import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quietEndMs } from '../../src/budget/quiet.ts';

const NIGHT = { from: '22:00', to: '07:00' };
const ZONE = 'Europe/Berlin';
const at = (local: string): number => Temporal.ZonedDateTime.from(`${local}[${ZONE}]`).epochMilliseconds;
const end = (local: string, hours = NIGHT): number | undefined => quietEndMs(hours, ZONE, at(local));

describe('quiet hours', () => {
  test('span midnight, begin included, end excluded [WINDOW-QUIET-HOURS]', () => {
    expect(end('2026-11-02T21:59:59.999')).toBeUndefined();
    expect(end('2026-11-02T22:00')).toBe(at('2026-11-03T07:00'));
    expect(end('2026-11-03T06:59')).toBe(at('2026-11-03T07:00'));
    expect(end('2026-11-03T07:00')).toBeUndefined();
  });

  test('lie within a day when they begin before they end', () => {
    const lunch = { from: '12:00', to: '13:30' };
    expect(end('2026-11-02T12:15', lunch)).toBe(at('2026-11-02T13:30'));
    expect(end('2026-11-02T22:15', lunch)).toBeUndefined();
  });

  test('are an hour shorter in the night of spring and an hour longer in that of autumn', () => {
    expect((end('2026-03-28T22:00') ?? 0) - at('2026-03-28T22:00')).toBe(8 * 3_600_000);
    expect((end('2026-10-24T22:00') ?? 0) - at('2026-10-24T22:00')).toBe(10 * 3_600_000);
  });

  test('that end inside the gap of spring end after it; in the repeated hour, at its first pass', () => {
    const early = { from: '22:00', to: '02:30' };
    expect(end('2026-03-29T01:30', early)).toBe(at('2026-03-29T03:30'));
    expect(end('2026-10-25T01:30', early)).toBe(at('2026-10-25T02:30:00+02:00'));
  });

  test('never end in the past, and are over at their end', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    );
    const time = fc
      .integer({ min: 0, max: 1_439 })
      .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);
    fc.assert(
      fc.property(
        zones,
        time,
        time,
        fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
        (zone, from, to, nowMs) => {
          fc.pre(from !== to);
          const endMs = quietEndMs({ from, to }, zone, nowMs);
          if (endMs === undefined) return;
          expect(endMs).toBeGreaterThan(nowMs);
          expect(endMs - nowMs).toBeLessThanOrEqual(25 * 3_600_000);
          expect(quietEndMs({ from, to }, zone, endMs)).toBeUndefined();
        },
      ),
    );
  });

  test('are off by default', () => {
    expect(quietEndMs(undefined, ZONE, at('2026-11-02T23:00'))).toBeUndefined();
  });
});
