/** A piece of a text that may name something. */
export interface Mention {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Marked as code, or quoted. */
  readonly coded: boolean;
}

/** A stretch of text that stands for itself: what is said in one does not colour the next. */
export interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly mentions: readonly Mention[];
}

const CODE = /``([^`\n]+)``|`([^`\n]+)`|(?<![\w])"([^"\n]{1,80})"|(?<![\w])'([^'\n\s]{1,80})'(?!\w)|“([^”\n]{1,80})”/g;
const LINK = /\[([^\]\n]*)\]\(([^)\s]+)\)/g;
const END = /(?<=[.!?])(?=\s+(?:[A-ZÄÖÜ`"'([@]|$|[a-z]+\s))|[;\n]|\s[—–]\s/g;
/** Ends of abbreviations are no ends of sentences. */
const ABBREVIATION = /(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|ca|z\.B|d\.h|bzw|usw|incl|no|resp)\.|\s\w\.)$/i;
const LEADING = /^[([{<"'“„*~,:=]+/;
const TRAILING = /[)\]}>"'”,;:!?*~…]+$|\.+$/;

/** A text in sentences, with what may be names in each. Code is taken whole, the rest word by word. */
export function readSentences(text: string): readonly Sentence[] {
  const spans = codeSpans(text);
  const cuts = [...text.matchAll(END)]
    .map((found) => found.index)
    .filter((at) => !spans.some(({ start, end }) => at > start && at < end) && !ABBREVIATION.test(text.slice(0, at)));
  const edges = [0, ...cuts, text.length];
  const sentences: Sentence[] = [];
  for (let index = 0; index + 1 < edges.length; index += 1) {
    const [start, end] = [edges[index] ?? 0, edges[index + 1] ?? 0];
    const part = text.slice(start, end);
    if (part.trim() === '') continue;
    const inside = spans.filter((span) => span.start >= start && span.start < end);
    sentences.push({ text: part, start, mentions: mentionsOf(text, start, end, inside) });
  }
  return sentences;
}

function codeSpans(text: string): Mention[] {
  const spans: Mention[] = [];
  for (const found of text.matchAll(CODE)) {
    const inner = found.slice(1).find((group) => group !== undefined) ?? '';
    const start = found.index + found[0].indexOf(inner);
    spans.push({ text: inner, start, end: start + inner.length, coded: true });
  }
  for (const found of text.matchAll(LINK)) {
    const target = found[2] ?? '';
    const start = found.index + found[0].lastIndexOf(target);
    if (!/^[a-z]+:/i.test(target)) spans.push({ text: target, start, end: start + target.length, coded: true });
  }
  return spans.toSorted((one, other) => one.start - other.start);
}

function mentionsOf(text: string, start: number, end: number, spans: readonly Mention[]): Mention[] {
  const mentions: Mention[] = [];
  let at = start;
  for (const span of [...spans, undefined]) {
    const until = span?.start ?? end;
    if (until > at) mentions.push(...words(text, at, until));
    if (span === undefined) break;
    if (span.start < at) continue;
    // Quoted prose is read as prose.
    const prose =
      /\s/.test(span.text) && text[span.start - 1] !== '`' && !/^[\w./-]+ (?:run )?[\w:./-]+$/.test(span.text);
    mentions.push(...(prose ? words(text, span.start, span.end) : [span]));
    at = span.end;
  }
  return mentions;
}

function words(text: string, from: number, to: number): Mention[] {
  return [...text.slice(from, to).matchAll(/[^\s`]+/g)].flatMap((found) => {
    let word = found[0];
    let start = from + found.index;
    const lead = LEADING.exec(word)?.[0].length ?? 0;
    word = word.slice(lead);
    start += lead;
    for (let cut = word; ; word = cut) {
      cut = balanced(word) ? word.replace(/[,;:!?*~…"'”]+$|\.+$/, '') : word.replace(TRAILING, '');
      if (cut === word) break;
    }
    word = word.replace(/(?<=\w)['’]s$/, '');
    return word === '' ? [] : pieces({ text: word, start, end: start + word.length, coded: false });
  });
}

/** `a.ts→b.ts`, `foo()/bar()` and `(see` stuck to a word are several. */
function pieces(mention: Mention): Mention[] {
  if (!/→|->|=>|,/.test(mention.text) || /[{}[\]]/.test(mention.text)) return [mention];
  return [...mention.text.matchAll(/(?:(?!→|->|=>|,).)+/g)].map((found) => ({
    text: found[0],
    start: mention.start + found.index,
    end: mention.start + found.index + found[0].length,
    coded: false,
  }));
}

function balanced(word: string): boolean {
  const count = (sign: string): number => word.split(sign).length;
  return count('(') === count(')') && count('[') === count(']') && count('{') === count('}') && /[([{]/.test(word);
}
