import type { ChatUpdateArguments, WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Clock, Fetch } from '../../core/ports.ts';
import type { Channel, OutgoingMessage, SendResult } from '../channel.ts';
import { DOUBLE_NOTE, editOption } from './phone.ts';
import { hasRefusedThread, slackResult } from './slack-errors.ts';
import { slackText } from './slack-text.ts';
import { openWire, type Wire } from './wire.ts';

/** `{ kind: slack, channel: C0123, allow: [U0123], edit?, name? }`; the bot's token is `SLACK_BOT_TOKEN`. */
export const slackOptions = z.strictObject({
  kind: z.literal('slack'),
  name: z.string().optional(),
  channel: z
    .string()
    .regex(/^[CDGU][A-Z0-9]{2,20}$/, {
      error: 'must be the id of a channel such as C0123456789 (at the end of its details), not its name',
    })
    .meta({ description: 'Id of the channel; for direct messages, of the person (U…) or the conversation (D…).' }),
  allow: z
    .array(
      z.string().regex(/^[UW][A-Z0-9]{2,20}$/, 'must be the id of a person such as U0123456789 (in their profile)'),
    )
    .max(100)
    .default([])
    .meta({ description: 'Ids of the people who may give orders and answer: numbers on telegram, U… on slack.' }),
  edit: editOption,
});

export interface SlackChannelOptions {
  readonly name: string;
  readonly channel: string;
  readonly token: string;
  /** `https://slack.com/api` */
  readonly apiRoot: string;
  readonly editMs: number;
}

/**
 * Posts each message to a channel of Slack.
 *
 * The library's own retries are off: the outbox tries again. `chat.postMessage` knows no idempotency key, so our key goes
 * along as metadata, and after an attempt without an answer the channel's history is looked through for it before the
 * message is sent again. That needs the scope `channels:history`; without it a double is possible, and its record says so.
 */
export function slackChannel(options: SlackChannelOptions, ports: { fetch: Fetch; clock: Clock }): Channel {
  const { name, editMs } = options;
  const open = (signal: AbortSignal) => openClient(options, ports, signal);
  return {
    name,
    editMs,
    async send(message, signal, { maybeReceived, earlier }) {
      const spot = spotOf(message, earlier, options.channel);
      const seen = maybeReceived ? await lookFor(message, spot, await open(signal)) : 'absent';
      if (typeof seen === 'object') return seen;
      let result = await post(message, spot, await open(signal));
      if (spot.thread !== undefined && hasRefusedThread(result)) {
        result = await post(message, { ...spot, thread: undefined }, await open(signal));
      }
      return result.kind === 'sent' && seen === 'unknown' ? { ...result, note: DOUBLE_NOTE } : result;
    },
    async edit(receipt, message, signal) {
      const [channel = '', ts = ''] = receipt.split('/');
      const { client, wire } = await open(signal);
      const change: ChatUpdateArguments = { channel, ts, ...slackText(message) };
      return settle(wire, client.chat.update(change), () => ({ kind: 'sent' }));
    },
  };
}

interface Opened {
  readonly client: WebClient;
  readonly wire: Wire;
}

/** What it would log is in the result of the call. */
const quiet = (): void => {};
const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet, setLevel: quiet, setName: quiet };

/** A client a call: so each has its own signal. The library is loaded when the first message leaves (2 MiB). */
async function openClient(
  { token, apiRoot }: SlackChannelOptions,
  ports: { fetch: Fetch; clock: Clock },
  signal: AbortSignal,
): Promise<Opened> {
  const { WebClient, LogLevel } = await import('@slack/web-api');
  const wire = openWire(ports, signal);
  const client = new WebClient(token, {
    slackApiUrl: `${apiRoot}/`,
    fetch: wire.fetch,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: { ...SILENT, getLevel: () => LogLevel.ERROR },
  });
  return { client, wire };
}

/** Where a message is posted. */
interface Spot {
  readonly channel: string;
  /** The first message of the thread. */
  readonly thread: string | undefined;
  /** A conversation goes on where it is: what is said in a thread stays in it, and nobody else is told. */
  readonly stays: boolean;
  /** Where it would be found: a person's direct messages have an id of their own, which only an answer tells. */
  readonly history: string;
}

/** A message with a place goes there (`C0123`, or `C0123/1700000000.000100` in a thread); any other to its topic. */
function spotOf({ place }: OutgoingMessage, earlier: readonly string[], channel: string): Spot {
  if (place) {
    const [there = channel, thread] = place.split('/');
    return { channel: there, thread, stays: true, history: there };
  }
  return { channel, thread: rootOf(earlier), stays: false, history: earlier.at(-1)?.split('/')[0] ?? channel };
}

async function post(
  message: OutgoingMessage,
  { channel, thread, stays }: Spot,
  { client, wire }: Opened,
): Promise<SendResult> {
  const plain = {
    channel,
    ...slackText(message),
    unfurl_links: false,
    unfurl_media: false,
    metadata: { event_type: EVENT_TYPE, event_payload: { key: message.idempotencyKey } },
  };
  // A thread keeps a topic together; the broadcast makes each message seen in the channel as well.
  const inThread = thread === undefined ? {} : { thread_ts: thread, ...(!stays && { reply_broadcast: true as const }) };
  const posting = client.chat.postMessage({ ...plain, ...inThread });
  return settle(wire, posting, (answer) => {
    const { channel: id, ts } = answer as { channel?: unknown; ts?: unknown };
    if (typeof id !== 'string' || typeof ts !== 'string') return { kind: 'sent' };
    return { kind: 'sent', receipt: receiptOf(id, ts, thread) };
  });
}

const EVENT_TYPE = 'kairos_message';
const HISTORY_MAX = 100;
/** These come oldest first. */
const REPLIES_MAX = 1_000;

/** `absent`: it is not among the newest messages. `unknown`: the bot may not read them. */
async function lookFor(
  { idempotencyKey }: OutgoingMessage,
  { history: channel, thread: root, stays }: Spot,
  { client, wire }: Opened,
): Promise<SendResult | 'absent' | 'unknown'> {
  const page = { channel, limit: HISTORY_MAX, include_all_metadata: true };
  try {
    // What was only said in a thread is not in the channel's own history.
    const history =
      stays && root !== undefined
        ? await client.conversations.replies({ ...page, ts: root, limit: REPLIES_MAX })
        : await client.conversations.history(page);
    const bad = wire.judge();
    if (bad !== undefined) return bad;
    const found = history.messages?.find(({ metadata }) => keyOf(metadata) === idempotencyKey);
    if (found?.ts === undefined) return 'absent';
    const thread = found.thread_ts === found.ts ? undefined : found.thread_ts;
    return { kind: 'sent', receipt: receiptOf(channel, found.ts, thread) };
  } catch (error) {
    const result = wire.judge(error) ?? slackResult(wire.answer?.body);
    // That it could not look is no reason to believe that the message is there.
    return result.kind === 'retry' ? { ...result, maybeReceived: false } : 'unknown';
  }
}

function keyOf(metadata: unknown): unknown {
  return (metadata as { event_payload?: { key?: unknown } } | undefined)?.event_payload?.key;
}

/** What the API said, or else what the transport did. */
async function settle(
  wire: Wire,
  calling: Promise<unknown>,
  sent: (answer: unknown) => SendResult,
): Promise<SendResult> {
  try {
    const answer = await calling;
    return wire.judge() ?? sent(answer);
  } catch (error) {
    return wire.judge(error) ?? slackResult(wire.answer?.body);
  }
}

/** `C0123/1700000000.000100`, and after another slash the message it is a reply to. */
function receiptOf(channel: string, ts: string, thread: string | undefined): string {
  return thread === undefined ? `${channel}/${ts}` : `${channel}/${ts}/${thread}`;
}

/** The first message of the topic that is no reply itself. */
function rootOf(earlier: readonly string[]): string | undefined {
  return earlier.find((receipt) => receipt.split('/').length === 2)?.split('/')[1];
}
