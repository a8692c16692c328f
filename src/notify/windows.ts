import type { Clock } from '../core/ports.ts';
import { counts, recallEntry, type Now, type WindowEntry } from '../budget/window.ts';

/** What has taken places in the windows of one gate: of the releases, or of one channel. */
export interface WindowLog {
  /** Entries of a class, but not those of a message that asks for itself. */
  entries(urgent: boolean, exceptId?: number): WindowEntry[];
  /** A message has taken its place now; its earlier one, if any, is given up. */
  note(messageId: number, urgent: boolean): void;
}

/** Keeps both clocks together: what the windows hold is neither lost nor prolonged when somebody sets the wall clock. */
export interface Windows {
  now(): Now;
  /** @param recalled What the ledger knows, in wall time. */
  open(
    recalled: readonly { readonly messageId?: number; readonly urgent: boolean; readonly atMs: number }[],
  ): WindowLog;
  /** By how much the wall clock was moved since the last call; 0 when it was not. The ledger must follow. */
  takeJump(): number;
}

/** Smaller differences are a clock being disciplined, not set. */
const JUMP_MS_MIN = 100;
/** What the ledger remembers is taken as that much younger: smaller differences of the last process were not recorded. */
const RECALL_MARGIN_MS = 1_000;

interface Entry extends WindowEntry {
  readonly messageId: number | undefined;
  readonly urgent: boolean;
}

/** @param keepMs Entries older than this (by both clocks) are forgotten: the longest window. */
export function createWindows(clock: Clock, keepMs: number): Windows {
  const logs: { entries: Entry[] }[] = [];
  let offsetMs = clock.wallMs() - clock.monoMs();
  let jumpMs = 0;

  const now = (): Now => {
    const moment = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
    const movedMs = Math.round(moment.wallMs - moment.monoMs - offsetMs);
    if (Math.abs(movedMs) >= JUMP_MS_MIN) {
      offsetMs += movedMs;
      jumpMs += movedMs;
      for (const log of logs) {
        log.entries = log.entries.map((entry) => ({ ...entry, wallMs: entry.wallMs + movedMs }));
      }
    }
    return moment;
  };

  return {
    now,
    open(recalled) {
      const start = now();
      const log: { entries: Entry[] } = {
        entries: recalled.map(({ messageId, urgent, atMs }) => ({
          messageId,
          urgent,
          ...recallEntry(atMs + RECALL_MARGIN_MS, start),
        })),
      };
      logs.push(log);
      return {
        entries(urgent, exceptId) {
          const moment = now();
          log.entries = log.entries.filter((entry) => counts(entry, keepMs, moment));
          return log.entries.filter(
            (entry) => entry.urgent === urgent && (exceptId === undefined || entry.messageId !== exceptId),
          );
        },
        note(messageId, urgent) {
          const moment = now();
          log.entries = log.entries.filter((entry) => entry.messageId !== messageId);
          log.entries.push({ messageId, urgent, ...moment });
        },
      };
    },
    takeJump() {
      now();
      const taken = jumpMs;
      jumpMs = 0;
      return taken;
    },
  };
}
