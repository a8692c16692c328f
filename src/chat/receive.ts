import type { ChatChannel } from './utterance.ts';

type TelegramSection = Extract<ChatChannel, { kind: 'telegram' }> & {
  readonly receive?: 'polling' | 'webhook' | undefined;
};
/** As `notify:` has them, other kinds among them. */
type Section = TelegramSection | Extract<ChatChannel, { kind: 'slack' }> | { readonly kind: 'terminal' | 'webhook' };

/** Those on which somebody may speak. */
export function chatChannels(notify: readonly Section[]): ChatChannel[] {
  return notify.filter((section): section is TelegramSection | Extract<ChatChannel, { kind: 'slack' }> => {
    return (section.kind === 'telegram' || section.kind === 'slack') && section.allow.length > 0;
  });
}

/** How Telegram is listened to. */
export type TelegramReceiving =
  | { readonly kind: 'no' }
  /** `asked`: the configuration names polling, so a webhook that is in the way may be taken away. */
  | { readonly kind: 'polling'; readonly asked: boolean };

/**
 * Asked for when a channel says so, or when somebody may speak there and nothing else brings it in. Needs the bot's token.
 *
 * @param sources Those that take webhooks.
 */
export function telegramReceiving(
  notify: readonly Section[],
  sources: readonly { readonly kind: string }[],
  hasToken: boolean,
): TelegramReceiving {
  const sections = notify.filter((one): one is TelegramSection => one.kind === 'telegram' && one.allow.length > 0);
  if (!hasToken || sections.length === 0) return { kind: 'no' };
  if (sections.some(({ receive }) => receive === 'polling')) return { kind: 'polling', asked: true };
  const byWebhook =
    sources.some(({ kind }) => kind === 'telegram') || sections.some(({ receive }) => receive === 'webhook');
  return byWebhook ? { kind: 'no' } : { kind: 'polling', asked: false };
}
