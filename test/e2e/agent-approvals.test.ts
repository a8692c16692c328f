import { existsSync, readFileSync, symlinkSync, unlinkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startFakeTelegram, type FakeTelegram } from '../fakes/telegram.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startMessagesServer, text, toolUse, type ScriptedReply } from '../fakes/messages-server.ts';
import { openBox, until, type AgentBox } from './agent-box.ts';

const HOUR_MS = 3_600_000;
const OWNER = { id: 42, first_name: 'Ann' };
const STRANGER = { id: 666, first_name: 'Mallory' };

/** A call that only the owner may allow: the file is protected. */
const wanted = (id: string, content = 'layout node\n'): ScriptedReply => ({
  blocks: [toolUse('write', { path: '.envrc', content }, id)],
});
const over = (words: string): ScriptedReply => ({ blocks: [text(words)] });

interface Approval {
  readonly id: string;
  readonly state: string;
  readonly hash: string;
  readonly shown: string;
  readonly decidedBy: string | null;
}

const pending = (box: AgentBox): Promise<Approval> =>
  until('something waits for the owner', async () => {
    const { items } = await box.get<{ items: Approval[] }>('/api/approvals?state=pending');
    return items[0];
  });

const written = (box: AgentBox): string | undefined => {
  const path = join(box.repository, '.envrc');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
};

describe('a call that only the owner may allow', () => {
  test('waits, with the lane free, and is made once the owner says so: by CLI, by API, by words [E2E-APPROVALS]', async () => {
    const roads: Record<string, (box: AgentBox, id: string) => Promise<unknown>> = {
      cli: (box, id) => box.kairos('approvals', 'allow', id),
      api: (box, id) => box.post(`/api/approvals/${id}`, { decision: 'allow' }),
      words: (box, id) => box.kairos('say', `allow ${id}`),
    };
    await using model = await startMessagesServer();
    await using box = await openBox({ model: model.url });
    for (const [road, allow] of Object.entries(roads)) {
      model.add(wanted(`toolu_${road}`, `${road}\n`), over('In between.'), over(`Written by ${road}.`));
      const asked = await box.say(`write it (${road})`);
      const { id } = await pending(box);
      expect(written(box)).not.toBe(`${road}\n`);
      // The lane is free while it waits.
      const second = await box.say('and how are you?');
      await box.ends(second.job);
      expect(await box.replies(second.event)).toEqual(['In between.']);
      expect((await box.job(asked.job)).state).toBe('queued');
      await allow(box, id);
      expect(await box.ends(asked.job)).toMatchObject({ state: 'succeeded' });
      expect(written(box)).toBe(`${road}\n`);
      expect((await box.replies(asked.event)).at(-1)).toBe(`Written by ${road}.`);
    }
  });

  test('is not made when the owner denies it, nor when nobody answers in time [E2E-APPROVALS, APPROVAL-EXPIRY-IS-NO]', async () => {
    await using model = await startMessagesServer([
      wanted('toolu_1'),
      over('Then not.'),
      wanted('toolu_2'),
      over('Nobody said yes.'),
    ]);
    const config = { agent: { approvals: { expiry: '30m' } } };
    await using box = await openBox({ model: model.url, config });
    const denied = await box.say('write it');
    const ended = await box.kairos('approvals', 'deny', (await pending(box)).id, 'too', 'risky');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    await box.ends(denied.job);
    expect(model.requests[1]?.raw).toContain('The owner said no to this call. Their words: too risky');
    const asked = await box.say('write it now');
    const { id } = await pending(box);
    await box.clock.advance(HOUR_MS / 2 + 1_000);
    await box.ends(asked.job);
    expect(model.requests[3]?.raw).toContain('Nobody answered in time, which is a no.');
    expect(await box.get(`/api/approvals/${id}`)).toMatchObject({ state: 'expired' });
    const late = await box.kairos('approvals', 'allow', id);
    expect(late.code).toBe(1);
    expect(written(box)).toBeUndefined();
  });

  test('is not made when its target has changed since the owner saw it [E2E-APPROVALS, APPROVAL-BOUND]', async () => {
    await using model = await startMessagesServer([
      { blocks: [toolUse('write', { path: 'conf/.envrc', content: 'x\n' }, 'toolu_1')] },
      over('It was something else.'),
    ]);
    await using box = await openBox({ model: model.url });
    mkdirSync(join(box.repository, 'elsewhere'));
    mkdirSync(join(box.repository, 'real'));
    symlinkSync('real', join(box.repository, 'conf'));
    const asked = await box.say('write it');
    const { id, shown } = await pending(box);
    expect(shown).toContain(join(box.repository, 'real/.envrc'));
    unlinkSync(join(box.repository, 'conf'));
    symlinkSync('elsewhere', join(box.repository, 'conf'));
    await box.post(`/api/approvals/${id}`, { decision: 'allow' });
    await box.ends(asked.job);
    expect(model.requests[1]?.raw).toContain('The owner allowed something else');
    expect(['real', 'elsewhere'].map((name) => existsSync(join(box.repository, name, '.envrc')))).toEqual([
      false,
      false,
    ]);
  });
});

describe('on Telegram', () => {
  test('a stranger’s press is refused, the owner’s allows the call, and the message shows the outcome [E2E-APPROVALS]', async () => {
    const clock = new FakeClock();
    await using telegram = await startFakeTelegram(clock);
    await using model = await startMessagesServer([wanted('toolu_1'), over('Written.')]);
    await using box = await openBox({ model: model.url, clock, ...chatting(telegram) });
    said(telegram, 'write it');
    const message = await until('the question is in the chat', () => telegram.messages[0]);
    expect(message.text).toContain('May I? write (HIGH');
    const buttons = (
      message.keyboard as { inline_keyboard: { text: string; callback_data: string }[][] }
    ).inline_keyboard.flat();
    expect(buttons.map(({ text: label }) => label)).toEqual(['✅ Allow', '⛔ Deny']);
    const press = (from: object, data: string): void =>
      void telegram.happen({
        callback_query: { id: 'cb', from, message: { message_id: message.message_id, chat: CHAT }, data },
      });
    press(STRANGER, buttons[0]?.callback_data ?? '');
    await until('the stranger is told', () => (telegram.alerts.length > 0 ? true : undefined));
    expect(telegram.alerts[0]).toMatchObject({ text: expect.stringContaining('not on the allow list') as string });
    expect(await pending(box)).toMatchObject({ state: 'pending' });
    press(OWNER, buttons[0]?.callback_data ?? '');
    await until('the answer is in the chat', () => telegram.messages.find(({ text: words }) => words === 'Written.'));
    expect(written(box)).toBe('layout node\n');
    await until('the question shows its outcome', () => (message.text.includes('allowed by Ann') ? true : undefined));
    expect(message.keyboard ?? undefined).not.toEqual(
      expect.objectContaining({ inline_keyboard: [expect.anything()] }),
    );
  });
});

const CHAT = { id: 123456, type: 'private' };

function chatting({ url, token, chat }: FakeTelegram) {
  return {
    config: { notify: [{ kind: 'telegram', chat, allow: [OWNER.id], receive: 'polling' }] },
    env: { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: url },
  };
}

function said(telegram: FakeTelegram, words: string): void {
  telegram.happen({ message: { message_id: 7, from: OWNER, chat: CHAT, text: words } });
}
