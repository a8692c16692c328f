import { z } from 'zod';
import { parsePress } from '../core/message.ts';
import { plainSlack, splitMention } from './slack-markup.ts';
import { nameFrom, type ChatChannel, type Utterance } from './utterance.ts';

type SlackChannel = Extract<ChatChannel, { kind: 'slack' }>;

const eventShape = z.object({
  type: z.literal('event_callback'),
  authorizations: z.array(z.object({ user_id: z.string() })).optional(),
  event: z.object({
    type: z.string(),
    subtype: z.string().optional(),
    user: z.string().optional(),
    bot_id: z.string().nullish(),
    text: z.string().optional(),
    ts: z.string().regex(/^\d{1,12}\.\d{1,9}$/),
    thread_ts: z
      .string()
      .regex(/^\d{1,12}\.\d{1,9}$/)
      .optional(),
    channel: z.string().regex(/^[A-Z0-9]{2,21}$/),
    channel_type: z.string().optional(),
  }),
});
const commandShape = z.object({
  command: z.string(),
  text: z.string().default(''),
  user_id: z.string(),
  user_name: z.string().optional(),
  channel_id: z.string(),
});
const pressShape = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string(), name: z.string().optional(), username: z.string().optional() }),
  channel: z.object({ id: z.string().regex(/^[A-Z0-9]{2,21}$/) }).optional(),
  message: z.object({ ts: z.string(), thread_ts: z.string().optional() }).optional(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
  response_url: z.string().optional(),
});

/** A person's own new words; a file may come with them, and a reply may be shown in the channel as well. */
const OWN_WORDS: ReadonlySet<string | undefined> = new Set([undefined, 'thread_broadcast', 'file_share']);

/**
 * What a delivery of Slack says, if it is for us: messages in the configured channel, direct messages, mentions anywhere,
 * slash commands and pressed buttons. Edits, deletions, joins and words of bots are none. Pure; throws on nothing.
 *
 * Source: docs.slack.dev, "message event", "app_mention event", "Implementing slash commands", "block_actions payload".
 */
export function readSlack(type: string, payload: unknown, channels: readonly ChatChannel[]): Utterance | undefined {
  const mine = channels.filter(
    (channel): channel is SlackChannel => channel.kind === 'slack' && channel.allow.length > 0,
  );
  if (mine.length === 0) return undefined;
  if (type === 'message' || type === 'app_mention') return readEvent(eventShape.safeParse(payload).data, mine);
  if (type === 'slash_command') return readSlash(commandShape.safeParse(payload).data, mine);
  if (type === 'interactivity') return readPressed(pressShape.safeParse(payload).data, mine);
  return undefined;
}

type EventPayload = z.output<typeof eventShape>;

function readEvent(payload: EventPayload | undefined, mine: readonly SlackChannel[]): Utterance | undefined {
  if (payload === undefined) return undefined;
  const { event, authorizations = [] } = payload;
  const { user, channel: where, ts } = event;
  const bots = authorizations.map(({ user_id: id }) => id);
  if (user === undefined || event.bot_id || bots.includes(user) || !OWN_WORDS.has(event.subtype)) return undefined;
  const speaker = { id: user, name: user };
  const direct = event.channel_type === 'im';
  const addressed = splitMention(event.text ?? '');
  const called = event.type === 'app_mention' || bots.includes(addressed.mention ?? '');
  const theirs = mine.filter(({ allow }) => allow.includes(user));
  const here = theirs.find(({ channel }) => channel === where);
  const channel = here ?? (direct || called ? theirs[0] : undefined);
  if (channel === undefined) {
    const known = direct || mine.some((one) => one.channel === where);
    return known ? { kind: 'stranger', speaker, isPrivate: direct, aside: undefined } : undefined;
  }
  // In the channel, said to somebody else.
  if (!called && addressed.mention !== undefined) return undefined;
  const text = plainSlack(called ? addressed.rest : (event.text ?? ''));
  if (text === '') return undefined;
  // The same words come once as a message and once as a mention.
  const delivery = `said:${where}/${ts}`;
  const place = direct && event.thread_ts === undefined ? where : `${where}/${event.thread_ts ?? ts}`;
  return { kind: 'said', speaker, channel: channel.name, place, text, delivery };
}

type SlashPayload = z.output<typeof commandShape>;

/** Answers go to the configured channel: a slash command may be typed where the bot is not. */
function readSlash(payload: SlashPayload | undefined, mine: readonly SlackChannel[]): Utterance | undefined {
  if (payload === undefined) return undefined;
  const { user_id: id, user_name: name, channel_id: where } = payload;
  const speaker = { id, name: nameFrom(name, id) };
  const theirs = mine.filter(({ allow }) => allow.includes(id));
  const channel = theirs.find((one) => one.channel === where) ?? theirs[0];
  if (channel === undefined) return { kind: 'stranger', speaker, isPrivate: false, aside: { kind: 'receipt' } };
  const text = plainSlack(payload.text) || 'help';
  return { kind: 'said', speaker, channel: channel.name, place: channel.channel, text, delivery: undefined };
}

type PressPayload = z.output<typeof pressShape>;

function readPressed(payload: PressPayload | undefined, mine: readonly SlackChannel[]): Utterance | undefined {
  const action = payload?.actions[0];
  if (payload === undefined || action === undefined || !action.action_id.startsWith('kairos_')) return undefined;
  const { user, message, channel: where, response_url: url } = payload;
  const speaker = { id: user.id, name: nameFrom(user.name ?? user.username, user.id) };
  const aside = url === undefined ? undefined : ({ kind: 'slack-response', url } as const);
  const theirs = mine.filter(({ allow }) => allow.includes(user.id));
  const channel = theirs.find((one) => one.channel === where?.id) ?? theirs[0];
  if (channel === undefined) return { kind: 'stranger', speaker, isPrivate: false, aside };
  const thread = message?.thread_ts ?? message?.ts;
  const there = where?.id ?? channel.channel;
  const place = thread === undefined ? there : `${there}/${thread}`;
  return { kind: 'pressed', speaker, channel: channel.name, place, press: parsePress(action.value ?? ''), aside };
}
