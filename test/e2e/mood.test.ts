import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startMessagesServer, text } from '../fakes/messages-server.ts';
import { startReceiver } from '../fakes/receiver.ts';
import { advanceUntil, type AgentBox, GITHUB_SECRET, openBox, readText, until } from './agent-box.ts';

const QUIET = 'Understood: for 30 minutes I say nothing unasked ("unmute" ends that).';
const SUBSCRIPTIONS = [
  { name: 'pushed', source: 'github', event: 'push', do: 'notify', topic: '{ref}', text: 'pushed to {ref}' },
];

let deliveries = 0;

/** Somebody pushes; resolves when the message that tells of it is there. */
async function push(box: AgentBox, ref: string): Promise<void> {
  const body = Buffer.from(JSON.stringify({ ref, repository: { full_name: 'acme/app' } }));
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': `push-${(deliveries += 1)}`,
    'x-hub-signature-256': `sha256=${createHmac('sha256', GITHUB_SECRET).update(body).digest('hex')}`,
  };
  const { status } = await fetch(`${box.daemon.url}/webhooks/github`, { method: 'POST', headers, body });
  expect(status).toBe(202);
  await until(`a message of ${ref}`, () => stateOf(box, ref));
}

async function stateOf(box: AgentBox, ref: string): Promise<{ state: string; reason: string | null } | undefined> {
  return (await box.messages()).find(({ topic }) => topic === ref);
}

describe('the owner who says "stop spamming me"', () => {
  test('is told no more unasked, reads that, and takes it back with unmute; without a model [MOOD-EFFECTS]', async () => {
    await using phone = await startReceiver();
    await using box = await openBox({
      config: { notify: [{ kind: 'webhook', url: phone.url }], subscriptions: SUBSCRIPTIONS },
    });
    await push(box, 'before');
    await until('the first is sent', async () => (await stateOf(box, 'before'))?.state === 'sent');
    const said = await box.say('stop spamming me');
    await box.ends(said.job);
    expect(await box.replies(said.event)).toEqual([QUIET]);
    await push(box, 'held');
    await until('a reason is given', async () => (await stateOf(box, 'held'))?.reason ?? undefined);
    expect(await stateOf(box, 'held')).toMatchObject({
      state: 'queued',
      reason: expect.stringContaining('everything is muted'),
    });
    await advanceUntil(box.clock, 200, 'the log tells', () => logOf(box).includes('The owner asked for quiet'));
    expect(logOf(box)).not.toContain('spamming');
    expect((await box.kairos('unmute')).code).toBe(0);
    await until('it is sent', async () => (await stateOf(box, 'held'))?.state === 'sent');
  });

  test('is answered by a model that was told how, beside these words, once [MOOD-EFFECTS]', async () => {
    await using model = await startMessagesServer([{ blocks: [text('Done.')] }, { blocks: [text('Two.')] }]);
    await using box = await openBox({ model: model.url });
    const said = await box.say('stop spamming me');
    await box.ends(said.job);
    expect(await box.replies(said.event)).toEqual(['Done.']);
    expect((await box.get<{ mutes: unknown[] }>('/api/budget')).mutes).toMatchObject([{ topic: '' }]);
    await box.ends((await box.say('how many commits are there?')).job);
    const [first, second] = model.requests.map(({ raw }) => raw);
    const tone = 'The owner wants to be left alone';
    expect(first?.split(tone)).toHaveLength(2);
    expect(second?.split(tone)).toHaveLength(2);
  });
});

function logOf(box: AgentBox): string {
  const [year, month, day] = new Date(box.clock.wallMs()).toISOString().slice(0, 10).split('-');
  try {
    return readText(`${box.home}/logs/${year}/${month}/${year}-${month}-${day}.md`);
  } catch {
    return '';
  }
}
