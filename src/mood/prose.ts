/** What somebody says in their own words: lower case, without quotes, code and addresses, one border between clauses. */
export interface Prose {
  /** Words one space apart, apostrophes left out; clauses end in a line end, `!` or `?`. Quotes and code are a `¤`. */
  readonly text: string;
  /** Two or more marks in a row (`!!`, `?!`), or most of it in capitals. */
  readonly emphatic: boolean;
  /** Where in the message the character of `text` at this place stood. */
  placeOf(index: number): number;
}

const CODE = { space: 32, tick: 96, double: 34, single: 39, greater: 62, line: 10 } as const;
/** Further apart, two single quotes are two apostrophes. */
const SINGLE_QUOTE_CHARS_MAX = 300;
const APOSTROPHES_MAX = 5;
const CAPITALS_MIN = 6;
const CAPITALS_SHARE = 0.7;

const PLACEHOLDER = '¤';
const ANGRY_FACES = new Set(['😡', '🤬', '😤', '🤦']);
/** What such a face becomes. */
export const ANGRY = '☹';
/** By character code: 1 a letter or digit of a word, 2 another character a word may begin with. */
const KIND = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüßÄÖÜ0123456789')
  KIND[character.charCodeAt(0)] = 1;
for (const character of './\\_#@$<{=-') KIND[character.charCodeAt(0)] = 2;
const ORDINARY = /^[a-zäöüß'’]+[.:)]?$/i;
/** The whole of a word that is no word: an address, a path, an option, a call, an assignment. */
const TECHNICAL =
  /^(?:https?:|www\.|--?[a-z])|[a-z0-9]\(|[/\\_=<>{}$]|[a-z0-9]\.[a-z0-9]|[a-z0-9]:[a-z0-9]|^[.#@][a-z]/i;
/** Parts words, and no clauses. */
const INVISIBLE = /[^\S\n]|['’*~"]/;
const ABBREVIATION = /^(?:e\.g|i\.e|z\.b|u\.s)\.?$/i;
const CLOSERS: Readonly<Record<string, string>> = { '“': '”', '„': '“', '«': '»', '»': '«' };

/** Reads a message in one pass; takes time in proportion to its length, whatever it holds. */
export function readProse(message: string): Prose {
  const out = createWriter();
  const nextOf = nextFinder(message);
  let lineStart = true;
  for (let at = 0; at < message.length;) {
    if (lineStart) {
      const past = quotedPast(message, at);
      lineStart = false;
      if (past !== undefined) {
        out.border('\n', at);
        at = past;
        lineStart = true;
        continue;
      }
    }
    const closed = quoteEnd(message, at, nextOf);
    if (closed !== undefined) {
      out.word(PLACEHOLDER, at);
      at = closed;
      continue;
    }
    if (message.charCodeAt(at) === CODE.line) lineStart = true;
    at = isWordStart(message, at) ? readWord(message, at, out) : readMark(message, at, out);
  }
  return out.finish();
}

/** A line that quotes (`> …`), or a fenced block of code: where it ends. */
function quotedPast(message: string, at: number): number | undefined {
  let first = at;
  while (first < at + 3 && message.charCodeAt(first) === CODE.space) first += 1;
  if (message.charCodeAt(first) === CODE.greater) return lineEnd(message, first);
  const fence = message.startsWith('```', first) ? '```' : message.startsWith('~~~', first) ? '~~~' : undefined;
  if (fence === undefined) return undefined;
  const close = message.indexOf(`\n${fence}`, first + 3);
  return close === -1 ? message.length : lineEnd(message, close + 1);
}

function lineEnd(message: string, at: number): number {
  const end = message.indexOf('\n', at);
  return end === -1 ? message.length : end + 1;
}

type NextOf = (mark: string, after: number) => number;

/** The next place of a mark, remembered: asking at every place of a long message looks at each character once. */
function nextFinder(message: string): NextOf {
  const known = new Map<string, number>();
  return (mark, after) => {
    const last = known.get(mark) ?? -1;
    if (last > after) return last;
    const found = message.indexOf(mark, after + 1);
    const next = found === -1 ? Infinity : found;
    known.set(mark, next);
    return next;
  };
}

/** Where a quotation or inline code that begins here ends; undefined when none begins, or it does not end on this line. */
function quoteEnd(message: string, at: number, nextOf: NextOf): number | undefined {
  const code = message.charCodeAt(at);
  if (code === CODE.single) return singleQuoteEnd(message, at);
  const mark = message[at] ?? '';
  const closer = code === CODE.tick || code === CODE.double ? mark : CLOSERS[mark];
  if (closer === undefined) return undefined;
  const end = nextOf(closer, at);
  return end < nextOf('\n', at) ? end + 1 : undefined;
}

function singleQuoteEnd(message: string, at: number): number | undefined {
  if (isLetter(message, at - 1) || !isLetter(message, at + 1)) return undefined;
  const line = message.slice(at + 1, at + SINGLE_QUOTE_CHARS_MAX).split('\n', 1)[0] ?? '';
  for (let end = line.indexOf("'"), tries = 0; end !== -1 && tries < APOSTROPHES_MAX; tries += 1) {
    if (!isLetter(line, end + 1)) return at + end + 2;
    end = line.indexOf("'", end + 1);
  }
  return undefined;
}

/** Longer words are none; their middle is passed over. */
const WORD_CHARS_MAX = 200;
const WORD_END = /[\s"`“”„«»,;!?]/g;

function isWordStart(message: string, at: number): boolean {
  return (KIND[message.charCodeAt(at)] ?? 0) > 0;
}

function isLetter(text: string, at: number): boolean {
  return KIND[text.charCodeAt(at)] === 1;
}

function readWord(message: string, at: number, out: Writer): number {
  WORD_END.lastIndex = at + 1;
  let end = WORD_END.exec(message)?.index ?? message.length;
  // `tl;dr` is the one word with such a mark in it.
  if (message[end] === ';' && end === at + 2 && /^tl;dr/i.test(message.slice(at, at + 5))) end = at + 5;
  if (end - at > WORD_CHARS_MAX || isTechnical(message.slice(at, end))) {
    out.word(PLACEHOLDER, at);
    return end;
  }
  for (let index = at; index < end; index += 1) writeCharacter(message, index, out);
  return end;
}

function isTechnical(word: string): boolean {
  if (ORDINARY.test(word)) return false;
  return TECHNICAL.test(word.replace(/[.:)\]]+$/, '')) && !ABBREVIATION.test(word);
}

function writeCharacter(message: string, at: number, out: Writer): void {
  const character = message[at] ?? '';
  if (isLetter(message, at)) return out.letter(character, at);
  if (character === "'" || character === '’' || character === '*' || character === ';') return;
  if (character === '-' && isLetter(message, at + 1) && isLetter(message, at - 1)) return out.letter('-', at);
  out.border('\n', at);
}

function readMark(message: string, at: number, out: Writer): number {
  const character = message[at] ?? '';
  const code = message.charCodeAt(at);
  if (code === CODE.space || INVISIBLE.test(character)) out.space(at);
  else if (character === '!' || character === '?') out.border(character, at);
  else if (code >= 0xd800 && code <= 0xdfff) {
    if (ANGRY_FACES.has(message.slice(at, at + 2))) out.word(ANGRY, at);
    else out.space(at);
  } else out.border('\n', at);
  return at + 1;
}

interface Writer {
  letter(sign: string, at: number): void;
  /** A sign that stands for a word. */
  word(sign: string, at: number): void;
  space(at: number): void;
  border(mark: '\n' | '!' | '?', at: number): void;
  finish(): Prose;
}

/** Puts the text together: never two spaces or two borders in a row, no space beside a border. */
function createWriter(): Writer {
  const characters: string[] = [];
  const places: number[] = [];
  let last = '';
  let gap = false;
  let marks = 0;
  let emphatic = false;
  let capitals = 0;
  let letters = 0;
  const put = (sign: string, at: number): void => {
    last = sign;
    characters.push(sign);
    places.push(at);
  };
  const character = (sign: string, at: number): void => {
    if (gap && last !== '' && !isBorder(last)) put(' ', at);
    gap = false;
    marks = 0;
    put(sign, at);
  };
  return {
    letter(sign, at) {
      const lower = sign >= 'a' && sign <= 'z' ? sign : sign.toLowerCase();
      letters += 1;
      if (lower !== sign) capitals += 1;
      character(lower, at);
    },
    word(sign, at) {
      gap = true;
      if (last !== sign) character(sign, at);
      gap = true;
    },
    space() {
      gap = true;
    },
    border(mark, at) {
      gap = false;
      if (mark !== '\n') marks += 1;
      if (marks > 1) emphatic = true;
      if (last !== '' && !isBorder(last)) put(mark, at);
      else if (mark !== '\n' && last === '\n') {
        last = mark;
        characters[characters.length - 1] = mark;
      }
    },
    finish: () => ({
      text: characters.join(''),
      emphatic: emphatic || (capitals >= CAPITALS_MIN && capitals >= letters * CAPITALS_SHARE),
      placeOf: (index) => places[Math.min(index, places.length - 1)] ?? 0,
    }),
  };
}

function isBorder(character: string): boolean {
  return character === '\n' || character === '!' || character === '?';
}
