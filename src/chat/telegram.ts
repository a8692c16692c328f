import { z } from 'zod';
import { parsePress } from '../core/message.ts';
import { nameFrom, type ChatChannel, type Speaker, type Utterance } from './utterance.ts';

type TelegramChannel = Extract<ChatChannel, { kind: 'telegram' }>;

const person = z.object({
  id: z.number(),
  is_bot: z.boolean().optional(),
  first_name: z.string().optional(),
});
const chat = z.object({ id: z.number(), type: z.string(), username: z.string().optional() });
const messageShape = z.object({
  message_id: z.number(),
  from: person.optional(),
  chat,
  text: z.string().optional(),
  caption: z.string().optional(),
  message_thread_id: z.number().optional(),
  // Somebody else's words, whoever sent them on.
  forward_origin: z.unknown().optional(),
  forward_date: z.unknown().optional(),
  via_bot: z.unknown().optional(),
  // An anonymous administrator, or a channel: no person.
  sender_chat: z.unknown().optional(),
});
const updateShape = z.object({
  message: messageShape.optional(),
  callback_query: z
    .object({
      id: z.string(),
      from: person,
      message: messageShape.pick({ message_id: true, chat: true, message_thread_id: true }).optional(),
      data: z.string().optional(),
    })
    .optional(),
});

type Message = z.output<typeof messageShape>;
type Chat = z.output<typeof chat>;

/**
 * What an update of Telegram's Bot API says, if it is for us: new messages with text, and pressed buttons. Edits, joins, posts
 * of channels, words of bots and forwarded words are none. Pure; throws on nothing.
 *
 * A person of the allow list counts in the configured chat and in a private chat with the bot, nowhere else.
 *
 * Source: core.telegram.org/bots/api, "Update", "Message", "CallbackQuery".
 */
export function readTelegram(payload: unknown, channels: readonly ChatChannel[]): Utterance | undefined {
  const mine = channels.filter(
    (channel): channel is TelegramChannel => channel.kind === 'telegram' && channel.allow.length > 0,
  );
  if (mine.length === 0) return undefined;
  const { data: update } = updateShape.safeParse(payload);
  if (update?.callback_query !== undefined) return readPressed(update.callback_query, mine);
  return update?.message === undefined ? undefined : readMessage(update.message, mine);
}

function readMessage(message: Message, mine: readonly TelegramChannel[]): Utterance | undefined {
  const { from, text = message.caption } = message;
  if (from === undefined || from.is_bot === true || message.sender_chat !== undefined) return undefined;
  const speaker = speakerOf(from);
  const channel = channelOf(message.chat, from.id, mine);
  if (channel === undefined) {
    const isPrivate = message.chat.type === 'private';
    const known = mine.some((one) => isOf(one, message.chat));
    return isPrivate || known ? { kind: 'stranger', speaker, isPrivate, aside: undefined } : undefined;
  }
  const borrowed = [message.forward_origin, message.forward_date, message.via_bot].some((mark) => mark !== undefined);
  if (text === undefined || text.trim() === '' || borrowed) return undefined;
  return { kind: 'said', speaker, channel: channel.name, place: placeOf(message), text, delivery: undefined };
}

type Pressed = NonNullable<z.output<typeof updateShape>['callback_query']>;

function readPressed({ id, from, message, data }: Pressed, mine: readonly TelegramChannel[]): Utterance {
  const speaker = speakerOf(from);
  const aside = { kind: 'telegram-callback', id } as const;
  const channel = message === undefined ? undefined : channelOf(message.chat, from.id, mine);
  if (message === undefined || channel === undefined || from.is_bot === true) {
    return { kind: 'stranger', speaker, isPrivate: false, aside };
  }
  const place = placeOf(message);
  return { kind: 'pressed', speaker, channel: channel.name, place, press: parsePress(data ?? ''), aside };
}

/** The channel on which this person may speak there. */
function channelOf(where: Chat, personId: number, mine: readonly TelegramChannel[]): TelegramChannel | undefined {
  const theirs = mine.filter(({ allow }) => allow.includes(personId));
  return theirs.find((one) => isOf(one, where)) ?? (where.type === 'private' ? theirs[0] : undefined);
}

function isOf(channel: TelegramChannel, { id, username }: Chat): boolean {
  return channel.chat === String(id) || (username !== undefined && channel.chat === `@${username}`);
}

/** In a group the answer names the message it answers, and stays in its topic. */
function placeOf(message: Pick<Message, 'message_id' | 'chat' | 'message_thread_id'>): string {
  if (message.chat.type === 'private') return String(message.chat.id);
  const thread = message.message_thread_id === undefined ? '' : `/${message.message_thread_id}`;
  return `${message.chat.id}/${message.message_id}${thread}`;
}

function speakerOf({ id, first_name: name }: z.output<typeof person>): Speaker {
  return { id: String(id), name: nameFrom(name, String(id)) };
}
