import { high, medium, NOTHING } from './notes.ts';
import type { Note, Notes } from './notes.ts';

/** A longer command is HIGH and not parsed. */
const COMMAND_BYTES_MAX = 65_536;

/**
 * What can be said of a command before it is parsed: its size, how much the parser would have to do, and characters that
 * make it look other than it is. Linear in its length.
 *
 * @returns Notes, and whether it is to be parsed at all.
 */
export function precheck(command: string): { readonly notes: Notes; readonly parse: boolean } {
  if (command.length > COMMAND_BYTES_MAX || Buffer.byteLength(command) > COMMAND_BYTES_MAX)
    return { notes: [high('is longer than 64 KiB, and so not looked at')], parse: false };
  if (command.trim() === '') return { notes: [medium('is empty')], parse: false };
  const over = LIMITS.find(({ pattern, max }) => more(command, pattern, max));
  if (over !== undefined) return { notes: [high(`has more ${over.what} than can be seen through`)], parse: false };
  return { notes: oddCharacters(command), parse: true };
}

/** Here-documents and nesting are what parsing and walking pay for. */
const LIMITS: readonly { readonly pattern: RegExp; readonly max: number; readonly what: string }[] = [
  { pattern: /<<[^<]/g, max: 16, what: 'here-documents' },
  { pattern: /\$[({[]|`|[<>]\(/g, max: 128, what: 'expansions' },
  { pattern: /[({]/g, max: 1_024, what: 'brackets' },
  { pattern: /\b(?:case|if|while|until|for|select|function|coproc)\b/g, max: 256, what: 'compound commands' },
  { pattern: /[$`]/g, max: 1_024, what: 'expansions' },
  { pattern: /[*?]/g, max: 4_096, what: 'patterns' },
  { pattern: /[<>]/g, max: 512, what: 'redirections' },
  { pattern: /[|&;\n]/g, max: 2_048, what: 'commands' },
];

function more(text: string, pattern: RegExp, max: number): boolean {
  let count = 0;
  for (const _found of text.matchAll(pattern)) if ((count += 1) > max) return true;
  return false;
}

/** Characters that are not what they look like. Letters of any language are fine; doubles of Latin ones are not. */
function oddCharacters(command: string): Notes {
  const notes: Note[] = [];
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(command)) notes.push(high('has control characters in it'));
  // oxlint-disable-next-line no-control-regex -- everything beyond ASCII
  if (!/[^\x00-\x7f]/.test(command)) return notes;
  if (/[\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufffd]/u.test(command))
    notes.push(high('has invisible or broken characters in it'));
  if (!command.isWellFormed()) notes.push(high('is not valid Unicode'));
  if (/[\p{Zs}--\x20]|\p{Pd}(?<!-)|[\p{Pi}\p{Pf}]/v.test(command))
    notes.push(medium('has look-alikes of spaces, dashes or quotes in it'));
  if (
    /[A-Za-z][\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]|[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}][A-Za-z]/u.test(
      command,
    )
  )
    notes.push(medium('mixes alphabets within a word'));
  for (const [char] of command.matchAll(/[^\x20-\x7e\s\p{Script=Latin}\p{Script=Han}\p{Script=Cyrillic}]/gu)) {
    if (!/[\x21-\x7e]/.test(char.normalize('NFKC'))) continue;
    notes.push(medium('has look-alikes of plain characters in it'));
    break;
  }
  if (/[\uff01-\uff5e\u{1d400}-\u{1d7ff}]/u.test(command)) notes.push(medium('has look-alikes of plain letters in it'));
  return notes.length === 0 ? NOTHING : notes;
}
