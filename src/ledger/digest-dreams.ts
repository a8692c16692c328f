import { idRange, scan, type Pace, type Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';

/** What is told of one dream; its report as far as it was kept. */
export interface ToldDream {
  readonly id: number;
  readonly outcome: string;
  readonly reason: string;
  /** null: no file was changed. */
  readonly generation: number | null;
  /** null: it did not come to its end. */
  readonly report: {
    readonly added: readonly { readonly topic: string; readonly text: string }[];
    readonly merged: readonly { readonly topic: string; readonly text: string; readonly was: readonly string[] }[];
    readonly superseded: readonly { readonly topic: string; readonly old: string; readonly new: string }[];
    readonly conflicts: readonly {
      readonly topic: string;
      readonly yours: string;
      readonly text: string;
      readonly src: readonly string[];
      readonly since?: string | undefined;
    }[];
    readonly held: readonly { readonly topic: string; readonly reason: string }[];
    readonly counts: { readonly changes: number; readonly rejected: number };
  } | null;
}

/** A dream a day is the rule; by hand there may be more. */
const DREAMS_MAX = 20;

/**
 * The dreams that ended that day, oldest first, and what their questions to the model cost.
 *
 * @returns null in a ledger that knows no dreams yet.
 */
export async function dreamRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const table = rows
    .statement("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name = 'dreams'")
    .get<{ count: number }>();
  if (table?.count !== 1) return null;
  const total = rows
    .statement('SELECT count(*) AS count FROM dreams WHERE ended_at >= ? AND ended_at < ?')
    .get<{ count: number }>(fromMs, toMs);
  const newest = rows
    .statement(
      `SELECT id, outcome, coalesce(reason, '') AS reason, generation, report FROM dreams
       WHERE ended_at >= ? AND ended_at < ? ORDER BY id DESC LIMIT ${DREAMS_MAX}`,
    )
    .all<Omit<ToldDream, 'report'> & { readonly report: string | null }>(fromMs, toMs)
    .map((row): ToldDream => ({ ...row, report: JSON.parse(row.report ?? 'null') as ToldDream['report'] }));
  return { total: total?.count ?? 0, newest: newest.toReversed(), ...(await costRow(rows, { fromMs, toMs }, pace)) };
}

async function costRow(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const cost = { requests: 0, tokens: 0, microUsd: 0 };
  const counted = rows.statement(
    `SELECT count(*) AS requests, coalesce(sum(coalesce(charged_micro_usd, reserved_micro_usd)), 0) AS microUsd,
            coalesce(sum(input_tokens + output_tokens + cache_write_tokens + cache_read_tokens), 0) AS tokens
     FROM spend WHERE id > ? AND id <= ? AND at >= ? AND at < ? AND purpose = 'dream'`,
  );
  await scan(idRange(rows, 'spend', fromMs, toMs), pace, ({ afterId, throughId }) => {
    const row = counted.get<typeof cost>(afterId, throughId, fromMs, toMs);
    if (row === undefined) return;
    cost.requests += row.requests;
    cost.tokens += row.tokens;
    cost.microUsd += row.microUsd;
  });
  return cost;
}
