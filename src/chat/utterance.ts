import type { Press } from '../core/message.ts';

/** A channel of `notify:` on which the owner may speak, and who that is. */
export type ChatChannel =
  | { readonly kind: 'telegram'; readonly name: string; readonly chat: string; readonly allow: readonly number[] }
  | { readonly kind: 'slack'; readonly name: string; readonly channel: string; readonly allow: readonly string[] };

/** Who speaks. */
export interface Speaker {
  /** As the chat numbers people; what the allow list names. */
  readonly id: string;
  /** As people call them: for show only. */
  readonly name: string;
}

/** A way to say a word to somebody who pressed or typed something, seen only by them. */
export type Aside =
  | { readonly kind: 'telegram-callback'; readonly id: string }
  | { readonly kind: 'slack-response'; readonly url: string }
  /** In the answer to the delivery itself. */
  | { readonly kind: 'receipt' };

/** Something said in a chat, by somebody on the allow list or not. */
export type Utterance =
  | {
      readonly kind: 'said';
      readonly speaker: Speaker;
      /** The name of the channel. */
      readonly channel: string;
      /** Where the answer belongs, as `notify/` takes it. */
      readonly place: string;
      readonly text: string;
      /** The words themselves, by whichever delivery they come; undefined: the chat's own id is that already. */
      readonly delivery: string | undefined;
    }
  | {
      readonly kind: 'pressed';
      readonly speaker: Speaker;
      readonly channel: string;
      readonly place: string;
      /** undefined: not a button of ours, or of an older version. */
      readonly press: Press | undefined;
      readonly aside: Aside | undefined;
    }
  | {
      /** Somebody who is not on the allow list. */
      readonly kind: 'stranger';
      readonly speaker: Speaker;
      /** To the bot alone: nobody's subscription is about that. */
      readonly isPrivate: boolean;
      /** They pressed or typed something that wants an answer. */
      readonly aside: Aside | undefined;
    };

const NAME_CHARS_MAX = 40;

/** A name somebody gave themselves, on one line and harmless to show. */
export function nameFrom(given: string | undefined, id: string): string {
  const plain = (given ?? '')
    .toWellFormed()
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return plain === '' ? id : plain.slice(0, NAME_CHARS_MAX).toWellFormed();
}
