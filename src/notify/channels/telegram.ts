import type { Api } from 'grammy';
import { z } from 'zod';
import type { Clock, Fetch } from '../../core/ports.ts';
import type { Button, Channel, OutgoingMessage, SendResult } from '../channel.ts';
import { DOUBLE_NOTE, editOption, URGENT_MARK } from './phone.ts';
import { openWire, type Answer, type Wire } from './wire.ts';

const CHAT = /^(-?\d{1,19}|@[A-Za-z]\w{3,31})$/;
const CHAT_WRONG = 'must be the number of a chat such as "123456" (of a group "-100…"), or the @name of a channel';

/** `{ kind: telegram, chat: "123456", allow: [123456], receive?, edit?, name? }`; the bot's token is `TELEGRAM_BOT_TOKEN`. */
export const telegramOptions = z.strictObject({
  kind: z.literal('telegram'),
  name: z.string().optional(),
  chat: z
    .union([z.string().regex(CHAT, CHAT_WRONG), z.number().refine((id) => Number.isSafeInteger(id), CHAT_WRONG)], {
      error: CHAT_WRONG,
    })
    .transform(String)
    .meta({ description: 'Number of the chat, or the @name of a channel.' }),
  allow: z
    .array(z.number().refine((id) => Number.isSafeInteger(id) && id > 0, 'must be the number of a person, above 0'))
    .max(100)
    .default([])
    .meta({ description: 'Ids of the people who may give orders and answer: numbers on telegram, U… on slack.' }),
  receive: z.enum(['polling', 'webhook']).optional().meta({
    description:
      'How what is written there comes in: asked for (needs no open port) or sent by Telegram. Default: polling, unless there is a source of the kind telegram.',
  }),
  edit: editOption,
});

export interface TelegramChannelOptions {
  readonly name: string;
  readonly chat: string;
  readonly token: string;
  /** `https://api.telegram.org` */
  readonly apiRoot: string;
  readonly editMs: number;
}

/**
 * Sends each message to a chat of Telegram, as plain text.
 *
 * Telegram neither knows an idempotency key nor lets a bot look at what it has sent: after an attempt without an answer
 * the message is sent again, may be there twice, and its record says so.
 */
export function telegramChannel(options: TelegramChannelOptions, ports: { fetch: Fetch; clock: Clock }): Channel {
  const { name, editMs, chat } = options;
  return {
    name,
    editMs,
    async send(message, signal, { maybeReceived, earlier }) {
      const { api, wire } = await openApi(options, ports, signal);
      const spot = spotOf(message, earlier, chat);
      const sending = api.sendMessage(spot.chat, telegramText(message), {
        link_preview_options: { is_disabled: true },
        ...(spot.reply !== undefined && {
          reply_parameters: { message_id: spot.reply, allow_sending_without_reply: true },
        }),
        ...(spot.thread !== undefined && { message_thread_id: spot.thread }),
        ...(message.buttons && { reply_markup: keyboardOf(message.buttons) }),
      });
      return settle(wire, sending, (sent) => ({
        kind: 'sent',
        ...(typeof sent.message_id === 'number' && { receipt: receiptOf(sent.message_id, spot.chat, chat) }),
        ...(maybeReceived && { note: DOUBLE_NOTE }),
      }));
    },
    async edit(receipt, message, signal) {
      const { api, wire } = await openApi(options, ports, signal);
      const [id, place = chat] = receipt.split('@');
      const editing = api.editMessageText(place, Number(id), telegramText(message), {
        link_preview_options: { is_disabled: true },
      });
      return settle(wire, editing, () => ({ kind: 'sent' }));
    },
  };
}

interface Spot {
  readonly chat: string;
  readonly reply: number | undefined;
  readonly thread: number | undefined;
}

/**
 * A message with a place goes there (`chat`, `chat/message` to answer that one, `chat/message/thread` in a topic of a
 * group); any other into the configured chat, below the last one of its topic there.
 */
function spotOf({ place }: OutgoingMessage, earlier: readonly string[], usual: string): Spot {
  if (place) {
    const [chat = usual, reply, thread] = place.split('/');
    return { chat, reply: idFrom(reply), thread: idFrom(thread) };
  }
  return { chat: usual, reply: idFrom(earlier.findLast((receipt) => !receipt.includes('@'))), thread: undefined };
}

function idFrom(text: string | undefined): number | undefined {
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

/** `107`, or `107@-1005` in another chat than the configured one. */
function receiptOf(id: number, chat: string, usual: string): string {
  return chat === usual ? String(id) : `${id}@${chat}`;
}

function keyboardOf(buttons: readonly Button[]) {
  const mark = { yes: '✅ ', no: '⛔ ' } as const;
  return {
    inline_keyboard: [
      buttons.map(({ label, value, weight }) => ({ text: `${mark[weight]}${label}`, callback_data: value })),
    ],
  };
}

/** A client a call: so each has its own signal. The library is loaded when the first message leaves (5 MiB). */
async function openApi(
  { token, apiRoot }: TelegramChannelOptions,
  ports: { fetch: Fetch; clock: Clock },
  signal: AbortSignal,
): Promise<{ api: Api; wire: Wire }> {
  const { Api: Client } = await import('grammy');
  const wire = openWire(ports, signal);
  const api = new Client(token, { apiRoot, fetch: wire.fetch, timeoutSeconds: 60 });
  return { api, wire };
}

async function settle<Value>(
  wire: Wire,
  calling: Promise<Value>,
  sent: (value: Value) => SendResult,
): Promise<SendResult> {
  try {
    const value = await calling;
    return wire.judge() ?? sent(value);
  } catch (error) {
    return wire.judge(error) ?? refusal(wire.answer);
  }
}

const NOT_MODIFIED = /message is not modified/i;

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/unauthorized|^not found/i, 'check TELEGRAM_BOT_TOKEN (@BotFather shows it)'],
  [/bot was blocked/i, 'unblock the bot in Telegram'],
  [/initiate conversation/i, 'open a chat with the bot in Telegram and press Start'],
  [/bot was kicked|not a member/i, 'add the bot to the chat again'],
  [/chat not found|peer_id_invalid/i, 'check `chat` under notify:, open a chat with the bot and press Start'],
  [/upgraded to a supergroup/i, 'the group has a new number (-100…): put it under notify:'],
  [/not enough rights|have no rights/i, 'let the bot write in the chat'],
];

function refusal(answer: Answer | undefined): SendResult {
  const given = answer?.body?.['description'];
  const said = typeof given === 'string' ? given.slice(0, 150) : `error ${answer?.status ?? ''}`;
  if (NOT_MODIFIED.test(said)) return { kind: 'sent' };
  const advice = ADVICE.find(([pattern]) => pattern.test(said))?.[1];
  return { kind: 'refused', error: `Telegram says ${said}${advice === undefined ? '' : `: ${advice}`}` };
}

/** What Telegram takes, in UTF-16 units. */
const TEXT_UNITS_MAX = 4_096;

/** An `@name` at the beginning of a word, which would call somebody. */
const MENTION = /(?<![\w/@.])@(?=\w)/g;

/** Plain text: nothing in it is markup. Names are kept from being mentions by a character that is not seen. */
export function telegramText({ text, urgent }: Pick<OutgoingMessage, 'text' | 'urgent'>): string {
  const whole = `${urgent ? URGENT_MARK : ''}${text === '' ? '(no text)' : text.replaceAll(MENTION, '@\u2060')}`;
  if (whole.length <= TEXT_UNITS_MAX) return whole;
  return `${whole.slice(0, TEXT_UNITS_MAX - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
