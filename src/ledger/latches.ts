import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** A switch that stays as it was set, over restarts. */
export interface Latch {
  readonly setAtMs: number;
  readonly reason: string;
  /** It opens by itself then; null: somebody has to. */
  readonly untilMs: number | null;
}

/** Switches by name: `agent-stopped` (by hand), `model-spend-cap` (the spending limit at the API is reached). */
export interface Latches {
  /** @returns undefined when it is open, or its time is over. */
  get(name: string, nowMs: number): Latch | undefined;
  /** Sets it; one that is set already keeps its time, and takes the new reason and end. */
  set(name: string, given: { readonly reason: string; readonly untilMs: number | null }, nowMs: number): Promise<void>;
  /** @returns whether it was set. */
  clear(name: string): Promise<boolean>;
}

export function openLatches(database: Database, writer: Writer): Latches {
  return {
    get: (name, nowMs) =>
      database
        .statement(
          `SELECT set_at AS setAtMs, reason, until_at AS untilMs FROM latches
           WHERE name = ? AND (until_at IS NULL OR until_at > ?)`,
        )
        .get<Latch>(name, nowMs),
    set: (name, { reason, untilMs }, nowMs) =>
      writer.write((target) => {
        target.statement('DELETE FROM latches WHERE name = ? AND until_at <= ?').run(name, nowMs);
        target
          .statement(
            `INSERT INTO latches (name, set_at, reason, until_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, until_at = excluded.until_at`,
          )
          .run(name, nowMs, reason, untilMs);
      }),
    clear: (name) => writer.write((target) => target.statement('DELETE FROM latches WHERE name = ?').run(name) > 0),
  };
}
