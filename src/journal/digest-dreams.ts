/** Dreams of a day, as the ledger has them: texts raw. */
export interface DreamRows {
  readonly total: number;
  /** The newest, oldest first. */
  readonly newest: readonly {
    readonly id: number;
    readonly outcome: string;
    readonly reason: string;
    readonly generation: number | null;
    readonly report: {
      readonly added: readonly { readonly topic: string; readonly text: string }[];
      readonly merged: readonly { readonly topic: string; readonly text: string; readonly was: readonly string[] }[];
      readonly superseded: readonly { readonly topic: string; readonly old: string; readonly new: string }[];
      readonly conflicts: readonly {
        readonly topic: string;
        readonly yours: string;
        readonly text: string;
        readonly src: readonly string[];
        readonly since?: string | undefined;
      }[];
      readonly held: readonly { readonly topic: string; readonly reason: string }[];
      readonly counts: { readonly changes: number; readonly rejected: number };
    } | null;
  }[];
  readonly requests: number;
  readonly tokens: number;
  readonly microUsd: number;
}

interface Showing {
  readonly text: (raw: string) => string;
  readonly name: (raw: string) => string;
}

const LIST_MAX = 20;

/** What the dreams of a day did, fit to be shown; null in a ledger without. */
export function dreamFacts(rows: DreamRows | null, { text, name }: Showing) {
  if (rows === null) return null;
  const { total, newest, requests, tokens, microUsd } = rows;
  const dreams = newest.map(({ id, outcome, reason, generation, report }) => ({
    id,
    outcome,
    reason: text(reason),
    generation,
    rejected: report?.counts.rejected ?? 0,
    added: (report?.added ?? []).slice(0, LIST_MAX).map((each) => ({ topic: name(each.topic), text: text(each.text) })),
    merged: (report?.merged ?? [])
      .slice(0, LIST_MAX)
      .map((each) => ({ topic: name(each.topic), text: text(each.text), was: each.was.map(text) })),
    superseded: (report?.superseded ?? [])
      .slice(0, LIST_MAX)
      .map((each) => ({ topic: name(each.topic), old: text(each.old), new: text(each.new) })),
    conflicts: (report?.conflicts ?? []).slice(0, LIST_MAX).map((each) => ({
      topic: name(each.topic),
      yours: text(each.yours),
      text: text(each.text),
      src: each.src.map(name),
      since: each.since === undefined ? null : name(each.since.slice(0, 10)),
    })),
    held: (report?.held ?? [])
      .slice(0, LIST_MAX)
      .map((each) => ({ topic: name(each.topic), reason: text(each.reason) })),
  }));
  return { total, dreams, requests, tokens, usd: microUsd / 1_000_000 };
}

export type DreamFacts = NonNullable<ReturnType<typeof dreamFacts>>;

/** What contradicts the owner's own words: for them to settle. */
export function conflictLines(facts: DreamFacts | null): string[] {
  return (facts?.dreams ?? []).flatMap(({ conflicts }) =>
    conflicts.map(({ topic, yours, text, src, since }) => {
      const said = since === null ? src.join(', ') : `since ${since} ${src.join(', ')}`;
      return `your note says "${yours}" (memory/topics/${topic}.md), ${said} says "${text}"`;
    }),
  );
}

/** What the dreams of the day did, a line for each and for each of their changes. */
export function dreamLines(facts: DreamFacts | null): string[] {
  if (facts === null || facts.total === 0) return [];
  const more = facts.total - facts.dreams.length;
  return [
    ...facts.dreams.flatMap(({ id, outcome, reason, added, merged, superseded, held }) => [
      `dream ${id}${outcome === 'changed' || outcome === 'nothing' ? '' : ` ${outcome}`}: ${reason}`,
      ...superseded.map((each) => `${each.topic}: "${each.old}" is now "${each.new}"`),
      ...merged.map((each) => `${each.topic}: "${each.text}" from ${each.was.map((was) => `"${was}"`).join(' and ')}`),
      ...added.map((each) => `${each.topic}: new: "${each.text}"`),
      ...held.map((each) => `held back: ${each.reason}`),
    ]),
    ...(more > 0 ? [`${more} more dreams before these`] : []),
  ];
}
