import { idRange, scan, type Pace, type Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';
import { keepNewest } from './tally.ts';

const FLAGGED_MAX = 10;
const PENDING_MAX = 10;
const TEXT_CHARS = 1_000;

/** What one model was asked for. */
interface ModelRow {
  readonly model: string;
  readonly requests: number;
  readonly tokens: number;
  readonly microUsd: number;
}

/**
 * What the agent did that day: requests to models and what they cost (what is under way counts with what is reserved for
 * it), and the calls that the owner is to be told of. `approvals` wait at this moment.
 *
 * @returns null in a ledger that no daemon with an agent has opened yet.
 */
export async function agentRows(rows: Rows, span: Span, pace: Pace) {
  const tables = rows
    .statement("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name IN ('spend', 'approvals')")
    .get<{ count: number }>();
  if (tables?.count !== 2) return null;
  const approvals = rows
    .statement("SELECT count(*) AS count FROM approvals WHERE state = 'pending'")
    .get<{ count: number }>();
  return {
    models: await modelRows(rows, span, pace),
    runs: await runRows(rows, span, pace),
    flagged: await flaggedRows(rows, span, pace),
    approvals: approvals?.count ?? 0,
    pending: rows
      .statement(
        `SELECT id, tool, substr(shown, 1, ${TEXT_CHARS}) AS shown, expires_at AS expiresAtMs FROM approvals
         WHERE state = 'pending' ORDER BY id LIMIT ${PENDING_MAX}`,
      )
      .all<{ id: number; tool: string; shown: string; expiresAtMs: number }>(),
    asked: await askedRows(rows, span, pace),
  };
}

/** Jobs of the agent that were recorded that day, by how they stand now. */
async function runRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const counted = rows.statement(
    `SELECT state, count(*) AS count FROM jobs
     WHERE id > ? AND id <= ? AND created_at >= ? AND created_at < ? AND kind = 'agent' GROUP BY state`,
  );
  const byState: Record<string, number> = {};
  await scan(idRange(rows, 'jobs', fromMs, toMs), pace, ({ afterId, throughId }) => {
    add(byState, counted.all<StateCount>(afterId, throughId, fromMs, toMs));
  });
  return { total: sum(byState), byState };
}

/** What the owner was asked that day, by how it stands now. */
async function askedRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const counted = rows.statement(
    `SELECT state, count(*) AS count FROM approvals
     WHERE id > ? AND id <= ? AND asked_at >= ? AND asked_at < ? GROUP BY state`,
  );
  const byState: Record<string, number> = {};
  await scan(idRange(rows, 'approvals', fromMs, toMs), pace, ({ afterId, throughId }) => {
    add(byState, counted.all<StateCount>(afterId, throughId, fromMs, toMs));
  });
  return { total: sum(byState), byState };
}

interface StateCount {
  readonly state: string;
  readonly count: number;
}

function add(counts: Record<string, number>, rows: readonly StateCount[]): void {
  for (const { state, count } of rows) counts[state] = (counts[state] ?? 0) + count;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** The dearest first. */
async function modelRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace): Promise<ModelRow[]> {
  const found = new Map<string, ModelRow>();
  const counted = rows.statement(
    `SELECT model, count(*) AS requests, coalesce(sum(coalesce(charged_micro_usd, reserved_micro_usd)), 0) AS microUsd,
            coalesce(sum(input_tokens + output_tokens + cache_write_tokens + cache_read_tokens), 0) AS tokens
     FROM spend WHERE id > ? AND id <= ? AND at >= ? AND at < ? GROUP BY model`,
  );
  await scan(idRange(rows, 'spend', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const row of counted.all<ModelRow>(afterId, throughId, fromMs, toMs)) {
      const { requests = 0, tokens = 0, microUsd = 0 } = found.get(row.model) ?? {};
      found.set(row.model, {
        model: row.model,
        requests: requests + row.requests,
        tokens: tokens + row.tokens,
        microUsd: microUsd + row.microUsd,
      });
    }
  });
  return [...found.values()].toSorted((one, other) => other.microUsd - one.microUsd);
}

interface FlaggedRow {
  readonly id: number;
  readonly ref: string;
  readonly text: string;
}

async function flaggedRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const newest: FlaggedRow[] = [];
  let total = 0;
  const flagged = rows.statement(
    `SELECT id, ref, substr(text, 1, ${TEXT_CHARS}) AS text FROM journal
     WHERE id > ? AND id <= ? AND at >= ? AND at < ? AND kind = 'flagged' ORDER BY id`,
  );
  await scan(idRange(rows, 'journal', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const row of flagged.all<FlaggedRow>(afterId, throughId, fromMs, toMs)) {
      total += 1;
      keepNewest(newest, row, FLAGGED_MAX);
    }
  });
  return { total, newest };
}
