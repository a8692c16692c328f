import { beforeAll, describe, test } from 'vitest';
import type { Report } from '../../proof/lib/report.ts';
import { stayQuiet } from '../../proof/quiet.ts';
import { expectKept, short } from './kept.ts';

describe('a storm of alerts over a stop and a kill -9', () => {
  let report: Report;
  beforeAll(async () => {
    // The long run proves the default windows; here the first one is shorter, so that both are reached.
    const windows = [
      { perMs: 2_000, max: 2 },
      { perMs: 3_600_000, max: 6 },
    ];
    report = await stayQuiet({ ...short(), alerts: 90, spanMs: 5_000, watchMs: 9_000, windows });
  }, 60_000);

  test('never overfills a window by the receiver’s own clock [WINDOW-TWO-PER-15S, WINDOW-SIX-PER-HOUR]', () => {
    expectKept(report, /hold more than/);
  });

  test('loses no alert: each is in a message that left or says why it waits [WINDOW-NOTHING-VANISHES, WINDOW-COALESCE]', () => {
    expectKept(report, /alert|coalesced|waits|same messages/);
  });

  test('holds up no reply [WINDOW-REACTIVE, HTTP-SAY]', () => {
    expectKept(report, /reply/);
  });
});
