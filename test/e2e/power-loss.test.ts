import { test } from 'vitest';
import { losePower } from '../../proof/power-loss.ts';
import { expectKept, short } from './kept.ts';

test('no power loss at any write or flush loses an acknowledged event, and the control does [LEDGER-POWER-LOSS, LEDGER-COMMIT-BEFORE-ACK]', async (context) => {
  const report = await losePower({
    ...short(),
    openings: 2,
    events: 30,
    bodyBytes: 300,
    momentsMax: 40,
    control: true,
  });
  context.skip(report.skipped !== undefined, report.skipped ?? '');
  expectKept(report, /./);
}, 60_000);
