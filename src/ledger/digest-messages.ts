import type { MessageState } from '../core/message.ts';
import { idRange, scan, scanPages, type Pace, type Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';
import { createTally, keepNewest } from './tally.ts';

const REASONS_MAX = 12;
const LISTED_MAX = 20;
const TEXT_CHARS = 1_000;

/** Messages that were queued in a time, by how they stand now, and why those that did not arrive did not. */
export async function messageRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const byState: Partial<Record<MessageState, number>> = {};
  const reasons = createTally<{ state: MessageState; reason: string }>();
  let total = 0;
  const counted = rows.statement(
    `SELECT state, iif(state IN ('withdrawn', 'expired', 'failed'), coalesce(reason, ''), '') AS reason, count(*) AS count
     FROM messages WHERE id > ? AND id <= ? AND queued_at >= ? AND queued_at < ? GROUP BY 1, 2`,
  );
  await scan(idRange(rows, 'messages', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const { state, reason, count } of counted.all<{ state: MessageState; reason: string; count: number }>(
      afterId,
      throughId,
      fromMs,
      toMs,
    )) {
      byState[state] = (byState[state] ?? 0) + count;
      total += count;
      if (reason !== '') reasons.add({ state, reason }, count);
    }
  });
  return { total, byState, reasons: reasons.top(REASONS_MAX).top };
}

/** Kinds of lines of the daily log that tell what became of a message. */
const MESSAGE_KINDS = ['sent', 'held', 'withdrawn', 'expired', 'failed'] as const;
type MessageKindOfLine = (typeof MESSAGE_KINDS)[number];

interface LostRow {
  readonly id: number;
  readonly state: string;
  readonly topic: string;
  readonly text: string;
  readonly reason: string | null;
}

/** What became of messages that day, whenever they were queued: as the daily log has it. */
export async function journalRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const counts: Record<MessageKindOfLine, number> = { sent: 0, held: 0, withdrawn: 0, expired: 0, failed: 0 };
  const lost: LostRow[] = [];
  const lines = rows.statement(
    `SELECT kind, ref FROM journal WHERE id > ? AND id <= ? AND at >= ? AND at < ?
       AND kind IN (${MESSAGE_KINDS.map((kind) => `'${kind}'`).join(', ')}) AND ref GLOB 'm[1-9]*'`,
  );
  const find = rows.statement(
    `SELECT id, state, topic, substr(text, 1, ${TEXT_CHARS}) AS text, reason FROM messages WHERE id = ?`,
  );
  await scan(idRange(rows, 'journal', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const { kind, ref } of lines.all<{ kind: MessageKindOfLine; ref: string }>(afterId, throughId, fromMs, toMs)) {
      counts[kind] += 1;
      const message = kind === 'expired' || kind === 'failed' ? find.get<LostRow>(Number(ref.slice(1))) : undefined;
      if (message !== undefined) keepNewest(lost, message, LISTED_MAX);
    }
  });
  return { ...counts, lost };
}

/** Held back at this moment and why; and those that were let go and that no channel has yet. */
export async function waitingMessages(rows: Rows, pace: Pace) {
  const reasons = createTally<{ reason: string }>();
  let underWay = 0;
  let oldestQueuedAtMs: number | null = null;
  const page = rows.statement(
    `SELECT id, coalesce(reason, '') AS reason, released_at AS releasedAtMs, queued_at AS queuedAtMs FROM messages
     WHERE state = 'queued' AND id > ? ORDER BY id LIMIT ?`,
  );
  interface Waiting {
    readonly id: number;
    readonly reason: string;
    readonly releasedAtMs: number | null;
    readonly queuedAtMs: number;
  }
  await scanPages(
    (afterId, limit) => page.all<Waiting>(afterId, limit),
    pace,
    ({ reason, releasedAtMs, queuedAtMs }) => {
      if (releasedAtMs !== null) underWay += 1;
      else {
        reasons.add({ reason }, 1);
        oldestQueuedAtMs = Math.min(oldestQueuedAtMs ?? queuedAtMs, queuedAtMs);
      }
    },
  );
  return {
    held: reasons.total,
    underWay,
    oldestQueuedAtMs: oldestQueuedAtMs as number | null,
    reasons: reasons.top(REASONS_MAX).top,
  };
}
