import type { JobDraft } from '../../src/core/job.ts';
import type { Log } from '../../src/core/ports.ts';
import { retentionOptions } from '../../src/ledger/retention.ts';
import type { LedgerOptions } from '../../src/ledger/ledger.ts';

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

export function ledgerOptions(home: string): LedgerOptions {
  return {
    home,
    platform: process.platform,
    retention: retentionOptions.parse(undefined),
    messageTtlMs: () => 43_200_000,
  };
}

/** The job that goes with an event; its text names the delivery. */
export function jobOf(delivery: string): JobDraft {
  return {
    kind: 'log',
    origin: 'proof',
    reactive: false,
    topic: delivery,
    text: delivery,
    urgent: false,
    mayCoalesce: false,
  };
}
