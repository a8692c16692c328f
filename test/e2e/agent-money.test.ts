import { describe, expect, test } from 'vitest';
import { readAgent } from '../../proof/lib/agent-box.ts';
import { postGithub } from '../../proof/lib/sender.ts';
import {
  startMessagesServer,
  text,
  toolUse,
  type ApiBlock,
  type ReceivedRequest,
  type ScriptedReply,
} from '../fakes/messages-server.ts';
import { FakeClock } from '../fakes/clock.ts';
import { openBox, until } from './agent-box.ts';

/** A reply with so many tokens of output at most, at $20 a million; never more than it was allowed. */
const dear =
  (outputTokens: number, ...blocks: readonly ApiBlock[]) =>
  ({ body }: ReceivedRequest): ScriptedReply => ({
    blocks,
    usage: { input_tokens: 1_000, output_tokens: 1 },
    finalUsage: { output_tokens: Math.min(outputTokens, body.max_tokens) },
  });
const look = (id: string): ApiBlock => toolUse('git', { args: ['status', '--short'] }, id);

describe('money', () => {
  test('that a run has used up ends it with a clear message, and the next question is still answered [E2E-MONEY]', async () => {
    await using model = await startMessagesServer((received, index) => dear(15_000, look(`toolu_${index}`))(received));
    await using box = await openBox({ model: model.url });
    const { event, job } = await box.say('look around for ever');
    expect(await box.ends(job)).toMatchObject({ state: 'failed' });
    // Three replies of 30 cents, and a short one for the rest of the dollar.
    expect(model.requests.map(({ body }) => body.max_tokens)).toEqual([16_000, 16_000, 16_000, expect.any(Number)]);
    const [reply, ...more] = await box.replies(event);
    expect(reply).toMatch(/the budget of this run is spent \(\$0\.9\d\).*budget\.money\.perRun.*BUDGET_SPENT/);
    expect(more).toEqual([]);
    const other = await box.say('/new one more');
    await until('it is asked again', () => (model.requests.length > 4 ? true : undefined));
    await box.ends(other.job);
  });

  test('of the day that is used up ends work of its own first, then what the owner asks, who is told why; the digest shows it [E2E-MONEY]', async () => {
    const config = {
      budget: { money: { perDay: 1, perRun: 1, ownerShare: 0.66 } },
      subscriptions: [{ name: 'triage', source: 'github', event: 'issues', do: 'agent', prompt: 'Triage.' }],
    };
    await using model = await startMessagesServer((received, index) =>
      dear(16_000, text(`Answer ${index}.`))(received),
    );
    await using box = await openBox({ model: model.url, config, clock: new FakeClock(Date.UTC(2026, 10, 2, 23)) });
    await box.ends((await box.say('question 1')).job);
    // A third of the dollar is spent, and two thirds of it are the owner's.
    await postGithub(box.daemon.url, { id: 'one', event: 'issues', body: Buffer.from('{"action":"opened"}') });
    const triage = await box.ends('j2');
    expect(triage.error).toMatch(/the rest of today's budget is kept for what the owner asks.*ownerShare/);
    await box.ends((await box.say('question 2')).job, 'succeeded');
    await box.ends((await box.say('question 3')).job, 'succeeded');
    const asked = model.requests.length;
    const refused = await box.say('question 4');
    await box.ends(refused.job, 'failed');
    expect((await box.replies(refused.event))[0]).toMatch(
      /today's budget is spent \(\$0\.9\d\).*budget\.money\.perDay/,
    );
    expect(model.requests).toHaveLength(asked);
    const { stdout } = await box.kairos('digest', '2026-11-02');
    expect(stdout).toMatch(
      /What failed\n\n- job j2 .*kept for what the owner asks.*\n- job j5 .*today's budget is spent/,
    );
    expect(stdout).toContain(`- Spent: $0.97 for ${asked} requests, 51 000 tokens (claude-opus-5-5)\n`);
    // A new day, a new budget.
    await box.clock.advance(3_600_000);
    expect(await box.ends((await box.say('question 5')).job)).toMatchObject({ state: 'succeeded' });
  });

  test('adds up: every request is in the account at its price, silent turns and the fast model too [E2E-MONEY]', async () => {
    const config = {
      subscriptions: [{ name: 'triage', source: 'github', event: 'issues', do: 'agent', prompt: 'Triage.' }],
    };
    const usage = {
      input_tokens: 700,
      cache_creation_input_tokens: 300,
      cache_read_input_tokens: 2_000,
      output_tokens: 1,
    };
    const of = (...blocks: readonly ApiBlock[]): ScriptedReply => ({
      blocks,
      usage,
      finalUsage: { output_tokens: 40 },
    });
    await using model = await startMessagesServer(({ body }, index) => {
      if (body.model.includes('haiku')) return of(text('RUN'));
      return index === 0
        ? of(toolUse('write', { path: 'note.md', content: 'x' }, 'toolu_1'))
        : of(text('Nothing to report.'));
    });
    await using box = await openBox({ model: model.url, config });
    await postGithub(box.daemon.url, { id: 'one', event: 'issues', body: Buffer.from('{"action":"opened"}') });
    await box.ends('j1', 'succeeded');
    expect(model.requests.map(({ body }) => body.model)).toEqual([
      'claude-opus-5-5',
      'claude-haiku-5-5',
      'claude-opus-5-5',
    ]);
    expect(await box.messages()).toEqual([]);
    const lead = 700 * 4 + 300 * 5 + 2_000 * 0.2 + 40 * 20;
    const fast = Math.ceil(700 * 0.1 + 300 * 0.125 + 2_000 * 0.01 + 40 * 0.5);
    const { code, stdout } = await box.kairos('cost', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      todayUsd: (2 * lead + fast) / 1e6,
      reservedUsd: 0,
      items: [
        { model: 'claude-opus-5-5', purpose: 'turn', requests: 2, usd: (2 * lead) / 1e6, outputTokens: 80 },
        { model: 'claude-haiku-5-5', purpose: 'classify', requests: 1, usd: fast / 1e6, inputTokens: 700 },
      ],
    });
    const { spend, sessions } = readAgent(box.home);
    expect(spend.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(sessions[0]?.spent_micro_usd).toBe(2 * lead);
  });
});

describe('the kill switch', () => {
  test('cuts a running stream at once; what was held goes on after `start --agent` [E2E-MONEY]', async () => {
    await using model = await startMessagesServer([
      { blocks: [text('A long story, and it goes on')], silentAfter: 4 },
      { blocks: [text('The whole story.')] },
    ]);
    await using box = await openBox({ model: model.url });
    const { event, job } = await box.say('tell me a story');
    await until('the stream is under way', () => (model.held === 1 ? true : undefined));
    expect((await box.kairos('stop', '--agent')).code).toBe(0);
    await until('the stream is cut', () => (model.held === 0 ? true : undefined));
    expect(await box.ends(job, 'queued')).toMatchObject({
      error: expect.stringContaining('stopped by hand') as string,
    });
    // Nothing is asked meanwhile, whoever asks, and that is said.
    const other = await box.say('and now?');
    await box.ends(other.job);
    expect((await box.replies(other.event))[0]).toContain('The agent was stopped (kairos start --agent');
    await box.clock.advance(3_600_000);
    expect(model.requests).toHaveLength(1);
    expect((await box.kairos('start', '--agent')).code).toBe(0);
    await box.ends(job, 'succeeded');
    expect(await box.replies(event)).toEqual(['The whole story.']);
    // The cut stream is paid for: its input, as the API counted it, and what had come.
    const { spend } = readAgent(box.home);
    expect(spend.map(({ outcome }) => outcome)).toEqual(['cut', 'ok']);
    expect(spend.every(({ charged_micro_usd: charged }) => (charged ?? -1) > 0)).toBe(true);
  });
});
