import { beforeAll, describe, test } from 'vitest';
import { proveDoors, STALL_CHECK } from '../../proof/doors.ts';
import type { Report } from '../../proof/lib/report.ts';
import { expectKept, short } from './kept.ts';

describe('the doors of the real daemon', () => {
  let report: Report;
  beforeAll(async () => {
    report = await proveDoors(short());
  }, 60_000);

  test('take all 329 recorded GitHub payloads with event and action [WEB-EXAMPLES, WEB-ACCEPTED, WEB-PING]', () => {
    expectKept(report, /recorded|event and action/);
  });

  test('judge the published vectors as their senders do [WEB-VECTORS, WEB-STALE]', () => {
    expectKept(report, /^vector/);
  });

  test('refuse what is not signed without saying why [WEB-401]', () => {
    expectKept(report, /signatures are 401|one reason/);
  });

  test('check in the order of the contract [WEB-CHECK-ORDER, WEB-404, WEB-415]', () => {
    expectKept(report, /before/);
  });

  test('answer a body cut short 400 and keep nothing of it [WEB-400-CUT]', () => {
    expectKept(report, /cut short|left an event/);
  });

  test('take forms, hostile keys, broken text and split characters as they are [WEB-FORM, WEB-RAW-BYTES, WEB-UNPARSABLE]', () => {
    expectKept(report, /__proto__|single bytes|form|unparsable|split|UTF-8/);
  });

  test('take exactly 25 MiB and refuse one byte more, in one piece or in chunks [WEB-413]', () => {
    expectKept(report, /26 214 400|one byte more|in chunks/);
  });

  test('take small deliveries while large ones come in [WEB-LARGE-OFF-LOOP]', () => {
    // How long the loop stands still depends on what else runs here: `npm run proof` judges that.
    expectKept(report, /25 MiB|small ones/, STALL_CHECK);
  });

  test('close a connection that trickles [WEB-SLOW-LORIS]', () => {
    expectKept(report, /trickles/);
  });

  test('know a delivery again after a restart [WEB-DUPLICATE]', () => {
    expectKept(report, /after it/);
  });
});
