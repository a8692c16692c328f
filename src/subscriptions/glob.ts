/** What a glob reads of a text. A string fits; a test passes one that counts. */
interface GlobText {
  readonly length: number;
  charCodeAt(index: number): number;
}

const STAR = 42;
const QUESTION = 63;

/**
 * Does the whole text match the glob? `*` stands for any characters (also none, also `/`), `?` for exactly one,
 * everything else for itself; case counts. No regular expression: at most pattern × text steps, whatever the text is.
 */
export function matchesGlob(pattern: string, text: GlobText): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let starRead = 0;
  while (read < text.length) {
    const wanted = pattern.charCodeAt(at);
    if (wanted === STAR) {
      star = at;
      starRead = read;
      at += 1;
    } else if (at < pattern.length && (wanted === QUESTION || wanted === text.charCodeAt(read))) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      // Only the latest star is ever given more: an earlier one could not reach further than it.
      starRead += 1;
      read = starRead;
      at = star + 1;
    } else return false;
  }
  while (pattern.charCodeAt(at) === STAR) at += 1;
  return at === pattern.length;
}
