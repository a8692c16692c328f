import { ANGRY } from './prose.ts';
import { ANY_MESSAGES, END, phrase, whole, type Pattern } from './pattern.ts';

/** "if it fails again": a case that is thought of, not one that is complained about. */
const IMAGINED =
  /(?<![\wäöüß])(?:if|when|whenever|unless|until|whether|in case|once|wenn|falls|sobald)(?![\wäöüß])[^\n!?]*$/;
const NEGATED =
  /(?<![\wäöüß])(?:not|no longer|never|hardly|isnt|arent|wasnt|werent|dont|doesnt|didnt|wont|nothing|without|nicht|kein|keine|nie)(?: [^\s!?]+){0,2} ?$/;
const TOLD_NOT_TO = /(?<![\wäöüß])(?:dont|do not|never|not|didnt|doesnt|nicht)(?: [^\s!?]+)? ?$/;
const BEFORE_COMPLAINT = [NEGATED, IMAGINED];
/** "holy shit that's fast": swearing is how some people are pleased. */
const PRAISE =
  /(?<![\wäöüß])(?:good|great|nice|fast|quick|awesome|amazing|brilliant|cool|impressive|love|perfect|works|beautiful|smooth|well done|clever|smart|incredible|yes|yeah|thanks|thank you)(?![\wäöüß-])/;
/** A thing of ours that went wrong, as its owner would call it: no name of a part, or it would be a report. */
const IT = String.raw`(?:it|this|that|everything|the (?:whole|damn|stupid) thing)`;
const IS = `(?:${IT}|its|thats|this is|it is|that is)`;

const YOUR_ANSWER = '(?:your|this|that|the) (?:answer|message|explanation|reply|text|report|summary|response|output)';
const COURTESY =
  '(?:(?:please|ok|and|so|again|can you|could you|make it|can you make it|could you make it|then|sorry) ){0,3}';
const PESTERING =
  '(?:messaging|pinging|spamming|bugging|nagging|pestering|bothering|notifying|annoying|interrupting|texting|distracting|harassing|disturbing|alerting|bombarding|flooding|waking|buzzing|poking)';
/** Somebody else is sent them. */
const TO_OTHERS =
  /^(?: \S+){0,2} (?:in the (?:queue|log|topic)|in (?:kafka|redis)|to (?:our|the|customers|users|anna|people)|per (?:second|minute)|for (?:customers|users))/;

/**
 * Tier by tier, 7, 10 and 4 of them. `whole` patterns are a clause by themselves ("stop." but not "stop the server"),
 * `phrase` patterns stand anywhere. Written from what people say to assistants, in English and a little German.
 */
export const PATTERNS: readonly Pattern[] = [
  {
    name: 'bare-stop',
    tier: 'back-off',
    words: whole(
      String.raw`(?:stop|quit)(?: (?:it|that|this|everything|all of (?:it|this)|doing (?:it|that|this)))?|knock it off|cut it out|i said stop|stopp|hör (?:bitte )?auf(?: damit| mir zu schreiben| mich zu \w+)?(?: bitte)?|schluss(?: damit| jetzt)`,
    ),
  },
  {
    name: 'stop-messaging',
    tier: 'back-off',
    words: phrase(
      String.raw`(?:stop|quit) (?:${PESTERING}|writing|talking|writing to|talking to) (?:me|us|my phone)`,
      String.raw`(?:stop|quit) (?:${PESTERING}|talking)(?:${END}| so much| constantly| all the time| every)`,
      String.raw`(?:stop|quit) (?:spamming|flooding|filling|cluttering) (?:the|this|our|my) (?:channel|chat|phone|inbox)`,
      String.raw`(?:stop|quit) (?:sending|telling|showing|reminding|asking|giving|posting|forwarding) (?:me|us)`,
      String.raw`(?:stop|quit) (?:sending|posting|writing) (?:these|those|this|so many|so much|all (?:these|this)|${ANY_MESSAGES})`,
      String.raw`(?:stop|quit)(?: with)?(?: (?:all|the|these|those|your|this|any|so many)){0,2} (?:${ANY_MESSAGES}|noise|spam|chatter)`,
      String.raw`(?:hold off|ease up|chill|slow down|calm down|cool it|lay off|take it easy) (?:with|on) (?:all )?(?:the|these|those|your) ${ANY_MESSAGES}`,
      String.raw`(?:would|do) you mind not (?:writing|${PESTERING})`,
      String.raw`stop wasting my time`,
      String.raw`(?:can|could) you (?:please )?not (?:ping|message|notify|bother|text|alert|write to) (?:me|us)`,
    ),
    after: TO_OTHERS,
    before: [TOLD_NOT_TO],
  },
  {
    name: 'leave-me-alone',
    tier: 'back-off',
    words: phrase(
      String.raw`leave (?:me|us)(?: (?:alone|be|in peace|out of (?:this|it))|${END})|(?:get|have) some peace`,
      String.raw`(?:just )?let me (?:be(?=[\n!?]|$)|work in peace|focus|sleep)`,
      String.raw`(?:go )?(?:bother|annoy|bug) (?:someone|somebody|anyone) else`,
      String.raw`give me (?:a break|a rest|(?:some|a bit of|a moment of|an hour of|a little) (?:space|peace|quiet|silence|rest|quiet time|time alone))`,
      String.raw`(?:some|a bit of) peace and quiet`,
      String.raw`get off my (?:back|case)|get out of my (?:face|way|hair)`,
      String.raw`lass mich (?:(?:bitte|einfach|endlich|doch|mal|jetzt) ){0,2}(?:in ruhe|in frieden)`,
      String.raw`(?<![^\n!?])(?:please )?(?:go away|get lost|back off|give it a rest|take a break)(?: please| now)?(?=[\n!?]|$)`,
    ),
    before: [TOLD_NOT_TO],
  },
  {
    name: 'be-quiet',
    tier: 'back-off',
    words: whole(
      String.raw`shut (?:up|it)|(?:be|go|stay|keep|remain) (?:quiet|silent|still)|mute yourself|(?:hush|shush|silence|zip it|pipe down|quiet)|calm down(?: with (?:the|these|all the) ${ANY_MESSAGES})?|halt (?:die klappe|den mund)|sei (?:bitte )?(?:still|ruhig)|ruhe`,
    ),
  },
  {
    name: 'too-many-messages',
    tier: 'back-off',
    words: phrase(
      String.raw`(?<![^\n!?])(?:(?:way|these are|those are|thats|this is|its|seriously|just|why) ){0,3}(?:too|so) many ${ANY_MESSAGES}`,
      String.raw`(?:im|i am|i keep|ive been|i get|i got) (?:getting |receiving )?(?:way |far )?(?:too|so) (?:many|much) (?:${ANY_MESSAGES}|noise|spam)`,
      String.raw`you(?:re| are| keep)? (?:send|sending|write|writing|post|posting)(?: me| us)? (?:way |far )?(?:too|so) (?:many|much)`,
      String.raw`you(?:re| are| keep)? (?:messag|ping|pingg|text|writ|notify|alert)(?:e|y|ing)?(?: to)? (?:me )?(?:way |far )?(?:too|so) (?:much|often)`,
      String.raw`(?:youre|you are|you keep|are you) spamming`,
      String.raw`(?:youre|you are|you have become|youve become) (?:being )?(?:(?:so|too|very|really|way too|getting) ){0,2}(?:annoying|noisy|spammy|chatty|talkative|loud|intrusive|pushy|a nuisance|a pain|distracting)`,
      String.raw`(?:too|so) (?:much noise|noisy|chatty|spammy)${END}|(?:overwhelmed|swamped|flooded|drowning|buried) (?:by|with|in|under) (?:your |these |all these |the )?${ANY_MESSAGES}`,
      String.raw`(?:this|thats|this is|that is|its|pure|just)(?: (?:is|just|pure|getting|all)){0,3} spam(?:my)?${END}`,
      String.raw`(?:no more|less|fewer) ${ANY_MESSAGES}|(?<![^\n!?])(?:please )?no more(?: please)?${END}`,
      String.raw`you(?:re| are| keep)? (?:flooding|filling|cluttering|blowing up|overloading) (?:my|our|the)|you (?:talk|write|say|message) (?:way |far )?too much|du schreibst (?:mir )?zu (?:viel|oft)`,
      String.raw`${ANY_MESSAGES} in (?:\w+ ){1,2}(?:minutes?|seconds?|hours?)[\n!?]+(?:thats|this is|its|way)? ?too (?:much|many)`,
      String.raw`(?:dont|do not) (?:want|need) (?:to (?:see|hear|get|read) )?(?:any|any more|more|all|these|your|so many)(?: of)?(?: these)? ${ANY_MESSAGES}`,
      String.raw`zu viele (?:nachrichten|benachrichtigungen|meldungen)`,
    ),
    before: [/(?:not|isnt|arent)(?: \S+)? ?$/, IMAGINED],
    after: TO_OTHERS,
  },
  {
    name: 'enough',
    tier: 'back-off',
    words: phrase(
      String.raw`(?<![^\n!?])(?:ok |okay |no |oh )?(?:(?:thats|that is|its) )?enough(?: (?:now|already|for (?:now|today)))?(?=[\n!?]|$)`,
      String.raw`enough (?:(?:of|with) (?:this|these|your|the ${ANY_MESSAGES})|${ANY_MESSAGES})`,
      String.raw`had (?:more than )?enough(?: of|${END})|enough is enough`,
      String.raw`(?:es reicht|genug)(?: jetzt)?(?=[\n!?]|$)`,
    ),
    before: [/(?:not|isnt|is that|good|nicht) ?$/],
    after: /^\?/,
  },
  {
    name: 'do-not-disturb',
    tier: 'back-off',
    words: phrase(
      String.raw`(?:dont|do not|never) (?:(?:ever|even|you dare) )?(?:ping|message|send|contact|bother|disturb|text|wake|bug|interrupt|distract|write(?: to)?|annoy) (?:me|us)`,
      String.raw`(?:youre|you are|you keep|keep) (?:interrupting|distracting|bothering|annoying|pestering|disturbing) (?:me|us)`,
      String.raw`(?:dont|do not) want to (?:hear|see|know|read) (?:(?:from|about) )?(?:you|this|these|any of (?:this|it)|anything|it)`,
      String.raw`(?<![^\n!?])(?:please )?not (?:right )?now(?: please)?(?=[\n!?]|$)(?![\n!?]+but )`,
      String.raw`(?:dont|do not) (?:need|want|care) to (?:know|hear|read|be told) (?:about|of) (?:this|these|every|each|all|any)`,
      String.raw`(?:nobody|no one) asked you`,
      String.raw`i didnt ask you(?=[\n!?]|$)`,
      String.raw`(?:jetzt nicht|nicht jetzt|nerv nicht|stör mich nicht)(?=[\n!?]|$)`,
    ),
  },
  {
    name: 'again',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?<![^\n!?])(?:oh |no |omg |please ){0,3}not again`,
      String.raw`seriously[\n!?]again`,
      String.raw`(?:you|${IT}|its|thats) (?:just )?(?:not working|got (?:it|that) wrong|did (?:it|that) wrong|broke (?:it|that|the \w+)|broke|failed|crashed|did (?:it|that)|does(?:nt| not) work|didnt work|died|hangs|hung|fails|breaks|messed it up)(?: (?:down|up))? again`,
      String.raw`(?<![^\n!?])(?:doesnt|does not|didnt) work[\n ]again`,
      String.raw`(?:${IT}|you|the (?:build|deploy|job|test|tests|bot)) (?:just )?(?:keeps?|kept) (?:on )?(?:failing|breaking|crashing|happening|hanging|dying|doing (?:this|that|it))`,
      String.raw`why (?:does|do) ${IT} keep`,
      String.raw`(?:same|this|that) (?:\w+ )?(?:error|mistake|problem|failure|bug|crash|issue) (?:again|as (?:yesterday|before|last time))`,
      String.raw`(?<![^\n!?])(?:and )?(?:${IS} )?(?:wrong|broken|down|failed|failing)[\n ]again`,
      String.raw`schon wieder(?=[\n!?]|$| kaputt| ein fehler| falsch| rot)`,
    ),
    emphatic: phrase(
      String.raw`(?<![^\n!?])again(?=[!?]|$)`,
      String.raw`(?:fail(?:s|ed|ing)|broken?|crash(?:es|ed)) again`,
    ),
    before: BEFORE_COMPLAINT,
  },
  {
    name: 'still-broken',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:why|how) (?:is|are|does|do) (?:${IT}|things) still (?:\w+)`,
      String.raw`(?<![^\n!?])(?:this|nothing|it just) (?:isnt|is not|is|wont) work(?:ing)?(?<!(?:this|just) is working)${END}`,
      String.raw`you (?:said|told me|promised|claimed) (?:it|this|that|everything|you)(?: had| have)? (?:was|is|were|fixed|would be|works|worked)`,
      String.raw`(?<![^\n!?])(?:and |but |ok |no )?(?:(?:${IS}) )?(?:is )?still (?:broken|failing|fails|wrong|crashing|red|the same(?: \w+)?|not (?:working|fixed|right)|(?:doesnt|does not) work)`,
      String.raw`${IT} still (?:fails|crashes|breaks|hangs|doesnt work|does not work|isnt (?:working|fixed))`,
      String.raw`(?<![^\n!?])(?:${IT}) (?:doesnt|does not) work[\n!?]+still`,
      String.raw`immer noch (?:nicht|kaputt|falsch|rot)|schon wieder nicht|(?:the|your) fix (?:didnt|does not|doesnt|did not) (?:fix|work|help|change)`,
    ),
    before: BEFORE_COMPLAINT,
  },
  {
    name: 'counted-times',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:thats|this is|its|that is|that was) (?:now |already )?the (?:second|third|fourth|fifth|tenth|hundredth|umpteenth|[2-9](?:nd|rd|th)|[1-9]\d+th) (?:\w+ )?time(?! zone| slot| series| stamp| it works| we| i (?:use|try|see))`,
      String.raw`(?<![^\n!?])(?:for the )?(?:second|third|fourth|fifth|umpteenth) time(?=[\n!?]|$| i (?:ask|say|tell|told)| today| this week)`,
      String.raw`ive (?:explained|said|written|repeated) (?:this|that|it) (?:to you )?(?:now )?(?:twice|\w+ times|before|already|again)|das (?:dritte|vierte|zweite|x-te) mal`,
      String.raw`(?:third|fourth|fifth) (?:failed|broken|failing) \w+ in a row|(?:fails?|breaks?|broken|happens) every (?:day|time|night|week|morning)`,
      String.raw`how (?:many (?:more )?times|often) (?:do|must|did|have|should) i`,
      String.raw`(?:i|ive|i have) (?:already )?(?:told|asked|said to|warned) you (?:already|again|(?:two|three|four|five|ten|many|several|so many) times|twice|(?:a )?(?:hundred|thousand|million) times|before|not to)`,
      String.raw`i (?:already|clearly) (?:told|asked) you`,
      String.raw`(?:as )?i already said`,
      String.raw`every (?:single|damn) time`,
    ),
    before: BEFORE_COMPLAINT,
  },
  {
    name: 'you-broke-it',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:you|youve|you have|you just) (?:just |completely |totally )?(?:broke|broken|ruined|destroyed|deleted|wiped|lost(?! me)|killed|overwrote|overwritten|messed up|screwed up|fucked up|wrecked|trashed)(?! the (?:record|ice|silence))(?!(?: \w+){0,4}\n(?:right|correct|didnt you|no)(?![\w]))`,
      String.raw`you(?:ve| have| just)? (?:messed|screwed|fucked) (?:it|this|that|things|everything|\w+|the \w+) up|you(?:ve|re| have| just| are| keep)? (?:made|make|making|are making) (?:it|this|that|things|everything) (?:even )?worse`,
      String.raw`how could you(?! make| do (?:this|that|it) (?:better|faster)| help| find)|(?:because of|thanks to) you${END}|(?:this|thats|it) is (?:all )?your fault|thats your fault|its your fault`,
      String.raw`what (?:have you|did you(?: just)?) (?:just )?(?:do|done)(?=[\n!?]|$| to | here| now)`,
      String.raw`du hast (?:\w+ ){0,2}(?:kaputt gemacht|gelöscht|zerstört|überschrieben)`,
    ),
    before: [...BEFORE_COMPLAINT, /(?:did|have|could|can|would|should|will|how do|what do|before|after) ?$/],
  },
  {
    name: 'never-works',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:${IT}|nothing|you) (?:ever |just )?(?:never )?(?<=never |nothing |nothing ever )works?(?! (?:on|in|for|with|at|under))`,
      String.raw`why (?:do|are|must) you (?:always|never|constantly)|did you even (?:test|read|run|try|look|check|listen)|you didnt even (?:test|read|run|try|look|check|listen)|(?:it|this) (?:used to work|worked) (?:fine )?before you`,
      String.raw`why (?:does|is) (?:it|this|that|nothing) (?:never|always)`,
      String.raw`why (?:cant|wont|dont) you (?:ever |just |even )?(?:get|do|listen|understand|fix|learn|read|stop making)`,
      String.raw`(?:why do )?you keep (?:doing|breaking|making|failing|forgetting|getting|ignoring|repeating)`,
      String.raw`you (?:never (?:listen|learn|get|do)|always (?:get|break|forget|do|ignore))`,
    ),
    before: [IMAGINED],
  },
  {
    name: 'swearing',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?<!(?:the|a|an|called|package|npm|file) )(?:wtf|ffs|fml)`,
      String.raw`(?:what|why|who|how|where) (?:in )?the (?:hell|heck|fuck|f|actual fuck|bloody hell)`,
      String.raw`for (?:fuck|fucks|gods|christs|petes|heavens) sake`,
      String.raw`fuck(?:ing|ed)?(?: (?:this|hell|off|up))?|bloody hell`,
      String.raw`(?<![^\n!?])(?:oh |aw )?(?:shit|crap|damn|damn it|dammit|goddammit|goddamn it|goddamn|jesus christ|jesus|scheiße|scheisse|mist|verdammt(?: nochmal)?)(?=[\n!?]|$)`,
      String.raw`(?:this|that|the same|the) (?:damn|goddamn|bloody|stupid) (?:thing|error|bot|build|test|job|script|mess|problem)`,
      String.raw`piece of (?:shit|crap|garbage|junk|trash)|pain in the (?:ass|neck|butt)|pissing me off|son of a bitch|bollocks`,
      String.raw`so ein (?:mist|quatsch|scheiß)|was (?:zum teufel|soll der scheiß|soll das)|verdammt nochmal`,
      String.raw`(?<![^\n!?])(?:a+r+g+h+|u+g+h+|g+r{2,}|a+a+r+g+h+)(?=[\n!?]|$)`,
    ),
    after: new RegExp(String.raw`^[\n!]?[^\n]{0,40}?${PRAISE.source}`),
  },
  {
    name: 'scorn',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:this|that|thats|this is|its|it is|youre|you are|that was|this was|it was)(?: (?:is|bot is|thing is|tool is|so|just|completely|totally|absolutely|really|utterly|pure|getting|becoming|beyond|a|complete|total)){0,4} (?:ridiculous|mess|disaster|joke|nightmare|catastrophe|embarrassing|dreadful|laughable|(?<=completely |totally |so |utterly |absolutely )wrong|old now|useless|garbage|bullshit|nonsense|crap|shit|rubbish|unacceptable|a joke|a disaster|awful|terrible|horrible|pathetic|insane|hopeless|a nightmare|stupid)(?=[\n!?]|$)`,
      String.raw`worst (?:bot|tool|assistant|answer|thing) ever|(?<![^\n!?])worst(?=[\n!?])|(?<![^\n!?])(?:completely|totally|absolutely|utterly|just) (?:useless|broken|awful|terrible|wrong)(?=[\n!?]|$)`,
      String.raw`(?:this|that|it) (?:really |just )?(?:sucks|stinks)`,
      String.raw`what is wrong with you|whats wrong with you|what a (?:piece of|mess|joke|disaster|nightmare|waste|load of)`,
      String.raw`(?:stupid|dumb|useless|idiotic) (?:bot|thing|machine|tool|assistant|ai|program)|you (?:idiot|moron)|dumme[rs]? (?:bot|ding)`,
      String.raw`das nervt|so ein schrott`,
    ),
    before: BEFORE_COMPLAINT,
  },
  {
    name: 'sarcasm',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:great|wonderful|fantastic|brilliant|lovely|nice|super|perfect|awesome|toll)[\n!?](?:(?:great job|good job|its|it is|and|now|just|still) ?[\n!?]?){0,3}(?:broken|failed|crashed|(?:yet )?another (?:failure|error|crash|bug|outage)|it fails|its failing|down again|red again|it (?:broke|failed|crashed)|you (?:broke|failed|crashed)|now (?:its|it is|everything is|nothing|main is) ?(?:\w+)?|kaputt)`,
      String.raw`(?:thanks|thank you|thx|cheers) (?:so much |a lot )?for (?:nothing|(?:breaking|ruining|deleting|destroying|wasting|crashing|ignoring|messing)(?! (?:it|this|that) down))`,
      String.raw`(?:thanks a lot|nice one|well done|good job|nice job|congrats|congratulations|bravo|great job|nicely done)[\n!?]+(?:now|you broke|its broken|everything is|(?:prod|production|main|the \w+|it) is (?:down|broken|red|dead|gone))`,
      String.raw`(?:nice|great|good|amazing|fantastic) (?:job|work) (?:breaking|wrecking|ruining|deleting|destroying)`,
      String.raw`oh (?:great|wonderful|fantastic|brilliant|perfect)(?=[\n!]+(?:now|another|it|main|the)(?![\w])|[!?]|\n?$)(?![\n!?]+(?:thank|thanks|it works|the release is))`,
      String.raw`(?<![^\n!?])(?:yet )?another (?:failure|crash|error|broken \w+)[\n!?]+(?:great|fantastic|wonderful|brilliant)`,
      String.raw`(?:brilliant|great|wonderful|fantastic|perfect)[\n!?]just (?:brilliant|great|wonderful|fantastic|perfect)`,
      String.raw`yeah right`,
      String.raw`a (?:complete |total |huge )?waste of (?:my )?time|you(?:ve)? wasted|(?:hours|time|days?) wasted|(?:another|whole|half a) (?:day|hour|night|evening) (?:wasted|lost|gone|down the drain)|(?:took|spent|lost) (?:me )?(?:hours|days)[\n ]for nothing`,
    ),
  },
  {
    name: 'upset',
    tier: 'acknowledge',
    words: phrase(
      String.raw`(?:im|i am|i feel|makes me|getting)(?: (?:me|so|really|very|just|now|quite|getting|a bit|pretty|totally|extremely)){0,3} (?:annoyed|frustrated|angry|furious|pissed|fed up|mad(?: at you|${END})|irritated|upset)`,
      String.raw`(?:sick|tired) (?:and tired )?of (?:this|it|you|these|that)|fed up with`,
      String.raw`(?:so|very|really|incredibly|this is|getting|extremely) (?:frustrating|annoying|infuriating|maddening)`,
      String.raw`i (?:really )?hate (?:this|it when|you)|losing (?:my )?patience|lost my patience`,
      String.raw`(?:driving|drives) me (?:crazy|mad|nuts|insane)`,
      String.raw`(?<![^\n!?])(?:ok |well )?i give up`,
      String.raw`are you (?:fucking )?(?:(?:kidding|joking)(?: me)?|serious)(?=[\n!?]|$| right now)|(?:youve )?got to be kidding|(?:got to|gotta|must) be (?:kidding|joking)`,
      String.raw`(?<![^\n!?])(?:just )?unbelievable|(?<![^\n!?])come on!|cant believe (?:you|this|it)`,
      String.raw`for hours and (?:it|its|nothing)`,
      ANGRY,
    ),
    emphatic: phrase(String.raw`(?<![^\n!?])(?:wrong|seriously|really)(?=[!?])`),
    before: BEFORE_COMPLAINT,
  },
  {
    name: 'not-what-i-asked',
    tier: 'acknowledge',
    words: phrase(
      String.raw`not what i (?:asked|wanted|said|meant|told)`,
      String.raw`i (?:didnt|never|did not) ask(?:ed)? (?:you )?for (?:this|that|any of)`,
      String.raw`(?:you|why did you|youre) (?:just )?(?:ignored?|ignoring) (?:me|what i|my)`,
      String.raw`you (?:didnt|did not|dont|arent|never|are not) (?:listen(?:ing)?|read what|do what i|pay attention)|youre not (?:even )?(?:listening|reading|paying attention)|you did the opposite|read what i (?:wrote|said)`,
      String.raw`(?<![^\n!?])pay attention(?=[\n!?]|$)`,
      String.raw`how hard (?:can it be|is it to)`,
    ),
  },
  {
    name: 'not-understood',
    tier: 'simplify',
    words: phrase(
      String.raw`(?:dont|do not|didnt|did not|cant|cannot|couldnt) (?:really |even |quite |fully )?(?:understand|get|follow|grasp|comprehend)(?: (?:it|this|that|you|at all|a|one|single|word|thing|any|anything|of|what|youre|you are|you|want|from me|saying|said|wrote|mean|means|your|the|answer|message|explanation|report|text|last|part|point|reply|summary|all|half|most|here|either)){0,6}${END}`,
      String.raw`(?<![^\n!?])(?:sorry )?(?:im )?not (?:really )?following(?: you| this| that)?${END}`,
      String.raw`over my head|(?:no clue|no idea|dont know|do not know|not sure|unsure) what (?:you(?:re| are)? (?:mean|saying|talking)|(?:that|this|it|any of (?:this|that)|all (?:this|that)) (?:even )?means?)`,
      String.raw`what (?:do|did) you (?:even )?mean(?: (?:by|with) (?:that|this|it|¤))?(?=[\n!?]|$)`,
      String.raw`what (?:does|do) (?:that|this|it) (?:even |actually )?mean(?=[\n!?]|$)|what(?:s| is) (?:that|this) supposed to mean|(?:that|which) means what|what does any of (?:this|that|it) (?:even )?mean`,
      String.raw`what are you (?:even )?(?:trying to (?:say|tell(?: me)?)|talking about|saying)|what do you want from me`,
      String.raw`no idea what (?:you mean|that means|this means|youre saying|you are saying)`,
      String.raw`(?<![^\n!?])(?:huh|hm|wat|pardon|come again|wie bitte|sorry)\?|(?<![^\n!?])what\?$|(?<![^\n!?])(?:huh|wat)$`,
      String.raw`(?:das )?versteh(?:e)? ich nicht|ich versteh(?:e)? (?:das|dich|es|gar) ?(?:gar )?nichts?t?|verstehe nur bahnhof|was (?:meinst du|bedeutet das|heißt das)`,
    ),
    before: [IMAGINED],
  },
  {
    name: 'confused',
    tier: 'simplify',
    words: phrase(
      String.raw`(?:im|i am|im getting|you have me|you got me|that left me|that leaves me) (?:(?:so|totally|completely|really|a bit|now|very|even more|more|just|still) ){0,3}(?:confused|lost)(?:${END}| now| here| by (?:this|that|your|what you))`,
      String.raw`(?:this is|thats|that is|that was|its|so|youre|you are|${YOUR_ANSWER} (?:is|was)) (?:(?:so|really|very|too|just) ){0,3}(?:confusing(?: me)?|unclear|vague|cryptic|hard to (?:follow|understand|read)|gibberish|(?:all )?greek to me)(?:${END}| to me)|(?<![^\n!?])(?:so )?(?:confusing|unclear|hard to follow)${END}`,
      String.raw`(?<![^\n!?])(?:sorry |ok )?(?:you |youve |you have |that )?(?:totally |completely |just )?(?:lost me|i got lost)(?:${END}| at| there| with| after| halfway)`,
      String.raw`(?:this|that|it|none of (?:this|it|that)|that just|${YOUR_ANSWER}|what you (?:said|wrote)) (?:makes no|makes zero|doesnt make any|doesnt make|does not make|(?<=none of \w{2,4} )makes) sense(?:${END}| to me| at all)|(?<![^\n!?])makes no sense|cant make (?:any )?(?:sense|heads or tails) of`,
      String.raw`(?:please|you) (?:please )?clarify(?:${END}| that| this| what you)`,
    ),
    before: BEFORE_COMPLAINT,
  },
  {
    name: 'too-long',
    tier: 'simplify',
    words: phrase(
      String.raw`(?<![^\n!?])(?:sorry |ok |well |again )?(?:(?:this|that|${YOUR_ANSWER}|it) (?:is|was) |its |thats )?(?:(?:way|much|far|just|so|a bit|a little) ){0,2}too (?:long|lengthy|verbose|wordy|much (?:text|detail|information|info|to read)|many (?:words|details))(?: to read| for me| again| please)?${END}`,
      String.raw`(?<![^\n!?])(?:tldr|tl dr|tl-dr)`,
      String.raw`walls? of text|thats (?:a lot|so much|too much) (?:of )?text|(?<![^\n!?])(?:less text|fewer words)`,
      String.raw`(?:cant|cannot|not|wont|nobody|no one|no time to|dont have time to|dont want to)(?: (?:going to|gonna|is going to|can))? reads?(?:ing)? (?:all (?:of )?(?:that|this|it)|that much|so much|this much|an essay|a novel)|(?:not|didnt ask for|dont need|no) an? (?:essay|novel|lecture)`,
      String.raw`(?<![^\n!?])${COURTESY}(?:(?:a bit|much|way|even) ){0,2}(?:shorter|briefer)(?: please)?${END}|(?:make|keep|say) (?:it|that|this|your (?:answers?|messages?|repl(?:y|ies))) (?:a bit |much |more )?(?:short|shorter|brief|briefer|concise)(?: please)?${END}`,
      String.raw`(?:can|could) you (?:please )?(?:shorten|condense|be (?:more )?(?:brief|concise)|be briefer|cut)(?: (?:that|this|it|your answer)(?: down)?)?${END}|(?<![^\n!?])(?:please )?(?:be (?:brief|concise|more concise|short)|shorten (?:that|this|it))(?: please)?${END}`,
      String.raw`(?<![^\n!?])${COURTESY}(?:give me |whats |what is |just )?(?:the |a )?short(?:er)? (?:version|answer|one)(?: please)?${END}|give me the short version|(?<![^\n!?])in short(?: please)?\??$`,
      String.raw`(?:in |just |give me |tell me in )(?:one|a single|two) (?:sentences?|lines?|words?)(?: please)?${END}|(?<![^\n!?])one (?:sentence|line|word)(?: please| is enough(?: for me)?)?${END}`,
      String.raw`(?<![^\n!?])zu lang${END}|kürzer(?: bitte)?${END}`,
    ),
    before: [NEGATED],
    after: /^\n(?:oxlint|split|cache|make|it |the )/,
  },
  {
    name: 'plain-words',
    tier: 'simplify',
    words: phrase(
      String.raw`just (?:tell|give) me(?! (?:when|once|about|as soon|after|if anything))|(?<![^\n!?])just (?:say )?(?:yes or no|the (?:answer|result|facts))|(?<![^\n!?])yes or no\?|only (?:need|want|wanted) a (?:yes|no|number|simple)`,
      String.raw`(?:in|with|using|use|into) (?:plain|plainer|simple|simpler|normal|easier|everyday|layman|laymans|human|non-technical) (?:english|words|terms|language)|(?<![^\n!?])${COURTESY}(?:plain|speak|in|but in|use plain|simple) english(?: please)?${END}`,
      String.raw`eli5|like im (?:five|5|a (?:child|kid|beginner|newbie|total beginner))|like i am (?:five|5)|dumb (?:it|this|that) down|break (?:it|that|this) down for me|for (?:dummies|a non-developer|non-developers|normal people)${END}`,
      String.raw`(?<![^\n!?])${COURTESY}(?:much |even )?(?:simpler|more simply|simplify(?: (?:it|this|that))?)(?: please)?${END}|(?:make|keep|say|put|explain) (?:it|that|this) (?:to me )?(?:a bit |much |more |very )?(?:simple|simpler|simply|plain|plainly|clearer|clearly)(?: please)?${END}|explain (?:it|that|this) more simply|erklär(?:e)?(?: \w+){0,3} einfacher|einfacher erklären|einfach erklärt`,
      String.raw`(?<![^\n!?])${COURTESY}(?:be|speak) (?:more |a bit )?(?:clear|clearer|plain|plainly|direct|simple|simpler)(?: please)?${END}|(?:simpler words)${END}|(?:speak|talk|write|answer) in (?:simple|short|plain) \w+|(?<![^\n!?])${COURTESY}(?:a )?(?:simple|plain) answer(?: please)?${END}`,
      String.raw`(?<![^\n!?])(?:(?:this is|its|thats|way|${YOUR_ANSWER} is|all) ){0,3}(?:too|zu) (?:technical|complicated|complex|kompliziert|abstract)(?: for me)?${END}`,
      String.raw`(?:no|less|without(?: the| all the)?|skip the|drop the|enough) (?:jargon|buzzwords|technobabble)|im not (?:a (?:developer|programmer|coder)|technical)|(?:skip|spare me|dont need) (?:all )?the (?:details|theory|background|explanation|history)|(?:just|only) (?:need|want) the (?:conclusion|result|answer|summary|gist)|need the conclusion only`,
      String.raw`get to the point|(?:whats|what is) (?:the|your) point${END}|(?:whats|what is) the gist|bottom line|cut to the chase|(?<![^\n!?])in other words\?|so whats the result|long story short\?`,
      String.raw`(?:can|could) you (?:please )?(?:rephrase|reword|put (?:that|it|this) (?:another way|differently))|(?:please )?rephrase (?:that|this|it)|say (?:that|it|this) (?:again in|differently|in (?:one|simple|plain))`,
    ),
    // The words of something to be written, not of the answer.
    before: [TOLD_NOT_TO, /(?:write|docs|readme|changelog|document|code|function|commit)(?: \S+){0,4} ?$/],
    after:
      /^ (?:of (?:the|a) commit|(?:for|in) (?:the|our|a) (?:docs|readme|commit|changelog|users|customers|onboarding|mail|text|code)|in commit)/,
  },
];
