import { describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../fakes/clock.ts';
import { budget, makeWorld, mostIn, scriptedChannel, type Answer } from './world.ts';

const SENT = { received: true, result: { kind: 'sent' } } as const;
const DOWN = { received: false, result: { kind: 'retry', error: 'answered 500' } } as const;

describe('the outbox', () => {
  test('a message leaves at once, is recorded per channel, and counts once against the windows [OUTBOX-DELIVERY-RECORD]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [phone, desk] = [scriptedChannel('phone', clock), scriptedChannel('desk', clock)];
    const life = await world.boot([phone, desk]);

    const id = await life.enqueue({ text: 'CI failed', topic: 'ci' });
    await settle();

    expect(phone.receipts.map(({ text }) => text)).toEqual(['CI failed']);
    expect(desk.receipts).toHaveLength(1);
    expect(life.messages.find(id)).toMatchObject({
      state: 'sent',
      sentAtMs: clock.wallMs(),
      attempts: 2,
      reason: null,
    });
    expect(life.messages.deliveriesOf(id).map(({ channel, state }) => [channel, state])).toEqual([
      ['desk', 'sent'],
      ['phone', 'sent'],
    ]);
    expect(life.outbox.snapshot().windows.map(({ used }) => used)).toEqual([1, 1]);
    expect(phone.receipts[0]?.idempotencyKey).toBe(`msg_abcd1234_m${id}`);
  });

  test('the daily log names every channel that has it', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const life = await world.boot([scriptedChannel('phone', clock), scriptedChannel('desk', clock)]);
    await life.enqueue({ text: 'CI failed' });
    await settle();
    expect(journal(life.database)).toEqual(['sent m1 CI failed (phone)', 'also-sent m1 CI failed (desk)']);
  });

  test('the next slot waits for the windows, a mute of everything and the quiet hours they end in [WINDOW-QUIET-HOURS]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    // It is 13:00 in Berlin.
    const hourMs = 3_600_000;
    const quietHours = { from: '15:00', to: '18:00' };
    const life = await world.boot([scriptedChannel('phone', clock)], { budget: budget({ quietHours }) });
    const inHours = (): number | null => {
      const { nextSlotAtMs } = life.outbox.snapshot();
      return nextSlotAtMs === null ? null : (nextSlotAtMs - clock.wallMs()) / hourMs;
    };
    expect(inHours()).toBeNull();
    await life.messages.mute('ci', clock.wallMs() + hourMs);
    expect(inHours()).toBeNull();
    await life.messages.mute('', clock.wallMs() + hourMs);
    expect(inHours()).toBe(1);
    await life.messages.mute('', clock.wallMs() + 3 * hourMs);
    expect(inHours()).toBe(5);
  });

  test('two leave, the third waits until the first two are older than 15 s [WINDOW-TWO-PER-15S]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const life = await world.boot([phone]);
    for (const text of ['one', 'two', 'three']) await life.enqueue({ text });
    await clock.advance(15_000);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['one', 'two']);
    await clock.advance(1);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  });

  test('the seventh within an hour waits, and says why [WINDOW-SIX-PER-HOUR]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const life = await world.boot([phone]);
    const ids = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((n) => life.enqueue({ text: `${n}` })));
    await clock.advance(3_590_000);
    expect(phone.receipts).toHaveLength(6);
    expect(life.messages.find(ids[6] ?? 0)?.reason).toBe('the window of 6 per 1h is full');
    await clock.advance(60_000);
    expect(phone.receipts).toHaveLength(7);
  });

  test('what waits under one topic goes out as one, newest first [WINDOW-COALESCE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const life = await world.boot([phone]);
    await life.messages.mute('', clock.wallMs() + 60_000);
    const ids: number[] = [];
    for (const text of ['lint', 'unit', 'unit', 'a', 'b', 'c', 'd'])
      ids.push(await life.enqueue({ text, topic: 'ci' }));
    await clock.advance(61_000);
    expect(phone.receipts.map(({ text, count }) => [text, count])).toEqual([['d\nc\nb\na\nunit (×2)\n(+1 more)', 7]]);
    const states = ids.map((id) => life.messages.find(id)).map((message) => [message?.state, message?.intoId]);
    expect(states).toEqual([['sent', null], ...Array.from({ length: 6 }, () => ['coalesced', ids[0]])]);
  });

  test('a retry is the same bytes under the same key, also when more of its topic came meanwhile [OUTBOX-ONE-KEY]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const life = await world.boot([phone]);
    let failures = 3;
    phone.answer = () =>
      failures-- > 0 ? { received: true, result: { kind: 'retry', error: 'cut', maybeReceived: true } } : SENT;
    await life.enqueue({ text: 'first', topic: 'ci' });
    await settle();
    const second = await life.enqueue({ text: 'second', topic: 'ci' });
    await clock.advance(60_000);
    const sends = phone.receipts
      .filter(({ id }) => id === 'm1')
      .map((receipt) => JSON.stringify({ ...receipt, attempt: 0, atMs: 0 }));
    expect(sends).toHaveLength(4);
    expect(new Set(sends).size).toBe(1);
    expect(life.messages.find(second)?.idempotencyKey).not.toBe('msg_abcd1234_m1');
    expect(phone.receipts.at(-1)?.text).toBe('second');
  });

  test('a channel that hangs or is down never holds the others [OUTBOX-DEAD-CHANNEL]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [dead, hanging, phone] = ['dead', 'hanging', 'phone'].map((name) => scriptedChannel(name, clock));
    if (!dead || !hanging || !phone) throw new Error('three channels');
    dead.answer = () => DOWN;
    hanging.answer = () => ({ received: false, result: 'hang' });
    const life = await world.boot([dead, hanging, phone]);
    for (const text of ['one', 'two', 'three']) await life.enqueue({ text });
    await clock.advance(16_000);
    expect(phone.receipts.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect(life.messages.list({ limit: 9 }).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
    expect(life.outbox.snapshot().channels.map(({ state }) => state)).toEqual(['failing', 'failing', 'ready']);
    expect(life.messages.deliveriesOf(1).find(({ channel }) => channel === 'hanging')?.error).toBe(
      'no answer within 10 s',
    );
  });

  test('retries wait longer and longer, up to five minutes; Retry-After is obeyed, up to an hour [OUTBOX-BACKOFF]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const attemptsAtMs: number[] = [];
    let retryAfterMs = 0;
    phone.answer = () => {
      attemptsAtMs.push(clock.monoMs());
      return retryAfterMs === 0
        ? DOWN
        : { received: false, result: { kind: 'retry', error: 'answered 429', retryAfterMs } };
    };
    const life = await world.boot([phone]);
    await life.enqueue({ text: 'x' });
    await clock.advance(1_500_000);
    const waits = attemptsAtMs.slice(1).map((at, index) => at - (attemptsAtMs[index] ?? 0));
    expect(waits.slice(0, 4)).toEqual([750, 1_500, 3_000, 6_000]);
    expect(waits.at(-1)).toBe(225_000);
    retryAfterMs = 100 * 3_600_000;
    await clock.advance(300_000);
    const before = attemptsAtMs.length;
    await clock.advance(3_300_000);
    expect(attemptsAtMs).toHaveLength(before);
    phone.answer = () => SENT;
    await clock.advance(300_000);
    expect(phone.receipts).toHaveLength(1);
  });

  test('while every channel fails nothing more is let go: it waits and becomes one', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => DOWN;
    const life = await world.boot([phone]);
    await life.enqueue({ text: 'first' });
    await clock.advance(1_000);
    for (let n = 0; n < 50; n += 1) await life.enqueue({ text: `alert ${n}`, topic: 'ci' });
    await clock.advance(3_600_000);
    expect(life.messages.counts()).toMatchObject({ waiting: 1, underWay: 1 });
    expect(life.messages.find(2)?.reason).toBe('every channel is failing');
    phone.answer = () => SENT;
    await clock.advance(600_000);
    expect(phone.receipts.map(({ count }) => count)).toEqual([1, 50]);
  });

  test('a channel that was dead for hours does not pour out what it missed [WINDOW-TWO-PER-15S]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [phone, desk] = [scriptedChannel('phone', clock), scriptedChannel('desk', clock)];
    desk.answer = () => DOWN;
    const life = await world.boot([phone, desk]);
    for (let n = 0; n < 18; n += 1) await life.enqueue({ text: `${n}` });
    await clock.advance(4 * 3_600_000);
    expect(phone.receipts).toHaveLength(18);
    desk.answer = () => SENT;
    await clock.advance(5 * 3_600_000);
    expect(desk.receipts).toHaveLength(18);
    expect(mostIn(15_000, desk.receipts)).toBeLessThanOrEqual(2);
    expect(mostIn(3_600_000, desk.receipts)).toBeLessThanOrEqual(6);
  });

  test('a permanent refusal is not tried again, and a message nobody took has failed with the reason', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    let attempts = 0;
    phone.answer = () => {
      attempts += 1;
      return { received: false, result: { kind: 'refused', error: 'answered 404' } };
    };
    const life = await world.boot([phone]);
    const id = await life.enqueue({ text: 'x' });
    await clock.advance(600_000);
    expect(attempts).toBe(1);
    expect(life.messages.find(id)).toMatchObject({ state: 'failed', reason: 'phone: answered 404' });
    expect(journal(life.database)).toEqual(['failed m1 x: phone: answered 404']);
  });

  test('a delivery that fails for a day is given up with a reason', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => DOWN;
    const life = await world.boot([phone]);
    const id = await life.enqueue({ text: 'x' });
    await clock.advance(25 * 3_600_000);
    expect(life.messages.find(id)).toMatchObject({ state: 'failed', reason: 'phone: given up after 1d: answered 500' });
  });

  test('a reply leaves at once, past a full window, quiet hours and a mute [WINDOW-REACTIVE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const life = await world.boot([phone], { budget: budget({ quietHours: { from: '00:00', to: '23:59' } }) });
    for (let n = 0; n < 20; n += 1) await life.enqueue({ text: `${n}` });
    await life.messages.mute('', clock.wallMs() + 3_600_000);
    await life.enqueue({ ...(await life.ask()), text: 'the answer' });
    await settle();
    expect(phone.receipts.map(({ text, kind, replyTo }) => [text, kind, replyTo])).toEqual([
      ['the answer', 'reactive', 'e1'],
    ]);
    expect(life.outbox.snapshot().windows[0]?.used).toBe(0);
  });

  test('an attempt cut off by kill -9 is made again under the same key after the restart [OUTBOX-AT-LEAST-ONCE]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => ({ received: true, result: 'hang' });
    const first = await world.boot([phone]);
    await first.enqueue({ text: 'x' });
    await settle();
    expect(first.messages.deliveriesOf(1)).toMatchObject([{ state: 'sending', attempts: 1 }]);
    first.kill();
    phone.answer = () => SENT;
    const second = await world.boot([phone]);
    await clock.advance(1);
    expect(phone.receipts.map(({ idempotencyKey, attempt }) => [idempotencyKey, attempt])).toEqual([
      ['msg_abcd1234_m1', 1],
      ['msg_abcd1234_m1', 2],
    ]);
    expect(second.messages.find(1)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  test.each<{ what: string; answer: Answer }>([
    {
      what: 'whose answer was lost',
      answer: { received: true, result: { kind: 'retry', error: 'closed', maybeReceived: true } },
    },
    { what: 'whose attempt kill -9 cut off', answer: { received: true, result: 'hang' } },
  ])('a message $what may have arrived: it counts on its channel after the restart', async ({ answer }) => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [phone, desk] = [scriptedChannel('phone', clock), scriptedChannel('desk', clock)];
    const options = { budget: budget({ windows: [{ per: '60s', max: 1 }] }) };
    phone.answer = () => DOWN;
    const life = await world.boot([phone, desk], options);
    await life.enqueue({ text: 'one' });
    await clock.advance(70_000);
    phone.answer = () => answer;
    for (let second = 0; second < 600 && phone.receipts.length < 1; second += 1) await clock.advance(1_000);
    life.kill();
    phone.answer = ({ text }) => (text === 'one' ? DOWN : SENT);
    const next = await world.boot([phone, desk], options);
    await next.enqueue({ text: 'two' });
    await clock.advance(50_000);
    expect(desk.receipts.map(({ text }) => text)).toEqual(['one', 'two']);
    await clock.advance(200_000);
    expect(new Set(phone.receipts.map(({ text }) => text))).toEqual(new Set(['one', 'two']));
    expect(mostIn(60_000, phone.receipts)).toBe(1);
  });

  test('a stop lets the attempt under way end', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => ({ received: true, delayMs: 1_000, result: { kind: 'sent' } });
    const life = await world.boot([phone]);
    await life.enqueue({ text: 'x' });
    await settle();
    await life.stop();
    const next = await world.boot([phone]);
    expect(next.messages.find(1)?.state).toBe('sent');
    expect(phone.receipts).toHaveLength(1);
  });

  test('what was received is recorded once the disk allows it, not sent again', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    const life = await world.boot([phone]);
    phone.answer = () => {
      life.database.exec("CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'full'); END");
      return SENT;
    };
    await life.enqueue({ text: 'x' });
    await clock.advance(30_000);
    expect(life.messages.find(1)?.state).toBe('queued');
    life.database.exec('DROP TRIGGER full');
    await clock.advance(2_000);
    expect(life.messages.find(1)?.state).toBe('sent');
    expect(phone.receipts).toHaveLength(1);
  });

  test('with no channel messages wait visibly; one that is configured later gets them', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const first = await world.boot([]);
    await first.enqueue({ text: 'x' });
    await settle();
    expect(first.messages.find(1)?.reason).toBe('no channel is configured under notify:');
    await first.stop();
    const phone = scriptedChannel('phone', clock);
    await world.boot([phone]);
    await settle();
    expect(phone.receipts).toHaveLength(1);
  });

  test('a channel taken out of the configuration drops its deliveries; a message it alone had goes to the new one', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const [phone, desk] = [scriptedChannel('phone', clock), scriptedChannel('desk', clock)];
    phone.answer = () => DOWN;
    const first = await world.boot([phone]);
    await first.enqueue({ text: 'x' });
    await settle();
    first.kill();
    const second = await world.boot([desk]);
    await settle();
    expect(second.messages.deliveriesOf(1).map(({ channel, state, error }) => [channel, state, error])).toEqual([
      ['desk', 'sent', null],
      ['phone', 'dropped', 'the channel was removed from the configuration'],
    ]);
  });

  test('secrets do not leave in messages, and a failing channel does not put them in its record [REDACT-EVERY-SINK]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    phone.answer = () => ({ received: true, result: { kind: 'retry', error: 'no hunter2 here' } });
    const life = await world.boot([phone], { redact: (text) => text.replaceAll('hunter2', '[redacted]') });
    await life.enqueue({ text: 'the password is hunt\u0007er2' });
    await settle();
    expect(phone.receipts[0]?.text).toBe('the password is [redacted]');
    expect(life.messages.deliveriesOf(1)[0]?.error).toBe('no [redacted] here');
  });

  test('1 000 alerts about 5 topics in a minute, restarted half-way: windows hold, nothing vanishes, a reply leaves at once [WINDOW-NOTHING-VANISHES]', async () => {
    const clock = new FakeClock();
    await using world = makeWorld(clock);
    const phone = scriptedChannel('phone', clock);
    let life = await world.boot([phone]);
    let lastAfterReply: string | undefined;
    for (let n = 0; n < 1_000; n += 1) {
      await life.enqueue({ text: `alert ${n}`, topic: `topic ${n % 5}` });
      if (n % 10 === 9) await clock.advance(600);
      if (n === 500) {
        life.kill();
        life = await world.boot([phone]);
        await life.enqueue({ ...(await life.ask()), text: 'reply' });
        await settle();
        lastAfterReply = phone.receipts.at(-1)?.text;
      }
      if (n === 700) await life.withdraw({ topic: 'topic 3', text: 'topic 3 is fine' });
    }
    await clock.advance(14 * 3_600_000);
    expect(lastAfterReply).toBe('reply');
    const proactive = phone.receipts.filter(({ kind }) => kind === 'proactive');
    expect(mostIn(15_000, proactive)).toBe(2);
    expect(mostIn(3_600_000, proactive)).toBe(6);
    const rows = life.messages.list({ limit: 2_000 });
    expect(rows).toHaveLength(1_002);
    expect(rows.filter((row) => !endedWell(row))).toEqual([]);
    const told = rows.filter(({ state }) => state === 'sent' || state === 'withdrawn');
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(1_002);
  });
});

function endedWell({
  state,
  reason,
  intoId,
}: {
  state: string;
  reason: string | null;
  intoId: number | null;
}): boolean {
  if (state === 'sent') return true;
  return state === 'coalesced' ? intoId !== null : state !== 'queued' && reason !== null;
}

function journal(database: { statement(sql: string): { all<Row>(): Row[] } }): string[] {
  return database
    .statement('SELECT kind, ref, text FROM journal ORDER BY id')
    .all<{ kind: string; ref: string; text: string }>()
    .map(({ kind, ref, text }) => `${kind} ${ref} ${text}`);
}
