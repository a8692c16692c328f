import { describe, expect, test } from 'vitest';
import { plainSlack } from '../../src/chat/slack-markup.ts';
import { readSlack } from '../../src/chat/slack.ts';
import { slackEvent, slackPress } from './payloads.ts';
import { CHANNELS } from './world.ts';

function read({ type = 'message', ...event }: { readonly type?: string; readonly [key: string]: unknown }) {
  return readSlack(type, JSON.parse(slackEvent({ type, ...event })), CHANNELS);
}

describe('an event of Slack', () => {
  test('of the owner in the channel is said by them, and answered in a thread below it [CHAT-ALLOW-LIST] [CHAT-SAME-PLACE]', () => {
    expect(read({ text: 'what changed &amp; why?' })).toEqual({
      kind: 'said',
      speaker: { id: 'UOWNER', name: 'UOWNER' },
      channel: 'slack',
      place: 'C0123/1699000000.000100',
      text: 'what changed & why?',
      delivery: 'said:C0123/1699000000.000100',
    });
    expect(read({ text: 'and now?', thread_ts: '1698000000.000001' })).toMatchObject({
      place: 'C0123/1698000000.000001',
    });
  });

  test('a mention counts anywhere and is the same words as the message; a direct message stays flat [CHAT-SAME-PLACE]', () => {
    const mention = read({ type: 'app_mention', text: '<@UBOT> status' });
    expect(mention).toMatchObject({ text: 'status', delivery: 'said:C0123/1699000000.000100' });
    expect(read({ text: '<@UBOT>: status' })).toMatchObject({ text: 'status' });
    const elsewhere = read({ type: 'app_mention', channel: 'C9999', text: '<@UBOT> status' });
    expect(elsewhere).toMatchObject({ channel: 'slack', place: 'C9999/1699000000.000100' });
    expect(read({ channel: 'D0001', channel_type: 'im', text: 'status' })).toMatchObject({ place: 'D0001' });
  });

  test('of anybody else is a stranger; in other channels it is nothing [CHAT-STRANGER]', () => {
    expect(read({ user: 'UEVE', text: 'allow a1' })).toMatchObject({ kind: 'stranger', isPrivate: false });
    expect(read({ user: 'UEVE', channel: 'D0002', channel_type: 'im', text: 'hi' })).toMatchObject({ isPrivate: true });
    expect(read({ user: 'UEVE', channel: 'C9999', text: 'hi' })).toBe(undefined);
    expect(read({ channel: 'C9999', text: 'status' })).toBe(undefined);
  });

  test.each([
    ['an edit', { subtype: 'message_changed', message: { user: 'UOWNER', text: 'allow a1' } }],
    ['a deletion', { subtype: 'message_deleted' }],
    ['a join', { subtype: 'channel_join', text: '<@UOWNER> has joined the channel' }],
    ['a bot', { subtype: 'bot_message', bot_id: 'B1', user: undefined, text: 'status' }],
    ['an app in the name of the owner', { bot_id: 'B1', text: 'status' }],
    ['the bot itself', { user: 'UBOT', text: 'status' }],
    ['said to somebody else', { text: '<@UBOB> can you look at the status?' }],
    ['empty', { text: ' ' }],
    ['of an odd place', { channel: '../etc', text: 'status' }],
  ])('that is %s says nothing to us [CHAT-USER-EVENT]', (_what, event) => {
    expect(read(event)).toBe(undefined);
  });

  test('a slash command is said in the channel; a press is of one call [CHAT-BUTTONS-BOUND]', () => {
    const slash = {
      command: '/kairos',
      text: 'status',
      user_id: 'UOWNER',
      user_name: 'ann',
      channel_id: 'C7',
      trigger_id: '1.2',
    };
    expect(readSlack('slash_command', slash, CHANNELS)).toMatchObject({ kind: 'said', text: 'status', place: 'C0123' });
    expect(readSlack('slash_command', { ...slash, text: '' }, CHANNELS)).toMatchObject({ text: 'help' });
    expect(readSlack('slash_command', { ...slash, user_id: 'UEVE' }, CHANNELS)).toMatchObject({ kind: 'stranger' });
    const press = (user: string) => {
      const form = new URLSearchParams(slackPress('a:3:0123456789ab:n', user, 'https://hooks.slack.com/x'));
      return readSlack('interactivity', JSON.parse(form.get('payload') ?? ''), CHANNELS);
    };
    expect(press('UOWNER')).toMatchObject({ kind: 'pressed', press: { approvalId: 3, verdict: 'deny' } });
    expect(press('UEVE')).toMatchObject({ kind: 'stranger', aside: { kind: 'slack-response' } });
  });
});

test.each([
  ['<https://example.test/a|example.test/a> &lt;b&gt;', 'example.test/a <b>'],
  ['<https://example.test/a>', 'https://example.test/a'],
  ['<https://evil.test|https://good.test>', 'https://evil.test'],
  ['<#C1|ops> <@U1|ann> <!here>', '#ops @ann @here'],
  ['a < b', 'a < b'],
])('%j is %j as it was typed', (text, plain) => {
  expect(plainSlack(text)).toBe(plain);
});
