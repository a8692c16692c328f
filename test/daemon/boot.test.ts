import { describe, expect, test } from 'vitest';
import { beginBoot } from '../../src/daemon/boot.ts';
import { wantsSafeMode } from '../../src/daemon/safe-mode.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { FakeClock } from '../fakes/clock.ts';
import { folder, ledgerIn, recordingLog } from '../ledger/make.ts';

const OPTIONS = { pid: 1, version: '0.1.0', timeZone: 'UTC' };
const told = (ledger: Ledger): number =>
  ledger.events.list({ limit: 50 }).filter(({ type }) => type === 'safe-mode').length;

describe('safe mode', () => {
  test('is for three starts in ten minutes that did not end cleanly [SAFE-MODE-THREE-UNCLEAN]', () => {
    expect([0, 2, 3, 9].map(wantsSafeMode)).toEqual([false, false, true, true]);
  });

  test('begins with the fourth start, is told once, and ends after ten minutes [SAFE-MODE-THREE-UNCLEAN]', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    for (let start = 1; start <= 3; start += 1) {
      expect((await beginBoot(ledger, clock, recordingLog(), OPTIONS)).safeMode).toBe(false);
      clock.jumpWall(60_000);
    }
    const fourth = await beginBoot(ledger, clock, recordingLog(), OPTIONS);
    expect([fourth.safeMode, told(ledger)]).toEqual([true, 1]);
    const fifth = await beginBoot(ledger, clock, recordingLog(), OPTIONS);
    expect([fifth.safeMode, told(ledger)]).toEqual([true, 1]);
    await clock.advance(600_000);
    expect(fifth.safeMode).toBe(false);
  });

  test('is told although the process dies between telling and recording the start [SAFE-MODE-THREE-UNCLEAN]', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    for (let start = 1; start <= 3; start += 1) await beginBoot(ledger, clock, recordingLog(), OPTIONS);
    const dying: Ledger = {
      ...ledger,
      boots: { ...ledger.boots, begin: () => Promise.reject(new Error('killed here')) },
    };
    await expect(beginBoot(dying, clock, recordingLog(), OPTIONS)).rejects.toThrow('killed here');
    await beginBoot(ledger, clock, recordingLog(), OPTIONS);
    expect(told(ledger)).toBe(1);
  });

  test('a disk that is full does not keep it from starting [LEDGER-DISK-FLOOR]', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    for (let start = 1; start <= 3; start += 1) await beginBoot(ledger, clock, recordingLog(), OPTIONS);
    const full: Ledger = {
      ...ledger,
      events: { ...ledger.events, append: () => Promise.reject(new Error('DISK_FULL')) },
    };
    const log = recordingLog();
    expect((await beginBoot(full, clock, log, OPTIONS)).safeMode).toBe(true);
    expect(log.lines.some(({ message }) => message.includes('could not be told'))).toBe(true);
  });

  test('a clean stop does not count', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    for (let start = 1; start <= 5; start += 1) {
      await using boot = await beginBoot(ledger, clock, recordingLog(), OPTIONS);
      expect(boot.safeMode).toBe(false);
    }
  });
});
