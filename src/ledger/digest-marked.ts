import { idRange, scan, type Pace, type Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';

const GROUPS_MAX = 30;
const TEXTS_MAX = 3;
const TEXT_CHARS = 1_000;

interface MarkedRow {
  readonly origin: string;
  readonly topic: string;
  readonly text: string;
  readonly events: number;
}

interface Group {
  readonly origin: string;
  readonly topic: string;
  /** Events behind it. */
  count: number;
  /** The newest, each once. */
  texts: string[];
}

/**
 * What the owner's subscriptions marked for the digest that day (`do: digest`): by subscription and topic, the newest
 * texts of each. `total` counts events; groups beyond the first 30 are in `rest`.
 */
export async function markedRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const groups = new Map<string, Group>();
  let total = 0;
  const marked = rows.statement(
    `SELECT origin, topic, substr(text, 1, ${TEXT_CHARS}) AS text, event_count AS events FROM jobs
     WHERE id > ? AND id <= ? AND created_at >= ? AND created_at < ? AND kind = 'digest' ORDER BY id`,
  );
  await scan(idRange(rows, 'jobs', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const row of marked.all<MarkedRow>(afterId, throughId, fromMs, toMs)) {
      total += row.events;
      note(groups, row);
    }
  });
  const shown = [...groups.values()].toSorted((a, b) => b.count - a.count);
  return { total, groups: shown, rest: total - shown.reduce((sum, { count }) => sum + count, 0) };
}

function note(groups: Map<string, Group>, { origin, topic, text, events }: MarkedRow): void {
  const key = JSON.stringify([origin, topic]);
  const group = groups.get(key) ?? { origin, topic, count: 0, texts: [] };
  if (!groups.has(key)) {
    if (groups.size >= GROUPS_MAX) return;
    groups.set(key, group);
  }
  group.count += events;
  if (group.texts.at(-1) === text) return;
  group.texts = [...group.texts.filter((other) => other !== text), text].slice(-TEXTS_MAX);
}
