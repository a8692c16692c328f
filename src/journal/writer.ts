import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log, type Redact } from '../core/ports.ts';
import { appendToDay } from './day.ts';
import { localTime, renderLine, type JournalLine } from './line.ts';
import { APPEND_BYTES_MAX } from './tail.ts';

/** Where the lines wait. They are kept until `written` has said that they are in their file. */
export interface JournalStore {
  /** The oldest lines that are not written yet, in order of their id. */
  pending(limitCount: number): readonly JournalLine[];
  /** All lines up to this id are on the disk. */
  written(throughId: number): Promise<void>;
}

export interface JournalPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: Redact;
}

export interface JournalOptions {
  readonly home: string;
  /** IANA name; decides which day a line belongs to and the time it shows. */
  readonly timeZone: string;
  /** Size of a day's main file; default 1 MiB (1 048 576). */
  readonly maxBytes?: number;
  /** Pause after an append, so that a busy minute is a few flushes and not thousands; default 250. */
  readonly paceMs?: number;
}

const BATCH_COUNT = 500;
/** Without a wake the store is looked at this often. */
const IDLE_MS = 30_000;
const RETRY_MS = 5_000;
/** A stop writes at most this many appends (about 640 KiB); the next start writes the rest. */
const FINAL_RUNS_MAX = 20;

/**
 * Writes the daily log: takes the pending lines from the store, appends each to the file of the day it happened on
 * (`logs/YYYY/MM/YYYY-MM-DD.md`), flushes, then marks them written. Call `wake()` when there are new lines.
 *
 * Nothing is lost and nothing doubled: after a start or a failure the end of the file is compared with what is pending
 * (`countPresent`). A disk error is logged as a warning and tried again every 5 s. Disposing writes what is pending once more.
 */
export function startJournal(store: JournalStore, ports: JournalPorts, options: JournalOptions): Loop {
  const writer = createWriter(store, ports, options);
  const { clock, log } = ports;
  const step = async (signal: AbortSignal): Promise<number> => {
    try {
      if (!(await writer.writeSome())) return IDLE_MS;
      await clock.sleep(options.paceMs ?? 250, signal);
      return 0;
    } catch (error) {
      log.warn({ error: messageOf(error), retryMs: RETRY_MS }, 'daily log not written, trying again');
      // Slept here and not by the loop: a wake must not turn a full disk into a busy loop.
      await clock.sleep(RETRY_MS, signal);
      return 0;
    }
  };
  const loop = startLoop({ name: 'journal', clock, log, step });
  return {
    wake: () => loop.wake(),
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      try {
        for (let runs = 0; runs < FINAL_RUNS_MAX && (await writer.writeSome()); runs += 1);
      } catch (error) {
        // Kept in the store: the next start writes them.
        log.warn({ error: messageOf(error) }, 'daily log not finished on stop');
      }
    },
  };
}

function createWriter(store: JournalStore, ports: JournalPorts, options: JournalOptions) {
  const { home, timeZone, maxBytes = 1_048_576 } = options;
  // A crash may have come between append and mark: the first append compares.
  let inDoubt = true;
  return {
    /** Appends and marks the next lines that belong into one file. @returns Whether there were any. */
    async writeSome(): Promise<boolean> {
      const run = nextRun(store.pending(BATCH_COUNT), timeZone, ports.redact);
      if (run === undefined) return false;
      const doubt = inDoubt;
      inDoubt = true;
      await appendToDay({ home, date: run.date, lines: run.lines, inDoubt: doubt, maxBytes });
      reached('journal.appended');
      await store.written(run.throughId);
      inDoubt = false;
      return true;
    },
  };
}

/** The longest beginning of the pending lines that goes into one file and into one append. */
function nextRun(pending: readonly JournalLine[], timeZone: string, redact: Redact) {
  const first = pending[0];
  if (first === undefined) return undefined;
  const { date } = localTime(first.atMs, timeZone);
  const lines: string[] = [];
  let bytes = 0;
  let throughId = first.id;
  for (const line of pending) {
    const text = renderLine(line, timeZone, redact);
    bytes += Buffer.byteLength(text) + 1;
    if (lines.length > 0 && (bytes > APPEND_BYTES_MAX || localTime(line.atMs, timeZone).date !== date)) break;
    lines.push(text);
    throughId = line.id;
  }
  return { date, lines, throughId };
}
