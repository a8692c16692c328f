import type { Entry } from './board.ts';
import { profileOf } from './profile.ts';
import type { Value } from './values.ts';

/** Words that tell of a change and not of what is: they go when the change has been made. */
const TELLING: readonly (readonly [RegExp, string])[] = [
  [/^(?:as of|since|from|starting|effective) (?:now|today|\d{4}-\d{2}-\d{2})(?: on)?,?\s+/i, ''],
  [/,?\s*\b(?:from now on|as of (?:now|today|\d{4}-\d{2}-\d{2})|these days|nowadays|going forward)\b/gi, ''],
  [/\b(is|are|was) now\b/gi, '$1'],
  [/\bnow (?=(?:uses?|runs?|lives?|owned|kept|called|on|at|in|hosted|answers?|listens?)\b)/gi, ''],
  [/\s+now$/i, ''],
  [/\bab jetzt\s+/gi, ''],
  [/\bjetzt\s+/gi, ''],
  [/^actually,?\s+/i, ''],
];

/** The words of a fact that overtakes another: the old sentence with the new value in it where that says it all, else the new one without the old value. */
export function overtake(older: Entry, newer: Pick<Entry, 'text' | 'profile'>): string {
  return substituted(older, newer) ?? settled(newer.text, newer.profile.old);
}

/** A sentence without the value that holds no longer, and without "now". Left as it is when little would remain. */
export function settled(text: string, old: readonly Value[]): string {
  let out = text;
  for (const { raw } of old) out = withoutOld(out, raw);
  for (const [pattern, instead] of TELLING) out = out.replace(pattern, instead);
  out = out
    .replaceAll(/\s{2,}/g, ' ')
    .replaceAll(/\s+([,.;)])/g, '$1')
    .replace(/^[\s,;:–—-]+|[\s,;:–—-]+$/g, '');
  const kept = profileOf(out);
  return out.length < 6 || kept.values.length < profileOf(text).values.length
    ? text
    : `${out.charAt(0).toUpperCase() === text.charAt(0) ? text.charAt(0) : out.charAt(0)}${out.slice(1)}`;
}

function withoutOld(text: string, raw: string): string {
  const value = raw.replaceAll(/[.*+?^$(){}|[\]\\]/g, String.raw`\$&`);
  const patterns = [
    `\\s*\\((?:was|were|formerly|previously|before:?|not|instead of)\\s+(?:the\\s+)?${value}\\)`,
    `,?\\s*(?:instead of|rather than|in place of|statt|anstatt|anstelle von)\\s+(?:the |on |at )?${value}\\w*(?:\\s+ones?)?`,
    `,?\\s*(?:and |but )?(?:not|no longer|no more|nicht mehr)\\s+(?:on |with |at |the )?${value}\\w*(?:\\s*any ?more)?`,
    `,\\s*(?:the )?${value} is (?:history|off|gone|out|dead|retired|no longer used|deprecated)`,
    `\\s*\\b(?:from|von)\\s+(?:the )?${value}(?=\\s+(?:to|onto|over to|auf|zu|nach)\\b)`,
    `\\b${value}\\s*(?:->|→|=>)\\s*`,
    `^(?:not\\s+)?${value}\\s+any ?more,\\s*`,
  ];
  return patterns.reduce((out, pattern) => out.replace(new RegExp(pattern, 'giu'), ''), text);
}

/** Undefined unless the two differ in exactly one value: what else the old sentence says may no longer be so. */
function substituted(older: Entry, newer: Pick<Entry, 'text' | 'profile'>): string | undefined {
  const [before, now] = [older.profile.values, newer.profile.values];
  const fresh = now.filter(({ canon }) => before.every((value) => value.canon !== canon));
  const stale = before.filter(({ canon }) => now.every((value) => value.canon !== canon));
  const [value, gone] = [fresh[0], stale[0]];
  if (value === undefined || gone === undefined || fresh.length !== 1 || stale.length !== 1) return undefined;
  if (value.kind !== gone.kind && !(isNumeric(value) && isNumeric(gone))) return undefined;
  if (
    older.profile.hedged ||
    older.profile.negated ||
    older.profile.old.length > 0 ||
    older.profile.changes ||
    older.profile.ends
  )
    return undefined;
  // A sentence that tells more than the old one did is worth keeping.
  const said = [...newer.profile.about].filter(
    ([word, weight]) => weight >= 1 && !older.profile.about.has(word),
  ).length;
  if (said > 2 && !newer.profile.old.some(({ canon }) => canon === gone.canon)) return undefined;
  const at = older.text.startsWith(gone.raw, gone.at) ? gone.at : older.text.indexOf(gone.raw);
  if (at < 0 || /\b(?:since|seit)\b/i.test(older.text)) return undefined;
  const plural = gone.kind === 'day' && /s$/i.test(gone.raw) && !/s$/i.test(value.raw) ? 's' : '';
  const written = value.raw.replace(gone.kind === 'day' && !/s$/i.test(gone.raw) ? /s$/i : /$^/, '') + plural;
  return older.text.slice(0, at) + written + older.text.slice(at + gone.raw.length);
}

function isNumeric({ kind }: Value): boolean {
  return kind === 'time' || kind === 'number';
}
