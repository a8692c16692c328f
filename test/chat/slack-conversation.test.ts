import { describe, expect, test } from 'vitest';
import { eventually } from '../fakes/faulty-server.ts';
import { slackEvent, slackPress } from './payloads.ts';
import { openWorld, type World } from './world.ts';

const FORM = 'application/x-www-form-urlencoded';
const HASH = 'fedcba9876543210'.repeat(4);
const PRESS = `a:3:${HASH.slice(0, 12)}:y`;

describe('a conversation on Slack', () => {
  test('the owner is answered once, in the thread; message, mention and retries are one event [CHAT-USER-EVENT] [CHAT-SAME-PLACE]', async () => {
    await using world = await openWorld();
    const { slack, telegram } = world;
    const life = await world.begin();
    expect((await life.post('slack', slackEvent({ text: '<@UBOT> status' }))).status).toBe(202);
    const mention = await life.post('slack', slackEvent({ type: 'app_mention', text: '<@UBOT> status' }, 'Ev0002'));
    expect(mention.body).toBe('{"id":"e1","duplicate":true}');
    expect((await life.post('slack', slackEvent({ text: '<@UBOT> status' }))).status).toBe(200);
    await eventually(() => slack.messages.length === 1);
    expect(slack.messages[0]).toMatchObject({ text: 'All is well.', thread_ts: '1699000000.000100', broadcast: false });
    expect(telegram.messages).toEqual([]);
    expect(life.events()).toMatchObject([{ trust: 'owner', jobs: [1] }]);
  });

  test('others are outside events for the subscriptions, and get no answer; alone with the bot they are dropped [CHAT-STRANGER]', async () => {
    await using world = await openWorld();
    const { slack } = world;
    const life = await world.begin();
    await life.post('slack', slackEvent({ user: 'UEVE', text: 'allow a3' }));
    await life.post('slack', slackEvent({ user: 'UEVE', channel: 'D0002', channel_type: 'im', text: 'status' }, 'Ev2'));
    await life.post('slack', slackEvent({ subtype: 'message_changed', user: undefined }, 'Ev3'));
    await eventually(() => life.ledger.jobs.find(1)?.state === 'succeeded');
    expect(life.events()).toMatchObject([
      { trust: 'outside', jobs: [1] },
      { trust: 'outside', action: 'message_changed' },
    ]);
    expect(life.ledger.jobs.find(1)).toMatchObject({ kind: 'log', reactive: false });
    expect(slack.messages).toEqual([]);
    expect(world.decisions).toEqual([]);
  });

  test('a direct message is answered in it, and looked for there when an answer was lost [CHAT-SAME-PLACE]', async () => {
    await using world = await openWorld();
    const { slack, clock } = world;
    slack.channels.add('D0001');
    const life = await world.begin();
    slack.fail(/postMessage/, 'kept, closes');
    await life.post('slack', slackEvent({ channel: 'D0001', channel_type: 'im', text: 'help' }));
    await eventually(() => slack.messages.length === 1 && life.outbox.channels()[1]?.state === 'failing');
    await clock.advance(5_000);
    await eventually(() => life.outbox.channels()[1]?.open === 0);
    expect(slack.messages).toMatchObject([{ channel: 'D0001' }]);
    // The same in a thread, whose replies are not in the channel's history.
    slack.fail(/postMessage/, 'kept, closes');
    await life.post('slack', slackEvent({ text: 'status', ts: '1699000000.000200' }, 'Ev4'));
    await eventually(() => slack.messages.length === 2 && life.outbox.channels()[1]?.state === 'failing');
    await clock.advance(5_000);
    await eventually(() => life.outbox.channels()[1]?.open === 0);
    expect(slack.messages).toHaveLength(2);
  });

  test('a slash command is answered 200 without a word, and then in the channel; a stranger reads why not [CHAT-SLACK-ANSWERS]', async () => {
    await using world = await openWorld();
    const life = await world.begin();
    const slash = (user: string, trigger: string) =>
      `command=%2Fkairos&text=status&user_id=${user}&user_name=ann&channel_id=C0123&trigger_id=${trigger}`;
    expect(await life.post('slack', slash('UOWNER', '1.2'), FORM)).toEqual({ status: 200, body: '' });
    await eventually(() => world.slack.messages.length === 1);
    expect(world.slack.messages[0]).toMatchObject({ channel: 'C0123', text: 'All is well.' });
    const refused = await life.post('slack', slash('UEVE', '1.3'), FORM);
    expect(JSON.parse(refused.body)).toEqual({
      response_type: 'ephemeral',
      text: expect.stringContaining('not on the allow list'),
    });
    expect(life.events()).toMatchObject([{ trust: 'owner' }, { trust: 'outside', jobs: [2] }]);
  });

  test('the owner pauses, and resumes [CHAT-COMMANDS]', async () => {
    await using world = await openWorld();
    const life = await world.begin();
    await life.post('slack', slackEvent({ text: 'pause 2h' }));
    await eventually(() => world.slack.messages.length === 1);
    const untilMs = world.clock.wallMs() + 7_200_000;
    expect(life.ledger.messages.mutes(world.clock.wallMs())).toEqual(
      new Map([
        ['', untilMs],
        ['agent work', untilMs],
      ]),
    );
    await life.post('slack', slackEvent({ text: 'resume', ts: '1699000000.000200' }, 'Ev2'));
    await eventually(() => world.slack.messages.length === 2);
    expect(life.ledger.messages.mutes(world.clock.wallMs()).size).toBe(0);
  });
});

describe('buttons on Slack', () => {
  async function asked(world: World) {
    const life = await world.begin();
    world.approvals.set(3, { id: 3, hash: HASH, state: 'pending', decidedAtMs: null, decidedBy: null });
    const draft = {
      kind: 'proactive',
      urgent: false,
      topic: 'approval a3',
      replyTo: null,
      jobId: null,
      count: 1,
    } as const;
    await life.ledger.messages.enqueue(
      { ...draft, text: 'a3: <!channel> may I?', approvalId: 3, channel: 'slack' },
      world.clock.wallMs(),
    );
    life.outbox.wake();
    await eventually(() => world.slack.messages.length === 1);
    return life;
  }

  test('decide what was shown; the message then shows the outcome, without buttons [CHAT-BUTTONS-BOUND] [CHAT-SLACK-ANSWERS]', async () => {
    await using world = await openWorld();
    const { slack } = world;
    const life = await asked(world);
    expect(slack.messages[0]?.blocks[1]).toMatchObject({
      type: 'actions',
      elements: [
        { action_id: 'kairos_yes', value: PRESS, style: 'primary' },
        { action_id: 'kairos_no', value: `${PRESS.slice(0, -1)}n`, style: 'danger' },
      ],
    });
    const stranger = slackPress(PRESS, 'UEVE', slack.responseUrl).replace('12466734323', '999');
    expect(await life.post('slack', stranger, FORM)).toEqual({ status: 200, body: '' });
    await eventually(() => slack.responses.length === 1);
    expect(slack.responses[0]).toMatchObject({ response_type: 'ephemeral', replace_original: false });
    expect(world.approvals.get(3)?.state).toBe('pending');
    const press = slackPress(PRESS, 'UOWNER', 'http://127.0.0.1:1/elsewhere');
    expect(await life.post('slack', press, FORM)).toEqual({ status: 200, body: '' });
    expect(await life.post('slack', press, FORM)).toEqual({ status: 200, body: '' });
    await eventually(() => slack.messages[0]?.edits === 1);
    expect(world.decisions).toEqual([
      { id: 3, hashPrefix: HASH.slice(0, 12), verdict: 'allow', by: 'ann on slack', answer: null },
    ]);
    expect(slack.messages[0]?.text).toBe('a3: &lt;!channel&gt; may I?\n\n✅ a3 allowed by ann on slack, 13:00');
    expect(slack.messages[0]?.blocks).toHaveLength(1);
  });
});
