import type { FakeClock } from './clock.ts';
import { startFaultyServer, type FaultyServer, type Received, type Reply } from './faulty-server.ts';

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread_ts?: string;
  readonly broadcast: boolean;
  text: string;
  blocks: readonly unknown[];
  readonly metadata: unknown;
  edits: number;
}

export interface FakeSlack extends FaultyServer {
  readonly apiRoot: string;
  readonly token: string;
  readonly channel: string;
  readonly messages: SlackMessage[];
  /** Answers the next call of a method with `ok: false`. */
  refuse(method: string, error: string): void;
  readonly scopes: Set<string>;
  /** Conversations besides the channel in which the bot may write. */
  readonly channels: Set<string>;
  /** What was answered at response URLs. */
  readonly responses: readonly unknown[];
  /** A response URL of an interaction. */
  readonly responseUrl: string;
  /** Where `apps.connections.open` points to, for whoever listens as well. */
  linkTo(url: string): void;
}

const TOKEN = 'xoxb-test-token';
const CHANNEL = 'C0123';

/** As much of Slack's Web API as a bot needs that posts: form-encoded calls, `ok` in a JSON answer, status 429. */
export async function startFakeSlack(clock: FakeClock): Promise<FakeSlack> {
  const messages: SlackMessage[] = [];
  const refusals: { method: string; error: string }[] = [];
  const scopes = new Set(['chat:write', 'channels:history']);
  const methods: Readonly<Record<string, (form: URLSearchParams) => Record<string, unknown>>> = {
    'chat.postMessage': (form) => postMessage(messages, form),
    'chat.update': (form) => update(messages, form),
    'conversations.replies': (form) =>
      scopes.has('channels:history')
        ? { ok: true, messages: replies(messages, form), has_more: false }
        : { ok: false, error: 'missing_scope' },
    'conversations.history': (form) =>
      scopes.has('channels:history')
        ? { ok: true, messages: history(messages, form), has_more: false }
        : { ok: false, error: 'missing_scope', needed: 'channels:history', provided: 'chat:write' },
  };
  const channels = new Set([CHANNEL]);
  const responses: unknown[] = [];
  let link: string | undefined;
  const answer = ({ path, headers, body }: Received): Reply => {
    if (path.startsWith('/response/')) {
      responses.push(JSON.parse(body));
      return { status: 200, body: 'ok' };
    }
    const method = path.replace(/^\/api\//, '');
    // It has a token of its own.
    if (method === 'apps.connections.open' && link !== undefined) return json({ ok: true, url: link });
    const refusal = refusals.findIndex((one) => one.method === method);
    const form = new URLSearchParams(body);
    const call = methods[method];
    if (headers.authorization !== `Bearer ${TOKEN}`) return json({ ok: false, error: 'invalid_auth' });
    if (refusal >= 0) return json({ ok: false, error: refusals.splice(refusal, 1)[0]?.error });
    if (call === undefined) return json({ ok: false, error: 'unknown_method' });
    if (!channels.has(form.get('channel') ?? '')) return json({ ok: false, error: 'channel_not_found' });
    return json(call(form));
  };
  const limited = { status: 429, headers: { 'retry-after': '30' }, body: '{"ok":false,"error":"ratelimited"}' };
  const server = await startFaultyServer({ answer, limited, nowMs: () => clock.monoMs() });
  return Object.assign(server, {
    apiRoot: `${server.url}/api`,
    token: TOKEN,
    channel: CHANNEL,
    messages,
    scopes,
    channels,
    responses,
    responseUrl: `${server.url}/response/T1/2/abc`,
    linkTo: (url: string) => void (link = url),
    refuse: (method: string, error: string) => void refusals.push({ method, error }),
  });
}

function json(body: unknown): Reply {
  return { status: 200, body: JSON.stringify(body) };
}

function postMessage(messages: SlackMessage[], form: URLSearchParams): Record<string, unknown> {
  const text = form.get('text') ?? '';
  if (text === '' && !form.has('blocks')) return { ok: false, error: 'no_text' };
  if (text.length > 40_000) return { ok: false, error: 'msg_too_long' };
  const thread = form.get('thread_ts');
  // People's own messages (1699…) are not kept here, but can be answered.
  const known = thread?.startsWith('1699') === true || messages.some(({ ts }) => ts === thread);
  if (thread !== null && !known) return { ok: false, error: 'thread_not_found' };
  const message = {
    channel: form.get('channel') ?? '',
    ts: `1700000000.${String(messages.length + 1).padStart(6, '0')}`,
    ...(thread !== null && { thread_ts: thread }),
    broadcast: form.get('reply_broadcast') === 'true',
    text,
    blocks: JSON.parse(form.get('blocks') ?? '[]') as unknown[],
    metadata: JSON.parse(form.get('metadata') ?? 'null') as unknown,
    edits: 0,
  };
  messages.push(message);
  return { ok: true, channel: message.channel, ts: message.ts, message: { type: 'message', text, ts: message.ts } };
}

function update(messages: SlackMessage[], form: URLSearchParams): Record<string, unknown> {
  const message = messages.find(({ ts }) => ts === form.get('ts'));
  if (message === undefined) return { ok: false, error: 'message_not_found' };
  message.text = form.get('text') ?? message.text;
  message.blocks = JSON.parse(form.get('blocks') ?? '[]') as unknown[];
  message.edits += 1;
  return { ok: true, channel: message.channel, ts: message.ts, text: message.text };
}

function replies(messages: readonly SlackMessage[], form: URLSearchParams): unknown[] {
  const root = form.get('ts');
  return messages.filter(({ ts, thread_ts: thread }) => ts === root || thread === root);
}

/** Newest first; replies are only there when they were broadcast; the payload of metadata only when it is asked for. */
function history(messages: readonly SlackMessage[], form: URLSearchParams): unknown[] {
  return messages
    .filter(({ thread_ts: thread, broadcast }) => thread === undefined || broadcast)
    .toReversed()
    .slice(0, Number(form.get('limit') ?? 100))
    .map(({ metadata, ...message }) => ({
      type: 'message',
      ...message,
      ...(form.get('include_all_metadata') === 'true' && { metadata }),
    }));
}
