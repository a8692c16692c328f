import type { Value } from './values.ts';
import { STOP } from './vocabulary.ts';

/** Small letters, one space, no marks around. */
export function normOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[`"“”„'’*_]/g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s\-–,;:]+|[\s.!,;:]+$/g, '');
}

/** Nouns of which there is one: "our motto is X" and "our motto is Y" can't both hold. */
export const SINGULAR =
  /\b(?:name|named|called|branch|mascot|motto|slogan|colou?r|theme|favou?rite|default|primary|main|preferred|title|status|nickname|handle|role|job|plan|tier|font|logo|code ?name|capital|headquarters|hq|address|city|town|country|birthday|lieblings\w*|maskottchen|farbe|spitzname|prefix|suffix|strategy|convention|style|format|scheme|model|provider|host|domain|tone|language|level|policy|mode|hauptbranch|zweig)\b/i;
const IS =
  /^(.{2,60}?)\s*(?:\b(?:goes by the name of|goes by|is|are|ist|sind|heißt|heisst|becomes|became|=)(?![\wäöü])|[:=])\s*(?:now |called |named |jetzt |still )*(.{1,60})$/i;
const BECAME =
  /^(?:we |i |they |wir )?(?:have |has |had |['’]ve )?(?:now |just |finally )?(?:renamed|changed|switched|moved|set)\s+(?:the |our |my )(.{2,40}?)\s+(?:from .{1,40}? )?to\s+(.{1,40})$|^(.{2,60}?)\s+(?:(?:was|got|is|has been|been)\s+)?(?:renamed|changed|switched|moved)\s+(?:from .{1,40}? )?to\s+(.{1,40})$/i;

/** What "the X is Y" says of X, when Y is a word or two and nothing more definite is said. */
export function wordOf(text: string): { readonly subject: string; readonly value: Value } | undefined {
  const plain = normOf(text)
    .replace(/^(?:in case|if|when|since|because|as)\b[^,]{3,80},\s+/, '')
    .replace(/(?:,\s+(?:and|because|so|which|but|as|since|if|sorry)|\s+because)\b(?! (?:now )?(?:it|we|they)\b).*$/, '')
    .replace(/ (?:now|jetzt|from now on|these days)$/, '');
  const [, called = '', thing = ''] = APPOSITION.exec(normOf(text)) ?? [];
  if (thing !== '' && SINGULAR.test(called)) return { subject: called, value: wordAt(text, thing) };
  const [, kept = '', role = ''] = AS.exec(plain) ?? [];
  if (kept !== '' && SINGULAR.test(role)) return { subject: role, value: wordAt(text, kept) };
  const became = BECAME.exec(plain);
  const is = became === null ? IS.exec(plain) : null;
  const sides = [
    tidyWords(became?.[1] ?? became?.[3] ?? is?.[1] ?? ''),
    tidyWords(became?.[2] ?? became?.[4] ?? is?.[2] ?? ''),
  ];
  // "The heron is our mascot" says it the other way round.
  const isTurned =
    is !== null && SINGULAR.test(is[2] ?? '') && /^(?:our|my) /.test(is[2] ?? '') && !SINGULAR.test(is[1] ?? '');
  const [subject = '', object = ''] = isTurned ? sides.toReversed() : sides;
  if (subject === '' || object === '' || object.split(' ').length > 3 || /\b(?:not|no|never|nicht)\b/.test(object))
    return undefined;
  return {
    subject: /called|named|heißt|heisst/.test(plain) ? `${subject} called` : subject,
    value: wordAt(text, object),
  };
}

function wordAt(text: string, canon: string): Value {
  const at = Math.max(0, text.toLowerCase().lastIndexOf(canon));
  return { kind: 'word', canon, raw: text.slice(at, at + canon.length), at };
}

/** "Our mascot, the heron, …" */
const APPOSITION = /^(?:our|my|the) ([\p{L} -]{2,30}), (?:the|an?) ([\p{L}\d-]+),/iu;

/** "We picked a heron as our mascot". */
const AS =
  /\b(?:pick(?:ed)?|chose|chosen|have|has|took|taken|use|made|elected|adopted)\s+(?:an? |the )?([\p{L}\d-]+) (?:as|for|to be) (?:our|my|the) (?:new )?([\p{L}\d -]{2,30})/iu;

const SWAP =
  /\b(?:renamed|from|replaced|swapped)\s+["'`]?([\w.-]{2,40})["'`]?\s+(?:to|with|by|for|into)\s+["'`]?([\w.-]{2,40})["'`]?$/i;

/** "Renamed A to B", when neither is anything that is known. */
export function swapOf(text: string): { readonly old: Value; readonly now: Value } | undefined {
  const [whole, before = '', after = ''] = SWAP.exec(normOf(text)) ?? [];
  if (whole === undefined || [before, after].some((word) => STOP.has(word))) return undefined;
  return { old: wordAt(text, before), now: wordAt(text, after) };
}

function tidyWords(part: string): string {
  return part
    .replaceAll(/\b(?:the|our|my|a|an|new|unser|unsere|mein|das|der|die|now|actually)\b/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
