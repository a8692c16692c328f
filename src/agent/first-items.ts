import type { Item } from '../core/agent.ts';
import type { Event } from '../core/event.ts';
import type { Job } from '../core/job.ts';
import { formatId } from '../core/units.ts';
import { shownPayload } from './payload.ts';

/**
 * What a run begins with: the owner's words, or the prompt of the configuration with the event as data. Words of the
 * owner are `user`; what a run wrote for a later one, and what came from outside, never is.
 */
export function firstItems(job: Job, event: Event, body: Uint8Array | undefined, nowMs: number): Item[] {
  const base = { atMs: nowMs, eventId: event.id } as const;
  if (isLater(event)) return [...putOff(job, event, nowMs), { ...base, kind: 'user', trust: 'owner', text: PUT_OFF }];
  const words: Item = { ...base, kind: 'user', trust: 'owner', text: job.text };
  if (event.trust === 'owner') return [words];
  const name = [event.source, event.type, event.action ?? ''].filter((part) => part !== '').join(' ');
  const many = job.eventCount > 1 ? ` (the first of ${job.eventCount} of the same topic)` : '';
  const payload = body === undefined ? '(its body is no longer kept)' : shownPayload(body, event.contentType);
  return [{ ...base, kind: 'event', trust: 'outside', text: `${name}${many}\n${payload}` }, words];
}

/** Work that a run put off. */
export function isLater(event: Event): boolean {
  return event.source === 'kairosd' && event.type === 'later';
}

const PUT_OFF =
  'Work that you put off in an earlier run is due now; what you wrote then is above. Do it if it still makes sense.';

function putOff(job: Job, event: Event, nowMs: number): Item[] {
  const trust = event.trust === 'outside' ? 'outside' : 'agent';
  const text = `From an earlier run of yours, kept by kairosd as ${formatId('j', job.id)}:\n${job.text}`;
  return [{ atMs: nowMs, kind: 'event', trust, text, eventId: event.id }];
}
