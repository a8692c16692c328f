/** A text whose relative dates were made absolute, and the day it says it is true from. */
export interface DatedText {
  readonly text: string;
  readonly since?: string | undefined;
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const GERMAN_DAYS = ['montag', 'dienstag', 'mittwoch', 'donnerstag', 'freitag', 'samstag', 'sonntag'] as const;
const DAY = `(?:${[...DAYS, ...GERMAN_DAYS].join('|')})`;
const COUNT =
  '(\\d{1,3}|a couple of|a few|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|einem|einer|zwei|drei|vier|fünf|sechs)';
const UNIT = '(days?|weeks?|months?|years?|tage?n?|wochen?|monate?n?|jahre?n?)';
const NUMBERS: Readonly<Record<string, number>> = {
  a: 1, an: 1, one: 1, einem: 1, einer: 1, two: 2, zwei: 2, 'a couple of': 2, three: 3, drei: 3, 'a few': 3, four: 4, vier: 4,
  five: 5, fünf: 5, six: 6, sechs: 6, seven: 7, eight: 8, nine: 9, ten: 10, twelve: 12,
}; // prettier-ignore
const NAMED: Readonly<Record<string, number>> = {
  'the day before yesterday': -2, vorgestern: -2, yesterday: -1, gestern: -1, 'last night': -1, today: 0, tonight: 0, heute: 0,
  'this morning': 0, 'this afternoon': 0, 'this evening': 0, 'right now': 0, tomorrow: 1, 'the day after tomorrow': 2, übermorgen: 2,
}; // prettier-ignore

type Rule = readonly [pattern: RegExp, write: (found: RegExpExecArray, day: Temporal.PlainDate) => string | undefined];

const RULES: readonly Rule[] = [
  [
    /\b(the day before yesterday|the day after tomorrow|last night|this (?:morning|afternoon|evening)|yesterday|today|tonight|tomorrow|vorgestern|gestern|heute|übermorgen)(?: (?:morning|afternoon|evening|night|früh|abend))?(?![\wäöüß'’-])/iu,
    (found, day) => shown(day.add({ days: NAMED[lower(found[1])] ?? 0 })),
  ],
  [/(?<=\b(?:ab|bis|seit|for|until|by) )morgen(?![\wäöüß])/iu, (_, day) => shown(day.add({ days: 1 }))],
  [
    new RegExp(`\\b(?:last|past|letzte[nrs]?|vergangene[nrs]?) (${DAY})(?![\\wäöüß])`, 'iu'),
    (found, day) => weekday(found[1], day, -1),
  ],
  [
    new RegExp(`\\b(?:next|this coming|coming|nächste[nrs]?|kommende[nrs]?) (${DAY})(?![\\wäöüß])`, 'iu'),
    (found, day) => weekday(found[1], day, 1),
  ],
  [new RegExp(`\\bthis (${DAY})\\b`, 'iu'), (found, day) => weekday(found[1], day, 1)],
  [new RegExp(`(?<=\\b(?:since|seit) )(${DAY})(?![\\wäöüß])`, 'iu'), (found, day) => weekday(found[1], day, -1)],
  [
    new RegExp(`(?<=\\b(?:by|until|till|bis|starting|ab) )(${DAY})(?![\\wäöüß])`, 'iu'),
    (found, day) => weekday(found[1], day, 1),
  ],
  [new RegExp(`\\b${COUNT} ${UNIT} (?:ago|before today)\\b`, 'iu'), (found, day) => moved(found, day, -1)],
  [new RegExp(`\\bvor ${COUNT} ${UNIT}(?![\\wäöüß])`, 'iu'), (found, day) => moved(found, day, -1)],
  [
    new RegExp(`\\bin ${COUNT} ${UNIT}(?:['’]s? time)?(?![\\wäöüß])(?! (?:of|advance)\\b)`, 'iu'),
    (found, day) => onDate(moved(found, day, 1)),
  ],
  [new RegExp(`\\b${COUNT} ${UNIT} from (?:now|today)\\b`, 'iu'), (found, day) => moved(found, day, 1)],
  [/\b(last|next|this|letzte[nr]?|nächste[nr]?|diese[rn]?) (week|woche)\b/iu, (found, day) => week(found, day)],
  [/\b(last|next|this|letzte[nrms]?|nächste[nrms]?|diese[nrms]?) (month|monat)\b/iu, (found, day) => month(found, day)],
  [/\b(last|next|this|letzte[nrms]?|nächste[nrms]?|diese[nrms]?) (year|jahr)\b/iu, (found, day) => year(found, day)],
  [/\b(?:the )?end of the month\b|\bMonatsende\b/iu, (_, day) => shown(day.with({ day: day.daysInMonth }))],
  [/\b(?:the )?end of the week\b/iu, (_, day) => shown(day.add({ days: 7 - day.dayOfWeek }))],
  [/\b(?:the )?end of the year\b|\bJahresende\b/iu, (_, day) => shown(day.with({ month: 12, day: 31 }))],
];

const RECURRING =
  /\b(every|each|jede[nrsm]?|always|usually|daily|weekly|on (?:mon|tues|wednes|thurs|fri|satur|sun)days)\b/iu;
const PAST =
  /\b(we|i|they|was|were|had|has|have|got|moved|switched|changed|left|migrated|released|shipped|deployed) ?\w*\b/iu;
const SINCE = /\b(?:since|as of|from|starting|effective|seit|ab)(?: on)? (\d{4}-\d{2}-\d{2})\b/iu;

/**
 * Reckons "yesterday", "next Friday", "in two weeks" and their German kin from the local date something was said on. "Next"
 * and "last" before a weekday mean the nearest one after and before that date. A day that comes round every week stays.
 */
export function makeDatesAbsolute(text: string, date: string): DatedText {
  const day = Temporal.PlainDate.from(date);
  let out = text;
  for (const [pattern, write] of RULES) {
    // Not inside a path, an address or a longer word.
    const all = new RegExp(`(?<![\\w/.@-])(?:${pattern.source})(?!/)`, `${pattern.flags}g`);
    out = out.replace(all, (...found: unknown[]) => {
      const strings = found.filter(
        (each) => each === undefined || typeof each === 'string',
      ) as unknown as RegExpExecArray;
      return write(strings, day) ?? String(found[0]);
    });
  }
  out = bareWeekday(out, day).replaceAll(/\b(on|am) (?:on )?(?=\d{4}-\d{2}-\d{2})/giu, '$1 ');
  return { text: out, since: out === text && !SINCE.test(out) ? undefined : SINCE.exec(out)?.[1] };
}

/** "on Friday" of a plan or of something that happened; "on Fridays" and "every Friday" are left alone. */
function bareWeekday(text: string, day: Temporal.PlainDate): string {
  if (RECURRING.test(text) || /\bnow (?:go(?:es)?|happens?|takes? place|ships?|starts?|runs?|is|are)\b/i.test(text))
    return text;
  const ahead =
    /\b(will|going to|gonna|is due|are due|deadline|scheduled|planned|goes live|launch|wird|werden|fällig)\b/iu.test(
      text,
    );
  const behind =
    !ahead &&
    PAST.test(text) &&
    /\b\w+(?:ed|went|left|took|was|were)\b/iu.test(text) &&
    !/\bto (?:mon|tues|wednes|thurs|fri|satur|sun)day/iu.test(text);
  if (!ahead && !behind) return text;
  const pattern = new RegExp(`\\b(on|am) (${DAY})(?![\\wäöüß])`, 'giu');
  return text.replace(pattern, (_, on: string, name: string) => `${on} ${weekday(name, day, ahead ? 1 : -1)}`);
}

function lower(text: string | undefined): string {
  return (text ?? '').toLowerCase();
}

function shown(day: Temporal.PlainDate): string {
  return day.toString();
}

function onDate(date: string | undefined): string | undefined {
  return date === undefined ? undefined : /^\d{4}-\d{2}-\d{2}$/.test(date) ? `on ${date}` : `in ${date}`;
}

function weekday(name: string | undefined, day: Temporal.PlainDate, direction: 1 | -1): string {
  const word = lower(name);
  const wanted =
    Math.max((DAYS as readonly string[]).indexOf(word), (GERMAN_DAYS as readonly string[]).indexOf(word)) + 1;
  const ahead = (wanted - day.dayOfWeek + 7) % 7 || 7;
  const behind = (day.dayOfWeek - wanted + 7) % 7 || 7;
  return shown(direction === 1 ? day.add({ days: ahead }) : day.subtract({ days: behind }));
}

function moved(found: RegExpExecArray, day: Temporal.PlainDate, direction: 1 | -1): string | undefined {
  const word = lower(found[1]);
  const count = (NUMBERS[word] ?? Number(word)) * direction;
  if (!Number.isFinite(count)) return undefined;
  const unit = lower(found[2]);
  if (/^(day|tag)/.test(unit)) return shown(day.add({ days: count }));
  if (/^(week|woche)/.test(unit)) return shown(day.add({ weeks: count }));
  if (/^(month|monat)/.test(unit)) return shown(day.add({ months: count }));
  return String(day.add({ years: count }).year);
}

function step(word: string | undefined): -1 | 0 | 1 {
  if (/^(last|letzte)/i.test(word ?? '')) return -1;
  return /^(next|nächste)/i.test(word ?? '') ? 1 : 0;
}

function week(found: RegExpExecArray, day: Temporal.PlainDate): string {
  const monday = day.subtract({ days: day.dayOfWeek - 1 }).add({ weeks: step(found[1]) });
  return `the week of ${shown(monday)}`;
}

function month(found: RegExpExecArray, day: Temporal.PlainDate): string {
  return day
    .toPlainYearMonth()
    .add({ months: step(found[1]) })
    .toString();
}

function year(found: RegExpExecArray, day: Temporal.PlainDate): string {
  return String(day.year + step(found[1]));
}
