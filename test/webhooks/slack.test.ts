import { describe, expect, test } from 'vitest';
import { parsePayload } from '../../src/webhooks/payload.ts';
import { describeAs } from './deliver.ts';

const HEADERS = { 'x-slack-signature': `v0=${'a1'.repeat(32)}` };
const FORM = 'application/x-www-form-urlencoded';

function fromForm(text: string): unknown {
  return parsePayload(FORM, Buffer.from(text)).payload;
}

describe('slack', () => {
  test('an event has the type of the inner event and its event_id', () => {
    const payload = {
      type: 'event_callback',
      event_id: 'Ev08MFMKH6',
      event: { type: 'message', subtype: 'message_changed' },
    };
    expect(describeAs('slack', HEADERS, payload)).toEqual({
      delivery: 'Ev08MFMKH6',
      type: 'message',
      action: 'message_changed',
      ping: false,
      reply: undefined,
    });
  });

  test('a slash command is one, with its name as action and its trigger as id', () => {
    const payload = fromForm('command=%2Fdeploy&text=now&user_id=U1&trigger_id=1.2.abc');
    expect(describeAs('slack', HEADERS, payload)).toMatchObject({
      delivery: '1.2.abc',
      type: 'slash_command',
      action: 'deploy',
    });
  });

  test('a pressed button is an interaction', () => {
    const inner = JSON.stringify({ type: 'block_actions', user: { id: 'U1' }, trigger_id: '3.4.def' });
    expect(describeAs('slack', HEADERS, fromForm(`payload=${encodeURIComponent(inner)}`))).toMatchObject({
      delivery: '3.4.def',
      type: 'interactivity',
      action: 'block_actions',
    });
  });

  test('the challenge of url_verification is what is answered, as plain text', () => {
    const read = describeAs('slack', HEADERS, { type: 'url_verification', challenge: '3eZbrw1a', token: 'x' });
    expect(read).toMatchObject({ ping: true, type: 'url_verification' });
    expect(read.reply).toEqual({ contentType: 'text/plain; charset=utf-8', body: '3eZbrw1a' });
    expect(describeAs('slack', HEADERS, { type: 'url_verification', challenge: 7 }).reply).toBe(undefined);
    expect(describeAs('slack', HEADERS, { type: 'event_callback', challenge: 'x' }).reply).toBe(undefined);
  });

  test('what carries no id is told apart by its signature [WEB-UNPARSABLE]', () => {
    expect(describeAs('slack', HEADERS, { type: 'app_rate_limited' })).toMatchObject({
      delivery: HEADERS['x-slack-signature'],
      type: 'app_rate_limited',
    });
    expect(describeAs('slack', HEADERS, undefined)).toMatchObject({
      delivery: HEADERS['x-slack-signature'],
      type: 'event',
      action: null,
    });
  });
});
