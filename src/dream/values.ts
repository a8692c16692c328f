import { CLASSES, FIRST_NAMES, STOP, conceptOf } from './vocabulary.ts';

/** Something definite in a sentence: the part of a fact that an update changes. */
export interface Value {
  /** A class of `CLASSES`, or a shape: url, mail, date, day, time, money, duration, size, percent, number, path, code, name. */
  readonly kind: string;
  /** The same for all its writings. */
  readonly canon: string;
  /** As it stands in the text. */
  readonly raw: string;
  readonly at: number;
}

/** What is left of a text when its values are taken out; each leaves a gap of its length. */
export interface Scanned {
  readonly values: readonly Value[];
  readonly rest: string;
}

type Reader = readonly [
  pattern: RegExp,
  read: (found: RegExpExecArray) => readonly [kind: string, canon: string] | undefined,
];

const MEMBERS = new Map(
  Object.entries(CLASSES).flatMap(([kind, { members }]) =>
    Object.entries(members).flatMap(([canon, others]) =>
      [canon, ...others].map((writing) => [writing, [kind, canon] as const] as const),
    ),
  ),
);
/** Names of things that are ordinary words too: only with a capital, or beside a word of their class. */
const AMBIGUOUS = new Set(
  `render bun go express remix outline notion linear mocha jasmine drone travis concourse slack signal matrix cursor around nord solid black sketch cursor shortcut neon clerk mit oracle fly elastic zoom drift parcel mate tea long short brief dark light public private internal fish resend express teams fathom fluid fern kitty nats dragonfly nano tab neon vault swift rust java prettier biome black thorough casual formal rails isc mpl ses pg`.split(
    ' ',
  ),
);
/** Of those, the ones that are values as plain words, when something else in the text says what is meant. */
const PLAIN = new Set([
  'length',
  'brightness',
  'visibility',
  'tone',
  'drink',
  'indent',
  'daypart',
  'place',
  'state',
  'way',
]);

const MEMBER = new RegExp(
  `(?<![\\w@/.-])(?:${[...MEMBERS.keys()]
    .toSorted((one, other) => other.length - one.length)
    .map((writing) => writing.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(' ', String.raw`\s`))
    .join('|')})(?![\\w@+#/-]|\\.\\w)`,
  'gi',
);
const DAYS: Readonly<Record<string, string>> = {
  mon: 'monday', montag: 'monday', tue: 'tuesday', tues: 'tuesday', dienstag: 'tuesday', wed: 'wednesday', mittwoch: 'wednesday',
  thu: 'thursday', thurs: 'thursday', donnerstag: 'thursday', fri: 'friday', freitag: 'friday', samstag: 'saturday',
  sonntag: 'sunday', montags: 'monday', dienstags: 'tuesday', mittwochs: 'wednesday', donnerstags: 'thursday', freitags: 'friday',
}; // prettier-ignore
const WORD_NUMBERS: Readonly<Record<string, string>> = {
  one: '1', two: '2', three: '3', four: '4', five: '5', six: '6', seven: '7', eight: '8', nine: '9', ten: '10', twelve: '12',
  zwei: '2', drei: '3', vier: '4', fünf: '5', sechs: '6', sieben: '7', zehn: '10',
}; // prettier-ignore
const UNITS: Readonly<Record<string, string>> = { tag: 'day', tage: 'day', tagen: 'day', woche: 'week', wochen: 'week', monate: 'month', monaten: 'month', jahre: 'year', jahren: 'year', stunden: 'hour', minuten: 'minute', min: 'minute', mins: 'minute', hr: 'hour', hrs: 'hour', h: 'hour', s: 'second', sec: 'second', secs: 'second', ms: 'ms' }; // prettier-ignore

/** What a branch is called looks like any word. */
const BRANCH =
  /(?<=(?:\b(?:called|named|name of|is|be|was|now|to|into|against|onto|from|of|off|off the|on|on the|the|heißt|heisst|jetzt|ist)\s+|[:=]\s*|->\s*|→\s*)["'`]?)(?:trunk|develop|master|main|mainline|dev|next|production)\b(?!\s+(?:branch(?:es)?\s+(?:is|was|to|has|goes|got|now|are)|repo|app|site|database|server|domain|port))/gi;

const READERS: readonly Reader[] = [
  [BRANCH, (found) => (/branch|zweig/i.test(found.input) ? ['word', bare(found[0])] : undefined)],
  [/https?:\/\/[^\s<>()"'`]+[^\s<>()"'`.,;:!?]/gi, (found) => ['url', bare(found[0].replace(/^https?:\/\//i, '').replace(/\/$/, ''))]],
  [/[\w.+-]+@[\w-]+\.[\w.-]*\w/g, (found) => ['mail', bare(found[0])]],
  [/\b(?:Europe|America|Asia|Africa|Australia|Pacific|Atlantic|Indian|Antarctica|Etc)\/[A-Za-z_]+(?:\/[A-Za-z_]+)?|\b(?:UTC|GMT|CEST|CET|EST|EDT|PST|PDT|MST|CST|BST|JST|AEST)\b(?:\s?[+-]\d{1,2})?/g, (found) => ['tz', bare(found[0].replaceAll(/\s/g, ''))]],
  [/`([^`]+)`/g, (found) => memberOrCode(found[1] ?? '')],
  [MEMBER, (found) => member(found)],
  [/\b20\d{2}-\d{2}(?:-\d{2})?\b/g, (found) => ['date', found[0]]],
  [/(?:[$€£]\s?\d[\d.,]*\d|[$€£]\s?\d|\b\d[\d.,]*\s?(?:€|\$|£|eur\b|euros?\b|usd\b|dollars?\b|chf\b|gbp\b))/gi, (found) => ['money', moneyOf(found[0])]],
  [/\b\d{1,2}[:.h]\d{2}(?:\s?[ap]\.?m\b\.?)?(?:\s?uhr)?(?![\d.])|\b\d{1,2}\s?(?:[ap]m\b|uhr\b|o['’]clock)/gi, (found) => timeOf(found[0])],
  [/\b(?!ones\b)(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|zwei|drei|vier|fünf|zehn)[\s-]?(ms|seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?|stunden|minuten|tagen?|wochen?|monaten?|jahren?)\b/gi, (found) => ['duration', amountOf(found[0], found[1] ?? '')]],
  [/(?<![\w.:/-])\+?\d[\d()/ -]{5,}\d(?![\w.:/-])/g, (found) => (found[0].replaceAll(/\D/g, '').length >= 6 ? ['phone', found[0].replaceAll(/\D/g, '')] : undefined)],
  [/\b\d+(?:[.,]\d+)?\s?(?:bytes|[kmgt]i?b)\b/gi, (found) => ['size', bare(found[0].replaceAll(/\s/g, ''))]],
  [/\b\d+(?:[.,]\d+)?\s?(?:%|percent\b|prozent\b)/gi, (found) => ['percent', (/[\d.,]+/.exec(found[0])?.[0] ?? '')]],
  [/\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:mon|diens|donners|frei|sams|sonn)tags?\b|\bmittwochs?\b|\b(?:Mon|Tue|Tues|Wed|Thu|Thurs|Fri)\b/gi, (found) => dayOf(found[0])],
  [/(?:(?<![\w/])(?:~|\.{1,2})?\/[\w.@~-]+(?:\/[\w.@~-]*)*|\b[\w-]+(?:\/[\w.-]+)+|\b[\w-]+\.(?:ts|tsx|js|mjs|json|ya?ml|md|toml|py|go|rs|sh|sql|env|lock|txt|cfg|ini|conf|html|css)\b)/g, (found) => ['path', found[0].replace(/\/$/, '')]],
  [/\b(?:[a-z0-9-]+\.)+(?:com|dev|io|org|net|app|de|eu|co|ai|local|internal|example|test|cloud|sh|me)(?::\d+)?\b/gi, (found) => ['url', bare(found[0])]],
  [/(?<![\w.#-])v?\d+(?:\.\d+)+(?![\w-])/g, (found) => ['number', found[0].replace(/^v/, '')]],
  [/(?<![\w.#-])[v#]?\d+(?:[.,]\d+)?(?![\w-])/g, (found) => ['number', found[0].replace(/^[v#]/, '')]],
  [/\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|zwei|drei|vier|fünf|sechs|sieben|zehn)\b/gi, (found) => ['number', WORD_NUMBERS[bare(found[0])] ?? bare(found[0])]],
  [/["“„]([^"”“]{1,60})["”“]|(?<!\w)'([^']{2,60})'(?!\w)/g, (found) => ['name', bare(found[1] ?? found[2] ?? '')]],
]; // prettier-ignore

/** Finds what is definite in a sentence. Time in proportion to its length. */
export function scanValues(text: string): Scanned {
  const values: Value[] = [];
  let rest = text;
  for (const [pattern, read] of READERS) {
    rest = rest.replace(pattern, (...given: unknown[]) => {
      const groups = given.filter((each) => each === undefined || typeof each === 'string') as string[];
      const at = given.find((each) => typeof each === 'number') ?? 0;
      // The whole text comes last: members look at what stands around them.
      const got = read(Object.assign([...groups], { index: at, input: text }) as unknown as RegExpExecArray);
      if (got === undefined) return groups[0] ?? '';
      values.push({ kind: got[0], canon: got[1], raw: groups[0] ?? '', at });
      return ' '.repeat((groups[0] ?? '').length);
    });
  }
  return withNames(values, rest, text);
}

/** Names: words with a capital that don't begin the text, and people's names wherever they stand. */
function withNames(values: Value[], rest: string, text: string): Scanned {
  const found = new Set<string>();
  const out = rest.replace(/[\p{L}][\p{L}\p{N}’'.&+-]*/gu, (word: string, at: number) => {
    const plain = word.replace(/(?:['’]s|[.'’-]+)$/u, '');
    const low = bare(plain);
    if (/^(?:i|we|you|it|that|he|she|they|there|what|who|here|let|don|doesn|isn|aren|can|won)['’]/i.test(word))
      return word;
    const begins = text.slice(0, at).replaceAll(/[^\p{L}\p{N}]/gu, '') === '';
    const capital = /^\p{Lu}/u.test(plain) && !begins && !/^\p{Lu}{2,5}s?$/u.test(plain);
    const known =
      FIRST_NAMES.has(low) && (capital || begins || !['will', 'mark', 'max', 'rob', 'may', 'tara'].includes(low));
    if (!known && (!capital || STOP.has(low) || conceptOf(low) !== undefined || isGermanNoun(text, low))) return word;
    found.add(low);
    values.push({ kind: 'name', canon: low, raw: plain, at });
    return ' '.repeat(plain.length) + word.slice(plain.length);
  });
  return { values: values.toSorted((one, other) => one.at - other.at), rest: out };
}

/** German writes every noun with a capital: there, a capital says nothing. */
function isGermanNoun(text: string, word: string): boolean {
  return /\b(wir|unsere?|mein|das|der|die|und|ist|nicht|auf|ab|bitte|ich)\b/i.test(text) && !FIRST_NAMES.has(word);
}

function bare(text: string): string {
  return text.toLowerCase().trim();
}

function member(found: RegExpExecArray): readonly [string, string] | undefined {
  const writing = bare(found[0]).replaceAll(/\s+/g, ' ');
  const known = MEMBERS.get(writing);
  if (known === undefined || !AMBIGUOUS.has(writing)) return known;
  const around = found.input;
  if (PLAIN.has(known[0])) return known;
  const begins = around.slice(0, found.index).trim() === '';
  if (/^[A-Z]/.test(found[0]) && !begins) return known;
  // In small letters it is the thing when it is what a sentence is about: "we use bun", "chat: slack".
  const before = around.slice(Math.max(0, found.index - 28), found.index).toLowerCase();
  return /(?:\b(?:use|uses|using|to|on|with|via|is|are|from|in|not|left|ditched|dropped|auf|zu|von|mit|bei|als|prefer|like|over|through|benutzen|verwenden|nutzen|verwenden wir|nutzen wir|benutzen wir|its a|a|more|than|of|longer|up on|off|dropped|leave|leaving|replaced|retired|by|as|w\/|picked|bye|killed|done with|its|it['’]s|in my|add packages with)|[:=]|->)\s*(?:now\s)?$/.test(before) || (begins && around.length < 40 && / (?:is|for|now|only|runs|keeps|hosts|it is)\b/i.test(around))
    ? known
    : undefined; // prettier-ignore
}

function memberOrCode(text: string): readonly [string, string] {
  const known = MEMBERS.get(bare(text));
  return known ?? (/^[\w.-]+$/.test(text) && /^\d+(\.\d+)*$/.test(text) ? ['number', text] : ['code', text.trim()]);
}

function moneyOf(text: string): string {
  const amount = /\d[\d.,]*/.exec(text)?.[0].replace(/[.,]00?$/, '') ?? '';
  const low = text.toLowerCase();
  return `${amount}${/€|eur/.test(low) ? 'eur' : /£|gbp/.test(low) ? 'gbp' : /chf/.test(low) ? 'chf' : 'usd'}`;
}

function timeOf(text: string): readonly [string, string] | undefined {
  const [, hour = '', minute = '00'] = /^(\d{1,2})(?:[:.h](\d{2}))?/.exec(text) ?? [];
  // 1.5 and 22.10 are versions unless something says that they are times.
  if (/^\d+\.\d+$/.test(text)) return undefined;
  const pm = /p\.?m/i.test(text) && Number(hour) < 12;
  const value = pm ? Number(hour) + 12 : Number(hour);
  return value > 24 || Number(minute) > 59 ? undefined : ['time', `${String(value).padStart(2, '0')}:${minute}`];
}

function amountOf(text: string, unit: string): string {
  const word = /^[\p{L}\d.,]+?(?=[\s-]|[a-zäöü]+$)/iu.exec(text)?.[0] ?? '';
  const count = WORD_NUMBERS[bare(word)] ?? /[\d.,]+/.exec(text)?.[0] ?? '';
  const low = bare(unit);
  return `${count}${UNITS[low] ?? low.replace(/s$/, '')}`;
}

function dayOf(text: string): readonly [string, string] {
  const low = bare(text);
  return ['day', DAYS[low] ?? low.replace(/s$/, '')];
}
