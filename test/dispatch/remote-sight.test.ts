import { describe, expect, test } from 'vitest';
import { judge, type Standing } from '../../src/dispatch/remote-sight.ts';

const LIMITS = { leaseMs: 30_000, offersMax: 20 };
const FRESH: Standing = {
  heard: false,
  sight: 'unknown',
  begun: false,
  silentMs: 0,
  unservedMs: 0,
  unknownLooks: 0,
  offers: 1,
};
const kindOf = (standing: Partial<Standing>): string => judge({ ...FRESH, ...standing }, LIMITS).kind;

describe('an attempt that is out', () => {
  test('is kept while a worker says that it is at it, whatever Redis knows', () => {
    expect(kindOf({ heard: true, begun: true, silentMs: 1e9, unservedMs: 1e9, unknownLooks: 9 })).toBe('keep');
  });

  test('is lost when its worker was silent for the lease, and not a millisecond before [SCALE-SILENT-WORKER]', () => {
    expect(kindOf({ sight: 'begun', silentMs: 29_999 })).toBe('keep');
    expect(kindOf({ sight: 'begun', silentMs: 30_000 })).toBe('lost');
    expect(kindOf({ begun: true, unknownLooks: 9, silentMs: 29_999 })).toBe('keep');
    expect(kindOf({ begun: true, unknownLooks: 9, silentMs: 30_000 })).toBe('lost');
  });

  test('that Redis lost is offered again at the second look, twenty times at most [SCALE-REDIS-LOST]', () => {
    expect(kindOf({ unknownLooks: 1 })).toBe('keep');
    expect(kindOf({ unknownLooks: 2 })).toBe('offer-again');
    expect(kindOf({ unknownLooks: 2, offers: 19 })).toBe('offer-again');
    expect(kindOf({ unknownLooks: 2, offers: 20 })).toBe('lost');
  });

  test('that nobody has begun goes back when nobody was there for the lease who would', () => {
    expect(kindOf({ sight: 'waiting', unservedMs: 29_999 })).toBe('keep');
    expect(kindOf({ sight: 'waiting', unservedMs: 30_000 })).toBe('put-back');
    expect(kindOf({ sight: 'unknown', unservedMs: 30_000, unknownLooks: 2 })).toBe('put-back');
    // Somebody had it: that is for the lease of the worker.
    expect(kindOf({ begun: true, unservedMs: 30_000, silentMs: 1 })).toBe('keep');
  });
});
