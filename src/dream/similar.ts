import { headsOf, isAlone, type Profile } from './profile.ts';
import type { Value } from './values.ts';
import { CLASSES } from './vocabulary.ts';

/** How a newer sentence stands to an older one. `more`: says the same and something besides. */
export type Relation = 'same' | 'more' | 'update' | 'none';

export interface Related {
  readonly relation: Relation;
  /** 0 to 1: how sure. */
  readonly score: number;
}

const NONE: Related = { relation: 'none', score: 0 };
/** Shapes that single out one thing by themselves: two sentences with the same address are about the same address. */
const STRONG = new Set(['url', 'mail', 'money', 'code']);
/** Compares what two sentences say. `newer` may mean to overtake `older`; pure and symmetric but for that. */
export function relate(newer: Profile, older: Profile): Related {
  if (newer.norm === older.norm) return { relation: 'same', score: 1 };
  return relateCore(withoutPassing(newer, older), withoutPassing(older, newer));
}

/** "At 10:15" and "at 10:15 every morning" say the same: how often and when counts beside another value only where both say it. */
function withoutPassing(one: Profile, other: Profile): Profile {
  const isPassing = ({ kind }: Value): boolean =>
    (PASSING.has(kind) || (kind === 'day' && one.values.some((value) => isAlone(value.kind)))) &&
    ofKind(other.values, kind).length === 0;
  const kept = one.values.filter((value) => !isPassing(value));
  return kept.length === 0 || kept.length === one.values.length ? one : { ...one, values: kept };
}

function relateCore(newer: Profile, older: Profile): Related {
  if (!sameScope(newer, older)) return NONE;
  const about = overlap(newer.about, older.about);
  const explicit = overtaken(newer, older, about);
  if (explicit !== undefined) return explicit;
  if (newer.values.length === 0 && older.values.length === 0) return relateWords(newer, older, about);
  const shared = newer.values.filter((value) => hasValue(older.values, value));
  const allOfOlder = older.values.every((value) => hasValue(newer.values, value));
  const allOfNewer = shared.length === newer.values.length;
  if (allOfOlder && allOfNewer) return sameValues(newer, older, about);
  const update = differing(newer, older);
  if (update !== undefined) return update;
  if (allOfOlder && older.values.length > 0 && about.coversOther >= 0.8) return { relation: 'more', score: 0.7 };
  if (allOfNewer && newer.values.length > 0 && about.covered >= 0.8) return { relation: 'same', score: 0.7 };
  return NONE;
}

/** One may be said for staging, one repository or one person alone. */
function sameScope(one: Profile, other: Profile): boolean {
  if (one.env !== other.env && !isLocalPort(one, other)) return false;
  if (one.person !== other.person && isNamed(one.person, other.person)) return false;
  return one.place === other.place || (one.place === undefined && other.place !== undefined && one.changes);
}

/** A port that somebody talks about is one on their machine, whether they say so or not. */
function isLocalPort(one: Profile, other: Profile): boolean {
  return [one, other].every(({ env, about }) => (env === undefined || env === 'local') && about.has('port'));
}

/** A name on either side makes it that person's; "I use" and "we use" may be the same thing. */
function isNamed(one: string | undefined, other: string | undefined): boolean {
  return [one, other].some((each) => each !== undefined && each !== 'me');
}

interface Overlap {
  readonly shared: number;
  readonly jaccard: number;
  /** The part of the first that is in the second, and the other way round. */
  readonly covered: number;
  readonly coversOther: number;
  readonly least: number;
}

type Weights = ReadonlyMap<string, number>;

function overlap(one: Weights, other: Weights): Overlap {
  let [first, second, shared] = [0, 0, 0];
  for (const weight of other.values()) second += weight;
  for (const [word, weight] of one) {
    first += weight;
    shared += Math.min(weight, other.get(word) ?? 0);
  }
  const union = first + second - shared;
  return {
    shared,
    jaccard: union === 0 ? 1 : shared / union,
    covered: first === 0 ? 0 : shared / first,
    coversOther: second === 0 ? 0 : shared / second,
    least: Math.min(first, second),
  };
}

/** It says itself what it overtakes: "from A to B", "B instead of A". */
function overtaken(newer: Profile, older: Profile, about: Overlap): Related | undefined {
  if (newer.old.length === 0 || !newer.old.some((value) => hasValue(older.values, value))) return undefined;
  if (newer.values.length > 0 && newer.values.every((value) => hasValue(older.values, value))) return undefined;
  const classes = newer.old.some(
    (value) => isAlone(value.kind) && newer.values.every((each) => each.kind === value.kind),
  );
  if (classes && newer.narrows.size > 0 && newer.narrows.isDisjointFrom(older.narrows)) return undefined;
  const plain = [...newer.about.values()].every((weight) => weight < 0.5);
  if (about.shared < 0.4 && !classes && !plain) return undefined;
  return { relation: 'update', score: 0.9 + Math.min(0.09, about.jaccard / 10) };
}

function sameValues(newer: Profile, older: Profile, about: Overlap): Related {
  const flips = newer.negated !== older.negated;
  const known = newer.values.some(({ kind }) => STRONG.has(kind));
  const close = about.jaccard >= 0.5 || (Math.max(about.covered, about.coversOther) >= 0.95 && about.least >= 1);
  const sameClass =
    newer.values.some(({ kind }) => isAlone(kind)) && newer.narrows.isSubsetOf(older.narrows) && about.shared >= 1;
  if (!close && !sameClass && !(known && about.shared >= 0.25) && !sameHead(newer, older)) return NONE;
  if (flips) return about.jaccard >= 0.5 || sameClass ? { relation: 'update', score: about.jaccard } : NONE;
  return { relation: 'same', score: Math.max(0.6, about.jaccard) };
}

/** The same sort of value, and another one. */
function differing(newer: Profile, older: Profile): Related | undefined {
  if (newer.adds || newer.negated || older.negated) return undefined;
  for (const { kind } of newer.values) {
    const [now, before] = [ofKind(newer.values, kind), ofKind(older.values, kind)];
    if (before.length === 0 || now.every((value) => hasValue(before, value))) continue;
    // It says what it replaces, and it is not this.
    const named = ofKind(newer.old, kind);
    if (named.length > 0 && !before.some((value) => hasValue(named, value))) continue;
    const known = CLASSES[kind];
    const about = overlap(withOthers(newer, kind), withOthers(older, kind));
    if (known?.exclusive === false && !newer.changes) continue;
    if (isAlone(kind) && known?.exclusive !== false) {
      if (sameNarrowing(newer, older)) return { relation: 'update', score: 0.6 + about.jaccard * 0.3 };
      continue;
    }
    const near = about.jaccard >= 0.6 || (about.shared >= 1.8 && Math.max(about.covered, about.coversOther) >= 0.95);
    // Two that each name a thing of their own are two things, however much else they share.
    const apart = about.jaccard < 0.75 && restOf(newer.about, older.about) > 0 && restOf(older.about, newer.about) > 0;
    const called = newer.changes && !apart && (about.jaccard >= 0.34 || (about.covered >= 0.95 && about.shared >= 0.9));
    if ((near && about.shared >= 0.5) || called || (newer.changes && sameHead(newer, older)))
      return { relation: 'update', score: 0.4 + about.jaccard * 0.5 };
  }
  return undefined;
}

/** Both name the same thing, and at most one of them says more of it: two that each say something else are two things. */
function sameHead(one: Profile, other: Profile): boolean {
  const [first, second] = [headsOf(one.about), headsOf(other.about)];
  if (first.isDisjointFrom(second) || (!first.isSubsetOf(second) && !second.isSubsetOf(first))) return false;
  if (!one.narrows.isSubsetOf(other.about) && !other.narrows.isSubsetOf(one.about)) return false;
  return restOf(one.about, other.about) === 0 || restOf(other.about, one.about) === 0;
}

/** How many words of weight, apart from those in the other. */
function restOf(one: Weights, other: Weights): number {
  return [...one].filter(([word, weight]) => weight >= 0.9 && !other.has(word)).length;
}

/** Values that more often colour a fact than tell it apart. */
const PASSING = new Set(['frequency', 'daypart', 'date']);

/** What a fact is about, with the values that are not in question: of "Python 3.12" the number changes, and Python is what it is about. */
function withOthers({ about, values }: Profile, kind: string): Weights {
  const others = values.filter((value) => !ofKind([value], kind).includes(value));
  return new Map([...about, ...others.map((value) => [`=${value.canon}`, PASSING.has(value.kind) ? 0.2 : 1] as const)]);
}

function relateWords(newer: Profile, older: Profile, about: Overlap): Related {
  const flips = newer.negated !== older.negated;
  if (flips) return about.jaccard >= 0.7 && about.least >= 1 ? { relation: 'update', score: about.jaccard } : NONE;
  if (about.jaccard >= 0.75 && about.least >= 1) return { relation: 'same', score: about.jaccard };
  if (about.covered >= 0.99 && about.least >= 3) return { relation: 'same', score: 0.7 };
  if (about.coversOther >= 0.99 && about.least >= 3) return { relation: 'more', score: 0.7 };
  return NONE;
}

/** "The analytics database" is another than "the database"; said as a change without it, the same is meant. */
function sameNarrowing(newer: Profile, older: Profile): boolean {
  const one = [...newer.narrows].filter((word) => !older.about.has(word));
  const other = [...older.narrows].filter((word) => !newer.about.has(word));
  return one.length === 0 && (other.length === 0 || newer.changes);
}

function ofKind(values: readonly Value[], kind: string): readonly Value[] {
  const alike = kind === 'time' || kind === 'number' ? ['time', 'number'] : [kind];
  return values.filter((value) => alike.includes(value.kind));
}

function hasValue(values: readonly Value[], wanted: Value): boolean {
  return values.some((value) => value.canon === wanted.canon);
}
