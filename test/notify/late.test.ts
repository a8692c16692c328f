import { describe, expect, test } from 'vitest';
import { FakeClock } from '../fakes/clock.ts';
import { budget, makeWorld, mostIn, scriptedChannel } from './world.ts';

const SENT = { received: true, result: { kind: 'sent' } } as const;
const DOWN = { received: false, result: { kind: 'retry', error: 'answered 500' } } as const;
const LOST = { received: true, result: { kind: 'retry', error: 'closed', maybeReceived: true } } as const;
const MINUTE_MS = 60_000;

describe('a message that a channel can make only long after it was let go', () => {
  test('waits for the end of the quiet hours; an urgent one does not [WINDOW-QUIET-HOURS]', async () => {
    // 21:50 in Berlin.
    const clock = new FakeClock(Date.UTC(2026, 10, 2, 20, 50));
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => DOWN;
    const life = await world.boot([phone], { budget: budget({ quietHours: { from: '22:00', to: '07:00' } }) });
    await life.enqueue({ text: 'CI failed' });
    await life.enqueue({ text: 'the house burns', urgent: true });
    await clock.advance(60 * MINUTE_MS);
    phone.answer = () => SENT;
    await clock.advance(8 * 60 * MINUTE_MS);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['the house burns']);
    await clock.advance(20 * MINUTE_MS);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['the house burns', 'CI failed']);
  });

  test('counts against the windows after a restart, also if it was given up: it may have arrived [WINDOW-SIX-PER-HOUR]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => DOWN;
    const options = { budget: budget({ windows: [{ per: '10m', max: 1 }] }), limits: { giveUpMs: 5 * MINUTE_MS } };
    const life = await world.boot([phone], options);
    const id = await life.enqueue({ text: 'one' });
    await clock.advance(5 * MINUTE_MS);
    phone.answer = () => LOST;
    for (let second = 0; second < 1_200 && phone.receipts.length < 1; second += 1) await clock.advance(1_000);
    expect(life.messages.deliveriesOf(id)[0]?.state).toBe('failed');
    await life.stop();
    phone.answer = () => SENT;
    const next = await world.boot([phone], options);
    await next.enqueue({ text: 'two' });
    await clock.advance(30 * MINUTE_MS);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(mostIn(10 * MINUTE_MS, phone.receipts)).toBe(1);
  });
});
