import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, firstShut, gatesOf, notInFuture, type GateFacts } from '../../src/dream/gates.ts';
import { dreamOptions } from '../../src/dream/options.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 2, 3, 0, 0);
const options = dreamOptions.parse({});

/** All gates open. */
const open: GateFacts = {
  nowMs: NOW,
  lastSuccessAtMs: NOW - 48 * HOUR,
  lastScanAtMs: NOW - HOUR,
  failures: 0,
  lastFailureAtMs: null,
  idleSinceMs: NOW - HOUR,
  inNightWindow: false,
  sessionsEnded: 9,
  lock: 'free',
};
/** Before the files were looked through. */
const unseen = { sessionsEnded: undefined, lock: undefined };

describe('the gates of a dream', () => {
  test.each<[string, Partial<GateFacts>, string | undefined]>([
    ['all open', {}, undefined],
    ['never dreamed', { lastSuccessAtMs: null, lastScanAtMs: null }, undefined],
    ['23 h 59 min after the last', { lastSuccessAtMs: NOW - 24 * HOUR + MINUTE }, 'time'],
    ['24 h after it', { lastSuccessAtMs: NOW - 24 * HOUR }, undefined],
    ['4 sessions', { sessionsEnded: 4 }, 'sessions'],
    ['5 sessions', { sessionsEnded: 5 }, undefined],
    ['looked through 9 min ago', { ...unseen, lastScanAtMs: NOW - 10 * MINUTE + 1 }, 'scan'],
    ['looked through 10 min ago', { ...unseen, lastScanAtMs: NOW - 10 * MINUTE }, 'sessions'],
    ['lock held', { lock: { heldBy: 'pid 7' } }, 'lock'],
    ['foreground at work', { idleSinceMs: null }, 'idle'],
    ['foreground idle for 29 min', { idleSinceMs: NOW - 30 * MINUTE + 1 }, 'idle'],
    ['foreground idle for 30 min', { idleSinceMs: NOW - 30 * MINUTE }, undefined],
    ['at work in the window of the night', { idleSinceMs: null, inNightWindow: true }, undefined],
    ['59 min after a failure', { failures: 1, lastFailureAtMs: NOW - HOUR + MINUTE }, 'backoff'],
    ['an hour after a failure', { failures: 1, lastFailureAtMs: NOW - HOUR }, undefined],
    ['an hour after the second', { failures: 2, lastFailureAtMs: NOW - HOUR }, 'backoff'],
    ['a year after the third', { failures: 3, lastFailureAtMs: NOW - 8_760 * HOUR }, 'backoff'],
    ['the clock set back by a year', { lastSuccessAtMs: NOW + 8_760 * HOUR }, 'time'],
  ])('%s: %o is shut by %s [DREAM-GATES]', (_what, facts, expected) => {
    expect(firstShut(gatesOf({ ...open, ...facts }, options, false))?.name).toBe(expected);
  });

  test('are looked at cheapest first, and none behind the one that is shut', () => {
    const gates = gatesOf({ ...open, ...unseen, lastSuccessAtMs: NOW - HOUR }, options, false);
    expect(gates.map(({ name }) => name)).toEqual(['enabled', 'time', 'backoff', 'idle', 'scan', 'sessions', 'lock']);
    expect(gates.map((gate) => gate.open)).toEqual([true, false, null, null, null, null, null]);
    expect(gates[1]).toMatchObject({ reason: 'the last dream was 1h ago, 1d are needed', untilMs: NOW + 23 * HOUR });
  });

  test('asked for by hand only the switch and the lock count', () => {
    const shut = {
      ...open,
      lastSuccessAtMs: NOW,
      failures: 9,
      lastFailureAtMs: NOW,
      idleSinceMs: null,
      sessionsEnded: 0,
    };
    expect(firstShut(gatesOf(shut, options, true))).toBeUndefined();
    expect(firstShut(gatesOf({ ...shut, lock: { heldBy: 'x' } }, options, true))?.name).toBe('lock');
    expect(firstShut(gatesOf(shut, { ...options, enabled: false }, true))?.name).toBe('enabled');
  });

  test('a clock that is set back makes the wait begin anew, once, and never longer [DREAM-GATES]', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e11, max: 1e11 }), fc.integer({ min: 0, max: 1e9 }), (jumpMs, passedMs) => {
        const memory = {
          lastSuccessAtMs: NOW + jumpMs,
          lastScanAtMs: NOW + jumpMs,
          failures: 0,
          lastFailureAtMs: null,
        };
        const held = notInFuture(memory, NOW);
        const later = { ...open, ...held, nowMs: NOW + passedMs, idleSinceMs: NOW - HOUR };
        const gate = firstShut(gatesOf(later, options, false));
        // Whatever the clock was: a day later it is open.
        return (gate === undefined || passedMs < 24 * HOUR) && (gate?.untilMs ?? 0) <= NOW + 24 * HOUR;
      }),
    );
  });

  test('after failures the next try comes later and later, and after three none by itself [DREAM-NO-RETRY-STORM]', () => {
    expect([0, 1, 2, 3, 4].map((failures) => backoffMs(failures) / HOUR)).toEqual([0, 1, 2, Infinity, Infinity]);
  });
});

describe('the options of dreams', () => {
  test('have the defaults of the public surface', () => {
    expect(
      dreamOptions.parse({ minHours: 24, minSessions: 5, maxLines: 200, maxBytes: '25KB', shrinkCap: 0.5 }),
    ).toEqual(options);
    expect(options).toMatchObject({
      enabled: true,
      minMs: 24 * HOUR,
      sessionsMin: 5,
      limits: { linesMax: 200, bytesMax: 25_600 },
      shrinkCap: 0.5,
      idleMs: 30 * MINUTE,
      model: 'auto',
    });
  });

  test.each([{ minHours: -1 }, { shrinkCap: 1.1 }, { maxBytes: '9TB' }, { unknown: 1 }])('refuse %o', (given) => {
    expect(dreamOptions.safeParse(given).success).toBe(false);
  });
});
