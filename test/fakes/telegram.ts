import type { FakeClock } from './clock.ts';
import { startFaultyServer, type FaultyServer, type Received, type Reply } from './faulty-server.ts';

export interface TelegramMessage {
  readonly message_id: number;
  text: string;
  readonly payload: Readonly<Record<string, unknown>>;
  edits: number;
}

export interface FakeTelegram extends FaultyServer {
  readonly token: string;
  readonly chat: string;
  readonly messages: TelegramMessage[];
  /** Answers the next call of a method with an error. */
  refuse(method: string, code: number, description: string): void;
}

const TOKEN = '123:test-token';
const CHAT = '123456';

/** As much of Telegram's Bot API as a bot needs that sends: JSON calls, the token in the path, the wait in the body. */
export async function startFakeTelegram(clock: FakeClock): Promise<FakeTelegram> {
  const messages: TelegramMessage[] = [];
  const refusals: { method: string; code: number; description: string }[] = [];
  const answer = ({ path, body }: Received): Reply => {
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (token !== TOKEN) return failed(401, 'Unauthorized');
    const index = refusals.findIndex((one) => one.method === method);
    const refusal = index < 0 ? undefined : refusals.splice(index, 1)[0];
    if (refusal !== undefined) return failed(refusal.code, refusal.description);
    const payload = JSON.parse(body) as Record<string, unknown>;
    const text = String(payload['text']);
    if (String(payload['chat_id']) !== CHAT) return failed(400, 'Bad Request: chat not found');
    if (text.length > 4_096) return failed(400, 'Bad Request: message is too long');
    if (method === 'sendMessage') return sendMessage(messages, payload, text);
    if (method === 'editMessageText') return editMessageText(messages, payload, text);
    return failed(404, 'Not Found');
  };
  const limited = failed(429, 'Too Many Requests: retry after 30', { retry_after: 30 });
  const server = await startFaultyServer({ answer, limited, nowMs: () => clock.monoMs() });
  return Object.assign(server, {
    token: TOKEN,
    chat: CHAT,
    messages,
    refuse: (method: string, code: number, description: string) => void refusals.push({ method, code, description }),
  });
}

function sendMessage(messages: TelegramMessage[], payload: Record<string, unknown>, text: string): Reply {
  const message = { message_id: 100 + messages.length, text, payload, edits: 0 };
  messages.push(message);
  return ok({ message_id: message.message_id, date: 1_700_000_000, chat: { id: Number(CHAT), type: 'private' }, text });
}

function editMessageText(messages: TelegramMessage[], payload: Record<string, unknown>, text: string): Reply {
  const message = messages.find(({ message_id: id }) => id === payload['message_id']);
  if (message === undefined) return failed(400, 'Bad Request: message to edit not found');
  if (message.text === text) {
    return failed(400, 'Bad Request: message is not modified: specified new message content is exactly the same');
  }
  message.text = text;
  message.edits += 1;
  return ok({ message_id: message.message_id, text });
}

function ok(result: unknown): Reply {
  return { status: 200, body: JSON.stringify({ ok: true, result }) };
}

function failed(code: number, description: string, parameters?: unknown): Reply {
  return { status: code, body: JSON.stringify({ ok: false, error_code: code, description, parameters }) };
}
