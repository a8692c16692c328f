import { describe, expect, test } from 'vitest';
import type { Channel } from '../../src/notify/channel.ts';
import { FakeClock } from '../fakes/clock.ts';
import { eventually, type Fault } from '../fakes/faulty-server.ts';
import { makeWorld, type Life } from './world.ts';

/** A channel with the far side that it speaks to. */
export interface ChannelRig extends AsyncDisposable {
  readonly channel: Channel;
  /** The next attempt goes wrong. */
  fail(fault: Fault): void;
  /** What the owner sees, message by message. */
  seen(): readonly string[];
  /** When attempts reached the far side, by the test's clock. */
  attemptsAtMs(): readonly number[];
  /** Attempts that wait for an answer. */
  holding(): number;
}

export interface ChannelTraits {
  /** What can go wrong with it at all. */
  readonly faults: readonly Fault[];
  /** After which of them the owner sees the message twice: where the far side cannot be asked. */
  readonly doubles: readonly Fault[];
}

export const ALL_FAULTS: readonly Fault[] = [
  'limited',
  'broken',
  'hangs',
  'closes',
  'kept, hangs',
  'kept, closes',
  'kept, late',
  'kept, garbage',
  'kept, huge',
];

/** What every channel promises the outbox, whatever the far side does. */
export function channelContract(
  name: string,
  open: (clock: FakeClock) => Promise<ChannelRig>,
  { faults, doubles }: ChannelTraits,
): void {
  describe(`the contract of channels, kept by ${name}`, () => {
    test('a message arrives, once [CHANNEL-NOTHING-LOST]', async () => {
      const clock = new FakeClock();
      await using rig = await open(clock);
      await using world = makeWorld(clock);
      const life = await world.boot([rig.channel]);
      const id = await life.enqueue({ text: 'CI failed on acme/app', topic: 'ci' });
      await delivered(life, rig, clock);
      expect(rig.seen()).toHaveLength(1);
      expect(rig.seen()[0]).toContain('CI failed on acme/app');
      expect(life.messages.find(id)).toMatchObject({ state: 'sent', attempts: 1 });
    });

    test.each(faults)(
      'far side "%s": nothing is lost, nothing is hammered, doubles only where it cannot be asked [CHANNEL-NOTHING-LOST] [CHANNEL-NO-HAMMERING] [CHANNEL-DOUBLES]',
      async (fault) => {
        const clock = new FakeClock();
        await using rig = await open(clock);
        await using world = makeWorld(clock);
        const life = await world.boot([rig.channel]);
        rig.fail(fault);
        const id = await life.enqueue({ text: 'CI failed on acme/app', topic: 'ci' });
        await delivered(life, rig, clock);

        const copies = doubles.includes(fault) ? 2 : 1;
        expect(rig.seen()).toHaveLength(copies);
        expect(new Set(rig.seen()).size).toBe(1);
        expect(life.messages.find(id)?.state).toBe('sent');
        const [delivery] = life.messages.deliveriesOf(id);
        expect(delivery).toMatchObject({ state: 'sent', attempts: 2 });
        expect(delivery?.error ?? '').toContain(copies === 2 ? 'may be there twice' : '');
        const [first = 0, second = 0] = rig.attemptsAtMs();
        expect(second - first).toBeGreaterThanOrEqual(fault === 'limited' ? 30_000 : 750);
      },
    );

    test('a far side that stays broken is tried less and less often [CHANNEL-NO-HAMMERING]', async () => {
      if (!faults.includes('broken')) return;
      const clock = new FakeClock();
      await using rig = await open(clock);
      await using world = makeWorld(clock);
      const life = await world.boot([rig.channel]);
      for (let time = 0; time < 8; time += 1) rig.fail('broken');
      await life.enqueue({ text: 'CI failed', topic: 'ci' });
      await delivered(life, rig, clock);
      const times = rig.attemptsAtMs();
      expect(times).toHaveLength(9);
      expect((times[8] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(0.75 * 255_000);
      expect(rig.seen()).toHaveLength(1);
    });
  });
}

/** Lets time pass until every delivery has ended. Time stands still while an attempt is under way. */
export async function delivered(life: Life, rig: Pick<ChannelRig, 'holding'>, clock: FakeClock): Promise<void> {
  for (let second = 0; second < 2_000; second += 1) {
    await eventually(() => countOf(life, 'sending') === 0 || rig.holding() > 0);
    if (countOf(life, 'sending') + countOf(life, 'pending') + life.messages.counts().waiting === 0) return;
    await clock.advance(1_000);
  }
  throw new Error('a delivery did not end');
}

function countOf(life: Life, state: string): number {
  const row = life.database.statement('SELECT count(*) AS n FROM deliveries WHERE state = ?').get<{ n: number }>(state);
  return row?.n ?? 0;
}
