import { describe, expect, test } from 'vitest';
import type { OutgoingMessage, SendContext } from '../../src/notify/channel.ts';
import { slackChannel } from '../../src/notify/channels/slack.ts';
import { slackText } from '../../src/notify/channels/slack-text.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeSlack, type FakeSlack } from '../fakes/slack.ts';

const MESSAGE: OutgoingMessage = {
  id: 'm12',
  idempotencyKey: 'msg_abcd1234_m12',
  kind: 'proactive',
  urgent: false,
  topic: 'ci',
  text: 'CI failed',
  count: 1,
  replyTo: null,
  queuedAt: '2026-11-02T12:00:00.000+00:00',
  attempt: 1,
};
const FIRST: SendContext = { maybeReceived: false, earlier: [] };

function channelOf(slack: FakeSlack, clock: FakeClock, options: { token?: string; channel?: string } = {}) {
  const { apiRoot, token, channel } = slack;
  return slackChannel({ name: 'slack', channel, token, apiRoot, editMs: 0, ...options }, { fetch, clock });
}

async function send(slack: FakeSlack, message: Partial<OutgoingMessage> = {}, context = FIRST) {
  return channelOf(slack, new FakeClock()).send({ ...MESSAGE, ...message }, new AbortController().signal, context);
}

describe('the slack channel', () => {
  test('posts once, without previews, with its key as metadata, and hands back what the message is called', async () => {
    await using slack = await startFakeSlack(new FakeClock());
    expect(await send(slack)).toEqual({ kind: 'sent', receipt: 'C0123/1700000000.000001' });
    const form = new URLSearchParams(slack.seen[0]?.body);
    expect(slack.seen).toHaveLength(1);
    expect([form.get('unfurl_links'), form.get('unfurl_media'), form.get('parse'), form.get('link_names')]).toEqual([
      'false',
      'false',
      'none',
      'false',
    ]);
    expect(slack.messages[0]?.metadata).toEqual({
      event_type: 'kairos_message',
      event_payload: { key: MESSAGE.idempotencyKey },
    });
  });

  test('text from outside neither formats nor mentions anybody; links are links; urgent is marked [CHANNEL-TEXT-SAFE]', () => {
    const text = '<!channel> <@U1> *bold* @here &amp; see https://example.test/a?b=1&c=2).';
    const { text: plain, blocks } = slackText({ text, urgent: true });
    expect(plain).not.toMatch(/[<>]/);
    expect(plain.startsWith('❗ Urgent: &lt;!channel&gt; &lt;@U1&gt; *bold* @here &amp;amp;')).toBe(true);
    const elements = blocks[0]?.elements[0].elements ?? [];
    expect(elements).toEqual([
      { type: 'text', text: '❗ Urgent: ', style: { bold: true } },
      { type: 'text', text: '<!channel> <@U1> *bold* @here &amp; see ' },
      { type: 'link', url: 'https://example.test/a?b=1&c=2' },
      { type: 'text', text: ').' },
    ]);
  });

  test.each([
    ['ratelimited', { kind: 'retry', maybeReceived: false }],
    ['service_unavailable', { kind: 'retry', maybeReceived: false }],
    ['internal_error', { kind: 'retry', maybeReceived: true }],
    ['fatal_error', { kind: 'retry', maybeReceived: true }],
    ['not_in_channel', { kind: 'refused', error: expect.stringContaining('/invite') }],
    ['token_revoked', { kind: 'refused', error: expect.stringContaining('SLACK_BOT_TOKEN') }],
    ['is_archived', { kind: 'refused', error: expect.stringContaining('notify:') }],
    ['something_new', { kind: 'refused', error: 'Slack says something_new' }],
  ])('ok: false with %s is judged, and says what to do [CHANNEL-REFUSED-ADVICE]', async (error, result) => {
    await using slack = await startFakeSlack(new FakeClock());
    slack.refuse('chat.postMessage', error);
    expect(await send(slack)).toMatchObject(result);
    expect(slack.seen).toHaveLength(1);
  });

  test('a wrong token and an unknown channel are refused with what to do [CHANNEL-REFUSED-ADVICE]', async () => {
    const clock = new FakeClock();
    await using slack = await startFakeSlack(clock);
    const { signal } = new AbortController();
    const wrongToken = await channelOf(slack, clock, { token: 'xoxb-wrong' }).send(MESSAGE, signal, FIRST);
    expect(wrongToken).toEqual({ kind: 'refused', error: expect.stringContaining('check SLACK_BOT_TOKEN') });
    const wrongChannel = await channelOf(slack, clock, { channel: 'C9999' }).send(MESSAGE, signal, FIRST);
    expect(wrongChannel).toEqual({ kind: 'refused', error: expect.stringContaining('check `channel`') });
  });

  test('429 is one request, and waits as long as Retry-After says [CHANNEL-NO-HAMMERING]', async () => {
    await using slack = await startFakeSlack(new FakeClock());
    slack.fail(/postMessage/, 'limited');
    expect(await send(slack)).toEqual({
      kind: 'retry',
      error: 'answered 429',
      maybeReceived: false,
      retryAfterMs: 30_000,
    });
    expect(slack.seen).toHaveLength(1);
  });

  test('a signal ends the request', async () => {
    await using slack = await startFakeSlack(new FakeClock());
    slack.fail(/postMessage/, 'hangs');
    const over = new AbortController();
    const sending = channelOf(slack, new FakeClock()).send(MESSAGE, over.signal, FIRST);
    while (slack.holding === 0) await new Promise((resolve) => setImmediate(resolve));
    over.abort();
    expect(await sending).toMatchObject({ kind: 'retry', maybeReceived: true });
  });

  test('after an attempt without an answer the history is looked at before it is sent again [CHANNEL-DOUBLES]', async () => {
    await using slack = await startFakeSlack(new FakeClock());
    await send(slack);
    const again = await send(slack, { attempt: 2 }, { maybeReceived: true, earlier: [] });
    expect(again).toEqual({ kind: 'sent', receipt: 'C0123/1700000000.000001' });
    slack.fail(/history/, 'limited');
    const later = await send(slack, { attempt: 3 }, { maybeReceived: true, earlier: [] });
    expect(later).toMatchObject({ kind: 'retry', retryAfterMs: 30_000 });
    slack.scopes.delete('channels:history');
    const blind = await send(slack, { attempt: 4 }, { maybeReceived: true, earlier: [] });
    expect(blind).toMatchObject({ kind: 'sent', note: expect.stringContaining('may be there twice') });
    expect(slack.messages).toHaveLength(2);
  });

  test('messages of a topic stand in the thread of the first, and are seen in the channel; a lost thread is no reason to lose one [CHANNEL-THREADS]', async () => {
    await using slack = await startFakeSlack(new FakeClock());
    const first = await send(slack);
    const receipt = first.kind === 'sent' ? (first.receipt ?? '') : '';
    const second = await send(slack, { text: 'again' }, { maybeReceived: false, earlier: [receipt] });
    expect(second).toEqual({ kind: 'sent', receipt: 'C0123/1700000000.000002/1700000000.000001' });
    expect(slack.messages[1]).toMatchObject({ thread_ts: '1700000000.000001', broadcast: true });
    const lost = await send(slack, { text: 'more' }, { maybeReceived: false, earlier: ['C0123/1.2'] });
    expect(lost).toEqual({ kind: 'sent', receipt: 'C0123/1700000000.000003' });
  });
});
