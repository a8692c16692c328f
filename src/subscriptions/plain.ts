// Line and paragraph ends of any kind, and the tab: what would break or shift a line.
const BREAKS = /[\t-\r\u0085\u2028\u2029]+/g;
// C0, DEL, C1, and the invisible marks that turn the direction of text round or hide in it.
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const SUSPECT = /[\p{Cc}\p{Cs}\u061c\u0085\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/**
 * Any text as one plain line: line ends become a space; control characters, bidirectional overrides and zero-width
 * marks are taken out; lone surrogates become U+FFFD; the ends are trimmed. Does not escape Markdown, HTML or a
 * channel's own marks: whoever shows the text does.
 *
 * @param charsMax Longest result in UTF-16 units; a longer one ends in "…".
 */
export function plainLine(text: string, charsMax: number): string {
  // What is far behind the limit is not looked at: 500 characters of a 25 MB field cost the same as of a short one.
  const head = text.length > charsMax * 4 + 64 ? text.slice(0, charsMax * 4 + 64) : text;
  const line = SUSPECT.test(head) ? head.replace(BREAKS, ' ').replace(UNSEEN, '').toWellFormed() : head;
  return cut(line.trim(), charsMax);
}

/** The text, or its beginning with "…" at the end: at most `charsMax` UTF-16 units, no character halved. */
export function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${text.slice(0, Math.max(0, charsMax - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}
