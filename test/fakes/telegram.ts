import type { FakeClock } from './clock.ts';
import { startFaultyServer, type FaultyServer, type Received, type Reply } from './faulty-server.ts';

export interface TelegramMessage {
  readonly message_id: number;
  readonly chat: string;
  text: string;
  /** The inline keyboard as it stands. */
  keyboard: unknown;
  readonly payload: Readonly<Record<string, unknown>>;
  edits: number;
}

export interface FakeTelegram extends FaultyServer {
  readonly token: string;
  readonly chat: string;
  readonly messages: TelegramMessage[];
  /** Answers the next call of a method with an error. */
  refuse(method: string, code: number, description: string): void;
  /** Chats besides the configured one in which the bot may write. */
  readonly chats: Set<string>;
  /** Something happens in the chat: an update, with the next number. @returns that number. */
  happen(update: Readonly<Record<string, unknown>>): number;
  /** Updates that have not been confirmed. */
  readonly unconfirmed: readonly number[];
  /** Requests that wait for an update. */
  readonly listening: number;
  /** What people were told who pressed a button. */
  readonly alerts: readonly Readonly<Record<string, unknown>>[];
  /** Where updates are sent; empty: they are asked for. */
  webhook: string;
}

const TOKEN = '123:test-token';
const CHAT = '123456';

/** As much of Telegram's Bot API as a bot needs that sends and listens: JSON calls, the token in the path, the wait in the body. */
export async function startFakeTelegram(clock: FakeClock): Promise<FakeTelegram> {
  const messages: TelegramMessage[] = [];
  const refusals: { method: string; code: number; description: string }[] = [];
  const chats = new Set([CHAT]);
  const alerts: Record<string, unknown>[] = [];
  const inbox = createInbox();
  const own = { webhook: '' };
  const answer = ({ path, body }: Received): Reply | Promise<Reply> => {
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (token !== TOKEN) return failed(401, 'Unauthorized');
    const index = refusals.findIndex((one) => one.method === method);
    const refusal = index < 0 ? undefined : refusals.splice(index, 1)[0];
    if (refusal !== undefined) return failed(refusal.code, refusal.description);
    const payload = JSON.parse(body) as Record<string, unknown>;
    if (method === 'getUpdates') {
      if (own.webhook !== '') return failed(409, CONFLICT);
      return inbox.ask(typeof payload['offset'] === 'number' ? payload['offset'] : undefined);
    }
    if (method === 'setWebhook' || method === 'deleteWebhook') {
      own.webhook = method === 'setWebhook' ? String(payload['url']) : '';
      return ok(true);
    }
    if (method === 'answerCallbackQuery') {
      alerts.push(payload);
      return ok(true);
    }
    const text = String(payload['text']);
    if (!chats.has(String(payload['chat_id']))) return failed(400, 'Bad Request: chat not found');
    if (text.length > 4_096) return failed(400, 'Bad Request: message is too long');
    if (method === 'sendMessage') return sendMessage(messages, payload, text);
    if (method === 'editMessageText') return editMessageText(messages, payload, text);
    return failed(404, 'Not Found');
  };
  const limited = failed(429, 'Too Many Requests: retry after 30', { retry_after: 30 });
  const server = await startFaultyServer({ answer, limited, nowMs: () => clock.monoMs() });
  const fake = Object.assign(server, {
    token: TOKEN,
    chat: CHAT,
    messages,
    chats,
    alerts,
    refuse: (method: string, code: number, description: string) => void refusals.push({ method, code, description }),
    happen: (update: Readonly<Record<string, unknown>>) => inbox.happen(update),
  });
  return Object.defineProperties(fake, {
    unconfirmed: { get: () => inbox.unconfirmed() },
    listening: { get: () => inbox.listening() },
    webhook: {
      get: () => own.webhook,
      set(url: string) {
        own.webhook = url;
      },
    },
  }) as unknown as FakeTelegram;
}

const CONFLICT =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/** Updates are kept until a later one is asked for; a request waits until there is one. */
function createInbox() {
  const updates: { update_id: number }[] = [];
  let waiting: (() => void) | undefined;
  let nextId = 900_001;
  return {
    happen(update: Readonly<Record<string, unknown>>): number {
      updates.push({ update_id: nextId, ...update });
      nextId += 1;
      waiting?.();
      return nextId - 1;
    },
    unconfirmed: () => updates.map(({ update_id: id }) => id),
    listening: () => Number(waiting !== undefined),
    async ask(offset: number | undefined): Promise<Reply> {
      const kept = updates.filter(({ update_id: id }) => id >= (offset ?? 0));
      updates.splice(0, updates.length, ...kept);
      if (updates.length === 0) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
        waiting = undefined;
      }
      return ok(updates.slice(0, 100));
    },
  };
}

function sendMessage(messages: TelegramMessage[], payload: Record<string, unknown>, text: string): Reply {
  const chat = String(payload['chat_id']);
  const keyboard = payload['reply_markup'];
  const message = { message_id: 100 + messages.length, chat, text, keyboard, payload, edits: 0 };
  messages.push(message);
  return ok({ message_id: message.message_id, date: 1_700_000_000, chat: { id: Number(chat), type: 'private' }, text });
}

function editMessageText(messages: TelegramMessage[], payload: Record<string, unknown>, text: string): Reply {
  const message = messages.find(
    ({ message_id: id, chat }) => id === payload['message_id'] && chat === String(payload['chat_id']),
  );
  if (message === undefined) return failed(400, 'Bad Request: message to edit not found');
  if (message.text === text && message.keyboard === payload['reply_markup']) {
    return failed(400, 'Bad Request: message is not modified: specified new message content is exactly the same');
  }
  message.text = text;
  message.keyboard = payload['reply_markup'];
  message.edits += 1;
  return ok({ message_id: message.message_id, text });
}

function ok(result: unknown): Reply {
  return { status: 200, body: JSON.stringify({ ok: true, result }) };
}

function failed(code: number, description: string, parameters?: unknown): Reply {
  return { status: code, body: JSON.stringify({ ok: false, error_code: code, description, parameters }) };
}
