import type { Usage } from '../core/agent.ts';
import { localDate, mayReserve, type MoneyCap, type MoneyCaps, type MoneySpent } from '../budget/money.ts';
import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** A request to a model before it is made. Money is in micro-dollars. */
export interface SpendDraft {
  /** The run it counts against; null: only the day. */
  readonly jobId: number | null;
  readonly sessionId: number | null;
  readonly model: string;
  /** `turn`, `classify`, `dream` …: what it was for, whether or not anybody was told anything. */
  readonly purpose: string;
  /** The owner asked. */
  readonly reactive: boolean;
  /** The most it will cost. */
  readonly microUsd: number;
}

/** What it has cost. The first charge of a reservation holds. */
export interface SpendCharge {
  readonly reservationId: number;
  readonly microUsd: number;
  readonly usage: Usage;
  readonly requestId: string | null;
  /** `ok`; `cut`: paid for and broken off; `failed`: refused by the API, which costs nothing. */
  readonly outcome: 'ok' | 'cut' | 'failed';
}

export type Reserved =
  | { readonly kind: 'reserved'; readonly id: number }
  | { readonly kind: 'refused'; readonly cap: MoneyCap; readonly leftMicroUsd: number; readonly spent: MoneySpent };

/** What was spent on one day on one model for one purpose. What is under way counts with what is reserved for it. */
export interface SpendRow {
  /** Local date of the requests. */
  readonly day: string;
  readonly model: string;
  readonly purpose: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
  readonly microUsd: number;
}

export interface SpendTerms {
  readonly caps: MoneyCaps;
  readonly timeZone: string;
}

/** Money: every request to a model has a row before it is made. */
export interface Spend {
  /** Looks and writes in one transaction: however many ask at once, the caps hold. */
  reserve(draft: SpendDraft, terms: SpendTerms, nowMs: number): Promise<Reserved>;
  /** @returns false when it was charged before. */
  charge(charge: SpendCharge, nowMs: number): Promise<boolean>;
  /** At start: what a process that is gone has left open is charged in full, for nobody knows what it cost. @returns how many. */
  closeOpen(nowMs: number): Promise<number>;
  /** Of one run, and of one local day, what is under way included. */
  run(jobId: number): number;
  day(day: string): number;
  /** Reserved by requests that are under way. */
  open(): number;
  /** The newest days that had any requests, each with its models and purposes, dearest first. `before`: only days before this one. */
  days(page: { readonly limit: number; readonly before?: string | undefined }): SpendRow[];
}

/** What a row counts for. */
const COUNTS = 'coalesce(charged_micro_usd, reserved_micro_usd)';

export function openSpend(database: Database, writer: Writer): Spend {
  return {
    reserve: (draft, terms, nowMs) => writer.write((target) => reserve(target, draft, terms, nowMs)),
    charge: (charge, nowMs) => writer.write((target) => chargeWithin(target, charge, nowMs)),
    closeOpen: (nowMs) =>
      writer.write((target) =>
        target
          .statement(
            `UPDATE spend SET charged_micro_usd = reserved_micro_usd, ended_at = ?, outcome = 'lost'
             WHERE charged_micro_usd IS NULL`,
          )
          .run(nowMs),
      ),
    run: (jobId) => sumOfRun(database, jobId),
    day: (day) => sumOfDay(database, day),
    open: () =>
      database
        .statement('SELECT coalesce(sum(reserved_micro_usd), 0) AS sum FROM spend WHERE charged_micro_usd IS NULL')
        .get<{ sum: number }>()?.sum ?? 0,
    days: (page) => days(database, page),
  };
}

/** Inside a transaction: the charge is recorded with what was paid for. @returns false when it was charged before. */
export function chargeWithin(database: Database, charge: SpendCharge, nowMs: number): boolean {
  const { inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens } = charge.usage;
  const changed = database
    .statement(
      `UPDATE spend SET charged_micro_usd = ?, input_tokens = ?, output_tokens = ?, cache_write_tokens = ?,
         cache_read_tokens = ?, request_id = ?, outcome = ?, ended_at = ?
       WHERE id = ? AND charged_micro_usd IS NULL`,
    )
    .run(
      charge.microUsd,
      inputTokens,
      outputTokens,
      cacheWriteTokens,
      cacheReadTokens,
      charge.requestId,
      charge.outcome,
      nowMs,
      charge.reservationId,
    );
  return changed > 0;
}

/** Inside a transaction: removes what was charged before then. The newest row stays: its number must not be given out again. */
export function pruneSpend(database: Database, beforeMs: number, limit: number): number {
  return database
    .statement(
      `DELETE FROM spend WHERE id IN (SELECT id FROM (SELECT id, at, charged_micro_usd FROM spend ORDER BY id LIMIT ?)
       WHERE at < ? AND charged_micro_usd IS NOT NULL AND id < (SELECT max(id) FROM spend))`,
    )
    .run(limit, beforeMs);
}

function reserve(database: Database, draft: SpendDraft, { caps, timeZone }: SpendTerms, nowMs: number): Reserved {
  const day = localDate(nowMs, timeZone);
  const spent = {
    runMicroUsd: draft.jobId === null ? 0 : sumOfRun(database, draft.jobId),
    dayMicroUsd: sumOfDay(database, day),
  };
  const verdict = mayReserve(draft, spent, caps);
  if (verdict.kind === 'no') return { kind: 'refused', cap: verdict.cap, leftMicroUsd: verdict.leftMicroUsd, spent };
  const { jobId, sessionId, model, purpose, reactive, microUsd } = draft;
  const row = database
    .statement(
      `INSERT INTO spend (at, day, job_id, session_id, model, purpose, reactive, reserved_micro_usd)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    )
    .get<{ id: number }>(nowMs, day, jobId, sessionId, model, purpose, Number(reactive), microUsd);
  return { kind: 'reserved', id: row?.id ?? 0 };
}

function sumOfRun(database: Database, jobId: number): number {
  const row = database
    .statement(`SELECT coalesce(sum(${COUNTS}), 0) AS sum FROM spend WHERE job_id = ?`)
    .get<{ sum: number }>(jobId);
  return row?.sum ?? 0;
}

function sumOfDay(database: Database, day: string): number {
  const row = database
    .statement(`SELECT coalesce(sum(${COUNTS}), 0) AS sum FROM spend WHERE day = ?`)
    .get<{ sum: number }>(day);
  return row?.sum ?? 0;
}

function days(database: Database, { limit, before }: Parameters<Spend['days']>[0]): SpendRow[] {
  return database
    .statement(
      `SELECT day, model, purpose, count(*) AS requests, sum(${COUNTS}) AS microUsd,
              coalesce(sum(input_tokens), 0) AS inputTokens, coalesce(sum(output_tokens), 0) AS outputTokens,
              coalesce(sum(cache_write_tokens), 0) AS cacheWriteTokens, coalesce(sum(cache_read_tokens), 0) AS cacheReadTokens
       FROM spend WHERE day IN (SELECT DISTINCT day FROM spend WHERE day < ? ORDER BY day DESC LIMIT ?)
       GROUP BY day, model, purpose ORDER BY day DESC, microUsd DESC, model, purpose`,
    )
    .all<SpendRow>(before ?? '9999', limit);
}
