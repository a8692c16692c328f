import { annotate, ageOf } from './claims/annotate.ts';
import { beforeActing, type Act } from './claims/before-acting.ts';
import type { Judged } from './claims/claim.ts';
import type { Remembered } from './claims/skeptic.ts';
import { rememberedOf } from './claims/verify.ts';
import type { MemoryContext } from './context.ts';
import type { StaleMark } from './operations.ts';
import { trustOf } from './search/pieces.ts';
import { bulletsOf, renderTopic, type Topic } from './topic.ts';

/** Judges claims; undefined: it could not, or not in time. */
export type Check = (texts: readonly Remembered[]) => Promise<readonly (readonly Judged[])[] | undefined>;

export interface RecallOptions {
  readonly check: Check;
  readonly nowMs: number;
  /** Also facts from outside. */
  readonly withOutside: boolean;
}

/** A topic as it is told to a model: as a hint, its claims checked now, with ages. What is no longer so comes first. */
export async function recallTopic(
  topic: Topic,
  { check, nowMs, withOutside }: RecallOptions,
): Promise<{ readonly text: string; readonly isOutside: boolean; readonly leftOut: number }> {
  const isOutsider = (part: Topic['parts'][number]): boolean =>
    part.kind === 'bullet' ? trustOf(topic, part) === 'outside' : topic.trust === 'outside' && part.raw.trim() !== '';
  const parts = topic.parts.filter((part) => withOutside || !isOutsider(part));
  const shown = { ...topic, parts };
  const judged = await check(rememberedOf(shown));
  const lines = [
    `memory/topics/${topic.name}.md, of type ${topic.type}. A hint from earlier sessions: check what you rely on.`,
    ...(withOutside || topic.trust !== 'outside' ? [topic.description] : []),
  ];
  if (judged !== undefined) lines.push(annotate(renderTopic(shown), judged, nowMs));
  const rest = bulletsOf(shown).filter((_, index) => judged === undefined || (judged[index] ?? []).length === 0);
  lines.push(...rest.map(({ text, since }) => `- ${text}${ageOf(since ?? topic.modified, nowMs)}`));
  if (judged === undefined && rest.length > 0) lines.push('(Nothing of this could be checked just now.)');
  return {
    text: lines.filter((line) => line !== '').join('\n'),
    isOutside: withOutside && topic.parts.some(isOutsider),
    leftOut: withOutside ? 0 : topic.parts.filter((part) => part.kind === 'bullet' && isOutsider(part)).length,
  };
}

/** The index as a new session gets it, with what is known not to hold any more. Nothing that stands in it can open or close a block. */
export function recallIndex(
  { text, note }: MemoryContext,
  stale: readonly StaleMark[],
): { text: string; note: string } {
  const counts = new Map<string, number>();
  for (const { topic } of stale) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const told = [...counts].map(([topic, count]) => `${topic} (${count})`).join(', ');
  const marks = told === '' ? '' : `\nFacts that no longer hold, by topic: ${told}`;
  return { text: plain(text.trim() + marks), note: plain(note.trim()) };
}

/**
 * What a call should be told before it acts on something that was recalled in this conversation and is no longer so; undefined: nothing.
 *
 * @param topics Those that were recalled. Facts from outside have no say here.
 */
export async function recallBefore(act: Act, topics: readonly Topic[], check: Check): Promise<string | undefined> {
  const texts = topics.flatMap((topic) => {
    const facts = rememberedOf(topic);
    return bulletsOf(topic).flatMap((bullet, index) =>
      trustOf(topic, bullet) === 'outside' ? [] : (facts[index] ?? []),
    );
  });
  const judged = await check(texts);
  return judged === undefined ? undefined : beforeActing(act, judged.flat());
}

function plain(text: string): string {
  return text.replaceAll('<', '&lt;');
}
