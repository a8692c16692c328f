import { bulletsOf, parseTopic, type Topic } from '../topic.ts';
import type { Bullet } from '../bullet.ts';
import type { Judged } from './claim.ts';

const DAY_MS = 86_400_000;

/** A fact of a topic with what came of looking at its claims. */
export interface LookedAt {
  readonly bullet: Bullet;
  readonly judged: readonly Judged[];
}

/** The facts of a topic, and what `check` gave for each of them, in the same order. */
function pair(topic: Pick<Topic, 'parts'>, judged: readonly (readonly Judged[])[]): readonly LookedAt[] {
  return bulletsOf(topic).map((bullet, index) => ({ bullet, judged: judged[index] ?? [] }));
}

/**
 * What the context is told about a topic beside its text, stale facts first; empty when there is nothing to tell. It changes from day to day:
 * the caller puts it outside the cached prefix. ASCII, except for what the facts themselves hold.
 */
export function annotate(topicText: string, judged: readonly (readonly Judged[])[], nowMs: number): string {
  const topic = parseTopic('topic', topicText);
  const facts = pair(topic, judged).map(({ bullet, judged: each }) => noteOf(bullet, each, topic.modified, nowMs));
  const told = [...facts.filter(({ stale }) => stale), ...facts.filter(({ stale, checked }) => !stale && checked)];
  return told.map(({ line }) => line).join('\n');
}

function noteOf(bullet: Bullet, judged: readonly Judged[], modified: string, nowMs: number) {
  const wrong = judged.filter(({ verdict }) => verdict === 'stale');
  const doubtful = judged.filter(({ verdict }) => verdict === 'unverifiable');
  const age = ageOf(bullet.since ?? modified, nowMs);
  const mark =
    wrong.length > 0
      ? `! stale: ${wrong.map(({ reason }) => reason).join('; ')}`
      : doubtful.length > 0
        ? `? not checked: ${doubtful.map(({ claim }) => claim.words).join(', ')}`
        : 'ok';
  return { stale: wrong.length > 0, checked: judged.length > 0, line: `- ${bullet.text}\n  [${mark}]${age}` };
}

/** ` (noted 41 days ago)`; nothing when the day isn't known. */
export function ageOf(noted: string, nowMs: number): string {
  const atMs = Date.parse(noted);
  if (Number.isNaN(atMs)) return '';
  const days = Math.floor((nowMs - atMs) / DAY_MS);
  if (days < 0) return '';
  return days === 0 ? ' (noted today)' : ` (noted ${days} ${days === 1 ? 'day' : 'days'} ago)`;
}
