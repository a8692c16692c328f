import type { Mention, Sentence } from './mentions.ts';

/** How a sentence stands to what it names: it is so, it is not there, or nothing is said about now. */
export type Stance = 'present' | 'absent' | 'unused' | 'none';

const MAKE =
  'add|create|introduce|build|write|implement|extract|split|move|rename|become|live|migrate|switch|adopt|replace|upgrade|bump|port|convert|have|be (?:added|created|introduced|written|built|moved|renamed|extracted|split|replaced|called|named|in|at|under)|go (?:in|to|into|under)|get (?:a|an|its)';
const PLAN = new RegExp(
  String.raw`\b(?:should|could|would|might|may|will|shall|going to|plans? to|planned to|planning to|wants? to|wanted to|need(?:s|ed)? to|must|let's|about to|like to|hope to|intend(?:s)? to)\b(?:\s+\w+){0,2}?\s+(?:${MAKE})\b`,
  'i',
);
const WISH =
  /\b(?:todo|fixme|maybe|perhaps|someday|some day|eventually|consider(?:ing)?|proposal|proposed|suggest(?:s|ed|ion)?|idea|wish|imagine|hypothetical\w*|planned|planning|plan is|not yet|would be|if we|what if|in (?:the )?future|next (?:step|quarter|sprint)|vielleicht|sollten?|wollen|geplant|künftig|idee)\b/i;
const PAST =
  /\b(?:used to (?:be|live|sit|have|use|call|run|reside|contain|hold|exist|depend)|formerly|previously|originally|historically|back then|in the old days|früher|ehemals|damals|war (?:mal|einst))\b/i;
const FROM =
  /\b(?:(?:moved|migrat\w+|switched|renam\w+|went|converted|upgraded|bumped|changed|ported|transition\w*|relocated|promoted|ging|gewechselt|umgezogen)\b[^.;]*\b(?:from|von)|away from|replac(?:ed|es|ing)|instead of|rather than|in place of|in favou?r of not|unlike|over|supersed(?:ed|es|ing)|not (?:in|at|under|from|via|with)|, not|but not|and not|is not|isn't|statt|anstatt|anstelle von)\s+(?:(?:the|our|a|an|plain|old|its)\s+)*["'`(]*$/i;
const MOVED_OBJECT =
  /\b(?:mov(?:ed|ing)|renam(?:ed|ing)|relocated|convert(?:ed|ing)|turned)\s+(?:(?:the|our|file|module|directory|folder|branch|script|package|function|class|old)\s+)*["'`(]*$/i;
const TO = /^["'`)]*\s*(?:(?:file|module|directory|folder|branch|function|class|script)\s+)?(?:to|into|as|→|->|=>)\s/i;
const MOVED_AWAY =
  /^["'`)\]]*,?\s+(?:(?:file|module|directory|folder|branch|script|function|class|dependency|package)\s+)?(?:which\s+|that\s+)?(?:was|were|is|are|has been|have been|had been|got|been|wurde)\s+(?:\w+\s+){0,2}?(?:renamed|replaced|superseded|migrated|split|folded|absorbed|merged|turned|converted|umbenannt|ersetzt)\b/i;
const MOVED_PLACE =
  /^["'`)\]]*\s+(?:(?:file|module|directory|folder)\s+)?(?:(?:was|were|is|has been|have been|got)\s+)?(?:\w+\s+){0,1}?(?:moved|relocated|became|went|verschoben)\s+(?:to|into|under|nach)\b/i;
const GONE_AFTER =
  /^["'`)\]]*,?\s+(?:(?:file|module|directory|folder|branch|script|function|class|dependency|package|target|service)\s+)?(?:which\s+|that\s+)?(?:(?:was|were|is|are|has been|have been|had been|got|been|ist|wurde)\s+(?:\w+\s+){0,2}?(?:removed|deleted|dropped|gone|killed|retired|ripped out|thrown out|no more|absent|missing|gelöscht|entfernt|weg)\b(?! (?:from|if|when|on|by))|no longer exists?|does(?:n't| not) exist|went away|disappeared|doesn't live there|gibt es nicht)/i;
const GONE_BEFORE =
  /\b(?:removed|deleted|dropped|got rid of|killed|ripped out|there(?:'s| is| are| was) no(?: longer)?|there(?:'s| is| are)n't|no longer (?:have|has|contains?|ships?|includes?)|(?:do|does)(?:n't| not) (?:have|contain|exist|ship|include)|has no|have no|gibt es kein\w*|gelöscht:?)\s+(?:(?:the|a|an|any|our|old|such|file|files|function|class|module|script|directory|folder|branch|dependency|package|service|target|anymore)\s+)*["'`(]*(?:[`"'][^`"']+[`"']\s*(?:,|and|or)\s*)*["'`(]*$/i;
const UNUSED =
  /\b(?:no longer (?:uses?|using|depends? on|relies on|relying on|needs?|requires?)|(?:do|does|did)(?:n't| not) (?:use|depend on|rely on|need|require)|stopped using|free of|without|never used?|avoid(?:s|ing)?|never (?:use|call|import)|nicht mehr|kein(?:e|en)?)\s+(?:(?:the|a|an|any|our|old)\s+)*["'`(]*$/i;
const UNUSED_AFTER =
  /^["'`)\]]*\s+(?:is|are|was)?\s*(?:no longer|not) (?:used|needed|required|supported|a dependency|installed|available)\b/i;
const MADE_AFTER =
  /^["'`)\]]*\s+(?:should|could|would|might|will|must|needs? to|has to)\s+(?:be|get)\s+(?:added|created|introduced|written|built)\b|^["'`)\]]*\s+(?:doesn't exist|does not exist) yet/i;

/** @param named `thing`: what keeps its name when it moves (a symbol); `place`: what is another one then (a path, a package). */
export function stanceOf(sentence: Sentence, mention: Mention, named: 'thing' | 'place'): Stance {
  const at = mention.start - sentence.start;
  const text = masked(sentence);
  const before = clauseBefore(text.slice(0, at));
  const after = text.slice(mention.end - sentence.start);
  if (/\?\s*$/.test(sentence.text)) return 'none';
  if (MADE_AFTER.test(after)) return 'none';
  if (GONE_AFTER.test(after) || GONE_BEFORE.test(before)) return 'absent';
  if (PLAN.test(before) || WISH.test(before) || PAST.test(before)) return 'none';
  if (UNUSED.test(before) || UNUSED_AFTER.test(after)) return 'unused';
  if (FROM.test(before)) return 'none';
  if (MOVED_AWAY.test(after)) return 'none';
  if (
    named === 'place' &&
    (MOVED_PLACE.test(after) || (MOVED_OBJECT.test(before) && /\b(?:to|into|as)\b|→|->/.test(after)))
  )
    return 'none';
  if (named === 'thing' && /\brenam(?:ed|ing)\s+(?:\w+\s+)?["'`(]*$/i.test(before) && TO.test(after)) return 'none';
  return 'present';
}

/** Names that are words of the language too (`eventually`) say nothing about the sentence. */
function masked({ text, start, mentions }: Sentence): string {
  let plain = text;
  for (const mention of mentions) {
    if (!mention.coded) continue;
    plain =
      plain.slice(0, mention.start - start) +
      mention.text.replaceAll(/[A-Za-z]/g, 'x') +
      plain.slice(mention.end - start);
  }
  return plain;
}

/** What a contrast or a new main clause separates is no longer about this. */
function clauseBefore(text: string): string {
  const cut =
    /^[\s\S]*(?:\bbut(?! not\b)|\bhowever|\byet\b|, (?:and |so )?(?:now|we now|it now|it is|it's|everything|all)|\bnow\b|\baber\b|\bjetzt\b)(?=\s)/i.exec(
      text,
    );
  return cut === null ? text : text.slice(cut[0].length);
}
