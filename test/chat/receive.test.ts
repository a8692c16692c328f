import { describe, expect, test } from 'vitest';
import { chatChannels, telegramReceiving } from '../../src/chat/receive.ts';
import { notifyOptions } from '../../src/notify/options.ts';

const TELEGRAM = { kind: 'telegram', chat: '123456', allow: [123456] };
const SOURCE = [{ kind: 'telegram' }];
const read = (...sections: unknown[]) => notifyOptions.parse(sections);

describe('how Telegram is listened to', () => {
  test('is by asking, when somebody may speak and nothing else brings it in [CHAT-ALLOW-LIST]', () => {
    expect(telegramReceiving(read(TELEGRAM), [], true)).toEqual({ kind: 'polling', asked: false });
    expect(telegramReceiving(read({ ...TELEGRAM, receive: 'polling' }), SOURCE, true)).toEqual({
      kind: 'polling',
      asked: true,
    });
    const not = [
      telegramReceiving(read(TELEGRAM), SOURCE, true),
      telegramReceiving(read({ ...TELEGRAM, receive: 'webhook' }), [], true),
      telegramReceiving(read(TELEGRAM), [], false),
      telegramReceiving(read({ ...TELEGRAM, allow: [] }), [], true),
      telegramReceiving(read({ kind: 'terminal' }), [], true),
    ];
    expect(not).toEqual(not.map(() => ({ kind: 'no' })));
  });

  test('only channels with an allow list are conversations [CHAT-ALLOW-LIST]', () => {
    const sections = read(
      TELEGRAM,
      { kind: 'slack', channel: 'C0123' },
      { kind: 'terminal' },
      { kind: 'slack', name: 'ops', channel: 'C0999', allow: ['U0123'] },
    );
    expect(chatChannels(sections).map(({ name }) => name)).toEqual(['telegram', 'ops']);
    expect(notifyOptions.safeParse([{ kind: 'slack', channel: 'C0123', allow: ['ann'] }]).success).toBe(false);
  });
});
