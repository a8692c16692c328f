import { idRange, scan, type Pace, type Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';

const MISSED_MAX = 20;
const REASON_CHARS = 1_000;
const PAGE = 500;

interface MissedRow {
  readonly schedule: string;
  readonly count: number | null;
  readonly reason: string;
}

/**
 * What the schedules did that day: runs that began, how many of them were seen to fail, and slots that were decided to be
 * missed. A ledger that no daemon with schedules has opened yet has none.
 *
 * @returns null without schedules in the ledger. `missed` are the newest of `missedTotal`.
 */
export async function slotRows(rows: Rows, span: Span, pace: Pace) {
  const tables = rows
    .statement("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name IN ('slots', 'runs')")
    .get<{ count: number }>();
  if (tables?.count !== 2) return null;
  return { ...(await runRows(rows, span, pace)), ...(await missedRows(rows, span, pace)) };
}

async function runRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  let ran = 0;
  let failed = 0;
  const counted = rows.statement(
    `SELECT count(*) AS ran, coalesce(sum(succeeded = 0 OR ended = 'lost'), 0) AS failed FROM runs
     WHERE id > ? AND id <= ? AND started_at >= ? AND started_at < ?`,
  );
  await scan(idRange(rows, 'runs', fromMs, toMs), pace, ({ afterId, throughId }) => {
    const found = counted.get<{ ran: number; failed: number }>(afterId, throughId, fromMs, toMs);
    ran += found?.ran ?? 0;
    failed += found?.failed ?? 0;
  });
  return { ran, failed };
}

async function missedRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  let missed: MissedRow[] = [];
  let missedTotal = 0;
  const page = rows.statement(
    `SELECT decided_at AS decidedAtMs, schedule, slot_at AS slotAtMs, state, count, substr(coalesce(reason, ''), 1, ${REASON_CHARS}) AS reason
     FROM slots WHERE (decided_at, schedule, slot_at) > (?, ?, ?) AND decided_at < ? ORDER BY decided_at, schedule, slot_at LIMIT ${PAGE}`,
  );
  type Row = MissedRow & { readonly decidedAtMs: number; readonly slotAtMs: number; readonly state: string };
  let last = { decidedAtMs: fromMs, schedule: '', slotAtMs: 0 };
  for (let found: Row[]; ;) {
    found = page.all<Row>(last.decidedAtMs, last.schedule, last.slotAtMs, toMs);
    const here = found.filter(({ state }) => state === 'missed');
    missedTotal += here.length;
    missed = [...missed, ...here.map(({ schedule, count, reason }) => ({ schedule, count, reason }))].slice(
      -MISSED_MAX,
    );
    const end = found.at(-1);
    if (end === undefined || found.length < PAGE) return { missed, missedTotal };
    last = end;
    await pace.pause();
    pace.signal.throwIfAborted();
  }
}
