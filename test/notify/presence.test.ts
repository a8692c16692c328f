import { describe, expect, test } from 'vitest';
import { rememberPlace } from '../../src/ledger/places.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { budget, insertJob, makeWorld, scriptedChannel, type Life } from './world.ts';

const MINUTE_MS = 60_000;

function records(life: Life, id: number) {
  return life.messages.deliveriesOf(id).map(({ channel, state, error }) => [channel, state, error]);
}

/** The owner says something on a channel. @returns the event and the job it started. */
async function heardOn(life: Life, channel: string, place: string | null) {
  const asked = await life.ask();
  rememberPlace(life.database, asked.replyTo, { channel, place }, life.clock.wallMs());
  return asked;
}

describe('a message for one channel', () => {
  test('goes there only; an answer also knows its place, and a restart changes nothing [OUTBOX-CHANNEL] [CHAT-SAME-PLACE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [slack, phone] = [scriptedChannel('slack', clock), scriptedChannel('telegram', clock)];
    phone.answer = () => ({ received: false, result: { kind: 'retry', error: 'down' } });
    const life = await world.boot([slack, phone]);
    const asked = await heardOn(life, 'telegram', '-100/17');
    const id = await life.enqueue({ ...asked, text: 'the answer' });
    await settle();
    expect(life.messages.find(id)).toMatchObject({ channel: 'telegram', state: 'queued' });
    life.kill();
    phone.answer = () => ({ received: true, result: { kind: 'sent' } });
    const next = await world.boot([slack, phone]);
    await clock.advance(5_000);
    expect(phone.receipts).toMatchObject([{ text: 'the answer', place: '-100/17' }]);
    expect(slack.receipts).toEqual([]);
    expect(records(next, id)).toEqual([['telegram', 'sent', null]]);
  });

  test('goes to all when that one is no longer configured, without the place [OUTBOX-CHANNEL]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [slack, hook] = [scriptedChannel('slack', clock), scriptedChannel('webhook', clock)];
    const life = await world.boot([slack, hook]);
    await life.enqueue({ ...(await heardOn(life, 'telegram', '7')), text: 'the answer' });
    await life.enqueue({ text: 'a finding', channel: 'slack', topic: 'x' });
    await settle();
    expect(slack.receipts.map(({ text, place }) => [text, place])).toEqual([
      ['the answer', null],
      ['a finding', null],
    ]);
    expect(hook.receipts.map(({ text }) => text)).toEqual(['the answer']);
  });

  test('does not join one for other channels, and one that asks for an approval joins nothing [OUTBOX-CHANNEL] [CHAT-BUTTONS-BOUND]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const life = await world.boot([]);
    const first = await life.enqueue({ topic: 'ci' });
    const ids = [
      await life.enqueue({ topic: 'ci', channel: 'slack' }),
      await life.enqueue({ topic: 'ci', approvalId: 3 }),
      await life.enqueue({ topic: 'ci', approvalId: 4 }),
      await life.enqueue({ topic: 'ci' }),
    ];
    expect(ids.map((id) => life.messages.find(id)?.intoId)).toEqual([null, null, null, first]);
  });
});

describe('while the owner is active on one channel', () => {
  async function open(clock: FakeClock) {
    const world = makeWorld(clock);
    const channels = [scriptedChannel('slack', clock), scriptedChannel('telegram', clock)] as const;
    return { world, channels, life: await world.boot(channels) };
  }

  test('the others stay quiet, with a record that says why; after five minutes all speak again [CHAT-PRESENCE]', async () => {
    const clock = new FakeClock();
    const { world, channels, life } = await open(clock);
    await using _world = world;
    const [slack, phone] = channels;
    await heardOn(life, 'telegram', '7');
    const id = await life.enqueue({ text: 'a finding' });
    const urgent = await life.enqueue({ text: 'the house burns', urgent: true });
    await settle();
    expect(records(life, id)).toEqual([
      ['slack', 'dropped', 'the owner is active on telegram'],
      ['telegram', 'sent', null],
    ]);
    expect(records(life, urgent).map(([, state]) => state)).toEqual(['sent', 'sent']);
    expect([slack.receipts.length, phone.receipts.length]).toEqual([1, 2]);
    await clock.advance(5 * MINUTE_MS);
    await life.enqueue({ text: 'another' });
    await settle();
    expect([slack.receipts.length, phone.receipts.length]).toEqual([2, 3]);
  });

  test('and that channel fails, the others get it at once [CHAT-PRESENCE]', async () => {
    const clock = new FakeClock();
    const { world, channels, life } = await open(clock);
    await using _world = world;
    const [slack, phone] = channels;
    phone.answer = () => ({ received: false, result: { kind: 'retry', error: 'down' } });
    await heardOn(life, 'telegram', null);
    const id = await life.enqueue({ text: 'a finding' });
    await settle();
    expect(slack.receipts.map(({ text }) => text)).toEqual(['a finding']);
    expect(life.messages.find(id)?.state).toBe('sent');
    // And what comes while it fails does not wait for it.
    await life.enqueue({ text: 'another' });
    await settle();
    expect(slack.receipts).toHaveLength(2);
  });

  test('and that channel refuses it for good, or leaves the configuration, the others get it [CHAT-PRESENCE]', async () => {
    const clock = new FakeClock();
    const { world, channels, life } = await open(clock);
    await using _world = world;
    const [slack, phone] = channels;
    phone.answer = () => ({ received: false, result: { kind: 'refused', error: 'blocked' } });
    await heardOn(life, 'telegram', null);
    await life.enqueue({ text: 'a finding' });
    await settle();
    expect(slack.receipts).toHaveLength(1);
    phone.answer = () => ({ received: false, result: 'hang' });
    const id = await life.enqueue({ text: 'another' });
    await settle();
    life.kill();
    const next = await world.boot([slack]);
    await settle();
    expect(slack.receipts.map(({ text }) => text)).toContain('another');
    expect(next.messages.find(id)?.state).toBe('sent');
  });

  test('a restart does not forget it; `off` switches it off [CHAT-PRESENCE]', async () => {
    const clock = new FakeClock();
    const { world, channels, life } = await open(clock);
    await using _world = world;
    await heardOn(life, 'telegram', null);
    life.kill();
    const next = await world.boot(channels);
    await next.enqueue({ text: 'a finding' });
    await settle();
    expect(channels[0].receipts).toEqual([]);
    next.kill();
    const off = await world.boot(channels, { budget: budget({ presence: 'off' }) });
    await off.enqueue({ text: 'another' });
    await settle();
    expect(channels[0].receipts).toHaveLength(1);
  });

  test('a reply is a reply: to a word at the terminal it goes everywhere', async () => {
    const clock = new FakeClock();
    const { world, channels, life } = await open(clock);
    await using _world = world;
    const asked = await heardOn(life, 'telegram', null);
    await life.enqueue({
      ...asked,
      jobId: insertJob(life.database, asked.replyTo, clock.wallMs()),
      text: 'All is well.',
    });
    await settle();
    expect(channels.map(({ receipts }) => receipts.length)).toEqual([1, 1]);
  });
});
