/** How the owner feels about the daemon, the strongest first. */
export const TIERS = ['back-off', 'acknowledge', 'simplify'] as const;
export type Tier = (typeof TIERS)[number];

/** Something people say, over prose as `readProse` gives it. */
export interface Pattern {
  readonly name: string;
  readonly tier: Tier;
  /** With the flag `g`. Bounded repetitions only, so that time is in proportion to length. */
  readonly words: RegExp;
  /** Any of these at the end of what stands before it in its clause: it was not meant. */
  readonly before?: readonly RegExp[];
  /** This at the beginning of what follows: it was not meant. */
  readonly after?: RegExp;
  /** More words that mean it, only in a message with capitals or several marks (`again?!`). Same rules as `words`. */
  readonly emphatic?: RegExp;
}

/** What a message to a person is called. */
export const ANY_MESSAGES =
  '(?:messages?|notifications?|alerts?|pings?|reminders?|updates?|nachrichten|benachrichtigungen|meldungen)';

const FIRST =
  '(?:(?:ok|okay|oh|no|hey|please|pls|just|so|well|and|but|then|seriously|kairos|will|would|could|can|you|bitte|jetzt|really|i said|i (?:really )?(?:need|want|asked|told) you to|would you mind|need to|have to|must|should|better|im busy right now) ){0,6}';
/** The end of a clause. */
export const END = '(?=[\\n!?]|$)';
const LAST =
  '(?: (?:please|pls|now|already|right now|right there|for now|today|tonight|ok|thanks|bitte|jetzt|at once|immediately|for (?:an hour|a while|a bit|a moment|today|the day|the night|once|\\d+ \\w+)|until \\w+|man|dude|kairos|with (?:me|that|this))){0,3}';

/** A clause that says this and nothing else, but for courtesies. */
export function whole(words: string): RegExp {
  return new RegExp(`(?<![^\\n!?])${FIRST}(?:${words})${LAST}(?![^\\n!?])`, 'g');
}

/** Any of these, between words. */
export function phrase(...words: readonly string[]): RegExp {
  return new RegExp(`(?<![\\wäöüß-])(?:${words.join('|')})(?![\\wäöüß-])`, 'g');
}
