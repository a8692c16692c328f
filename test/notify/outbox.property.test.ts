import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { budget, makeWorld, mostIn, scriptedChannel, type Answer, type Life, type Receipt } from './world.ts';

/** What can happen to the outbox, one step after the other. */
type Step =
  | { readonly kind: 'alert'; readonly topic: number; readonly count: number; readonly urgent: boolean }
  | { readonly kind: 'resolved'; readonly topic: number }
  | { readonly kind: 'reply' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'wall-jump'; readonly ms: number }
  | { readonly kind: 'mute'; readonly topic: number; readonly ms: number }
  | { readonly kind: 'channel'; readonly channel: number; readonly does: Behaviour }
  | { readonly kind: 'kill' }
  | { readonly kind: 'stop' };

const BEHAVIOURS = ['well', 'slow', 'down', 'lost-answer', 'hang', 'hang-received', 'retry-after'] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

const ANSWERS: Readonly<Record<Behaviour, Answer>> = {
  well: { received: true, result: { kind: 'sent' } },
  slow: { received: true, delayMs: 4_000, result: { kind: 'sent' } },
  down: { received: false, result: { kind: 'retry', error: 'answered 500' } },
  'lost-answer': { received: true, result: { kind: 'retry', error: 'closed', maybeReceived: true } },
  hang: { received: false, result: 'hang' },
  'hang-received': { received: true, delayMs: 3_000, result: 'hang' },
  'retry-after': { received: false, result: { kind: 'retry', error: 'answered 429', retryAfterMs: 90_000 } },
};

const topic = fc.integer({ min: 0, max: 3 });
const milliseconds = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 2_400_000 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('alert'),
      topic,
      count: fc.integer({ min: 1, max: 6 }),
      urgent: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resolved'), topic }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reply') }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('time'), ms: milliseconds }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wall-jump'), ms: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
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
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop') }) },
);

const RULES = budget({ quietHours: { from: '22:00', to: '22:20' } });
const TTL_MS = 2 * 3_600_000;

test('whatever happens, no receiver sees more than the windows allow, nothing vanishes, and a key is one message [WINDOW-TWO-PER-15S] [WINDOW-SIX-PER-HOUR] [WINDOW-NOTHING-VANISHES] [OUTBOX-ONE-KEY] [OUTBOX-AT-LEAST-ONCE]', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), play), { numRuns: 60 });
}, 120_000);

async function play(steps: readonly Step[]): Promise<void> {
  const clock = new FakeClock(Date.UTC(2026, 10, 2, 20, 30));
  await using world = makeWorld(clock, TTL_MS);
  const channels = [scriptedChannel('phone', clock), scriptedChannel('desk', clock)];
  const boot = (): Promise<Life> => world.boot(channels, { budget: RULES });
  let life = await boot();
  let queued = 0;
  const doing: Behaviour[] = ['well', 'well'];

  for (const now of steps) {
    switch (now.kind) {
      case 'alert':
        for (let n = 0; n < now.count; n += 1) {
          const { topic: number, urgent } = now;
          await life.enqueue({
            topic: number === 0 ? '' : `t${number}`,
            text: `alert ${queued}`,
            urgent: urgent && number === 1,
          });
          queued += 1;
        }
        break;
      case 'resolved':
        if ((await life.withdraw({ topic: `t${now.topic}`, text: 'resolved' })).messageId !== null) queued += 1;
        break;
      case 'reply':
        await reply(life, channels, doing);
        queued += 1;
        break;
      case 'time':
        await clock.advance(now.ms);
        break;
      case 'wall-jump':
        clock.jumpWall(now.ms);
        // The daemon notices within 15 s by itself; here it looks now, so that a kill may follow at once.
        life.outbox.wake();
        await settle();
        break;
      case 'mute':
        await life.messages.mute(now.topic === 0 ? '' : `t${now.topic}`, clock.wallMs() + now.ms);
        life.outbox.wake();
        break;
      case 'channel': {
        doing[now.channel] = now.does;
        const channel = channels[now.channel];
        if (channel !== undefined) channel.answer = () => ANSWERS[now.does];
        break;
      }
      case 'kill':
        life.kill();
        life = await boot();
        break;
      case 'stop':
        await life.stop();
        life = await boot();
        break;
    }
    await settle();
  }
  for (const channel of channels) channel.answer = () => ANSWERS.well;
  for (const number of ['', 't1', 't2', 't3']) await life.messages.mute(number, 0);
  const open = (): number =>
    life.messages.counts().waiting + life.messages.countOpen('phone') + life.messages.countOpen('desk');
  for (let hours = 0; hours < 30 && open() > 0; hours += 1) await clock.advance(3_600_000);

  for (const { receipts } of channels) {
    const proactive = receipts.filter(({ kind }) => kind === 'proactive');
    const ordinary = proactive.filter(({ urgent }) => !urgent);
    expect(mostIn(15_000, ordinary)).toBeLessThanOrEqual(2);
    expect(mostIn(3_600_000, ordinary)).toBeLessThanOrEqual(6);
    expect(
      mostIn(
        3_600_000,
        proactive.filter(({ urgent }) => urgent),
      ),
    ).toBeLessThanOrEqual(4);
  }
  expect(open()).toBe(0);
  const rows = life.messages.list({ limit: 10_000 });
  expect(rows).toHaveLength(queued);
  for (const row of rows) {
    const receipts = channels.flatMap((channel) => channel.receipts.filter(({ id }) => id === `m${row.id}`));
    expect(endOf(row, receipts)).toBe('well');
    expect(receipts.every(({ idempotencyKey }) => idempotencyKey === row.idempotencyKey)).toBe(true);
    expect(new Set(receipts.map(({ text, count }) => `${text} ${count}`)).size).toBeLessThanOrEqual(1);
  }
  expect(new Set(rows.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(rows.length);
  life.kill();
}

/** Sent is received; everything else ended elsewhere, for a reason, and was received by nobody. */
function endOf({ state, reason, intoId }: Message, receipts: readonly Receipt[]): string {
  const well =
    state === 'sent'
      ? receipts.length > 0
      : receipts.length === 0 &&
        ((state === 'coalesced' && intoId !== null) ||
          ((state === 'withdrawn' || state === 'expired') && reason !== null));
  return well ? 'well' : `${state} (${reason ?? 'no reason'}), received ${receipts.length} times`;
}

/** A reply is there in the same moment on every channel that is well and has nothing in hand. */
async function reply(
  life: Life,
  channels: readonly ReturnType<typeof scriptedChannel>[],
  doing: readonly Behaviour[],
): Promise<void> {
  const free = channels.filter(
    ({ name }, index) =>
      doing[index] === 'well' &&
      life.outbox.snapshot().channels.find((channel) => channel.name === name)?.state === 'ready' &&
      life.database.statement("SELECT 1 FROM deliveries WHERE channel = ? AND state = 'sending'").get(name) ===
        undefined,
  );
  const before = free.map(({ receipts }) => receipts.length);
  await life.enqueue({ ...(await life.ask()), text: 'the answer' });
  await settle();
  for (const [index, { receipts }] of free.entries()) {
    expect(receipts.slice(before[index]).filter(({ text }) => text === 'the answer')).toHaveLength(1);
  }
}
