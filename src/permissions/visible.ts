/**
 * A text in which everything can be seen: control and format characters, bidirectional marks, what has no width, odd
 * spaces and private or unassigned code points are written as `⟨U+202E⟩`; so is `⟨` itself, which nothing can forge then.
 * A word that mixes Latin with letters that look like Latin is marked.
 *
 * @param options.newlines Keep line feeds; else they are written out as well.
 */
export function visible(text: string, options: { readonly newlines: boolean }): string {
  return text
    .replaceAll(UNSEEN, (sign) => (sign === '\n' && options.newlines ? sign : written(sign)))
    .replaceAll(WORD, (word) => (LATIN.test(word) && LOOKALIKE.test(word) ? `${word}⟨mixed letters⟩` : word));
}

/** Everything of the categories "other" and "separator" but the space, whatever may be ignored, marks on nothing. */
const UNSEEN = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u27e8\u27e9\u2502]/gu;

const WORD = /[\p{L}\p{M}\p{N}._-]+/gu;
const LATIN = /\p{Script=Latin}/u;
/** Scripts with letters that look like Latin ones. */
const LOOKALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

function written(sign: string): string {
  return `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
