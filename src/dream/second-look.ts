import { createBoard, type Entry } from './board.ts';
import type { Group, Verdict } from './messages.ts';

/** A group of facts as the model sees it, with what its ids stand for. */
export interface Bundle {
  readonly group: Group;
  readonly entries: ReadonlyMap<string, Entry>;
}

const FACTS_IN_GROUP = 12;
const GROUPS_MAX = 200;
const COVERED_SHARE = 0.8;

/**
 * Which facts are worth a second look by a model: each new one with those that may be about the same thing and that the rules
 * have left standing beside it. The owner's own words are not among them: nothing may overtake these. Nor are words of strangers: they overtake nothing.
 */
export function bundlesOf(entries: readonly Entry[], groupsMax = GROUPS_MAX): Bundle[] {
  const current = entries.filter(({ gone, fixed, outside }) => gone === undefined && !fixed && !outside);
  const board = createBoard();
  for (const entry of current) board.add(entry);
  const bundles: Bundle[] = [];
  const asked = new Set<Entry>();
  for (const entry of current) {
    if (entry.bullet !== undefined || asked.has(entry)) continue;
    const near = board.near(entry.profile).filter((other) => other !== entry && isNear(entry, other));
    if (near.length === 0) continue;
    const members = [entry, ...near].slice(0, FACTS_IN_GROUP);
    for (const member of members) if (member.bullet === undefined) asked.add(member);
    bundles.push(bundleOf(members));
    if (bundles.length >= groupsMax) break;
  }
  return bundles;
}

/**
 * Does what the model said, as far as it still can be done and loses nothing: a fact leaves as said twice only when what stays
 * has its values and most of its words, and as overtaken only for one about the same thing. A model that is wrong, or was
 * talked into something, can leave facts unmerged, not make them vanish.
 */
export function heed({ entries }: Bundle, verdict: Verdict): void {
  const current = (id: string): Entry | undefined => {
    const entry = entries.get(id);
    return entry === undefined || entry.gone !== undefined || entry.fixed ? undefined : entry;
  };
  for (const { old, by } of verdict.overtaken) {
    const [older, newer] = [current(old), current(by)];
    if (older !== undefined && newer !== undefined && isNear(older, newer)) leave(older, newer, 'overtaken');
  }
  for (const { keep, drop } of verdict.same) {
    const kept = current(keep);
    if (kept === undefined) continue;
    for (const id of drop) {
      const entry = current(id);
      if (entry !== undefined && isCovered(entry, kept)) leave(entry, kept, 'repeated');
    }
  }
}

/** Most of the words of what leaves, and every value in it, are in what stays. */
function isCovered(entry: Entry, kept: Entry): boolean {
  const values = new Set(kept.profile.values.map(({ canon }) => canon));
  if (!entry.profile.values.every(({ canon }) => values.has(canon))) return false;
  const words = [...entry.profile.about.keys()];
  return words.filter((word) => kept.profile.about.has(word)).length >= words.length * COVERED_SHARE;
}

function leave(entry: Entry, by: Entry, weight: 'overtaken' | 'repeated'): void {
  const words = weight === 'overtaken' ? 'overtaken by' : 'says the same as';
  entry.gone = { reason: `${words} “${by.text.slice(0, 120)}”`, by, weight };
}

/** They share a word that both are about: a likeness in a value alone is none. */
function isNear(one: Entry, other: Entry): boolean {
  let shared = 0;
  for (const word of one.profile.about.keys()) if (other.profile.about.has(word)) shared += 1;
  return shared >= 2 || (shared === 1 && Math.min(one.profile.about.size, other.profile.about.size) <= 2);
}

function bundleOf(members: readonly Entry[]): Bundle {
  const entries = new Map(members.map((entry, index) => [`f${index + 1}`, entry]));
  const facts = [...entries].map(([id, { text, since, seen }]) => {
    const date = since ?? seen;
    return { id, text: text.slice(0, 500), ...(date === '' ? {} : { since: date.slice(0, 40) }) };
  });
  return { group: { topic: members.find(({ bullet }) => bullet !== undefined)?.bullet?.topic ?? '', facts }, entries };
}
