import type { Claim } from './claim.ts';
import { around, type Reading } from './reading.ts';
import { KNOWN_PACKAGES, NO_SYMBOLS, RUNTIMES } from './known-names.ts';
import { languageOf } from './languages.ts';
import type { Mention } from './mentions.ts';
import type { PathMention } from './paths.ts';
import { isSettings, isVariables } from './settings.ts';
import { stanceOf } from './stance.ts';
import { isValue } from './values.ts';

const KIND_BEFORE =
  /\b(?:functions?|methods?|class(?:es)?|interfaces?|types?|structs?|enums?|traits?|consts?|constants?|variables?|helpers?|hooks?|components?|def|fn|func|macros?|decorators?|fixtures?|exports?|exported|symbols?|protocols?|objects?|Funktion(?:en)?|Klassen?|Methoden?|Konstanten?|heißt|defines?|declares?|implements?|calls?)\s+(?:(?:called|named|is|are|the|a|an|namens|heißt)\s+)*["'`(]*(?:[\w.$]+(?:\(\))?["'`]?\s*(?:,|and|or)\s+["'`]*)*$/i;
const KIND_AFTER =
  /^["'`)]*\s+(?:(?:helper|async|util(?:ity)?|React|base|abstract)\s+)?(?:function|method|class|interface|type|struct|enum|trait|const(?:ant)?|helper|hook|component|decorator|fixture|macro|object|protocol|Funktion|Klasse|Methode)s?\b/i;
const VALUE =
  /^["'`)]*(?:\s+(?:in|of|from)\s+["'`(]*[\w./-]+["'`)]*)?\s*(?:,?\s*(?:which\s+)?(?:is|are|=|:|==|equals|stands at|steht auf|ist|has the value|has value|defaults to|(?:is |are )?set to|(?:is )?currently|be)\s+(?:now\s+|currently\s+|set to\s+|fixed at\s+)?|\s*(?:=|:)\s*)(?:(-?\d[\d_.]*)(?![\w.]*\w|%)|\[?["'`]([^"'`\n]{1,60})["'`]|(true|false|enabled|disabled|on|off)\b(?! [a-z]))/i;
const WORD_VALUE =
  /^["'`)]*(?:\s+in\s+(?:the\s+)?["'`(]*[\w./-]+["'`)]*)?\s*(?:is set to|set to|=|:|is)\s+([\w./:@-]*\w)(?=\s*(?:[.,;)]|$|\s+in\s))/i;
const NUMBER_AFTER = /^["'`)]*\s+(?:(-?\d[\d_.]*\d|\d)(?![\w.]*\w)|(enabled|disabled|true|false|on|off)\b)/i;
const VALUE_BEFORE = /\b(-?\d[\d_]*(?:\.\d+)?)\s*\(\s*(?:see\s+|set in\s+)?["'`]*$/;
const TO_VALUE = /^["'`)]*\s+to\s+(?:(-?\d[\d_.]*\d|\d)|["'`]([^"'`\n]{1,60})["'`]|(true|false|\w[\w./-]*))/i;
/** Between a name and the file it is in. */
const IN_GAP =
  /^["'`)]*(?:\s*[:=]\s*[\w."'`]+)?(?:,?\s+(?!and\b|or\b|but\b|while\b|then\b|because\b|when\b|after\b|before\b|if\b|so\b)[^.;]{0,70}?)?(?:\b(?:in|from|at|inside|of|within|to|under|into|by|below|near|see|aus|file|module|also)\s+(?:(?:the|file|module|our|directory)\s+)*|[(:@]\s*(?:see\s+|in\s+)?|→\s*|->\s*|\s—\s|\s-\s)["'`([]*$/i;
const FOUND_GAP =
  /\b(?:call(?:s|ed|ing)?|us(?:es|ed|ing)|import(?:s|ed|ing)?|invok\w+|wrap\w*|test(?:s|ed)?|cover(?:s|ed)?|mention\w*|referenc\w+|wired|registered|passed|extend(?:s|ed)|implement(?:s|ed) by|mock\w*|throws?|catch\w*|consum\w+|hooked|receiv\w+|instantiat\w+|by|via)\b/i;
const OUT_GAP =
  /^["'`)\]]*(?::\d+)?(?:'s)?\s*(?:[:→,(]|->|—|\b(?:exports?|defines?|declares?|sets?|gives?|configures?|enables?|specifies|has|have|contains?|holds?|implements?|provides?|there (?:is|are)|lives?|houses?|is where|you(?:'ll)? find|the (?:function|class|helper|constant|type)|enthält|definiert)\b[^.;]{0,40}?)\s*(?:(?:a|an|the|two|function|class|helper|called|named|const|type|interface|both|and|or|method|constant|hook|component|Funktion)\s+)*["'`(]*(?:[\w.$]+(?:\(\))?["'`]?(?:\s*,\s*|\s+and\s+|\s+or\s+|\s*,\s*and\s+)["'`]*)*$/i;

const KIND_JUST_BEFORE =
  /\b(?:functions?|class|method|constant|fn|def|func|struct|enum|trait|interface|heißt|hook|helper|Funktion|Klasse)\s+["'`(]*$/i;
const NO_WORD =
  /^(?:the|a|an|to|is|of|in|that|which|for|and|or|from|it|was|has|with|called|named|calls?|returns|this|are|takes|must|should|on|at|names?|level|body|signature|definition|file|declaration|hierarchy|component|based)$/i;
const EXAMPLE_BEFORE =
  /\b(?:like|such as|e\.g\.|e\.g|prefers?|instead of|style|naming|called from outside)\s+["'`(]*$/i;

/** Names of code, of settings and of variables. */
export function symbolClaims(reading: Reading): Claim[] {
  return reading.sentence.mentions.flatMap((mention) => (reading.taken.has(mention) ? [] : claimOf(reading, mention)));
}

function claimOf(reading: Reading, mention: Mention): Claim[] {
  const { sentence } = reading;
  if (isValue(sentence, mention)) return [];
  const name = nameOf(mention);
  const { before, after } = around(sentence, mention);
  const pair = /^([\w.-]+)\s*[:=]\s*([^\s].*)$/.exec(mention.text);
  const home = homeOf(reading, mention);
  const upper = /^[A-Z][A-Z0-9_]+$/.test(name?.name ?? '');
  const variables = home !== undefined && upper && isVariables(home.path.path) && WORD_VALUE.test(after);
  if (home !== undefined && (variables || (isSettings(home.path.path) && !upper))) {
    const claim = settingOf(reading, mention, home.path, pair?.[1], pair?.[2], before, after);
    return claim === undefined ? [] : [claim];
  }
  if (name === undefined || NO_SYMBOLS.has(mention.text) || NO_SYMBOLS.has(name.name)) return [];
  const kind = KIND_BEFORE.test(before) || KIND_AFTER.test(after);
  const shape = shapeOf(name.name, name.call, name.owner);
  if (shape === 'word' && name.owner !== undefined && home === undefined && KEY.test(mention.text))
    return keyOf(reading, mention);
  const subject = shape === 'word' && isSubject(name.name, before, after);
  if (
    shape === 'word' &&
    !subject &&
    isPlainWord(name.name, mention, kind && (KIND_JUST_BEFORE.test(before) || isType(name.name, before, after)))
  )
    return [];
  const stance = stanceOf(sentence, mention, 'thing');
  if (stance === 'none' || stance === 'unused') return [];
  const span = { start: mention.start, end: mention.end };
  const value = pair?.[2] ?? valueAfter(after);
  const holds = stance === 'present';
  if (
    shape === 'upper' &&
    (home === undefined || !isCode(home.path) || /\b(?:env|environment|secret|\.env|export)/i.test(sentence.text)) &&
    value === undefined &&
    !kind
  ) {
    const file = home !== undefined && !isCode(home.path) && home.path.file ? home.path.path : undefined;
    return [{ kind: 'variable', name: name.name, file, words: name.name, holds, weak: home?.path.weak ?? false, span }];
  }
  const file =
    home !== undefined && (isCode(home.path) || !home.path.file) && !home.path.weak ? home.path.path : undefined;
  if (file === undefined && shape === 'word' && !kind) return [];
  // Without a place, what only looks like a name may be a product or an example.
  const loose = home !== undefined && !home.path.file && !mention.coded && !kind && shape === 'pascal';
  const doubtful =
    (!holds && !kind) || (shape === 'pascal' && !mention.coded && !kind) || (shape === 'word' && !name.call);
  const plainSubject = subject && isPlainWord(name.name, mention, kind);
  const weak =
    loose || plainSubject || (file === undefined && (reading.tastes || doubtful || EXAMPLE_BEFORE.test(before)));
  const relation = file === undefined ? 'found' : (home?.relation ?? 'defined');
  const claim = {
    kind: 'symbol',
    name: name.name,
    owner: name.owner,
    file,
    relation,
    ...(value !== undefined && /^(?:upper|camel|pascal|snake)$/.test(shape) && !name.call ? { value } : {}),
  } as const;
  if (!weak) reading.taken.add(mention);
  const shown = name.owner === undefined ? name.name : `${name.owner}.${name.name}`;
  return [
    {
      ...claim,
      words: `${shown}${claim.value === undefined ? '' : ` = ${claim.value}`}${file === undefined ? '' : ` in ${file}`}`,
      holds,
      weak,
      span,
    },
  ];
}

const OF_SETTINGS =
  /\b(?:settings?|config\w*|options?|keys?|set by|behind|switch(?:es)?|flags?|defaults?|controls?|toggles?|limits?|thresholds?)\b/i;

const KEY = /^[a-z][a-z0-9_-]*(?:\.[a-z][\w-]*)+$/;

/** `logging.level`, without a file: a key of whichever settings there are. */
function keyOf({ sentence, tastes }: Reading, mention: Mention): Claim[] {
  const { after } = around(sentence, mention);
  const said = /^["'`)]*,?\s+which is\s+["'`]*([\w./:@-]*\w)/.exec(after)?.[1] ?? WORD_VALUE.exec(after)?.[1];
  const value = valueAfter(after) ?? (/^\d|^[A-Z]+$|^(?:true|false|on|off)$/.test(said ?? '') ? said : undefined);
  if (!mention.coded && value === undefined) return [];
  const stance = stanceOf(sentence, mention, 'place');
  if (stance !== 'present') return [];
  return [
    {
      kind: 'setting',
      key: mention.text,
      value,
      words: `${mention.text}${value === undefined ? '' : ` = ${value}`}`,
      holds: true,
      weak: tastes || (value === undefined && !OF_SETTINGS.test(sentence.text)),
      span: { start: mention.start, end: mention.end },
    },
  ];
}

/** "The Reading class": a name with a capital, between an article and what it is. */
function isType(name: string, before: string, after: string): boolean {
  return (
    /^[A-Z][a-z]+$/.test(name) &&
    /\b[Tt]he\s+$/.test(before) &&
    /^\s+(?:class|interface|struct|enum|dataclass)\b/.test(after) &&
    !KNOWN_PACKAGES.has(name.toLowerCase()) &&
    !RUNTIMES.has(name.toLowerCase()) &&
    !/^(?:Base|Main|First|Second|Last|Business|Parent|Root|Kotlin|Swift|Scala)$/.test(name)
  );
}

/** `Retry in src/http.ts is …`: a name, or a noun. Which of them, the code knows. */
function isSubject(name: string, before: string, after: string): boolean {
  return (
    /^[A-Za-z][a-z0-9]+$/.test(name) && before.trim() === '' && /^\s+in\s+\S+\.\w+\s+(?:is|does|has|was)\b/.test(after)
  );
}

function isPlainWord(name: string, mention: Mention, called: boolean): boolean {
  return (!mention.coded && !called) || NO_WORD.test(name);
}

function settingOf(
  reading: Reading,
  mention: Mention,
  path: PathMention,
  key: string | undefined,
  given: string | undefined,
  before: string,
  after: string,
): Claim | undefined {
  const name = key ?? mention.text;
  const manifest = /(?:^|\/)(?:package|composer)\.json$/.test(path.path);
  if (!/^[A-Za-z_][\w.@/-]*$/.test(name) || name.endsWith('/')) return undefined;
  const dotted = /^[\w-]+(?:\.[\w-]+)+$/.test(name);
  const tight =
    /^["'`)]*\s+(?:(?:is|are)\s+)?(?:(?:set|configured|defined)\s+)?(?:(?:to|=|is|:)?\s*\S{1,20}\s+)?in\s+(?:the\s+)?["'`(]*$/i.test(
      after.slice(0, Math.max(0, path.mention.start - mention.end)),
    );
  const value =
    given ??
    valueAfter(after) ??
    (/^[A-Z]/.test(name) ? WORD_VALUE.exec(after)?.[1] : undefined) ??
    (TO_VALUE.test(after) && /\bset(?:s|ting)?\b/i.test(before) ? firstGroup(TO_VALUE.exec(after)) : undefined) ??
    (mention.coded || dotted ? WORD_VALUE.exec(after)?.[1] : undefined) ??
    VALUE_BEFORE.exec(before)?.[1] ??
    firstGroup(NUMBER_AFTER.exec(after));
  const assigned = /^\s*[:=]\s*(?:\d[\w.]*|true|false)\b/.test(after);
  const shaped = mention.coded || dotted || assigned || /[a-z][A-Z]|[_-]|^[A-Z][A-Z0-9]{2,}$/.test(name);
  if (!shaped && !(tight && value !== undefined)) return undefined;
  if (!shaped && /^(?:the|it|that|this|which|is|set|port|to|and|mode|value|version)$/i.test(name)) return undefined;
  const stance = stanceOf(reading.sentence, mention, 'place');
  if (stance === 'none' || stance === 'unused') return undefined;
  const odd =
    value !== undefined &&
    /^(?:a|an|the|not|used|kept|read|required|there|where|what|only|also|now|set|on|in|async|optional|deprecated|missing|still|too|defined|wrong|here)$/i.test(
      value,
    ) &&
    !/^on$/i.test(value);
  const clean = odd ? undefined : value;
  return {
    kind: 'setting',
    key: name,
    file: path.path,
    value: clean,
    words: `${name}${clean === undefined ? '' : ` = ${clean}`} in ${path.path}`,
    holds: stance === 'present',
    weak:
      !(mention.coded || dotted || assigned || /^[A-Z][A-Z0-9_]{2,}$/.test(name)) || path.weak || (manifest && !dotted),
    span: { start: mention.start, end: mention.end },
  };
}

interface Home {
  readonly path: PathMention;
  readonly relation: 'defined' | 'exported' | 'found';
}

/** The file a name is said to be in: the next one that the words between allow, else the last one before. */
function homeOf({ sentence, paths }: Reading, mention: Mention): Home | undefined {
  const here = paths.filter(({ mention: each }) => ['present', 'absent'].includes(stanceOf(sentence, each, 'place')));
  const after = here.find(({ mention: each }) => each.start >= mention.end);
  const gap =
    after === undefined ? '' : sentence.text.slice(mention.end - sentence.start, after.mention.start - sentence.start);
  if (after !== undefined && gap.length < 110 && IN_GAP.test(gap) && !/[.;]\s/.test(gap)) {
    return {
      path: after,
      relation: FOUND_GAP.test(gap)
        ? 'found'
        : /\bexport/i.test(gap)
          ? 'exported'
          : /\b(?:defined|lives?|implemented|declared|moved)\b/i.test(gap)
            ? 'defined'
            : 'exported',
    };
  }
  const ahead = here.findLast(({ mention: each }) => each.end <= mention.start);
  if (ahead === undefined) return undefined;
  const back = sentence.text.slice(ahead.mention.end - sentence.start, mention.start - sentence.start);
  if (back.length < 110 && OUT_GAP.test(back) && !FOUND_GAP.test(back)) return { path: ahead, relation: 'exported' };
  return undefined;
}

function isCode({ path, file }: PathMention): boolean {
  return file && (languageOf(path) !== undefined || /\.(?:sql|proto|graphql|css|html?|md)$/.test(path));
}

function nameOf(
  mention: Mention,
): { readonly name: string; readonly owner?: string | undefined; readonly call: boolean } | undefined {
  const text = mention.text
    .replace(
      /^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function|class|interface|type|const|let|def|fn|func|struct|enum|trait|pub fn|new)\s+(?=\w)/,
      '',
    )
    .replace(/\s*[:=]\s*\S.*$/, '')
    .replace(/^<(\w+)\s*\/?>?$/, '$1');
  const found =
    /^(?:(?:[\w$]+(?:\.|::|#|\.prototype\.))*?([A-Za-z_$][\w$]*)(?:\.prototype\.|\.|::|#))?([A-Za-z_$][\w$]*)(!?\([^`\n]*\)?)?$/.exec(
      text,
    );
  if (found === null) return undefined;
  const [, owner, name = '', call] = found;
  if (owner === 'this' || owner === 'self') return { name, call: call !== undefined };
  return { name, owner, call: call !== undefined };
}

type Shape = 'upper' | 'camel' | 'pascal' | 'snake' | 'call' | 'owned' | 'word';

function shapeOf(name: string, call: boolean, owner: string | undefined): Shape {
  if (owner !== undefined) return /^[A-Z]/.test(owner) || call || /[a-z][A-Z]|_/.test(name) ? 'owned' : 'word';
  if (/^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(name)) return 'upper';
  if (call) return 'call';
  if (/^[a-z$_][\w$]*[a-z0-9][A-Z]/.test(name)) return 'camel';
  if (/^[A-Z][\w]*[a-z0-9][A-Z][\w]*$/.test(name)) return 'pascal';
  return /^_?[a-z0-9]+(?:_[a-z0-9]+)+$/.test(name) ? 'snake' : 'word';
}

function valueAfter(after: string): string | undefined {
  return firstGroup(VALUE.exec(after));
}

function firstGroup(found: RegExpExecArray | null): string | undefined {
  return found
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.replace(/\.$/, '');
}
