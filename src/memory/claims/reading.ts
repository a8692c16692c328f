import type { Mention, Sentence } from './mentions.ts';
import type { PathMention } from './paths.ts';

/** One sentence on its way to claims. Each reader takes the mentions it understood, so that no other reads them again. */
export interface Reading {
  readonly sentence: Sentence;
  readonly paths: readonly PathMention[];
  readonly taken: Set<Mention>;
  readonly tastes: boolean;
}

/** The text of a sentence before and after a mention. */
export function around(sentence: Sentence, mention: Mention): { readonly before: string; readonly after: string } {
  return {
    before: sentence.text.slice(0, mention.start - sentence.start),
    after: sentence.text.slice(mention.end - sentence.start),
  };
}
