import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** The record of starts and stops: tells a crash from a stop. */
export interface Boots {
  /** How many of the starts since `sinceMs` did not end with a clean stop. Ask before `begin`. */
  unclean(sinceMs: number): number;
  /** The start before this one. Ask before `begin`. */
  last(): { readonly id: number; readonly safeMode: boolean } | undefined;
  begin(boot: {
    readonly startedAtMs: number;
    readonly pid: number;
    readonly version: string;
    readonly safeMode: boolean;
  }): Promise<number>;
  ready(id: number, nowMs: number): Promise<void>;
  stopped(id: number, nowMs: number, reason: string): Promise<void>;
  /** Starts that ended because the daemon wanted to start itself anew, newest first. */
  restarts(sinceMs: number): readonly { readonly atMs: number; readonly why: string }[];
}

/** The reason of such an end begins with this. */
export const RESTART_MARK = 'restart: ';
const RESTARTS_MAX = 50;

export function openBoots(database: Database, writer: Writer): Boots {
  return {
    unclean: (sinceMs) =>
      database
        .statement('SELECT count(*) AS count FROM boots WHERE stopped_at IS NULL AND started_at >= ?')
        .get<{ count: number }>(sinceMs)?.count ?? 0,
    last() {
      const row = database
        .statement('SELECT id, safe_mode AS safe FROM boots ORDER BY id DESC LIMIT 1')
        .get<{ id: number; safe: number }>();
      return row && { id: row.id, safeMode: row.safe === 1 };
    },
    begin: ({ startedAtMs, pid, version, safeMode }) =>
      writer.write((target) => {
        target
          .statement('INSERT INTO boots (started_at, pid, version, safe_mode) VALUES (?, ?, ?, ?)')
          .run(startedAtMs, pid, version, safeMode ? 1 : 0);
        return target.statement('SELECT max(id) AS id FROM boots').get<{ id: number }>()?.id ?? 0;
      }),
    ready: (id, nowMs) =>
      writer.write((target) => void target.statement('UPDATE boots SET ready_at = ? WHERE id = ?').run(nowMs, id)),
    stopped: (id, nowMs, reason) =>
      writer.write(
        (target) =>
          void target.statement('UPDATE boots SET stopped_at = ?, reason = ? WHERE id = ?').run(nowMs, reason, id),
      ),
    restarts: (sinceMs) =>
      database
        .statement(
          `SELECT stopped_at AS atMs, substr(reason, ${RESTART_MARK.length + 1}) AS why FROM boots
           WHERE stopped_at >= ? AND reason LIKE '${RESTART_MARK}%' ORDER BY id DESC LIMIT ${RESTARTS_MAX}`,
        )
        .all<{ atMs: number; why: string }>(sinceMs),
  };
}
