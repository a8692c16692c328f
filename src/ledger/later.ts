import type { EventDraft } from '../core/event.ts';
import type { Effect } from '../core/job.ts';
import { formatInstant } from '../core/units.ts';
import type { Database } from './database.ts';

/** How many jobs that were put off wait for their time. */
export function laterJobs(database: Database): number {
  return (
    database
      .statement("SELECT count(*) AS n FROM jobs WHERE later = 1 AND state IN ('queued', 'parked')")
      .get<{ n: number }>()?.n ?? 0
  );
}

/** Inside a transaction: work that is put off, as an event of the daemon with the trust of the run that asked. */
export function laterEvent(
  database: Database,
  { draft, dueAtMs, trust }: Extract<Effect, { kind: 'later' }>,
  nowMs: number,
): EventDraft {
  const next = (database.statement('SELECT max(id) AS id FROM events').get<{ id: number | null }>()?.id ?? 0) + 1;
  return {
    source: 'kairosd',
    // The number of the event itself: never used twice, so this delivery is always a new one.
    delivery: `later:${next}`,
    type: 'later',
    action: null,
    trust,
    receivedAtMs: nowMs,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ origin: draft.origin, due: formatInstant(dueAtMs, 'UTC') })),
    jobs: [draft],
  };
}
