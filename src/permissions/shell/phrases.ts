import type { Field } from './field.ts';

/**
 * Programs that do much, with the exact words in which they only tell: the words joined by blanks must match as a whole.
 * Anything else of theirs is judged by what the program can do.
 */
const PHRASES: ReadonlyMap<string, RegExp> = new Map([
  [
    'ip',
    /^(?:-(?:br|brief|c|4|6|o|j|p|s) )*(?:a|addr|address|l|link|r|route|n|neigh|rule)(?: (?:show|list|ls))?(?: dev [\w.-]+)?$/,
  ],
  ['ss', /^-[tulnpaxes46H]+$/],
  ['netstat', /^-[tulnpaers46]+$/],
  ['lsof', /^(?:-[nPt]+ )*-i ?(?:[46]|TCP|UDP|tcp|udp)?(?::\d{1,5})?(?: -sTCP:LISTEN)?(?: -[nPt]+)*$/],
  ['top', /^-bn ?1$|^-b -n ?1$/],
  ['lsblk', /^(?:-[fapSdn]+)?$/],
  ['vmstat', /^$/],
  ['help', /^[a-z]+$/],
]);

/** Whether a program is given exactly words in which it only tells. */
export function onlyTells(name: string, args: readonly Field[]): boolean {
  const phrase = PHRASES.get(name);
  return (
    phrase !== undefined &&
    args.every(({ plain, opaque, patternAt }) => plain && opaque === undefined && patternAt < 0) &&
    phrase.test(args.map(({ text }) => text).join(' '))
  );
}
