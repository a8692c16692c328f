import { agentRows } from './digest-agent.ts';
import { dreamRows } from './digest-dreams.ts';
import { givenUpRows, jobRows, waitingJobs } from './digest-jobs.ts';
import { markedRows } from './digest-marked.ts';
import { journalRows, messageRows, waitingMessages } from './digest-messages.ts';
import { idRange, scan, type Pace, type Span } from './digest-scan.ts';
import { slotRows } from './digest-slots.ts';
import type { Rows } from './reading.ts';
import { createTally } from './tally.ts';

/** Kinds of events shown one by one; whatever is beyond is counted. */
const KINDS_MAX = 12;

/**
 * What the ledger knows of a day, and what waits at this moment: the figures of the digest (`DigestRows` in the journal
 * room). Each row counts for the day it was recorded on; what ended badly counts for the day on which it did.
 *
 * @param rows A snapshot, so that all of it is of one moment.
 * @throws What the signal was aborted with, `LEDGER_FAILED`.
 */
export async function readDay(rows: Rows, span: Span, pace: Pace) {
  return {
    events: await eventRows(rows, span, pace),
    jobs: await jobRows(rows, span, pace),
    givenUp: await givenUpRows(rows, span, pace),
    marked: await markedRows(rows, span, pace),
    messages: await messageRows(rows, span, pace),
    happened: await journalRows(rows, span, pace),
    waiting: { jobs: await waitingJobs(rows, pace), messages: await waitingMessages(rows, pace) },
    mutes: muteRows(rows, span),
    boots: bootRows(rows, span),
    slots: await slotRows(rows, span, pace),
    agent: await agentRows(rows, span, pace),
    dreams: await dreamRows(rows, span, pace),
  };
}

async function eventRows(rows: Rows, { fromMs, toMs }: Span, pace: Pace) {
  const tally = createTally<{ source: string; type: string }>();
  const counted = rows.statement(
    `SELECT source, type, count(*) AS count FROM events
     WHERE id > ? AND id <= ? AND received_at >= ? AND received_at < ? GROUP BY source, type`,
  );
  await scan(idRange(rows, 'events', fromMs, toMs), pace, ({ afterId, throughId }) => {
    for (const row of counted.all<{ source: string; type: string; count: number }>(afterId, throughId, fromMs, toMs)) {
      tally.add({ source: row.source, type: row.type }, row.count);
    }
  });
  return { total: tally.total, ...tally.top(KINDS_MAX) };
}

/** Mutes that held at the end of the span, or hold still. */
function muteRows(rows: Rows, { toMs }: Span) {
  return rows
    .statement('SELECT topic, until_at AS untilMs FROM mutes WHERE until_at > ? ORDER BY topic LIMIT 100')
    .all<{ topic: string; untilMs: number }>(toMs);
}

/** Starts of the day, how many of them followed a crash, and clean stops of the day. */
function bootRows(rows: Rows, { fromMs, toMs }: Span) {
  const { afterId, throughId } = idRange(rows, 'boots', fromMs, toMs);
  // The one before as well: whether it was stopped says how the first came about, and it may have been stopped that day.
  const found = rows
    .statement(
      `SELECT started_at AS startedAtMs, stopped_at AS stoppedAtMs, safe_mode AS safe FROM boots
       WHERE id >= (SELECT coalesce(max(id), 0) FROM boots WHERE id <= ?) AND id <= ? ORDER BY id LIMIT 20000`,
    )
    .all<{ startedAtMs: number; stoppedAtMs: number | null; safe: number }>(afterId, throughId);
  const within = (ms: number | null): boolean => ms !== null && ms >= fromMs && ms < toMs;
  const starts = found
    .map((boot, index) => ({ ...boot, before: found[index - 1] }))
    .filter((boot) => within(boot.startedAtMs));
  return {
    starts: starts.length,
    afterCrash: starts.filter(({ before }) => before !== undefined && before.stoppedAtMs === null).length,
    safeMode: starts.filter(({ safe }) => safe === 1).length,
    stops: found.filter((boot) => within(boot.stoppedAtMs)).length,
  };
}
