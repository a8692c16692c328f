import { scanValues, type Value } from './values.ts';
import { SINGULAR, normOf, swapOf, wordOf } from './word-values.ts';
import { CLASSES, FIRST_NAMES, GENERIC, LIGHT, PHRASES, STOP, conceptOf, isConcept } from './vocabulary.ts';

/** What a sentence is about and what it says of it, in a form that two writings of the same fact share. */
export interface Profile {
  /** The text in small letters, without marks at its end. */
  readonly norm: string;
  /** Values that hold. */
  readonly values: readonly Value[];
  /** Values that it says hold no longer. */
  readonly old: readonly Value[];
  /** What it is about: concepts and stems of words, with how much each says. */
  readonly about: ReadonlyMap<string, number>;
  /** What narrows it down: "for analytics", "the analytics database". */
  readonly narrows: ReadonlySet<string>;
  /** staging, local, ci …; production goes without saying. */
  readonly env?: string | undefined;
  /** The repository or product it is limited to. */
  readonly place?: string | undefined;
  /** Whose taste or life it tells of: `me`, or a name. */
  readonly person?: string | undefined;
  readonly negated: boolean;
  /** "might", "I think": not said for sure. */
  readonly hedged: boolean;
  /** "now", "actually", "switched": it means to overtake something. */
  readonly changes: boolean;
  /** "also", "another": it stands beside what is known. */
  readonly adds: boolean;
  /** Says only that something ended. */
  readonly ends: boolean;
}

const ENV =
  /\b(staging|stage|preview|dev|development|local(?:ly|host)?|test(?:ing)? env(?:ironment)?|qa|sandbox|ci|lokal)\b/i;
const PLACE =
  /\b(?:in|for|on|of|im|für)\s+(?:the\s+|our\s+|my\s+)?["`]?([\w.-]+)["`]?\s+(?:repo(?:sitory)?|app|project|service|frontend|backend|package|module|codebase|site|client)\b/i;
const NOT_PLACE = /^(?:the|our|my|this|that|a|an|main|whole|same|web-?|all|every|each|new|old|is|entire)$/i;
const NEGATED =
  /\b(?:not|never|no|don['’]?t|do not|doesn['’]?t|isn['’]?t|aren['’]?t|without|can['’]?t|won['’]?t|avoid|stop|nicht|kein(?:e[nmrs]?)?|nie|ohne|forbidden|verboten)\b/i;
export const HEDGED =
  /\b(?:might|maybe|perhaps|probably|possibly|presumably|i think|i guess|i suppose|i believe|not (?:entirely |quite |totally |100 ?% )?sure|unsure|could be|may (?:be|switch|move|prefer|want|change|go|use)|consider(?:ing)?|think(?:ing)? (?:about|of)|lean(?:ing)? towards?|tempted|toying with|wondering|unclear|undecided|tentative(?:ly)?|tbd|vielleicht|wahrscheinlich|eventuell|evtl|glaube|vermutlich|könnte|seems? to|iirc|afaik|if i remember|we may|i may|kind of (?:like|prefer)|sort of (?:like|prefer))\b/i;
const CHANGES =
  /\b(?:now|agreed on|swap(?:ped)?|swapped|carried over|put it on|is history|from here on|from today|has approved|went from|shift(?:ed)?|handed|transferred|lifted|jumped ship|bye|killed|found a new|reconsidered|from (?:next|the week of|\d{4}-)|migration|slipped|handed over|postponed|delayed|actually|instead|switch(?:ed|ing)?|mov(?:ed|ing)|migrat(?:ed|ing)|chang(?:ed|ing)|replac(?:ed|ing)|renamed|upgraded|bumped|raised|lowered|increased|reduced|extended|shortened|pushed|no longer|anymore|any more|correction|update|used to|from now on|as of|these days|nowadays|new|took over|taken over|takes over|ditched|dropped|left|gave up|goodbye|out,|dead|jetzt|ab sofort|mittlerweile|inzwischen|umgestellt|umgestiegen|umgezogen|gewechselt|nicht mehr|statt|neue[rs]?|settled on|went (?:back )?(?:with|to)|rather than|since \d|relocated|moved|rescheduled|postponed|changed my mind)\b|->|→/i;
const ADDS =
  /\b(?:also|as well|too|another|additionally|in addition|besides|alongside|auch|außerdem|zusätzlich|second(?:ary)?)\b/i;
const ENDS =
  /\b(?:no longer|not .{0,40}\bany ?more|stopped|stop using|got rid of|abandoned|retired|shut down|decommissioned|deprecated|sunset|dropped|ditched|no more|nicht mehr|is (?:gone|dead|history|off|out)|cancell?ed|abgeschafft|abgeschaltet|removed|discontinued|turned off)\b/i;
/** What stands right before a value that holds no longer, or right behind it. */
const OLD_BEFORE =
  /(?:\b(?:instead of|rather than|in place of|no longer(?: on| with| using| in| use)?|(?:are|is|do|does|did)(?: not|n['’]?t) (?:use|on|with)|don['’]?t use|stopped using|away from(?: the| our)?(?: [\w-]+)?|stop using|stop|not(?: at| on| in| with)?|no more|fed up with|tired of|had enough of|sick of|asked for|better(?: [\w-]+){0,3} than|replacing|packed up and left|bother looking at|where (?:before )?it (?:said|was)|sorry|ditched|dropped|left|leave|leaving|abandoned|gave up(?: on)?|said goodbye to|goodbye|bye|killed|done with|jumped ship from|got rid of|moved (?:away |off |everything off )*(?:from|off)|(?:took|taken|take) \w+ (?:all )?off(?: of)?|migrated (?:away )?from|(?:switch|chang|mov|migrat|carri|upgrad|migration|bump|rais|lower|convert|transition|relocat|went|jumped ship|shift|transferr|hand)\w* (?:[\w'’ -]{0,40} )?(?:over )?(?:from|von)|replaced|retired|removed|was|were|formerly|previously|used to (?:[\w'’]+ ){0,5}(?:be|use|on|at|in|with|have|is)|used to (?:be|use|have|run)|after (?:\w+ )?(?:years|months|weeks|ages) (?:with|on|of|in)|rather (?:[\w'’]+ ){1,6}than|where before it was|before:?|statt|anstatt|anstelle von|nicht mehr|von|renamed(?: it| the [\w -]{1,30}?)?(?: from)?|from)\s+(?:the |our |to be |a |an )?["'`(]*)$/i;
const OLD_AFTER =
  /^["'`)]*s?\s*(?:->|→|=>|(?:[a-z]+\s+)?(?:is|are|was|were|has been|ist|wurde)\s+(?:now\s+)?(?:history|gone|off|out|dead|retired|cancell?ed|deprecated|no longer|replaced by|renamed to|nicht mehr|a thing of the past|shut down|abgeschaltet)|(?:not )?any ?more\b|no longer\b|will (?:not|no longer) be\b|(?:has |have )?left\b|clashed\b|lost\b|(?:has )?(?:changed|switched|moved) teams\b|(?:turned out|proved) to be (?:an? )?(?:bad|poor|terrible|wrong|too|not|mistake)\b|(?:got|became|was|is|were) (?:too|so) \w+)/i;

/** Reads a sentence. Pure; time in proportion to its length. */
export function profileOf(text: string): Profile {
  const { values, rest } = scanValues(text);
  const { current, old } = splitOld(text, values);
  const person = personOf(text, rest);
  const env = envOf(text);
  const place = placeOf(text);
  const held = withoutAsides(rest, withoutIncidental(text, current, values)).filter(
    ({ kind, canon }) => !(kind === 'name' && canon === person),
  );
  const swapped = values.length === 0 ? swapOf(text) : undefined;
  const named = held.length === 0 ? wordOf(text) : undefined;
  const changes = CHANGES.test(text);
  const now =
    swapped !== undefined
      ? [swapped.now]
      : named !== undefined && (changes || SINGULAR.test(named.subject))
        ? [named.value]
        : held;
  const isWord = now !== held;
  const about = aboutOf(
    isWord ? (swapped === undefined ? (named?.subject ?? '') : '') : blankHedges(rest),
    isWord ? [] : now.length > 0 ? now : old,
  );
  const main = withoutReasons(rest, now);
  for (const gone of ['production', 'prod', 'produktion', person ?? '', place ?? '']) about.delete(gone);
  if (env !== undefined) about.delete(env);
  if (env !== undefined) about.set(`@${env}`, 1);
  return {
    norm: normOf(text),
    values: now,
    old: swapped === undefined ? old : [swapped.old],
    about,
    narrows: narrowsOf(blankPhrases(rest), place, now),
    env,
    place,
    person,
    negated: isNegated(main) && !(old.length > 0 && now.length > 0),
    hedged: HEDGED.test(rest),
    changes,
    adds: ADDS.test(main),
    ends: now.length === 0 && (old.length > 0 || ENDS.test(text)),
  };
}

/** The day since when something else is so is no part of what is so. */
function withoutIncidental(text: string, values: readonly Value[], all: readonly Value[]): readonly Value[] {
  if (all.every(({ kind }) => kind === 'date')) return values;
  return values.filter(
    ({ kind, at }) =>
      (kind !== 'date' && !(kind === 'frequency' && /\bof\s+$/i.test(text.slice(0, at)))) ||
      !/\b(?:since|as of|week of|from|starting|effective|seit|ab|^on|^am)\s+$/i.test(text.slice(0, at)),
  );
}

/** The thoughts that hold the values, and what is no reason or consequence: "also" and "not" in those say nothing of the fact. */
function withoutReasons(rest: string, values: readonly Value[]): string {
  if (values.length === 0) return rest;
  const ends = [...[...rest.matchAll(CLAUSE)].map(({ index }) => index), rest.length];
  return ends
    .map((end, index) => [index === 0 ? 0 : (ends[index - 1] ?? 0), end] as const)
    .filter(
      ([from, end]) =>
        values.some(({ at }) => at >= from && at < end) ||
        !/^[\s,]*(?:so|because|since|as|which|who|unless|in case|and|pls|please|weil)\b/i.test(rest.slice(from, end)),
    )
    .map(([from, end]) => rest.slice(from, end))
    .join('');
}

/** Kinds that more often colour a reason than tell a fact. */
const COLOUR: ReadonlySet<string> = new Set([
  'visibility',
  'state',
  'way',
  'daypart',
  'place',
  'brightness',
  'number',
  'framework',
  'language',
  'frequency',
]);

/** "Helix, so no tips for Vim": what a consequence names is not what is so, when the thought before it says that. */
function withoutAsides(rest: string, values: readonly Value[]): readonly Value[] {
  if (values.length < 2) return values;
  const joints = [...rest.matchAll(CLAUSE)].map(({ index }) => index);
  const isAside = ({ at }: Value): boolean => {
    const from = joints.findLast((joint) => joint <= at);
    if (from === undefined) return false;
    const clause = rest.slice(
      from,
      joints.find((joint) => joint > at),
    );
    return (
      /^[\s,]*(?:so|because|since|as|which|who|including|unless|in case|and (?:please|delete)|weil)\b/i.test(clause) &&
      !CHANGES.test(clause)
    );
  };
  const main = values.filter((value) => !isAside(value));
  return values.filter(
    (value) =>
      main.length === 0 ||
      main.includes(value) ||
      !(COLOUR.has(value.kind) || main.some(({ kind }) => kind === value.kind)),
  );
}

function isNegated(rest: string): boolean {
  return NEGATED.test(
    rest.replaceAll(
      /\b(?:no longer|not (?:[^.]{0,40} )?any ?more|nicht mehr|not sure|no more|not only|no matter)\b/gi,
      '',
    ),
  );
}

/** How much a word says about which fact it is. */
export function weightOf(word: string): number {
  if (LIGHTER.has(word)) return 0.1;
  if (GENERIC.has(word) || GENERIC_STEMS.has(word)) return 0.25;
  // What is kept is still kept by another verb, and an owner goes without saying.
  return word === 'owner' || word === 'store' ? 0.5 : 1;
}

const GENERIC_STEMS: ReadonlySet<string> = new Set([...GENERIC].map(stem));

/** The things by name that a sentence is about: words that are known, as far as they tell facts apart. */
export function headsOf(about: ReadonlyMap<string, number>): ReadonlySet<string> {
  return new Set(
    [...about]
      .filter(([word, weight]) => weight >= 0.5 && isConcept(word) && weightOf(word) === 1)
      .map(([word]) => word),
  );
}

const LIGHTER: ReadonlySet<string> = new Set([...LIGHT].flatMap((word) => [word, stem(word)]));

function splitOld(text: string, values: readonly Value[]): { current: readonly Value[]; old: readonly Value[] } {
  const old = values.filter(({ at, raw }, index) => {
    const before = text.slice(0, at);
    const rest = values.filter((_, other) => other !== index);
    // What something became stands behind "to".
    const isNew = /\b(?:to|into|auf|zu)\s+["'`(]*$/i.test(before) && !/bye to\s+["'`(]*$/i.test(before);
    const prefix = isNew ? undefined : OLD_BEFORE.exec(before)?.[0];
    if (prefix !== undefined && !WISH.test(before) && !isStart(prefix, text, at + raw.length, rest)) return true;
    if (MIND.test(before) && values.some((value) => value.at > at && /[:,;.–—]/.test(text.slice(at, value.at))))
      return true;
    return OLD_AFTER.test(text.slice(at + raw.length));
  });
  return { current: values.filter((value) => !old.includes(value)), old };
}

/** "If your answers were short" is no story of the past. */
const WISH = /\b(?:if|wish)\b[^,;.]*\b(?:was|were)\s+["'`]*$/i;

/** What somebody had enough of holds no longer, when something else is named after it. */
const MIND =
  /\b(?:changed my mind about|reconsidered|thought better of|don['’]?t want|do not want|not happy with)\b[^:;.]*$/i;

/** "from 9:30" of a range or an origin, "was" of a story: old only when something else takes its place. */
function isStart(prefix: string, text: string, end: number, others: readonly Value[]): boolean {
  const weak =
    /(?:^|\s)(?:from|von|was|were|not|before:?)\s+\S{0,4}\s*["'`(]*$/i.test(prefix) ||
    /^(?:from|von|was|were)\s/i.test(prefix);
  if (!weak) return false;
  if (/\b(?:from|von)\s/i.test(prefix))
    return !/^["'`)]*\s*(?:over\s)?(?:to|onto|auf|zu|nach|->)\b/i.test(text.slice(end)) && !CHANGE_VERB.test(text);
  if (/\b(?:was|were)\s/i.test(prefix))
    return !/\((?:was|were|formerly|previously)\s/i.test(text) && others.length === 0;
  return others.length === 0;
}

const CHANGE_VERB =
  /\b(?:switch|went|jumped|shift|transferred|hand|lift|upgrad|mov|migrat|chang|convert|transition|umge|gewechselt|carried|taken over|took over|renam)/i;

function envOf(text: string): string | undefined {
  const found = ENV.exec(text)?.[1]?.toLowerCase();
  if (found === undefined || found === 'ci') return undefined;
  if (found.startsWith('stag')) return 'staging';
  if (found.startsWith('local') || found === 'lokal') return 'local';
  return found.startsWith('dev') ? 'dev' : found.startsWith('test') ? 'test' : found;
}

function placeOf(text: string): string | undefined {
  const found = PLACE.exec(text)?.[1]?.toLowerCase();
  return found === undefined || NOT_PLACE.test(found) || conceptOf(found)?.startsWith('#') === true ? undefined : found;
}

/** Somebody's taste or life is theirs alone; what somebody is responsible for is a fact about the thing. */
function personOf(text: string, rest: string): string | undefined {
  const named =
    /^(?:and |but )?([\p{L}]+)(?:['’]s)? (?:prefers?|likes?|loves?|hates?|dislikes?|wants?|works?|speaks?|needs?|reviews?|uses?|is (?:on (?:vacation|holiday|leave|call|parental)|in (?!charge)|out|away|off|allergic|vegan|vegetarian|based)|birthday|email|timezone|time zone|phone|favou?rite|lives?)\b/iu.exec(
      text,
    );
  const name = named?.[1]?.toLowerCase();
  if (name !== undefined && FIRST_NAMES.has(name)) return name;
  if (name !== undefined && /^\p{Lu}/u.test(text) && /['’]s /.test(named?.[0] ?? '') && !STOP.has(name)) return name;
  return /\b(?:i|i['’]m|i['’]ve|i['’]d|my|me|mein\w*|ich)\b/i.test(rest) ? 'me' : undefined;
}

/** Where a new thought begins inside a sentence. */
const CLAUSE =
  /,\s|\s[–—-]\s|\s(?=(?:so|which|because|but|while|whereas|including|since|unless|whenever|in case|weil|denn)\s)|\s(?=and\s(?:is|are|has|have|i|we|it|delete|they|that|please|do)\b)/gi;
const ASIDE =
  /^[\s,]*(?:if|when(?:ever)?|while|because|since|after|before|as|so|which|who|where|unless|until|although|though|in case|including|and|but|for anything|to|wenn|weil|denn)\b/i;

/** How much the words of a reason, a condition or a consequence say of what a fact is about. */
const ASIDE_SHARE = 0.12;

/** Words of the thought that holds the values say most; those of asides say little. */
function aboutOf(rest: string, values: readonly Value[]): Map<string, number> {
  const about = new Map<string, number>();
  const add = (word: string, weight: number): void => void about.set(word, Math.max(about.get(word) ?? 0, weight));
  let from = 0;
  const ends = [...[...rest.matchAll(CLAUSE)].map(({ index }) => index), rest.length];
  for (const [index, end] of ends.entries()) {
    const clause = rest.slice(from, end);
    const holds = (start: number, until: number): boolean => values.some(({ at }) => at >= start && at < until);
    const next = rest.slice(end, ends[index + 1] ?? end);
    // "We moved the port, it is …": the pronoun stands for what was named before it.
    const isNamed = /^[,\s]*(?:it|they|that|this)\b/i.test(next) && holds(end, end + next.length);
    const isMain = values.length === 0 || holds(from, end) || isNamed;
    const share = isMain ? 1 : ASIDE.test(clause) ? ASIDE_SHARE : /^[,\s]*so\b/i.test(next) ? 0.2 : 0.6;
    for (const word of wordsOf(clause)) add(word, share * weightOf(word));
    from = end;
  }
  // "Around 11:00, because the standup takes place then": where the thought names nothing that is known, its reason does.
  if (values.length > 0 && headsOf(about).size === 0)
    for (const word of wordsOf(rest)) if (isConcept(word) && !word.startsWith('#')) add(word, weightOf(word));
  for (const { kind } of values) {
    if (isAlone(kind)) add(`#${kind}`, 1);
    else if (CLASSES[kind]?.exclusive === true) add(`#${kind}`, 0.5);
    if (kind === 'url') add('url', 1);
  }
  // The word right before a number names it: "port 8080", "Node 22".
  for (const { kind, at } of values) {
    const [, word = ''] =
      kind === 'number'
        ? (/([\p{L}.]{2,})(?:\s+version)?\s*(?:\b(?:is|now|to)\s|[:=])?\s*(?:now\s+)?(?:version\s+|v)?$/u.exec(
            rest.slice(0, at).toLowerCase(),
          ) ?? [])
        : [];
    for (const named of wordsOf(word)) if (about.has(named) && !LIGHTER.has(named)) about.set(named, 2);
  }
  return about;
}

const IRREGULAR: Readonly<Record<string, string>> = {
  sent: 'send', built: 'build', wrote: 'write', paid: 'pay', met: 'meet', bought: 'buy', sold: 'sell', spoke: 'speak', taught: 'teach', ran: 'run', began: 'begin', chose: 'choose', chosen: 'choose', drew: 'draw', drank: 'drink', drove: 'drive', ate: 'eat',
}; // prettier-ignore

function wordsOf(clause: string): string[] {
  const words: string[] = [];
  let text = ` ${clause.toLowerCase()} `;
  text = text.replace(/^(\s*(?:please|pls|bitte)?\s*)keep\b/, '$1');
  for (const [phrase, concept] of PHRASES) {
    if (!text.includes(` ${phrase}`)) continue;
    words.push(concept);
    text = text.replaceAll(` ${phrase}`, ' ');
  }
  for (const [word] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}-]*(?:['’]\p{L}+)?/gu)) {
    const bent = word.replace(/['’].*$/u, '');
    const plain = IRREGULAR[bent] ?? bent;
    const concept = conceptOf(plain) ?? (STOP.has(plain) ? '' : conceptOf(stem(plain)));
    if (concept !== undefined && concept !== '') words.push(concept);
    else if (concept === undefined && plain.length > 1 && !STOP.has(plain) && !HEDGED.test(plain))
      words.push(stem(plain));
  }
  return words;
}

/** Whether naming such a value is enough to know what is spoken of. */
export function isAlone(kind: string): boolean {
  return kind === 'tz' || CLASSES[kind]?.alone === true;
}

const FOR =
  /\b(?:for|of|für|bei)\s+(?:the\s+|our\s+|my\s+|all\s+|die\s+|das\s+|den\s+)*([\p{L}\d-]{2,})(?:\s+([\p{L}\d-]{2,}))?/giu;
const MODIFIER = /\b(?:the|our|my|unsere?|die|das)\s+((?:[\p{L}\d-]+\s+){1,3})(?=[\p{L}-]+)/giu;

/** What a class of values is limited to: it can have another member for something else. */
function narrowsOf(rest: string, place: string | undefined, values: readonly Value[]): Set<string> {
  const found = new Set<string>();
  const own = new Set(values.map(({ kind }) => `#${kind}`));
  const add = (word: string | undefined): void => {
    const plain = word?.toLowerCase();
    if (plain === undefined || plain === place || STOP.has(plain) || ENV.test(plain)) return;
    const short = conceptOf(plain) ?? conceptOf(stem(plain)) ?? stem(plain);
    if (
      !own.has(short) &&
      weightOf(plain) === 1 &&
      weightOf(short) === 1 &&
      !/^(?:prod|production|now|daily|monthly|weekly|favou?rite|preferred|backend|choice|us|me|everything|production)$/.test(
        plain,
      )
    )
      found.add(short);
  };
  for (const [, one, other] of rest.matchAll(FOR)) {
    add(one);
    add(other);
  }
  for (const [whole, words = ''] of rest.matchAll(MODIFIER)) {
    const after =
      rest
        .slice(rest.indexOf(whole) + whole.length)
        .match(/^[\p{L}-]+/u)?.[0]
        ?.toLowerCase() ?? '';
    if (conceptOf(after)?.startsWith('#') === true && words.trim().split(/\s+/).length <= 2)
      for (const word of words.trim().split(/\s+/)) add(word);
  }
  return found;
}

/** The singular or infinitive, roughly. */
function stem(word: string): string {
  if (word.length <= 3) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ss|us|is)$/.test(word)) return word;
  const short = word
    .replace(/(?:ings?|ed)$/, '')
    .replace(/s$/, '')
    .replace(/e$/, '');
  return short.length >= 3 ? short : word;
}

/** Doubt is no part of what a fact is about. */
function blankHedges(rest: string): string {
  return rest.replaceAll(new RegExp(HEDGED.source, 'gi'), (words) => ' '.repeat(words.length));
}

/** A name of several words narrows nothing down: "for continuous integration". */
function blankPhrases(rest: string): string {
  return PHRASES.reduce(
    (text, [phrase]) => (text.includes(phrase) ? text.replaceAll(phrase, ' '.repeat(phrase.length)) : text),
    rest,
  );
}
