import { beforeAll, describe, test } from 'vitest';
import { keepLanes, QUICK } from '../../proof/lanes.ts';
import type { Report } from '../../proof/lib/report.ts';
import { expectKept, short } from './kept.ts';

describe('commands that take longer than the budget, in real time', () => {
  let report: Report;
  beforeAll(async () => {
    report = await keepLanes({ ...short(), ...QUICK });
  }, 60_000);

  test('leave the foreground when the budget is used up, and go on [BLOCKING-HAND-OVER]', () => {
    expectKept(report, /begins in front|free when|killed/);
  });

  test('hold up no reply, and give way to work that the owner asks for [BLOCKING-LANES]', () => {
    expectKept(report, /reply|owner can ask|takes the foreground|^at once/);
  });

  test('report their end as an event and in the daily log [BLOCKING-END-IS-AN-EVENT]', () => {
    expectKept(report, /good end|arrives|daily log/);
  });
});
