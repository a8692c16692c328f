import type { EventDraft } from '../core/event.ts';
import { formatId } from '../core/units.ts';
import { effectsOf } from '../mood/effects.ts';
import { moodOf } from '../mood/mood.ts';
import type { Database } from './database.ts';
import { appendJournal } from './journal-rows.ts';

/**
 * Inside the transaction that records the owner's own words: what their mood leads to. Messages that nobody asked for wait
 * from this moment on, whatever becomes of the job; a mute that holds for longer stays as it is. Words are what is said
 * over the API or in a chat, not what a button, a schedule or a run says.
 */
export function applyMood(database: Database, draft: EventDraft, eventId: number): void {
  const words = wordsOf(draft);
  if (words === undefined) return;
  const { pauseMs, note } = effectsOf(moodOf(words).tier);
  if (note === '') return;
  appendJournal(database, { kind: 'mood', ref: formatId('e', eventId), text: note }, draft.receivedAtMs);
  if (pauseMs === 0) return;
  database
    .statement(
      `INSERT INTO mutes (topic, until_at) VALUES ('', ?)
       ON CONFLICT (topic) DO UPDATE SET until_at = max(until_at, excluded.until_at)`,
    )
    .run(draft.receivedAtMs + pauseMs);
}

function wordsOf({ source, trust, by, jobs }: EventDraft): string | undefined {
  if (trust !== 'owner' || (source !== 'say' && by === undefined)) return undefined;
  const job = jobs.find(({ kind, reactive }) => reactive && (kind === 'agent' || kind === 'reply'));
  return job === undefined || BUTTON.test(job.text) ? undefined : job.text;
}

/** What a pressed button becomes (see `hearingOf`). */
const BUTTON = /^(?:allow|deny) a\d+ #[0-9a-f]+$/;
