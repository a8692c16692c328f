import { randomBytes } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import type { Fetch } from '../core/ports.ts';
import type { Config } from '../daemon/config.ts';
import type { OutgoingMessage } from '../notify/channel.ts';
import { plainLine } from '../subscriptions/plain.ts';
import { openChannels } from './dry-start.ts';

const CALL_MS = 10_000;
const ANSWER_CHARS_MAX = 1_048_576;

/** What a real call has shown. Holds no secret. */
export interface Tried {
  readonly name: string;
  readonly ok: boolean;
  readonly what: string;
}

type SecretOf = (name: string) => string | undefined;

/** Sends one message over each channel but the terminal, by the road the daemon takes. Never throws. */
export async function tryChannels(list: Config['notify'], secretOf: SecretOf, nowMs: number): Promise<Tried[]> {
  const others = list.filter(({ kind }) => kind !== 'terminal');
  return Promise.all(
    others.map(async (options): Promise<Tried> => {
      const { name } = options;
      try {
        const [channel] = openChannels([options], secretOf);
        if (channel === undefined) return { name, ok: false, what: 'there is no such channel' };
        const context = { maybeReceived: false, earlier: [] };
        const result = await channel.send(testMessage(nowMs), AbortSignal.timeout(CALL_MS), context);
        if (result.kind === 'sent') return { name, ok: true, what: 'the message was taken' };
        return { name, ok: false, what: result.error };
      } catch (error) {
        return { name, ok: false, what: messageOf(error) };
      }
    }),
  );
}

/** Asks a server of the Messages API for its models: that costs nothing. Never throws. */
export async function tryModel(secretOf: SecretOf, fetch: Fetch): Promise<Tried> {
  const base = (secretOf('ANTHROPIC_BASE_URL') ?? 'https://api.anthropic.com').replace(/\/+$/, '').replace(/\/v1$/, '');
  const key = secretOf('ANTHROPIC_API_KEY');
  const headers = {
    'anthropic-version': '2026-10-21',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  try {
    const response = await fetch(`${base}/v1/models`, { headers, signal: AbortSignal.timeout(CALL_MS) });
    await response.body?.cancel();
    // Some servers do not list their models; they are there all the same.
    const ok = response.ok || response.status === 404;
    const refused = response.status === 401 || response.status === 403;
    const answered = `${new URL(base).host} ${refused ? 'refuses the key' : 'answers'} (${response.status})`;
    return { name: 'model', ok, what: answered };
  } catch (error) {
    return { name: 'model', ok: false, what: messageOf(error) };
  }
}

/** A chat somebody has written to a bot in. */
export interface FoundChat {
  readonly id: string;
  /** In plain characters; whoever wrote chose it. */
  readonly name: string;
  readonly isPrivate: boolean;
}

/**
 * The chats of a Telegram bot's newest updates. They stay unconfirmed, so a daemon that asks later sees them too.
 *
 * @returns A sentence when Telegram refuses or can't be reached; it never holds the token.
 */
export async function findChats(token: string, apiRoot: string, fetch: Fetch): Promise<FoundChat[] | string> {
  try {
    const url = `${apiRoot.replace(/\/+$/, '')}/bot${token}/getUpdates?limit=100&timeout=0`;
    const response = await fetch(url, { signal: AbortSignal.timeout(CALL_MS) });
    const text = (await response.text()).slice(0, ANSWER_CHARS_MAX);
    if (!response.ok)
      return `Telegram answers ${response.status}${response.status === 401 ? ': it does not know this token' : ''}`;
    const { result } = JSON.parse(text) as { result?: unknown };
    const found = new Map<string, FoundChat>();
    for (const update of Array.isArray(result) ? (result as unknown[]) : []) {
      const chat = chatOf(update);
      if (chat !== undefined) found.set(chat.id, chat);
    }
    return [...found.values()].slice(-20);
  } catch (error) {
    return messageOf(error).replaceAll(token, '…');
  }
}

function chatOf(update: unknown): FoundChat | undefined {
  const { message } = update as { message?: { chat?: Record<string, unknown> } };
  const chat = message?.chat;
  if (typeof chat?.['id'] !== 'number') return undefined;
  const words = [chat['title'], chat['first_name'], chat['last_name'], chat['username']];
  const name = words.filter((word): word is string => typeof word === 'string').join(' ');
  return { id: String(chat['id']), name: plainLine(name, 60), isPrivate: chat['type'] === 'private' };
}

function testMessage(nowMs: number): OutgoingMessage {
  return {
    id: 'm0',
    idempotencyKey: `init_${randomBytes(8).toString('hex')}`,
    kind: 'reactive',
    urgent: false,
    topic: '',
    text: 'This is kairosd: it can reach you here.',
    count: 1,
    replyTo: null,
    queuedAt: Temporal.Instant.fromEpochMilliseconds(nowMs).toString(),
    attempt: 1,
  };
}
