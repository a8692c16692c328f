import { parseBullet } from '../memory/bullet.ts';
import { holdsSecret } from '../memory/secrets.ts';
import { makeDatesAbsolute } from './dates.ts';
import type { MaterialItem, Observation } from './material.ts';
import { HEDGED, headsOf, profileOf } from './profile.ts';
import { sentencesOf } from './sentences.ts';
import { scanValues } from './values.ts';

/** What was not taken, for the report. */
export interface Skipped {
  secrets: number;
  instructions: number;
}

const LEAD =
  /^(?:(?:hey|hi|hello|moin|hallo|ok(?:ay)?|so|well|oh|ah|um|hm+|yeah|yes|yep|ja|no|nope|nah|lol|ugh|argh|wait|right|alright|cool|great|perfect|and|but|also|und|aber|additionally|anyway|anyways|again|besides|sure|thanks|thank you|danke|please|pls|bitte|as ever|as (?:i|we) said|as you (?:may |might )?know|to be clear|for context|for what it['’]s worth|fwiw|by the way|btw|fyi|for your information|for the record|just so (?:you|u) know|so (?:you|u) know|just to let you know|jsyk|heads[- ]up|quick (?:heads[- ]up|note|update|reminder|one|correction)|(?:big |good |bad )?news|reminder|one more thing|another thing|note(?: to self)?|n\.?b\.?|important|ps|p\.s\.|update|correction|confirmed|confirmation|decision|decided|fact|psa|erratum|actually|ehrlich gesagt|übrigens|zur info|korrektur|notiz|merke?|wichtig|finally|basically|honestly|on reflection|after all|i mean|you know|let me add|kairos|side note|small thing|fun fact)(?:\s*[,:!.–—-]+\s*|(?<=nope|nah|lol|ugh|argh|wait)\s+|\s+(?=(?:please|pls|keep|make|use|we|our|my|the|i|it|i['’]m|we['’]re|you|wir|unsere?|mein|ich)\b)))/i;
const REMEMBER =
  /^(?:(?:can|could|would|will) you (?:please |also )?)?(?:please |pls |bitte |do )?(?:always )?(?:remember|note|keep in mind|bear in mind|don['’]?t forget|make a note|take note|write down|memori[sz]e|save (?:this|that)|merk dir|denk daran|beachte|know|be aware)(?: (?:that|this|it|down|dass|for (?:later|the future)|please))*\s*[:,]?\s+(?=\S)/i;
const DECIDED =
  /^(?:we(?:['’]ve| have)?|i(?:['’]ve| have)?|the team(?: has)?)?\s*(?:just |finally |now |all )?(?:decided|agreed|confirmed|can confirm|settled it|concluded)(?: (?:that|on it|today|yesterday|now))*\s*[:,]?\s+(?=(?:we|i|our|my|the|that|it)\b)/i;
const OPINION =
  /^(?:it['’]?s (?:now )?(?:official|confirmed|decided|final|settled)[:,]?(?: that)?|i (?:can )?confirm(?: that)?|it turns out(?: that)?|turns out(?: that)?|i want you to (?:know|remember)(?: that)?|you should know(?: that)?|what i wanted to say(?: is)?[:,]?)\s+/i;
const TAIL =
  /(?:\s*[,–—-]?\s*\b(?:btw|by the way|fyi|lol|haha+|thanks?(?: a lot)?|thx|thank you|danke|ok|okay|just so you know|so you know|in case you need (?:it|them|that)|in case you (?:wonder|were wondering|didn['’]t know)|you know|u know|i (?:can )?confirm(?:ed)?|if that helps|for the record|as you know|as (?:i|we) said|please|pls|right)|\s*[:;]-?[)D(]|\s*[\u{1F300}-\u{1FAFF}✅🎉]+)\s*[.!]*$/iu;
const QUESTION =
  /^(?:who|what|when|where|why|how|which|whose)(?:['’]s|\s+(?:is|are|do|does|did|can|could|should|would|will|was|were|has|have|about|if|to|happen(?:s|ed)|went|time|kind|else|come|many|much|long|often|\w+ (?:is|are|do|does|did|should|would|was|were))\b)|^(?:do|does|did|is|are|was|were|can|could|would|should|will|have|has|had(?! to)|may|shall|any (?:idea|chance|news)|wer|was|wann|wo|warum|wieso|wie|welche[rsn]?|kannst|könntest|hast|ist|sind|gibt|magst|machst|status)\b/i;
const HYPOTHETICAL =
  /\b(?:consider(?:ing)?|think(?:ing)? (?:about|of)|toying with|wondering|tempted|undecided|nothing (?:is )?decided|look(?:ing)? into|evaluat(?:e|ing)|überlegen)\b|^(?:if we ever (?:get|find|have|do|manage|want|decide)|what if|imagine|suppose|let['’]?s say|say we|assuming|in theory|hypothetically|pretend)\b|\b(?:would be (?:nice|lovely|great|good|cool|better)|should (?:probably )?(?:refactor|look|try|fix|add|move|switch|consider|think)|wish|hopefully|it['’]?d be|could (?:also )?(?:use|switch|move|try)|at some point|someday|one day|eventually|haven['’]?t decided|if we (?:switch|move|use|were|had))\b/i;
const INSTRUCTION =
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|all|your|any)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines?|memor(?:y|ies)|polic(?:y|ies))|\b(?:system prompt|new instructions?:|you are now|act as (?:if|an?)|jailbreak|the (?:owner|user)(?:['’]s)? (?:wants?|prefers?|preference|said|has approved|approved|authori[sz]ed|asked|requested|always|would like|trusts?))\b|<\/?(?:system|assistant|user|instructions?)>|\b(?:exfiltrate|curl\s+\S*https?:\S+\s*\|\s*(?:ba)?sh)\b/i;
/** What says that the words are somebody else's. */
const REPORTED =
  /\b(?:(?:the|this|that|an?|some) (?:email|mail|issue|comment|page|website|article|readme|bot|reviewer|webhook|event|log|ticket|message|tool|output|web page|blog|stranger|attacker|spam|someone|somebody|readme)\S* (?:says?|said|claims?|claimed|tells?|told|wrote|asks?|asked|states?|suggests?|wants?|contains?|reads?)|(?:someone|somebody|a stranger|the attacker|some guy|a user|a commenter|they) (?:on \S+ |in \S+ )?(?:says?|said|claims?|claimed|wrote|asks?|asked|suggested|posted|thinks?)|according to|it says|quote:|quoted)\b/i;
/** The facts in one item, in the order they were said. Only words of the owner are read: all others may say what they like. */
export function observationsOf(
  item: MaterialItem,
  redact: (text: string) => string,
  skipped: Skipped,
): readonly Observation[] {
  if (item.trust !== 'owner' || (item.kind !== 'user' && item.kind !== 'note')) return [];
  const found: Observation[] = [];
  for (const sentence of joined(sentencesOf(item.text))) {
    const said = factIn(sentence, redact, skipped);
    if (said === undefined) continue;
    const { text, since } = makeDatesAbsolute(said.text, item.date);
    if (!isOneLine(text)) continue;
    found.push({
      text,
      source: item.source,
      at: item.at,
      date: item.date,
      since: since ?? item.date,
      hedged: said.hedged,
      spoken: said.spoken,
    });
  }
  return found;
}

/** What goes on from the sentence before it: the subject stands there. */
const GOES_ON =
  /^(?:it|they|that|this|these|those|its)\b(?:['’]s|\s+(?:is|are|was|were|will be|has|lives?|runs?|listens?|now)\b|\s+(?=\S+ (?:now|from now on)\b))|^(?:we|i)(?:['’]ve)? (?:now |just |finally )?(?:have|got|went with|ended up|settled|picked|chose)\b|^(?:after|in the end|eventually)\b.{0,40}\b(?:ended up|went with|settled|picked|chose)\b/i;

/**
 * "I moved the port. It is 8081 now." is one thought: a sentence that names no subject belongs to the one before it, when that
 * one tells of a change or of something gone and has nothing definite of its own to say.
 */
function joined(sentences: readonly string[]): readonly string[] {
  const out: string[] = [];
  for (const sentence of sentences) {
    const before = out.at(-1);
    if (before !== undefined && GOES_ON.test(sentence) && leavesOpen(before, sentence))
      out[out.length - 1] =
        `${before.replace(/^(?:remember|you (?:may )?remember)\s+/i, '').replace(/[\s.!?…]+$/, '')}, ${sentence}`;
    else out.push(sentence);
  }
  return out;
}

function leavesOpen(before: string, next: string): boolean {
  if (/\?\s*$/.test(before) && !/^remember\b/i.test(before)) return false;
  const [first, second] = [profileOf(before), profileOf(next)];
  const isOpen = first.values.every(({ kind }) => kind === 'word' || kind === 'date' || kind === 'frequency');
  return isOpen && first.changes && second.values.some(({ kind }) => kind !== 'word' && kind !== 'date');
}

/** Control characters, and marks that turn or hide the text around them. */
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** What would read otherwise once it stands in a file is not kept. */
function isOneLine(text: string): boolean {
  return !UNSEEN.test(text) && text.isWellFormed() && parseBullet(`- ${text}`).text === text;
}

const SENTENCE_CHARS_MAX = 600;
const CHARS_MIN = 6;
const CHARS_MAX = 360;

/** The fact of one sentence without what surrounds it; undefined: it is none, or none to be kept. */
export function factIn(
  sentence: string,
  redact: (text: string) => string,
  skipped: Skipped,
): { readonly text: string; readonly spoken: string; readonly hedged: boolean } | undefined {
  if (sentence.length > SENTENCE_CHARS_MAX) return undefined;
  const { text: led, told } = stripLeads(sentence);
  if (isAsked(led, told)) return undefined;
  const text = stripTail(led);
  if (text.length < CHARS_MIN || text.length > CHARS_MAX) return undefined;
  if (holdsSecret(sentence, redact)) {
    skipped.secrets += 1;
    return undefined;
  }
  if (INSTRUCTION.test(text) || REPORTED.test(text)) {
    skipped.instructions += 1;
    return undefined;
  }
  const main = mainOf(text);
  if (HYPOTHETICAL.test(main)) return undefined;
  if (!isFact(text, told)) return undefined;
  return { text: capital(text), spoken: sentence, hedged: HEDGED.test(main) && !/\bconfirmed\b/i.test(sentence) };
}

const REASON =
  /,?\s+(?:because|since|unless|although|though|in case|as (?=(?:i|we|you|they|that|he|she|nobody|everybody|everyone|people)\b)|weil|denn|falls)\b|,\s+(?:i|we|not|so|as|which|who|where|if|and (?=(?:i|please|it|that|they|there|you)\b))\b/i;

/** A sentence without the reason, condition or consequence behind it, when what is left is definite: doubt and chatter there are about something else. */
function mainOf(text: string): string {
  const at = text.search(REASON);
  const main = at < 12 ? text : text.slice(0, at);
  return main !== text && scanValues(main).values.some(({ kind }) => kind !== 'name') ? main : text;
}

/** Words of a prompt injection, or a claim about the owner that the owner would not make. */
export function isInstruction(text: string): boolean {
  return INSTRUCTION.test(text);
}

function isAsked(text: string, told: boolean): boolean {
  if (/\?["”')\s]*$/.test(text)) return !told || /^(?:where|what|why|how|who|when|which|if|whether)\b/i.test(text);
  return QUESTION.test(text) && !told && !/^(?:were|was) (?:on|using)\b/i.test(text);
}

/** Takes greetings, "by the way", "remember that" away, layer by layer. `told`: one of them asked to remember it. */
function stripLeads(sentence: string): { readonly text: string; readonly told: boolean } {
  let text = sentence.trim();
  let told = false;
  for (let round = 0; round < 6; round += 1) {
    const before = text;
    if (
      REMEMBER.test(text) ||
      /^(?:confirmed|decision|decided|fact|note|fyi|correction|update|for the record|important|merke|notiz)\b\s*[:,-]/i.test(
        text,
      )
    )
      told = true;
    text = text
      .replace(REMEMBER, '')
      .replace(DECIDED, '')
      .replace(OPINION, '')
      .replace(LEAD, '')
      .replace(/^[\s,:;–—-]+/, '');
    if (text === before) break;
  }
  return { text, told };
}

function stripTail(led: string): string {
  let text = led.trim();
  for (let round = 0; round < 4; round += 1) {
    const before = text;
    text = text.replace(TAIL, '').replace(/[\s.!?,;…]+$/, '');
    if (text === before) break;
  }
  return text;
}

function capital(text: string): string {
  return /^[a-z]+(?=[\s,:]|['’])/.test(text) && /^(?:we|i|our|my|the|you|it|all|in|on|for|everything|everybody|always|never|please|unsere?|wir|das|die|der|ich|mein|backups?|staging|release|team|use|don)\b/.test(text)
    ? text.charAt(0).toUpperCase() + text.slice(1)
    : text; // prettier-ignore
}

const LASTING =
  /\b(?:always|never|from now on|in (?:the )?future|every time|whenever|each time|going forward|by default|until further notice|ab jetzt|künftig|in zukunft|immer|nie(?:mals)?|as a rule|any ?more|no longer)\b/i;
const POLICY =
  /^(?:please |pls |bitte |just |do )?(?:schreib|antworte|nutze|verwende|benutze|sprich|nenn|use|prefer|keep|avoid|stick (?:to|with)|call me|address me|write (?:to )?me|answer|reply|respond|don['’]?t|do not|stop|no |make sure|see to it|ensure|speak|assume|limit|indent|wait (?:for|until)|ask (?:me )?before|message me|ping me|treat|follow|stay)\b/i;
const ONE_OFF =
  /\b(?:this (?:one|time|file|test|pr|branch|function|issue|bug)|that (?:one|file|test|pr|branch|function|issue|bug)|again|the (?:other|same|last|first|failing|flaky) \w+|worry|bother|yet|right now|for now|it|them|these|those)\b/i;
const COMMAND =
  /^(?:please |pls |bitte |just |now |then |go |try to |first |let['’]?s |lets |i(?:['’]d| would) (?:like|love) you to |i (?:want|need) you to |you (?:should|can|could|may) |cna you |can (?:you|u) |mach |kannst )*(?:run|rerun|re-run|fix|open|check|show|tell|look|find|search|read|list|create|add|delete|remove|make|build|push|pull|merge|commit|revert|deploy|restart|start|stop it|write|explain|summari[sz]e|describe|give|send|try|test|update|rename|move|change|install|go (?:on|ahead|through)|continue|proceed|wait|help|clean|format|lint|review|close|reopen|compare|rebase|bump|upgrade|generate|implement|refactor|debug|investigate|figure|do|see|let me|say|print|log|draft|prepare|set|put|get|take|mach|zeig|schau|lass|öffne|prüfe|starte|bau|erklär|undo|drop|apply|try|repeat|think|have a look|turn|switch|replace|convert|migrate|download|upload|copy|paste|ping|ask|approve|cancel|skip|ignore|cherry-pick|tag)\b(?!\s+(?!(?:that|if|whether|the|a|an|my|our|your|why|what|how|it|this|these|those|all|every|me|us)\b)(?:[\w-]+\s+){0,2}?(?:is|are|was|were|has|have|goes|go|moved|changed|lives?|runs?|happens?|should|must|need|starts?|ends?|use|uses)\b)(?!\s*(?::|=|->)|\s+[\w-]+\s*[:=])/i;

function isFact(text: string, told: boolean): boolean {
  if (/^(?:["'`(<]|\W+$)/.test(text) && !/^[`"']?[\w-]+[`"']?\s/.test(text)) return false;
  if (POLICY.test(text)) return told || LASTING.test(text) ? true : isPolicy(text);
  if (COMMAND.test(text)) return LASTING.test(text) && !/^let me\b/i.test(text);
  if (told) return text.includes(' ') || /[:=]/.test(text);
  const words = text.split(/\s+/).length;
  return (
    (words >= 3 ||
      isTelegram(text) ||
      / only$/i.test(text) ||
      PAIR.test(text) ||
      /^(?:i['’]?m|we['’]?re)\s/i.test(text)) &&
    !isPassing(mainOf(text)) &&
    isStatement(text)
  );
}

/** "Use tabs for indentation" is one; "use the other file" is not. */
function isPolicy(text: string): boolean {
  const words = text.split(/\s+/).length;
  return (
    words >= 2 && words <= 30 && !ONE_OFF.test(mainOf(text)) && !/^(?:do|just|please) (?:it|that|this)\b/i.test(text)
  );
}

const VERB =
  /(?:\b(?:is|are|['’]re|['’]s(?= )|should|shall|joined|has|have|uses?|using|runs?|running|lives?|stays?|sits?|lies|likes?|loves?|hates?|prefers?|wants?|needs?|works?|owns?|maintains?|leads?|handles?|manages?|looks after|deploys?|ships?|releases?|hosts?|hosted|stores?|keeps?|hangs?|costs?|pays?|expires?|ends?|starts?|begins?|opens?|closes?|listens?|answers?|responds?|supports?|requires?|targets?|speaks?|writes?|meets?|gets?|goes|go|comes?|happens?|takes?|belongs?|contains?|holds?|follows?|allows?|accepts?|returns?|exports?|serves?|served|reached|called|named|written|built|made|located|based|archived|kept|retained|backed|switched|moved|migrated|renamed|replaced|changed|upgraded|bumped|raised|lowered|settled|decided|adopted|dropped|ditched|left|stopped|chose|picked|rotates?|syncs?|sends?|reports?|reviews?|approves?|merges?|builds?|tests?|compiles?|indents?|formats?|lints?|depends?|relies|talks?|communicates?|celebrates?|birthday|plans?|budget|can|may|must|don['’]?t|doesn['’]?t|isn['’]?t|aren['’]?t|never|always|usually|ist|sind|hat|haben|heißt|heisst|nutzen?|nutzt|benutzen|verwenden|verwendet|läuft|laufen|liegt|liegen|deployen|wohne|arbeite|mag|bevorzuge|kostet|gehört|findet|werden|wird|behalten|umgestiegen|umgestellt|umgezogen|gewechselt|kümmert|m|took|taken|gave|allergic|asks?|covers?|caps?|bills?|tracks?|monitors?|signs?|drives?|trains?|teach(?:es)?|studies|sleeps?|eats?|drinks?|rides?|plays?|enjoys?|avoids?|measures?|publish(?:es)?|lasts?|relocated|found|find|given|given up|said goodbye|gone|default|assume|share|shares|end|ends|receives?|processes|ordered|lies|caches?|limits?|times out|scales?|grows?|counts?|stands for|means|lead|reside|resides|reach|reaches|code|codes|picked|draws?|starts?|go back|give in)\b)/i;
const SUBJECT =
  /^(?:(?:since|as of|from|starting|effective|in|on|at|for|for most|to|because of|due to|after|by|over|with|behind|under|within|during|locally|internally|currently|these days|nowadays|usually|normally|generally|every|each|all|both|when|whenever|if|once|until|thanks to|instead of|apart from|seit|ab|im|am|als|für|bei|in der|legal|on average|outside)\b|(?:we|i|our|my|the|everything|everyone|everybody|nobody|nothing|no one|none|most|some|only|there (?:is|are)|you(?:['’]ll| will| can)? (?:find|reach|need|may|can|must|should (?:always|never)|have to|spend)|u can|its a|it['’]s a|it is a|a|an|any|wir|ich|unsere?[nrms]?|meine?[nrms]?|das|der|die|alle|were on|were using|im|i['’]m|i['’]ve|we['’]ve|we['’]re|ive|weve|jede[nrs]?|production|prod|staging|dependencies|backups?)\b|[\p{Lu}`"])/u;
const PASSIVE =
  /\b(?:was|were|has been|have been|got|gets|slipped|joined|will be)\b.{0,30}\b(?:handed|moved|changed|postponed|delayed|raised|lowered|increased|reduced|extended|shortened|renamed|replaced|switched|migrated|upgraded|bumped|set|assigned|transferred|rescheduled|pushed|founded|cut|given|taken|slipped|joined|to|on|at|from)\b/i;
const MIGRATION = /\b(?:migration|move|switch|transition|upgrade)\s+(?:of .{1,30} )?(?:from .{1,30} )?to\b/i;
const LOOSE_SUBJECT =
  /^[\p{L}\p{N}`"'._/-]+(?:\s+[\p{L}\p{N}`"'._/&-]+){0,5}?\s+(?:is|are|got|go|live|went from|went with|ended up with|r|runs?|lives?|sits?|moved|changed|switched|goes|happens|uses?|was renamed|has (?:been )?(?:moved|changed)|listens|costs?|belongs|now|upgraded|gets?|ships?|expires?|for|work|works|ist|sind|läuft|heißt|heisst|talks?|on|under|at)\b/iu;
const PAIR = /^[\p{L}`][\p{L}\p{N} `'’_./&()-]{1,40}?\s*(?::|=|->|→|=>)\s*\S/u;
const NOT_PAIR =
  /^(?:error|warning|warn|info|debug|note to|todo|fixme|step \d*|output|result|example|e\.g|question|answer|q|a|re|fwd|subject|from|to|cc|date|expected|actual|got|at|http|https|localhost|fix|feat|chore|docs?\(|refactor|test|perf|style|build|ci\(|here|this|that|task|tests?|failed|passed|status|see|summary|ps|edit|fail|pass|file|line|exit|code|return|stderr|stdout)\b(?!\s+(?:runner|framework|retention|window|port|url|server|host|command|day|manager|tool)\b)/i;
const VERBLESS =
  /^(?:(?:.{2,40} (?:is|are) (?:out|dead|gone)\b.{0,60})|goodbye .{3,60}|(?:decided to|agreed to|settled on|switched|moved|migrated|replaced|renamed|upgraded|bumped|ditched|dropped|left|changed|raised|lowered|swapped)\s.{3,80}|no\s+\w+.{0,40}|[\w.+#-]+(?:\s[\w.+#-]+){0,2},?\s+not\s+\S+.{0,40}|not\s+\S+\s+any ?more,\s*\S+\s+now|new\s+(?:\w+\s+){1,4}(?:is|are|:)?.{2,60}|had to (?:change|move|switch|rename|raise|lower|replace|give|upgrade)\s.{3,80}|\S+(?:\s\S+)?\s+(?:only|for)\s+\S+.{0,60}|(?:\w+\s){1,4}(?:owner|lead|port|version|branch|url|day|now)\b.{2,60}|(?:\w+\s){0,3}now\s\S+.{0,30}|monthly .{3,40}|.{2,40}\bpls, always|(?:tabs|spaces|\d spaces).{0,50})$/i;

/** As people type on phones. */
function spelled(text: string): string {
  return text
    .replace(/^(\p{L}+)['’]s (?=\S*\d)/u, '$1 is ')
    .replaceAll(/\br\b/g, 'are')
    .replaceAll(/\bu\b/g, 'you')
    .replaceAll(/\bw\/\s?/g, 'with ')
    .replace(
      /^(im|ive|its|were|theyre)\b/i,
      (word) => ({ im: "I'm", ive: "I've", its: "it's", were: "we're", theyre: "they're" })[word.toLowerCase()] ?? word,
    );
}

function isStatement(typed: string): boolean {
  const text = spelled(typed);
  if (PAIR.test(text) && !NOT_PAIR.test(text)) return true;
  if (SUBJECT.test(text) && (VERB.test(text) || PASSIVE.test(text) || MIGRATION.test(text))) return true;
  if (isTelegram(text) || LOOSE_SUBJECT.test(text) || VERBLESS.test(text) || /\b(?:everywhere|only)$/i.test(text))
    return true;
  // "Our designer draws everything in Figma": something definite, said of us.
  return (
    /^(?:we|our|all our|my|the|everything|a|for|unsere?|wir|in|\p{Lu})\b/iu.test(text) &&
    !/^i\b/i.test(text) &&
    scanValues(text).values.some(({ kind }) => kind !== 'name' && kind !== 'date')
  );
}

/** "standup 9:30", "budget 40 € a month": a thing that is known and what it is, in a note to oneself. */
function isTelegram(text: string): boolean {
  if (text.split(/\s+/).length > 6) return false;
  const { values, about } = profileOf(text);
  return (
    values.some(({ kind }) => kind !== 'name' && kind !== 'word' && kind !== 'date') &&
    headsOf(about).size > 0 &&
    !/\b(?:took|fail\w*|error|tests?|passed|was|were)\b/i.test(text)
  );
}

const PASSING: readonly RegExp[] = [
  /^(?:it|this|that|these|those|he|she|they|there|here|such|same|es|dies|das (?:ist|war|geht|wird|sieht))(?:['’]s|['’]re)?\s+(?!(?:helps?|would help|matters|moved|changed|switched|renamed|raised|lowered|bumped|(?:has|have) been an? [\w -]{3,30}:) )(?!(?:is|['’]s)? ?(?:an?|our|my) \w+ (?:repo|project|codebase|app)\b|(?:(?:is|['’]s) )?an? (?:mono|poly|multi-?)repo)/i,
  /^(?:its|it['’]s|thats|that['’]s)\s+(?!an? (?:\w+ (?:repo|project|codebase|app)|(?:mono|poly)repo)\b)/i,
  /^i(?:['’]m|m| am)\s+(?:(?!using|running|living|moving|allergic)\w+ing\b(?! (?:now|on|with|as|in|at))|(?:so |a bit |really |very |just |not )?(?:tired|back|done(?! with)|here|confused|sure|happy|sorry|glad|afraid|lost|stuck|curious|ready|late|off to|about to|going|gonna|trying|looking|afk|away for|hungry|busy|worried|out of|guessing|wondering|debugging|testing|reading|thinking|assuming|hoping|seeing|getting|working on (?:it|this|that))\b)/i,
  /^i(?:['’]ll| will| just| was| were| saw| see| ran| had(?! to (?:change|move|switch|raise|lower|replace|rename|upgrade|give))| did| do(?:n['’]t)? (?:know|think|understand|see|get|care|mean|agree)| hope| guess[, ]| mean| tried| forgot| found| looked| went| got| thought| wonder| asked| told| read| spent| fixed| pushed| merged| wrote| made| made| heard| noticed| checked| tested| need you| want you to| understand| agree| love (?:it|that|this)| like (?:it|that|this)| appreciate| can(?:['’]t| not|not)? (?:see|find|tell|reproduce|believe|wait|remember)| need (?:to|a)| have to| must (?:have|go)| should| might be wrong| have no idea| am not sure)\b/i,
  /^(?:i['’]ve|ive|i have|we['’]ve|we have)\s+(?:just |already |also |now )?(?:seen|fixed|pushed|merged|tried|looked|been (?:looking|trying|thinking)|read|found|checked|tested|finished|started|run|made|written|added|opened|closed|reviewed|deployed|reverted|noticed)\b/i,
  /^(?:we|you) (?:should|need to|have to|could|ought|might want|had(?! to (?:change|move|switch|raise|lower|replace|rename|upgrade|give))|went(?! (?:from|with|back|over))|spent|saw|did|were|talked|discussed|met|tried|lost|almost|just (?:saw|had|merged|pushed|deployed|released))\b(?!.*\b(?:always|never|using|hosted|deployed)\b)/i,
  /\b(?:fail(?:s|ed|ing)?|broke(?:n)?|crash(?:es|ed|ing)?|(?:build|tests?|ci|pipeline|checks?|run|everything|main|suite|job|server|prod(?:uction)?|staging|site)\b.{0,20} (?:is|are) (?:red|green|down|up again|back)|is (?:slow today|weird|stuck|hanging|flaky today)|looks? (?:good|great|better|fine|weird|odd|like|right|wrong|ok)|works? (?:now|again|fine|great|for me)|made no sense|makes? (?:no )?sense|timed out|is done|are done|is finished|is ready|is (?:good|fine|great|nice|odd|strange|wrong|awesome|annoying|interesting|funny|true|false|ok)$|passed|green again|red again|all green|was (?:a|exactly|great|nice|fun|rough|weird|good|bad)|raining|weather|lunch|coffee break|weekend was|good (?:morning|night|evening|job|work)|well done|never ?mind|nvm|see you|bye[.! ]*$|cheers|brb|congrats)\b(?!.*\b(?:because|so we|policy|and now)\b)/i,
  /^(?:maybe|perhaps)\b.{0,30}$/i,
  /^(?:great|good|nice|awesome|excellent|solid|amazing) (?:work|job|one|point|idea|catch|question|stuff|find)\b/i,
  /^(?:something|anything|somehow|someone|somebody)\b/i,
  /\b(?:took|lasted|ran|crashed|went)\b.*\b(?:today|yesterday|just now|this time|this morning|last night)\b(?!.*\bover\b)/i,
  /^(?:where|what|why|how|who|when) we (?:left|were|are)\b/i,
  /\b(?:remains to be seen|no idea|who knows|long story|i['’]?m kidding|just kidding|joking|sarcasm)\b/i,
];

/** Chatter, narrative, the state of the moment: true for an hour, not for a month. */
function isPassing(text: string): boolean {
  return PASSING.some((pattern) => pattern.test(text));
}
