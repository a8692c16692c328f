import { KairosError } from '../core/errors.ts';

const CHARS_MAX = 1_000;
const ALTERNATIVES_MAX = 64;

/**
 * Whether a path (relative, with `/`) fits a file pattern: `*` and `?` within a name, `[a-z]` and `[!a]`, `**` for any
 * directories, `{a,b}` for either. A pattern without `/` is about the name, at every depth. Names that begin with a dot are
 * like others. No regular expression: at most pattern × path steps, whatever they are.
 *
 * @throws {KairosError} `INPUT_INVALID` over 1 000 characters or 64 alternatives.
 */
export function compilePattern(pattern: string): (path: string) => boolean {
  if (pattern.length > CHARS_MAX) {
    throw new KairosError(
      'INPUT_INVALID',
      `expected a pattern of at most ${CHARS_MAX} characters, got ${pattern.length}`,
    );
  }
  const everywhere = !pattern.includes('/');
  const alternatives = expandBraces(pattern).map((one) => one.split('/').filter((name) => name !== '' && name !== '.'));
  return (path) => {
    const names = path.split('/');
    const asked = everywhere ? names.slice(-1) : names;
    return alternatives.some((segments) => matchesNames(segments, asked));
  };
}

/** `a{b,c}` → `ab`, `ac`. A brace without its partner stands for itself. */
function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const brace = innermost(next);
    if (brace === undefined) done.push(next);
    else for (const choice of brace.choices) open.push(brace.before + choice + brace.after);
    if (done.length + open.length > ALTERNATIVES_MAX) {
      throw new KairosError(
        'INPUT_INVALID',
        `expected a pattern of at most ${ALTERNATIVES_MAX} alternatives, got more`,
      );
    }
  }
  return done;
}

function innermost(text: string): { before: string; choices: string[]; after: string } | undefined {
  const close = text.indexOf('}');
  const start = close < 0 ? -1 : text.lastIndexOf('{', close);
  if (start < 0) return undefined;
  return {
    before: text.slice(0, start),
    choices: text.slice(start + 1, close).split(','),
    after: text.slice(close + 1),
  };
}

/** Row by row: which beginnings of the path do the first segments fit? */
function matchesNames(segments: readonly string[], names: readonly string[]): boolean {
  let fits = [true, ...names.map(() => false)];
  for (const segment of segments) {
    const next = fits.map(() => false);
    for (let at = 0; at <= names.length; at += 1) {
      if (segment === '**') next[at] = fits[at] === true || (at > 0 && next[at - 1] === true);
      else if (at > 0) next[at] = fits[at - 1] === true && matchesName(segment, names[at - 1] as string);
    }
    fits = next;
  }
  return fits[names.length] === true;
}

/** Only the latest star is ever given more: an earlier one could not reach further than it. */
function matchesName(pattern: string, name: string): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let starRead = 0;
  while (read < name.length) {
    const step = at < pattern.length ? stepAt(pattern, at, name.charAt(read)) : 0;
    if (pattern[at] === '*') {
      star = at;
      starRead = read;
      at += 1;
    } else if (step > 0) {
      at += step;
      read += 1;
    } else if (star >= 0) {
      starRead += 1;
      read = starRead;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/** How many characters of the pattern stand for this one character; 0 when they do not. */
function stepAt(pattern: string, at: number, character: string): number {
  const wanted = pattern[at];
  if (wanted === '?') return 1;
  if (wanted === '\\' && at + 1 < pattern.length) return pattern[at + 1] === character ? 2 : 0;
  const close = wanted === '[' ? pattern.indexOf(']', at + 2) : -1;
  if (close < 0) return wanted === character ? 1 : 0;
  const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^';
  const members = pattern.slice(at + (negated ? 2 : 1), close);
  return isMember(members, character) === negated ? 0 : close - at + 1;
}

function isMember(members: string, character: string): boolean {
  for (let at = 0; at < members.length; at += 1) {
    const from = members.charAt(at);
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    const to = isRange ? members.charAt(at + 2) : from;
    if (character >= from && character <= to) return true;
    if (isRange) at += 2;
  }
  return false;
}
