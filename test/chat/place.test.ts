import { expect, test } from 'vitest';
import { conversationOf } from '../../src/chat/place.ts';

test.each([
  ['telegram', '123456', 'telegram 123456'],
  ['telegram', '-100/17', 'telegram -100'],
  ['telegram', '-100/18/5', 'telegram -100/5'],
  ['slack', 'D0001', 'slack D0001'],
  ['slack', 'C0123/1699000000.000100', 'slack C0123/1699000000.000100'],
])('what is said on %s at %s belongs to the conversation %s [CHAT-SAME-PLACE]', (channel, place, conversation) => {
  expect(conversationOf(channel, place)).toBe(conversation);
});
