import { describe, expect, test } from 'vitest';
import type { OutgoingMessage, SendContext } from '../../src/notify/channel.ts';
import { telegramChannel, telegramText } from '../../src/notify/channels/telegram.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeTelegram, type FakeTelegram } from '../fakes/telegram.ts';

const MESSAGE: OutgoingMessage = {
  id: 'm12',
  idempotencyKey: 'msg_abcd1234_m12',
  kind: 'proactive',
  urgent: false,
  topic: 'ci',
  text: 'CI failed <b>&',
  count: 1,
  replyTo: null,
  queuedAt: '2026-11-02T12:00:00.000+00:00',
  attempt: 1,
};
const FIRST: SendContext = { maybeReceived: false, earlier: [] };

function channelOf({ url, chat, token }: FakeTelegram, wrong: { token?: string; chat?: string } = {}) {
  const options = { name: 'telegram', chat, token, apiRoot: url, editMs: 0, ...wrong };
  return telegramChannel(options, { fetch, clock: new FakeClock() });
}

async function send(telegram: FakeTelegram, context = FIRST, wrong: { token?: string; chat?: string } = {}) {
  return channelOf(telegram, wrong).send(MESSAGE, new AbortController().signal, context);
}

describe('the telegram channel', () => {
  test('sends plain text without a preview, and hands back what the message is called', async () => {
    await using telegram = await startFakeTelegram(new FakeClock());
    expect(await send(telegram)).toEqual({ kind: 'sent', receipt: '100' });
    expect(telegram.messages[0]?.payload).toEqual({
      chat_id: '123456',
      text: 'CI failed <b>&',
      link_preview_options: { is_disabled: true },
    });
  });

  test('text from outside mentions nobody, stays below 4 096 UTF-16 units, and urgent is marked [CHANNEL-TEXT-SAFE]', () => {
    expect(telegramText({ text: '@all see a@b.test and https://x.test/@me', urgent: true })).toBe(
      '❗ Urgent: @\u2060all see a@b.test and https://x.test/@me',
    );
    const long = telegramText({ text: '😀'.repeat(3_000), urgent: true });
    expect(long.length).toBeLessThanOrEqual(4_096);
    expect(long.isWellFormed()).toBe(true);
    expect(telegramText({ text: '', urgent: false })).not.toBe('');
  });

  test.each([
    [403, 'Forbidden: bot was blocked by the user', 'unblock the bot'],
    [403, "Forbidden: bot can't initiate conversation with a user", 'press Start'],
    [400, 'Bad Request: group chat was upgraded to a supergroup chat', 'new number'],
    [400, 'Bad Request: something new', 'something new'],
  ])('%i %s is refused with what to do [CHANNEL-REFUSED-ADVICE]', async (code, description, advice) => {
    await using telegram = await startFakeTelegram(new FakeClock());
    telegram.refuse('sendMessage', code, description);
    expect(await send(telegram)).toEqual({ kind: 'refused', error: expect.stringContaining(advice) });
    expect(telegram.seen).toHaveLength(1);
  });

  test('a wrong token and an unknown chat are refused, and no error shows the token [CHANNEL-REFUSED-ADVICE]', async () => {
    await using telegram = await startFakeTelegram(new FakeClock());
    const wrongToken = await send(telegram, FIRST, { token: '999:wrong-token' });
    expect(wrongToken).toEqual({ kind: 'refused', error: expect.stringContaining('check TELEGRAM_BOT_TOKEN') });
    const wrongChat = await send(telegram, FIRST, { chat: '1' });
    expect(wrongChat).toEqual({ kind: 'refused', error: expect.stringContaining('check `chat`') });
    telegram.fail(/sendMessage/, 'closes');
    const closed = await send(telegram);
    expect(closed).toMatchObject({ kind: 'retry', maybeReceived: true });
    expect(JSON.stringify([wrongToken, wrongChat, closed])).not.toContain('-token');
  });

  test('429 is one request, and waits as long as the body says [CHANNEL-NO-HAMMERING]', async () => {
    await using telegram = await startFakeTelegram(new FakeClock());
    telegram.fail(/sendMessage/, 'limited');
    expect(await send(telegram)).toEqual({
      kind: 'retry',
      error: 'answered 429',
      maybeReceived: false,
      retryAfterMs: 30_000,
    });
    expect(telegram.seen).toHaveLength(1);
  });

  test('a signal ends the request', async () => {
    await using telegram = await startFakeTelegram(new FakeClock());
    telegram.fail(/sendMessage/, 'hangs');
    const over = new AbortController();
    const sending = channelOf(telegram).send(MESSAGE, over.signal, FIRST);
    while (telegram.holding === 0) await new Promise((resolve) => setImmediate(resolve));
    over.abort();
    expect(await sending).toMatchObject({ kind: 'retry', maybeReceived: true });
  });

  test('a message answers the last one of its topic, and is sent all the same when that one is gone [CHANNEL-THREADS]', async () => {
    await using telegram = await startFakeTelegram(new FakeClock());
    await send(telegram, { maybeReceived: false, earlier: ['100', '107'] });
    expect(telegram.messages[0]?.payload).toMatchObject({
      reply_parameters: { message_id: 107, allow_sending_without_reply: true },
    });
  });

  test('an edit that changes nothing has been made; one of a deleted message is refused [CHANNEL-EDIT-IN-PLACE]', async () => {
    await using telegram = await startFakeTelegram(new FakeClock());
    await send(telegram);
    const edit = (receipt: string, text: string) =>
      channelOf(telegram).edit?.(receipt, { ...MESSAGE, text }, new AbortController().signal);
    expect(await edit('100', 'CI failed twice')).toEqual({ kind: 'sent' });
    expect(await edit('100', 'CI failed twice')).toEqual({ kind: 'sent' });
    expect(telegram.messages[0]).toMatchObject({ text: 'CI failed twice', edits: 1 });
    expect(await edit('99', 'CI failed twice')).toMatchObject({ kind: 'refused' });
  });
});
