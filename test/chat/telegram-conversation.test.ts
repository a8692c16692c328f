import { describe, expect, test } from 'vitest';
import { eventually } from '../fakes/faulty-server.ts';
import { telegramMessage, telegramPress } from './payloads.ts';
import { openWorld, OWNER, STRANGER, type World } from './world.ts';

const HASH = '0123456789abcdef'.repeat(4);
const EVE = { from: { id: STRANGER, is_bot: false, first_name: 'Eve' } };

/** The next request waits at Telegram: everything before it is taken. */
async function heard({ telegram }: World): Promise<void> {
  await eventually(() => telegram.unconfirmed.length === 0 && telegram.listening === 1);
}

describe('listening to Telegram without an open port', () => {
  test('the owner asks and is answered there only; a stranger is not heard, and the log says so once an hour [CHAT-ALLOW-LIST] [CHAT-STRANGER] [CHAT-SAME-PLACE]', async () => {
    await using world = await openWorld();
    const { telegram, slack } = world;
    const life = await world.begin({ polling: true });
    const alone = { ...EVE, chat: { id: STRANGER, type: 'private' } };
    telegram.happen(telegramMessage('/status', alone));
    telegram.happen(telegramMessage('allow a1', alone));
    telegram.happen(telegramMessage('/status'));
    await heard(world);
    await eventually(() => telegram.messages.length === 1);
    expect(telegram.messages[0]).toMatchObject({ chat: '123456', text: 'All is well.' });
    expect(life.events()).toMatchObject([{ source: 'telegram', delivery: '900003', type: 'message', trust: 'owner' }]);
    expect(life.ledger.messages.list({ limit: 10 })).toMatchObject([
      { kind: 'reactive', replyTo: 1, channel: 'telegram' },
    ]);
    expect(slack.messages).toEqual([]);
    const dropped = world.log.filter(({ message }) => message.includes('not in `allow`'));
    expect(dropped).toMatchObject([{ fields: { sender: '666', name: 'Eve' } }]);
  });

  test('what no rule knows is for the agent, when there is a model [CHAT-USER-EVENT]', async () => {
    await using world = await openWorld();
    const life = await world.begin({ polling: true, modelOn: true });
    world.telegram.happen(telegramMessage('what changed this week?'));
    world.telegram.happen(telegramMessage('status'));
    await heard(world);
    const jobs = life.ledger.jobs.list({ limit: 10 }).toReversed();
    expect(jobs).toMatchObject([
      { kind: 'agent', reactive: true, origin: 'telegram', text: 'what changed this week?', eventId: 1 },
      { kind: 'reply', reactive: true, origin: 'Ann on telegram', text: 'status', eventId: 2 },
    ]);
  });

  test('killed between the commit and the offset, it takes the rest, and nothing twice [CHAT-POLLING-ONCE]', async () => {
    await using world = await openWorld();
    const { telegram } = world;
    world.dieAtSave = 1;
    const first = await world.begin({ polling: true });
    telegram.happen(telegramMessage('status'));
    telegram.happen(telegramMessage('help'));
    await eventually(() => telegram.messages.length === 2);
    expect(telegram.unconfirmed).toHaveLength(2);
    await first.stop();
    world.dieAtSave = Infinity;
    telegram.happen(telegramMessage('mute 2h'));
    const second = await world.begin({ polling: true });
    await heard(world);
    await eventually(() => telegram.messages.length === 3);
    expect(second.events().map(({ delivery }) => delivery)).toEqual(['900001', '900002', '900003']);
    expect(second.ledger.polls.load('chat telegram 123')).toBe('{"offset":900004}');
    // The same bot over its webhook: the same words are the same event.
    const body = JSON.stringify({ update_id: 900_003, ...telegramMessage('mute 2h') });
    expect((await second.post('telegram', body)).body).toContain('"duplicate":true');
  });

  test('faults lose nothing, and Telegram is not hammered [CHAT-POLLING-ONCE]', async () => {
    await using world = await openWorld();
    const { telegram, clock } = world;
    telegram.fail(/getUpdates/, 'broken');
    telegram.fail(/getUpdates/, 'closes');
    telegram.fail(/getUpdates/, 'kept, garbage');
    telegram.fail(/getUpdates/, 'limited');
    telegram.happen(telegramMessage('status'));
    const life = await world.begin({ polling: true });
    const startMs = clock.monoMs();
    for (let seconds = 0; seconds < 120 && telegram.messages.length === 0; seconds += 1) {
      await clock.advance(1_000);
      await eventually(() => telegram.holding === 0);
    }
    await eventually(() => telegram.messages.length === 1);
    expect(life.events()).toHaveLength(1);
    expect(clock.monoMs() - startMs).toBeGreaterThanOrEqual(30_000);
    expect(telegram.seen.filter(({ path }) => path.endsWith('getUpdates')).length).toBeLessThan(8);
    expect(JSON.stringify(world.log)).not.toContain('test-token');
  });

  test('a webhook in the way, another listener and a refused token are told once [CHAT-POLLING-TROUBLE]', async () => {
    await using world = await openWorld();
    const { telegram, clock } = world;
    telegram.webhook = 'https://example.test/hook';
    const life = await world.begin({ polling: true });
    await eventually(() => life.poller?.status().state === 'refused');
    await clock.advance(600_000);
    expect(world.troubles).toEqual([expect.stringContaining('A webhook is set for this bot')]);
    await life.stop();
    const asked = await world.begin({ polling: true, deletesWebhook: true });
    await eventually(() => asked.poller?.status().state === 'ok' || telegram.listening === 1);
    expect(telegram.webhook).toBe('');
    telegram.refuse('getUpdates', 409, 'Conflict: terminated by other getUpdates request; make sure that only one');
    telegram.happen(telegramMessage('status'));
    await eventually(() => asked.poller?.status().state === 'refused');
    expect(world.troubles[1]).toContain('Another program');
    await clock.advance(60_000);
    telegram.refuse('getUpdates', 401, 'Unauthorized');
    telegram.happen(telegramMessage('status'));
    await eventually(() => world.troubles.length === 3);
    expect(world.troubles[2]).toContain('TELEGRAM_BOT_TOKEN');
  });
});

describe('buttons on Telegram', () => {
  async function asked(world: World) {
    const life = await world.begin({ polling: true });
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
      { ...draft, text: 'a3: may I run `git push`?', approvalId: 3, channel: 'telegram' },
      world.clock.wallMs(),
    );
    life.outbox.wake();
    await eventually(() => world.telegram.messages.length === 1);
    return life;
  }

  test('decide what was shown, once; the message then shows who and when [CHAT-BUTTONS-BOUND]', async () => {
    await using world = await openWorld();
    const { telegram } = world;
    const life = await asked(world);
    const yes = `a:3:${HASH.slice(0, 12)}:y`;
    expect(telegram.messages[0]?.keyboard).toEqual({
      inline_keyboard: [
        [
          { text: '✅ Allow', callback_data: yes },
          { text: '⛔ Deny', callback_data: `a:3:${HASH.slice(0, 12)}:n` },
        ],
      ],
    });
    telegram.happen(telegramPress(yes, STRANGER));
    await eventually(() => telegram.alerts.length === 1);
    expect(telegram.alerts[0]).toMatchObject({
      text: expect.stringContaining('not on the allow list'),
      show_alert: true,
    });
    expect(world.decisions).toEqual([]);
    telegram.happen(telegramPress(yes));
    await eventually(() => telegram.messages[0]?.edits === 1);
    expect(telegram.messages[0]).toMatchObject({
      text: 'a3: may I run `git push`?\n\n✅ a3 allowed by Ann on telegram, 13:00',
      keyboard: undefined,
    });
    expect(world.decisions).toEqual([
      { id: 3, hashPrefix: '0123456789ab', verdict: 'allow', by: 'Ann on telegram', answer: null },
    ]);
    expect(life.events()).toMatchObject([
      { trust: 'outside', jobs: [] },
      { type: 'callback_query', trust: 'owner' },
    ]);
    // Too late for the other button, and that is said.
    telegram.happen(telegramPress(`a:3:${HASH.slice(0, 12)}:n`));
    await eventually(() => telegram.messages.length === 2);
    expect(telegram.messages[1]?.text).toMatch(/^Too late: a3 was allowed by Ann on telegram/);
    expect(world.approvals.get(3)?.state).toBe('allowed');
  });

  test('of another call decide nothing; an answer typed elsewhere takes them away too [CHAT-BUTTONS-BOUND] [CHAT-COMMANDS]', async () => {
    await using world = await openWorld();
    const { telegram } = world;
    await asked(world);
    telegram.happen(telegramPress('a:3:ffffffffffff:y'));
    await eventually(() => telegram.messages.length === 2);
    expect(telegram.messages[1]?.text).toContain('not of what a3 asks for now');
    telegram.happen(telegramMessage('deny a3'));
    await eventually(() => telegram.messages.length === 3 && telegram.messages[0]?.edits === 1);
    expect(telegram.messages[2]?.text).toBe('a3 is denied.');
    expect(telegram.messages[0]?.text).toContain('⛔ a3 denied by Ann on telegram');
  });

  test('are taken away after a restart as well, and when the time for an answer is over [CHAT-BUTTONS-BOUND]', async () => {
    await using world = await openWorld();
    const { telegram, clock } = world;
    const life = await asked(world);
    await life.stop();
    const approval = world.approvals.get(3);
    if (approval !== undefined) world.approvals.set(3, { ...approval, state: 'expired', decidedAtMs: clock.wallMs() });
    telegram.fail(/editMessageText/, 'broken');
    await world.begin();
    await eventually(() => telegram.seen.some(({ path }) => path.endsWith('editMessageText')));
    await clock.advance(30_000);
    await eventually(() => telegram.messages[0]?.edits === 1);
    expect(telegram.messages[0]).toMatchObject({ text: expect.stringContaining('expired unanswered: that is a no') });
    expect(telegram.messages[0]?.keyboard).toBe(undefined);
  });
});

test('words of the owner by webhook are owner events; a retry is a duplicate [CHAT-USER-EVENT]', async () => {
  await using world = await openWorld();
  const life = await world.begin();
  const body = JSON.stringify({ update_id: 5, ...telegramMessage('status', { from: { id: OWNER, is_bot: false } }) });
  expect(await life.post('telegram', body)).toEqual({ status: 202, body: '{"id":"e1","duplicate":false}' });
  expect(await life.post('telegram', body)).toEqual({ status: 200, body: '{"id":"e1","duplicate":true}' });
  const alone = JSON.stringify({
    update_id: 6,
    ...telegramMessage('hi', { ...EVE, chat: { id: STRANGER, type: 'private' } }),
  });
  expect(await life.post('telegram', alone)).toEqual({ status: 200, body: '{}' });
  await eventually(() => world.telegram.messages.length === 1);
  expect(life.events()).toHaveLength(1);
});
