import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel, OutgoingMessage, SendResult } from '../../src/notify/channel.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { budget, makeWorld, mostIn, type Life, type Receipt } from './world.ts';

type Step =
  | { readonly kind: 'alert'; readonly topic: number; readonly text: number; readonly urgent: boolean }
  | { readonly kind: 'resolved'; readonly topic: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'wall-jump'; readonly ms: number }
  | { readonly kind: 'mute'; readonly topic: number; readonly ms: number }
  | { readonly kind: 'channel'; readonly channel: number; readonly does: Behaviour }
  | { readonly kind: 'kill' };

const BEHAVIOURS = ['well', 'down', 'lost-answer', 'hangs', 'deleted'] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

const topic = fc.integer({ min: 1, max: 2 });
const milliseconds = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 12_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 12_000, max: 1_800_000 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('alert'),
      topic,
      text: fc.integer({ min: 0, max: 9 }),
      urgent: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resolved'), topic }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('time'), ms: milliseconds }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wall-jump'), ms: fc.integer({ min: -1_200_000, max: 1_200_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mute'), topic, ms: milliseconds }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('channel'),
      channel: fc.integer({ min: 0, max: 1 }),
      does: fc.constantFrom(...BEHAVIOURS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill') }) },
);

/** A screen that knows keys, so that what it shows is what it was told, once. */
function screen(name: string, clock: FakeClock) {
  const shown = new Map<string, { count: number; text: string }>();
  const sounds: Receipt[] = [];
  const apply = async (effect: () => SendResult, does: Behaviour): Promise<SendResult> => {
    if (does === 'down') return { kind: 'retry', error: 'answered 500' };
    if (does === 'hangs') return new Promise<never>(() => {});
    const result = effect();
    return does === 'lost-answer' ? { kind: 'retry', error: 'closed', maybeReceived: true } : result;
  };
  const channel: Channel & { does: Behaviour } = {
    name,
    editMs: 600_000,
    does: 'well',
    send: (message: OutgoingMessage) =>
      apply(() => {
        const receipt = message.idempotencyKey;
        if (!shown.has(receipt)) sounds.push({ ...message, atMs: clock.monoMs() });
        if (!shown.has(receipt)) shown.set(receipt, message);
        return { kind: 'sent', receipt };
      }, channel.does),
    edit: async (receipt, message) => {
      if (channel.does === 'deleted') return { kind: 'refused', error: 'message not found' };
      return apply(() => {
        shown.set(receipt, message);
        return { kind: 'sent' };
      }, channel.does);
    },
  };
  return { channel, shown, sounds };
}

test('whatever happens, what was sent is shown on every channel, and the windows hold for whatever sounds [CHANNEL-EDIT-IN-PLACE] [CHANNEL-NOTHING-LOST] [WINDOW-TWO-PER-15S] [WINDOW-NOTHING-VANISHES]', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), play), { numRuns: 60 });
}, 120_000);

async function play(steps: readonly Step[]): Promise<void> {
  const clock = new FakeClock(Date.UTC(2026, 10, 2, 12));
  await using world = makeWorld(clock);
  const screens = [screen('one', clock), screen('two', clock)] as const;
  const boot = (): Promise<Life> =>
    world.boot(
      screens.map(({ channel }) => channel),
      { budget: budget() },
    );
  let life = await boot();
  for (const now of steps) {
    if (now.kind === 'kill') {
      life.kill();
      life = await boot();
    } else {
      await take(now, { life, clock, screens });
    }
    await settle();
  }
  for (const { channel } of screens) channel.does = 'well';
  for (const muted of ['t1', 't2']) await life.messages.mute(muted, 0);
  const open = (): number =>
    life.messages.counts().waiting + life.messages.countOpen('one') + life.messages.countOpen('two');
  for (let hours = 0; hours < 30 && open() > 0; hours += 1) await clock.advance(3_600_000);
  expect(open()).toBe(0);

  const wasDeleted = steps.some((one) => one.kind === 'channel' && one.does === 'deleted');
  const rows = life.messages.list({ limit: 10_000 });
  expect(rows.filter(({ state }) => state === 'queued' || state === 'failed')).toEqual([]);
  for (const { channel, shown, sounds } of screens) {
    const there = [...shown.values()].reduce((sum, { count }) => sum + count, 0);
    const sent = rows.filter(({ id }) =>
      life.messages.deliveriesOf(id).some((one) => one.channel === channel.name && one.state === 'sent'),
    );
    const told = sent.reduce((sum, { count }) => sum + count, 0);
    // A change whose answer was lost, of a message that is then deleted, is told once more.
    expect(wasDeleted ? there >= told : there === told).toBe(true);
    const ordinary = sounds.filter(({ urgent }) => !urgent);
    expect(mostIn(15_000, ordinary)).toBeLessThanOrEqual(2);
    expect(mostIn(3_600_000, ordinary)).toBeLessThanOrEqual(6);
  }
  life.kill();
}

async function take(
  now: Exclude<Step, { kind: 'kill' }>,
  { life, clock, screens }: { life: Life; clock: FakeClock; screens: readonly ReturnType<typeof screen>[] },
): Promise<void> {
  switch (now.kind) {
    case 'alert':
      await life.enqueue({ topic: `t${now.topic}`, text: `alert ${now.text}`, urgent: now.urgent });
      return;
    case 'resolved':
      await life.withdraw({ topic: `t${now.topic}`, text: 'resolved' });
      return;
    case 'time':
      await clock.advance(now.ms);
      return;
    case 'wall-jump':
      clock.jumpWall(now.ms);
      life.outbox.wake();
      return;
    case 'mute':
      await life.messages.mute(`t${now.topic}`, clock.wallMs() + now.ms);
      life.outbox.wake();
      return;
    case 'channel': {
      const target = screens[now.channel];
      if (target !== undefined) target.channel.does = now.does;
      return;
    }
  }
}
