import type { ErrorCode, KairosError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Database } from './database.ts';
import { writeMeta } from './meta.ts';
import type { Space } from './space.ts';

/** Whether new events are accepted, and if not, why. */
export type LedgerHealth =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

export interface HealthWatch {
  readonly health: LedgerHealth;
  /** A commit failed. */
  failed(error: KairosError): void;
  /** Looks again, and mends what can be mended. */
  look(): Promise<void>;
}

/**
 * Keeps the doors shut while the disk is full or failing, and opens them again by itself. What is under way goes on as far
 * as the disk lets it: only new events are refused.
 *
 * @param onRepaired Called when the connection was made anew, before anything is accepted over it.
 */
export function watchHealth(database: Database, space: Space, log: Log, onRepaired: () => void): HealthWatch {
  let broken: KairosError | undefined;
  const mend = (): void => {
    try {
      repair(database);
      onRepaired();
      broken = undefined;
      log.info({}, 'ledger writes again');
    } catch (error) {
      log.warn({ error: String(error) }, 'ledger still does not write');
    }
  };
  return {
    get health(): LedgerHealth {
      if (broken !== undefined) return { ok: false, code: 'LEDGER_FAILED', reason: broken.message };
      if (space.low)
        return { ok: false, code: 'DISK_FULL', reason: `only ${Math.floor(space.freeBytes / 1_048_576)} MiB are free` };
      return { ok: true };
    },
    failed(error) {
      if (error.code === 'DISK_FULL') space.full();
      else if (error.code === 'LEDGER_FAILED') broken ??= error;
      log.error({ code: error.code, error: error.message }, 'ledger commit failed');
    },
    async look() {
      await space.look();
      if (broken !== undefined) mend();
    },
  };
}

/**
 * After a failed fsync the kernel may hold pages as clean that never reached the disk. So the connection starts anew, and
 * the whole log is copied and synced into the database, before anything is acknowledged again.
 */
function repair(database: Database): void {
  database.reopen();
  const row = database.statement('PRAGMA wal_checkpoint(TRUNCATE)').get<{ busy: number }>();
  if (row?.busy !== 0) throw new Error('the log could not be copied back');
  database.transaction(() => writeMeta(database, 'probe', 'written'));
}
