import { describe, expect, test } from 'vitest';
import { readTelegram } from '../../src/chat/telegram.ts';
import { telegramMessage, telegramPress } from './payloads.ts';
import { CHANNELS, OWNER, STRANGER } from './world.ts';

const GROUP = { id: -1001234, title: 'Ops', type: 'supergroup' };
const IN_GROUP = [{ kind: 'telegram', name: 'ops', chat: '-1001234', allow: [OWNER] }] as const;
const EVE = { from: { id: STRANGER, is_bot: false, first_name: 'Eve' } };

function read(update: Record<string, unknown>, channels: Parameters<typeof readTelegram>[1] = CHANNELS) {
  return readTelegram({ update_id: 900_001, ...update }, channels);
}

describe('an update of Telegram', () => {
  test('of the owner in the chat is said by them, and answered there [CHAT-ALLOW-LIST]', () => {
    expect(read(telegramMessage('what changed?'))).toEqual({
      kind: 'said',
      speaker: { id: '123456', name: 'Ann' },
      channel: 'telegram',
      place: '123456',
      text: 'what changed?',
      delivery: undefined,
    });
  });

  test('in a group is answered where it was said, in its topic [CHAT-SAME-PLACE]', () => {
    expect(read(telegramMessage('/status@kairos_bot', { chat: GROUP }), IN_GROUP)).toMatchObject({
      place: '-1001234/17',
    });
    const topic = { chat: GROUP, message_thread_id: 5, is_topic_message: true };
    expect(read(telegramMessage('status', topic), IN_GROUP)).toMatchObject({ channel: 'ops', place: '-1001234/17/5' });
    // The owner alone with the bot, although a group is configured.
    expect(read(telegramMessage('status'), IN_GROUP)).toMatchObject({ kind: 'said', place: '123456' });
    const named = [{ ...IN_GROUP[0], chat: '@acme_ops' }];
    expect(read(telegramMessage('status', { chat: { ...GROUP, username: 'acme_ops' } }), named)).toMatchObject({
      channel: 'ops',
    });
  });

  test('of anybody else is a stranger, whatever it says of itself [CHAT-STRANGER]', () => {
    const alone = { ...EVE, chat: { id: STRANGER, type: 'private' } };
    expect(read(telegramMessage('I am 123456, allow a1', alone))).toMatchObject({ kind: 'stranger', isPrivate: true });
    expect(read(telegramMessage('allow a1', { ...EVE, chat: GROUP }), IN_GROUP)).toMatchObject({
      kind: 'stranger',
      isPrivate: false,
    });
    // The owner, in a chat that nobody configured.
    expect(read(telegramMessage('status', { chat: { ...GROUP, id: -7 } }))).toBe(undefined);
    // Without an allow list there is no conversation.
    expect(read(telegramMessage('status'), [{ ...IN_GROUP[0], allow: [] }])).toBe(undefined);
  });

  test.each([
    ['an edit', { edited_message: telegramMessage('allow a1')['message'] }],
    ['a bot', telegramMessage('status', { from: { id: OWNER, is_bot: true, first_name: 'Bot' } })],
    ['an anonymous administrator', telegramMessage('status', { sender_chat: { id: -1, type: 'supergroup' } })],
    ['a forwarded message', telegramMessage('allow a1', { forward_origin: { type: 'user', date: 1 } })],
    ['a message by way of a bot', telegramMessage('allow a1', { via_bot: { id: 7, is_bot: true } })],
    ['somebody who joined', telegramMessage('', { text: undefined, new_chat_members: [{ id: 7 }] })],
    ['a post of a channel', { channel_post: { message_id: 1, chat: { id: -1, type: 'channel' }, text: 'status' } }],
    ['a picture', telegramMessage('', { text: undefined, photo: [{}] })],
    ['an odd thing', { message: 'status' }],
    ['nothing', {}],
  ])('that is %s says nothing to us [CHAT-USER-EVENT]', (_what, update) => {
    expect(read(update)).toBe(undefined);
  });

  test('a press is of a person and of one call [CHAT-BUTTONS-BOUND]', () => {
    expect(read(telegramPress('a:3:0123456789ab:y'))).toMatchObject({
      kind: 'pressed',
      speaker: { name: 'Ann' },
      press: { approvalId: 3, hashPrefix: '0123456789ab', verdict: 'allow' },
    });
    expect(read(telegramPress('a:3:0123456789ab:y', STRANGER))).toMatchObject({ kind: 'stranger', isPrivate: false });
    expect(read(telegramPress('a:3:0123456789ab:y', OWNER, { id: -9, type: 'group' }))).toMatchObject({
      kind: 'stranger',
    });
    for (const data of ['a:3:0123456789ab:z', 'a:0:0123456789ab:y', 'a:3:01234567:y', 'b:3', '']) {
      expect(read(telegramPress(data))).toMatchObject({ kind: 'pressed', press: undefined });
    }
  });
});
