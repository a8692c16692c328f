import { PATTERNS } from './patterns.ts';
import { TIERS, type Pattern, type Tier } from './pattern.ts';
import { readProse, type Prose } from './prose.ts';

/** Something found in a message. Places are UTF-16 units of the message. */
export interface MoodMatch {
  readonly pattern: string;
  readonly tier: Tier;
  readonly start: number;
  readonly end: number;
}

export interface Mood {
  /** The strongest of what was found: back-off before acknowledge before simplify. */
  readonly tier: Tier | null;
  /** Each pattern at most once, the strongest tier first. */
  readonly matches: readonly MoodMatch[];
}

/** Of a longer message only the first and the last 8 KiB are read. */
const PART_CHARS_MAX = 8_192;
/** What stands around a match and is looked at. */
const BEFORE_CHARS = 60;
const AFTER_CHARS = 60;
/** Places where one pattern is tried to fit before it is given up: a hostile message repeats what is negated. */
const TRIES_MAX = 50;

/**
 * The mood of a message to the daemon, from what its writer says in their own words: quoted lines and text, code and
 * addresses do not count. Takes time in proportion to at most 16 KiB; throws on nothing.
 */
export function moodOf(message: string): Mood {
  const { length } = message;
  if (length <= 2 * PART_CHARS_MAX) return judge([found(message, 0)]);
  const tail = length - PART_CHARS_MAX;
  return judge([found(message.slice(0, PART_CHARS_MAX), 0), found(message.slice(tail), tail)]);
}

function judge(parts: readonly (readonly MoodMatch[])[]): Mood {
  const all = parts.flat();
  const matches = TIERS.flatMap((tier) => all.filter((match) => match.tier === tier));
  return { tier: matches[0]?.tier ?? null, matches };
}

function found(text: string, offset: number): MoodMatch[] {
  const prose = readProse(text);
  return PATTERNS.flatMap((pattern) => {
    const match = firstMeant(pattern, prose);
    if (match === undefined) return [];
    const { name, tier } = pattern;
    const start = offset + prose.placeOf(match.start);
    return [{ pattern: name, tier, start, end: offset + prose.placeOf(match.end - 1) + 1 }];
  });
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function firstMeant(pattern: Pattern, { text, emphatic: isLoud }: Prose): Place | undefined {
  const { words, emphatic } = pattern;
  return (
    firstOf(words, pattern, text) ?? (isLoud && emphatic !== undefined ? firstOf(emphatic, pattern, text) : undefined)
  );
}

function firstOf(words: RegExp, pattern: Pattern, text: string): Place | undefined {
  // Not `matchAll`: it copies the expression, which takes longer than running it over a short message.
  words.lastIndex = 0;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const match = words.exec(text);
    if (match === null) return undefined;
    const place = { start: match.index, end: match.index + match[0].length };
    if (isMeant(pattern, text, place)) return place;
  }
  return undefined;
}

function isMeant({ before = [], after }: Pattern, text: string, { start, end }: Place): boolean {
  const lead =
    text
      .slice(Math.max(0, start - BEFORE_CHARS), start)
      .split(/[\n!?]/)
      .at(-1) ?? '';
  if (before.some((words) => words.test(lead))) return false;
  return after === undefined || !after.test(text.slice(end, end + AFTER_CHARS));
}
