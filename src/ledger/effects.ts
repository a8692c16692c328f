import { KairosError } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import type { Effect, Happening } from '../core/job.ts';
import type { Database } from './database.ts';
import type { JobTiming } from './job-rows.ts';
import { appendJournal } from './journal-rows.ts';
import { laterEvent, laterJobs } from './later.ts';
import { enqueueMessage, setMute, withdrawTopic, type MessageContext } from './messages.ts';

/** What applying effects needs besides the database. */
export interface EffectContext extends MessageContext {
  /** Records an event in the same transaction. Left out where no effect is one. */
  readonly recordEvent?:
    | ((target: Database, event: EventDraft, jobs?: JobTiming) => { readonly id: number })
    | undefined;
}

/** Jobs that runs may have put off at one time. */
const LATER_MAX = 20;

/**
 * Inside a transaction: writes the rows that effects stand for. All or nothing is the transaction's part; what may be
 * refused comes before the events, which must be the last (see `Events.appendWithin`).
 *
 * @throws {KairosError} `STATE_CONFLICT` when too much is put off already; as `enqueueMessage`.
 */
export function applyEffects(database: Database, effects: readonly Effect[], context: EffectContext): void {
  const put = effects.filter((effect) => effect.kind === 'later').length;
  if (put > 0 && laterJobs(database) + put > LATER_MAX) {
    throw new KairosError(
      'STATE_CONFLICT',
      `at most ${LATER_MAX} pieces of work may be put off at one time, and ${laterJobs(database)} are: wait for them, or do without`,
    );
  }
  for (const effect of effects) applyRow(database, effect, context);
  for (const effect of effects) recordEvents(database, effect, context);
}

function applyRow(database: Database, effect: Effect, context: EffectContext): void {
  switch (effect.kind) {
    case 'message':
      enqueueMessage(database, effect.message, context);
      return;
    case 'withdraw':
      withdrawTopic(database, effect.withdrawal, context);
      return;
    case 'journal':
      appendJournal(database, effect.line, context.nowMs);
      return;
    case 'mute':
      setMute(database, effect.topic, effect.untilMs);
      return;
    case 'event':
    case 'later':
      if (context.recordEvent === undefined) throw new KairosError('INTERNAL', 'events cannot be recorded here');
      return;
  }
}

function recordEvents(database: Database, effect: Effect, { recordEvent, nowMs }: EffectContext): void {
  if (effect.kind === 'event') recordEvent?.(database, eventOf(effect.happening, nowMs));
  if (effect.kind === 'later') {
    recordEvent?.(database, laterEvent(database, effect, nowMs), { dueAtMs: effect.dueAtMs, later: true });
  }
}

/** It leads to no job: whoever runs work learns of its end here, and the owner by the daily log. */
function eventOf({ type, delivery, facts }: Happening, nowMs: number): EventDraft {
  return {
    source: 'kairosd',
    delivery,
    type,
    action: null,
    trust: 'owner',
    receivedAtMs: nowMs,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(facts)),
    jobs: [],
  };
}
