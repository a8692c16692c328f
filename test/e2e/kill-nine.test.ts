import { beforeAll, describe, test } from 'vitest';
import { killNine } from '../../proof/kill-nine.ts';
import type { Report } from '../../proof/lib/report.ts';
import { expectKept, short } from './kept.ts';

describe('after kill -9 at random moments under load', () => {
  let report: Report;
  beforeAll(async () => {
    report = await killNine({ ...short(), kills: 6, paceMs: 40, quietMsMax: 30_000 });
  }, 60_000);

  test('every 2xx is one event, and a duplicate from then on [LEDGER-KILL-NINE, LEDGER-COMMIT-BEFORE-ACK, WEB-DUPLICATE]', () => {
    expectKept(report, /2xx|id it has|duplicate|nobody sent/);
  });

  test('every matched job reaches its end [LEDGER-KILL-NINE, DISPATCH-RECOVERY]', () => {
    expectKept(report, /jobs? /);
  });

  test('every message left at least once, never under two keys [OUTBOX-AT-LEAST-ONCE, OUTBOX-ONE-KEY]', () => {
    expectKept(report, /message|key|arrived|coalesced/);
  });

  test('the daily log has each line exactly once [DISPATCH-SETTLE-ONCE, JOURNAL-LINE]', () => {
    expectKept(report, /line/);
  });

  test('the owner is told of safe mode once [SAFE-MODE-THREE-UNCLEAN]', () => {
    expectKept(report, /safe mode/);
  });

  test('the next start takes the home, and the ledger is whole [DAEMON-STALE-HOLDER]', () => {
    expectKept(report, /quiet in the end|whole|API counts/);
  });
});
