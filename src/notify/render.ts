import type { Redact } from '../core/ports.ts';
import type { MessageParts } from './store.ts';

/** What the shortest of the usual channels takes (Telegram: 4 096 characters). */
export const TEXT_CHARS_MAX = 4_000;

/** Room beside each text for how often it was said, and a share of the line about the others. */
const COUNT_CHARS_MAX = 40;

/**
 * The text of a message as it leaves: what it says, or, when several became one, the newest of what they say, a line
 * each, and how many more there were. Without control characters, then redacted, then cut.
 */
export function renderMessage(parts: MessageParts, redact: Redact): string {
  const charsMax = Math.floor(TEXT_CHARS_MAX / Math.max(1, parts.texts.length)) - COUNT_CHARS_MAX;
  let shown = 0;
  const lines = parts.texts.map(({ text, count }) => {
    shown += count;
    const said = cut(redact(plainText(text)), charsMax);
    return count > 1 ? `${said} (×${count})` : said;
  });
  if (parts.count > shown) lines.push(`(+${parts.count - shown} more)`);
  return lines.join('\n');
}

/** Control characters (but for the line break), marks that turn the direction of writing, and halves of characters. */
// oxlint-disable-next-line no-control-regex -- these characters are what it looks for
const UNSEEN = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g;

/** Text from outside, made harmless to look at: it cannot move a cursor, recolour a terminal or reverse a line. */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll('\t', ' ')
    .replaceAll(UNSEEN, '')
    .trim();
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
