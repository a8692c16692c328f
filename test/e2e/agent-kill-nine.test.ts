import { beforeAll, describe, test } from 'vitest';
import { killAgent } from '../../proof/agent.ts';
import type { Report } from '../../proof/lib/report.ts';
import { expectKept, short } from './kept.ts';

describe('after kill -9 in a stream, in a tool call, while the owner is asked, and anywhere', () => {
  let report: Report;
  beforeAll(async () => {
    report = await killAgent({ ...short(), kills: 4, killMsMax: 700, quietMsMax: 30_000 });
  }, 60_000);

  test('runs go on, and each question has one answer [E2E-KILL-NINE, AGENT-RESUME]', () => {
    expectKept(report, /comes to its end|exactly one answer|no job/);
  });

  test('nothing ran twice, and what was under way is reported as interrupted [E2E-KILL-NINE, AGENT-INTERRUPTED-REPORTED]', () => {
    expectKept(report, /twice|happened|one result|left begun/);
  });

  test('the money covers what the model counted, and no account is open [E2E-KILL-NINE, MONEY-LOST-COUNTED]', () => {
    expectKept(report, /account|charged|cost/);
  });

  test('transcript and ledger hold each item once, and the model is sent the same bytes [E2E-KILL-NINE, SESSION-APPEND-ONLY]', () => {
    expectKept(report, /transcripts|byte for byte|whole/);
  });
});
