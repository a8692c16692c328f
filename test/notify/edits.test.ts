import { describe, expect, test } from 'vitest';
import type { Channel, SendResult } from '../../src/notify/channel.ts';
import { slackChannel } from '../../src/notify/channels/slack.ts';
import { telegramChannel } from '../../src/notify/channels/telegram.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { startFakeSlack } from '../fakes/slack.ts';
import { startFakeTelegram } from '../fakes/telegram.ts';
import { delivered } from './channel-contract.ts';
import { makeWorld, scriptedChannel } from './world.ts';

const SENT: SendResult = { kind: 'sent' };

/** A screen: messages that stand on it, and can be changed. */
function screen(clock: FakeClock, name = 'screen', editMs = 600_000) {
  const shown = new Map<string, string>();
  const sounds: { text: string; atMs: number }[] = [];
  const editsAtMs: number[] = [];
  const channel: Channel & { editResult: SendResult } = {
    name,
    editMs,
    editResult: SENT,
    async send({ text }) {
      const receipt = `r${shown.size + 1}`;
      shown.set(receipt, text);
      sounds.push({ text, atMs: clock.monoMs() });
      return { kind: 'sent', receipt };
    },
    async edit(receipt, { text }) {
      editsAtMs.push(clock.monoMs());
      if (channel.editResult.kind === 'sent') shown.set(receipt, text);
      return channel.editResult;
    },
  };
  return { channel, shown, sounds, editsAtMs };
}

describe('an alert that grows', () => {
  test('is changed where it stands, without a place in the windows, at most every five seconds [CHANNEL-EDIT-IN-PLACE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const { channel, shown, sounds, editsAtMs } = screen(clock);
    const life = await world.boot([channel]);
    await life.enqueue({ topic: 'ci', text: 'lint failed' });
    await settle();
    for (const text of ['unit failed', 'docs failed', 'unit failed']) {
      await life.enqueue({ topic: 'ci', text });
      await clock.advance(1_000);
    }
    expect([...shown.values()]).toEqual(['lint failed']);
    await clock.advance(10_000);
    expect([...shown.values()]).toEqual(['unit failed (×2)\ndocs failed\nlint failed']);
    await life.enqueue({ topic: 'ci', text: 'e2e failed' });
    await clock.advance(20_000);
    expect([...shown.values()]).toEqual(['e2e failed\nunit failed (×2)\ndocs failed\nlint failed']);
    expect(sounds).toHaveLength(1);
    expect(editsAtMs).toHaveLength(2);
    expect((editsAtMs[0] ?? 0) - (sounds[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect((editsAtMs[1] ?? 0) - (editsAtMs[0] ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(life.outbox.snapshot().windows.map(({ used }) => used)).toEqual([0, 1]);
    const messages = life.messages.list({ limit: 9 }).map(({ id, state, intoId }) => [id, state, intoId]);
    expect(messages).toEqual([
      [5, 'sent', null],
      [4, 'coalesced', 2],
      [3, 'coalesced', 2],
      [2, 'sent', null],
      [1, 'sent', null],
    ]);
  });

  test('urgent alerts, resolutions, other topics, and alerts after the time for it are messages of their own [CHANNEL-EDIT-IN-PLACE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const { channel, sounds } = screen(clock, 'screen', 60_000);
    const life = await world.boot([channel]);
    await life.enqueue({ topic: 'ci', text: 'lint failed' });
    await clock.advance(16_000);
    await life.enqueue({ topic: 'ci', text: 'on fire', urgent: true });
    await life.enqueue({ topic: 'other', text: 'disk full' });
    await clock.advance(16_000);
    await life.enqueue({ topic: 'ci', text: 'still smoking' });
    await clock.advance(16_000);
    await life.withdraw({ topic: 'ci', text: 'green again' });
    await clock.advance(16_000);
    await life.enqueue({ topic: 'ci', text: 'red again' });
    await clock.advance(61_000);
    await life.enqueue({ topic: 'ci', text: 'still red' });
    await clock.advance(16_000);
    expect(sounds.map(({ text }) => text)).toEqual([
      'lint failed',
      'on fire',
      'disk full',
      'still smoking',
      'green again',
      'red again',
      'still red',
    ]);
  });

  test('ends after twenty changes [CHANNEL-EDIT-IN-PLACE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const { channel, sounds, editsAtMs } = screen(clock);
    const life = await world.boot([channel]);
    for (let n = 0; n < 22; n += 1) {
      await life.enqueue({ topic: 'ci', text: `failure ${n}` });
      await clock.advance(6_000);
    }
    await clock.advance(16_000);
    expect(editsAtMs).toHaveLength(20);
    expect(sounds.map(({ text }) => text)).toEqual(['failure 0', 'failure 21']);
  });

  test('goes out as a new message through the window when what stood there was deleted [CHANNEL-EDIT-IN-PLACE] [CHANNEL-NOTHING-LOST]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const { channel, sounds, editsAtMs } = screen(clock);
    channel.editResult = { kind: 'refused', error: 'message not found' };
    const life = await world.boot([channel]);
    for (const topic of ['ci', 'a']) await life.enqueue({ topic, text: topic });
    await clock.advance(1_000);
    const second = await life.enqueue({ topic: 'ci', text: 'unit failed' });
    await clock.advance(8_000);
    expect(editsAtMs).toHaveLength(1);
    expect(sounds.map(({ text }) => text)).toEqual(['ci', 'a']);
    expect(life.messages.find(second)).toMatchObject({ state: 'queued', releasedAtMs: null });
    expect(life.messages.find(second)?.reason).toContain('message not found');
    await clock.advance(10_000);
    expect(sounds.map(({ text }) => text)).toEqual(['ci', 'a', 'unit failed']);
    expect(editsAtMs).toHaveLength(1);
    expect(life.messages.find(second)).toMatchObject({ state: 'sent' });
  });

  test('survives kill -9 in the middle of a change: it is made again, and nothing new sounds [CHANNEL-EDIT-IN-PLACE] [CHANNEL-NOTHING-LOST]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const first = screen(clock);
    const life = await world.boot([{ ...first.channel, edit: () => new Promise<never>(() => {}) }]);
    await life.enqueue({ topic: 'ci', text: 'lint failed' });
    await clock.advance(1_000);
    const second = await life.enqueue({ topic: 'ci', text: 'unit failed' });
    await clock.advance(6_000);
    expect(life.messages.deliveriesOf(second)[0]?.state).toBe('sending');
    life.kill();
    const next = await world.boot([first.channel]);
    await clock.advance(2_000);
    expect(first.sounds).toHaveLength(1);
    expect([...first.shown.values()]).toEqual(['unit failed\nlint failed']);
    expect(next.messages.find(second)?.state).toBe('sent');
    expect(next.outbox.snapshot().windows.map(({ used }) => used)).toEqual([1, 1]);
    expect(next.messages.recentDeliveries('screen', 0)).toHaveLength(1);
  });

  test('beside a channel that cannot change messages it has its place in the windows, and is changed where it can be [CHANNEL-EDIT-IN-PLACE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const { channel, shown, sounds } = screen(clock);
    const desk = scriptedChannel('desk', clock);
    const life = await world.boot([channel, desk]);
    for (const text of ['lint failed', 'unit failed', 'docs failed']) {
      await life.enqueue({ topic: 'ci', text });
      await clock.advance(1_000);
    }
    await clock.advance(6_000);
    expect(desk.receipts.map(({ text }) => text)).toEqual(['lint failed', 'unit failed']);
    expect([...shown.values()]).toEqual(['unit failed\nlint failed']);
    await clock.advance(20_000);
    expect(desk.receipts.map(({ text }) => text)).toEqual(['lint failed', 'unit failed', 'docs failed']);
    expect([...shown.values()]).toEqual(['docs failed\nunit failed\nlint failed']);
    expect(sounds).toHaveLength(1);
  });

  test('a mute holds changes too [CHANNEL-EDIT-IN-PLACE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const { channel, shown, editsAtMs } = screen(clock);
    const life = await world.boot([channel]);
    await life.enqueue({ topic: 'ci', text: 'lint failed' });
    await settle();
    await life.messages.mute('ci', clock.wallMs() + 60_000);
    await life.enqueue({ topic: 'ci', text: 'unit failed' });
    await clock.advance(30_000);
    expect(editsAtMs).toHaveLength(0);
    await clock.advance(60_000);
    expect([...shown.values()]).toEqual(['unit failed\nlint failed']);
  });

  test('a text that another channel still retries stays the same bytes while the alert grows elsewhere [OUTBOX-ONE-KEY]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [one, two] = [screen(clock, 'one'), screen(clock, 'two')];
    let failures = 1;
    const texts: string[] = [];
    const flaky: Channel = {
      ...two.channel,
      async send(message, signal, context) {
        texts.push(message.text);
        if (failures-- > 0) return { kind: 'retry', error: 'cut', maybeReceived: true, retryAfterMs: 20_000 };
        return two.channel.send(message, signal, context);
      },
    };
    const life = await world.boot([one.channel, flaky]);
    await life.enqueue({ topic: 'ci', text: 'lint failed' });
    await clock.advance(1_000);
    await life.enqueue({ topic: 'ci', text: 'unit failed' });
    await clock.advance(60_000);
    expect(texts.slice(0, 2)).toEqual(['lint failed', 'lint failed']);
    const everything = [...one.shown.values(), ...two.shown.values()].join('\n');
    expect(everything.match(/unit failed/g)).toHaveLength(2);
  });
});

describe('slack and telegram together, over real HTTP', () => {
  test('an alert, its growth under faults, and its resolution: nothing lost, one sound each [CHANNEL-EDIT-IN-PLACE] [CHANNEL-THREADS] [CHANNEL-NOTHING-LOST]', async () => {
    const clock = new FakeClock();
    await using slack = await startFakeSlack(clock);
    await using telegram = await startFakeTelegram(clock);
    await using world = makeWorld(clock);
    const { apiRoot, token, channel } = slack;
    const life = await world.boot([
      slackChannel({ name: 'slack', channel, token, apiRoot, editMs: 600_000 }, { fetch, clock }),
      telegramChannel(
        { name: 'telegram', chat: telegram.chat, token: telegram.token, apiRoot: telegram.url, editMs: 600_000 },
        { fetch, clock },
      ),
    ]);
    const rig = { holding: () => slack.holding + telegram.holding };
    slack.fail(/postMessage/, 'kept, closes');
    telegram.fail(/sendMessage/, 'limited');
    await life.enqueue({ topic: 'ci', text: 'lint failed' });
    await delivered(life, rig, clock);
    slack.fail(/update/, 'broken');
    slack.fail(/update/, 'limited');
    telegram.fail(/editMessageText/, 'kept, closes');
    await life.enqueue({ topic: 'ci', text: 'unit failed' });
    await clock.advance(6_000);
    await delivered(life, rig, clock);
    await life.withdraw({ topic: 'ci', text: 'green again' });
    await delivered(life, rig, clock);

    const texts = ['unit failed\nlint failed', 'green again'];
    expect(slack.messages.map(({ text }) => text)).toEqual(texts);
    expect(telegram.messages.map(({ text }) => text)).toEqual(texts);
    expect(slack.messages[1]).toMatchObject({ thread_ts: slack.messages[0]?.ts, broadcast: true });
    expect(telegram.messages[1]?.payload).toMatchObject({ reply_parameters: { message_id: 100 } });
    expect(life.messages.list({ limit: 9 }).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
  });
});
