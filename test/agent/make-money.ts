import { createAsk, type AskPorts } from '../../src/agent/ask.ts';
import type { AskContext } from '../../src/agent/ports.ts';
import { moneyCaps } from '../../src/budget/money.ts';
import { openLatches } from '../../src/ledger/latches.ts';
import { openSpend } from '../../src/ledger/spend.ts';
import { FakeClock } from '../fakes/clock.ts';
import { freshDatabase, recordingLog, steadyRandom, writerOf } from '../ledger/make.ts';
import { modelAt } from './make-model.ts';

export const DAY = '2026-11-02';

interface Given extends Partial<AskPorts> {
  readonly perRunUsd?: number;
  readonly perDayUsd?: number;
}

/** The adapter at a server, a real ledger of money, and a clock that is moved by hand. */
export function askingAt(url: string, { perRunUsd = 1, perDayUsd = 5, ...given }: Given = {}) {
  const opened = freshDatabase();
  const clock = new FakeClock();
  const log = recordingLog();
  const writer = writerOf(opened.database);
  const spend = openSpend(opened.database, writer);
  const latches = openLatches(opened.database, writer);
  const terms = {
    caps: moneyCaps({ perDayUsdMax: perDayUsd, perRunUsdMax: perRunUsd, ownerShare: 0.1 }),
    timeZone: 'UTC',
  };
  const ports: AskPorts = {
    model: modelAt(url, { clock, log }),
    spend: { ...spend, reserve: (draft, nowMs) => spend.reserve(draft, terms, nowMs) },
    latches,
    prices: () => ({ own: {}, cacheTtl: '5m' }),
    fallback: () => undefined,
    purpose: 'turn',
    clock,
    random: steadyRandom,
    log,
    ...given,
  };
  return {
    ask: createAsk(ports),
    ports,
    spend,
    latches,
    clock,
    log,
    database: opened.database,
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

export function context(given: Partial<AskContext> = {}): AskContext {
  return { jobId: 1, sessionId: 1, reactive: true, spentMicroUsd: 0, onDelta: () => {}, ...given };
}
