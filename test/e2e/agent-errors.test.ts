import { describe, expect, test } from 'vitest';
import { readAgent } from '../../proof/lib/agent-box.ts';
import { freePort } from '../../proof/lib/daemon.ts';
import { postGithub } from '../../proof/lib/sender.ts';
import { errorBody, startMessagesServer, text, toolUse, type ScriptedReply } from '../fakes/messages-server.ts';
import { advanceUntil, openBox, until, type AgentBox } from './agent-box.ts';

/** How long the owner may wait for a word: five tries at thirty seconds. */
const ANSWER_MS_MAX = 160_000;
const HOUR_MS = 3_600_000;

const refused = (status: number, type: string, headers = {}): ScriptedReply => ({
  status,
  headers,
  body: errorBody(type, 'scripted'),
});
const EVENTS = { 'content-type': 'text/event-stream' };
const ANSWER: ScriptedReply = { blocks: [text('All is well.')] };

/** Passes, whatever is asked afterwards. */
const PASSING: Readonly<Record<string, { reply: ScriptedReply; says: RegExp }>> = {
  'overloads (529)': { reply: refused(529, 'overloaded_error'), says: /529 \(overloaded_error\)/ },
  'limits and says until when (429)': {
    reply: refused(429, 'rate_limit_error', { 'retry-after': '300' }),
    says: /429 \(rate_limit_error\).*again at 2026-11-02T12:05:\d\d\+00:00/,
  },
  'limits again and again for a moment (429)': {
    reply: refused(429, 'rate_limit_error', { 'retry-after': '20' }),
    says: /429 \(rate_limit_error\)/,
  },
  'fails (500)': { reply: refused(500, 'api_error'), says: /500 \(api_error\)/ },
  'sends a stream that is none': {
    reply: { status: 200, headers: EVENTS, body: 'event: message_start\ndata: {nonsense\n\n' },
    says: /broke off/,
  },
  'breaks the stream in the middle': { reply: { blocks: [text('Half of it')], cutAfter: 4 }, says: /broke off/ },
  'hangs up': { reply: { fault: 'closes' }, says: /broke off/ },
};

describe('a question whose model', () => {
  test.each(Object.entries(PASSING))(
    '%s is answered honestly in bounded time, and truly when it is back [E2E-MODEL-ERRORS]',
    async (_name, { reply, says }) => {
      let well = false;
      await using model = await startMessagesServer(() => (well ? ANSWER : reply));
      await using box = await openBox({ model: model.url });
      const { event, job } = await box.say('how are you?');
      const askedMs = box.clock.wallMs();
      const [word] = await firstReplies(box, event, 5_000);
      expect(box.clock.wallMs() - askedMs).toBeLessThanOrEqual(ANSWER_MS_MAX);
      expect(word).toMatch(/^The model can't be had: /);
      expect(word).toMatch(says);
      expect(await box.ends(job, 'queued')).toMatchObject({ attempts: 0 });
      const asked = model.requests.length;
      expect(asked).toBeLessThanOrEqual(5);
      well = true;
      await advanceUntil(box.clock, 60_000, 'the answer', async () => (await box.replies(event))[1]);
      expect((await box.replies(event)).slice(1)).toEqual(['All is well.']);
      expect(model.requests).toHaveLength(asked + 1);
      const { spend } = readAgent(box.home);
      expect(spend).toHaveLength(asked + 1);
      expect(spend.every(({ charged_micro_usd: charged }) => charged !== null && charged >= 0)).toBe(true);
    },
  );

  test('is not there at all is said to whoever asks at a terminal, and to whoever asks again [E2E-MODEL-ERRORS]', async () => {
    await using box = await openBox({ model: `http://127.0.0.1:${await freePort()}` });
    const waiting = box.kairos('say', 'are', 'you', 'there?');
    let ended = false;
    void waiting.then(() => (ended = true));
    await advanceUntil(box.clock, 1_000, 'it is told', () => (ended ? true : undefined));
    const { code, stderr } = await waiting;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/can't be had: .*ECONNREFUSED.*I try again at/) as string,
    });
  });

  test.each([
    ['refuses the key (401)', refused(401, 'authentication_error'), /401 \(authentication_error\) \(MODEL_REFUSED\)/],
    [
      'declines',
      { blocks: [text('I will not.')], stop: 'refusal' },
      /declined to go on with this\. Last words: I will not/,
    ],
  ] as const)('%s ends with that word, asked once [E2E-MODEL-ERRORS]', async (_name, reply, says) => {
    await using model = await startMessagesServer(() => reply);
    await using box = await openBox({ model: model.url });
    const { event, job } = await box.say('how are you?');
    await box.ends(job, 'failed');
    expect(await box.replies(event)).toEqual([expect.stringMatching(says)]);
    await box.clock.advance(HOUR_MS);
    expect(model.requests).toHaveLength(1);
  });

  test('has reached its spending limit is not asked again, by nobody, before that ends [E2E-MODEL-ERRORS, MODEL-SPEND-CAP-FINAL]', async () => {
    // Without `retry-after`, in the words of the API: the month is over for it.
    await using model = await startMessagesServer([refused(429, 'rate_limit_error'), ANSWER]);
    await using box = await openBox({ model: model.url });
    for (const words of ['first', 'second', 'third']) {
      const { event, job } = await box.say(words);
      await box.ends(job, 'failed');
      expect(await box.replies(event)).toEqual([expect.stringContaining('(MODEL_SPEND_CAP)')]);
      await box.clock.advance(2 * HOUR_MS);
    }
    expect(model.requests).toHaveLength(1);
    await box.kairos('start', '--agent');
    await box.ends((await box.say('fourth')).job, 'succeeded');
    expect(model.requests).toHaveLength(2);
  });
});

describe('work of its own', () => {
  test('sheds while the model is overloaded, ever more rarely, and comes back [E2E-MODEL-ERRORS]', async () => {
    const config = {
      subscriptions: [{ name: 'triage', source: 'github', event: 'issues', do: 'agent', prompt: 'Triage.' }],
    };
    let well = false;
    await using model = await startMessagesServer(() => (well ? ANSWER : refused(529, 'overloaded_error')));
    await using box = await openBox({ model: model.url, config });
    await postGithub(box.daemon.url, { id: 'one', event: 'issues', body: Buffer.from('{"action":"opened"}') });
    await until('it is put off', () => (model.requests.length === 1 ? true : undefined));
    await box.ends('j1', 'queued');
    for (let minutes = 0; minutes < 60; minutes += 1) await step(box);
    // After 5, 15 and 35 minutes.
    expect(model.requests).toHaveLength(4);
    expect(await box.messages()).toEqual([]);
    well = true;
    await advanceUntil(box.clock, 300_000, 'it is done', async () =>
      (await box.job('j1')).state === 'succeeded' ? true : undefined,
    );
    expect(model.requests).toHaveLength(5);
  });

  test('does not lose a reply that was cut in the middle of a tool call: the call is not made [E2E-MODEL-ERRORS]', async () => {
    const cut: ScriptedReply = {
      blocks: [toolUse('write', { path: 'made.txt', content: 'x' }, 'toolu_1')],
      cutAfter: 4,
    };
    await using model = await startMessagesServer([cut, ANSWER]);
    await using box = await openBox({ model: model.url });
    const { event, job } = await box.say('write it');
    await advanceUntil(box.clock, 1_000, 'the answer', async () =>
      (await box.job(job)).state === 'succeeded' ? true : undefined,
    );
    expect(await box.replies(event)).toEqual(['All is well.']);
    expect(model.requests.map(({ body }) => body.messages.length)).toEqual([1, 1]);
    expect(readAgent(box.home).calls).toEqual([]);
  });
});

/** Passes time until the owner has heard something. */
async function firstReplies(box: AgentBox, event: string, stepMs: number): Promise<readonly string[]> {
  return advanceUntil(box.clock, stepMs, 'the owner hears something', async () => {
    const replies = await box.replies(event);
    return replies.length > 0 ? replies : undefined;
  });
}

/** A minute, in which what is under way over HTTP comes to its end. */
async function step(box: AgentBox): Promise<void> {
  await box.clock.advance(60_000);
  await until('nothing runs', async () => {
    const { items } = await box.get<{ items: unknown[] }>('/api/jobs?state=running');
    return items.length === 0 ? true : undefined;
  });
}
