import { beforeAll, describe, test } from 'vitest';
import type { Report } from '../../proof/lib/report.ts';
import { proveWeek } from '../../proof/week.ts';
import { fastDisk } from '../fast-disk.ts';
import { expectKept, short } from './kept.ts';

describe('a simulated week of 5 000 events, 20 schedules, three sleeps, a change of the clocks and two crashes', () => {
  let report: Report;
  beforeAll(async () => {
    report = await proveWeek({ ...short(), under: fastDisk() });
  }, 150_000);

  test('loses and doubles no event, and answers what is true [WEEK-NOTHING-VANISHES]', () => {
    expectKept(report, /crashes|deliveries|others|answer|twice|sleep|whole/);
  });

  test('runs every slot once or shows it as missed [WEEK-SLOTS]', () => {
    expectKept(report, /slot|every run|record of a run/);
  });

  test('accounts for every message, and leaves none behind [WEEK-NOTHING-VANISHES]', () => {
    expectKept(report, /alert|left over|over$|says why|channel|received|coalesced|joined|went wrong/);
  });

  test('overfills no window by the receiver’s clock [WEEK-WINDOWS]', () => {
    expectKept(report, /hold/);
  });

  test('has a daily log that agrees with the ledger to the last line [WEEK-LOG-AND-DIGEST]', () => {
    expectKept(report, /log|is there$/);
  });

  test('has digests whose figures are a recount of the ledger [WEEK-LOG-AND-DIGEST]', () => {
    expectKept(report, /digest|file of every day/);
  });
});
