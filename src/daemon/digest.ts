import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { reached, type Clock, type Redact } from '../core/ports.ts';
import { renderDigest } from '../journal/digest.ts';
import { digestFacts, type DigestFacts } from '../journal/digest-facts.ts';
import { writeDigest } from '../journal/digest-file.ts';
import { digestText } from '../journal/digest-text.ts';
import { digestDay, localDay, type LocalDay } from '../journal/local-day.ts';
import { readDay } from '../ledger/digest-rows.ts';
import { openSnapshot, type Snapshot } from '../ledger/reading.ts';

/** Digests of a home: read from its ledger over a connection of their own, beside the daemon or without one. */
export interface Digests {
  /**
   * The facts of a day as of now.
   *
   * @param word A date, `today` or `yesterday`.
   * @throws {KairosError} `INPUT_INVALID`, `HOME_UNUSABLE` when there is no ledger, `LEDGER_FAILED`.
   */
  facts(word: string, signal: AbortSignal): Promise<DigestFacts>;
  /** Writes the file of a day; returns the short text for the owner. @param word As for `digestDay`. */
  write(
    word: string,
    askedAtMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly date: string; readonly text: string }>;
  /** Today so far, short. */
  today(signal: AbortSignal): Promise<string>;
}

export interface DigestsOptions {
  readonly home: string;
  readonly timeZone: string;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  readonly redact: Redact;
}

export function createDigests(options: DigestsOptions): Digests {
  const { home, timeZone, clock } = options;
  const facts = async (word: string, signal: AbortSignal): Promise<DigestFacts> => {
    const nowMs = clock.wallMs();
    const day = localDay(word, nowMs, timeZone);
    using snapshot = openLedgerSnapshot(home);
    return await read(snapshot, { day, asOfMs: nowMs, signal }, options);
  };
  return {
    facts,
    today: async (signal) => digestText(await facts('today', signal)),
    async write(word, askedAtMs, signal) {
      const day = digestDay(word, askedAtMs, timeZone);
      const today = localDay('today', askedAtMs, timeZone);
      using snapshot = openLedgerSnapshot(home);
      const found = await read(snapshot, { day, asOfMs: askedAtMs, signal }, options);
      const since =
        day.toMs === today.fromMs
          ? await read(snapshot, { day: today, asOfMs: askedAtMs, signal }, options)
          : undefined;
      await writeDigest(home, day.date, renderDigest(found));
      reached('digest.written');
      return { date: day.date, text: digestText(found, since) };
    },
  };
}

function openLedgerSnapshot(home: string): Snapshot {
  const path = join(home, 'ledger.db');
  if (!existsSync(path)) {
    const hint = '`kairos start` runs one; --home or KAIROS_HOME names another home.';
    throw new KairosError('HOME_UNUSABLE', `there is no ledger in ${home}: no daemon has run there yet`, { hint });
  }
  return openSnapshot(path);
}

interface Question {
  readonly day: LocalDay;
  /** Nothing later is counted. */
  readonly asOfMs: number;
  readonly signal: AbortSignal;
}

async function read(snapshot: Snapshot, question: Question, { clock, redact }: DigestsOptions): Promise<DigestFacts> {
  const { day, asOfMs, signal } = question;
  const span = { fromMs: day.fromMs, toMs: Math.max(day.fromMs, Math.min(day.toMs, asOfMs)) };
  const rows = await readDay(snapshot, span, { clock, signal, pause: nextTurn });
  return digestFacts(rows, day, asOfMs, redact);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
