import { describe, expect, test } from 'vitest';
import type { Asked } from '../../src/agent/ports.ts';
import type { Charge } from '../../src/agent/ask.ts';
import { reserveMicroUsd } from '../../src/agent/prices.ts';
import { eventually } from '../fakes/faulty-server.ts';
import { errorBody, startMessagesServer, text, toolUse } from '../fakes/messages-server.ts';
import { scalar } from '../ledger/make.ts';
import { startAimock } from './aimock.ts';
import { askingAt, context, DAY } from './make-money.ts';
import { request } from './make-model.ts';

const never = new AbortController().signal;
const busy = { status: 529, body: errorBody('overloaded_error', 'busy') };
const good = {
  blocks: [text('Here you are.')],
  usage: { input_tokens: 1_000, output_tokens: 1 },
  finalUsage: { output_tokens: 200 },
};
const GOOD_MICRO_USD = 1_000 * 4 + 200 * 20;

const chargeOf = (answer: Asked<Charge>): Charge => {
  if (answer.charge === undefined) throw new Error('a charge was expected');
  return answer.charge;
};

describe('asking', () => {
  test('reserves the most it can cost, then charges what it did, with the reply [MONEY-RESERVE]', async () => {
    await using mock = await startAimock([{ text: 'Here you are.', usage: { input: 1_000, output: 200 } }]);
    using given = askingAt(mock.url);
    const answer = await given.ask(request(), context(), never);
    expect(answer).toMatchObject({ kind: 'reply', charge: { microUsd: GOOD_MICRO_USD, outcome: 'ok' } });
    const reserved = reserveMicroUsd(request(), given.ports.prices());
    expect([given.spend.day(DAY), given.spend.open()]).toEqual([reserved, reserved]);
    await given.spend.charge(chargeOf(answer), given.clock.wallMs());
    expect([given.spend.day(DAY), given.spend.run(1), given.spend.open()]).toEqual([GOOD_MICRO_USD, GOOD_MICRO_USD, 0]);
    expect(given.spend.days({ limit: 7 })).toMatchObject([
      { day: DAY, model: 'claude-opus-5-5', purpose: 'turn', requests: 1, inputTokens: 1_000, outputTokens: 200 },
    ]);
  });

  test('waits as long as retry-after says, not sooner, and asks again [MODEL-RETRY]', async () => {
    const limited = { status: 429, headers: { 'retry-after': '30' }, body: errorBody('rate_limit_error', 'slow') };
    await using server = await startMessagesServer([limited, good]);
    using given = askingAt(server.url);
    const asked = given.ask(request(), context(), never);
    await eventually(() => given.log.lines.length === 1);
    await given.clock.advance(29_999);
    expect(server.requests).toHaveLength(1);
    await given.clock.advance(1_001);
    expect(await asked).toMatchObject({ kind: 'reply' });
    expect(server.requests).toHaveLength(2);
    expect(
      scalar(given.database, "SELECT count(*) FROM spend WHERE outcome = 'failed' AND charged_micro_usd = 0"),
    ).toBe(1);
  });

  test('lays aside until then what is told to wait for longer than ten minutes [MODEL-RETRY]', async () => {
    await using server = await startMessagesServer([
      { status: 429, headers: { 'retry-after': '3600' }, body: errorBody('rate_limit_error', 'slow') },
    ]);
    using given = askingAt(server.url);
    const answer = await given.ask(request(), context(), never);
    expect(answer).toMatchObject({ kind: 'later', untilMs: given.clock.wallMs() + 3_600_000, charge: { microUsd: 0 } });
  });

  test('lays background work aside at the first overload, each time for longer [MODEL-RETRY]', async () => {
    await using server = await startMessagesServer(() => busy);
    using given = askingAt(server.url);
    const delays: number[] = [];
    for (const jobId of [1, 2, 3]) {
      const answer = await given.ask(request(), context({ jobId, reactive: false }), never);
      if (answer.kind === 'later') delays.push(answer.untilMs - given.clock.wallMs());
    }
    expect(delays).toEqual([300_000, 600_000, 1_200_000]);
    expect(server.requests).toHaveLength(3);
  });

  test('asks the fallback after three overloads in a row, at its own price and without the thoughts of the first [MODEL-FALLBACK]', async () => {
    await using server = await startMessagesServer([busy, busy, busy, good]);
    using given = askingAt(server.url, { fallback: () => 'claude-sonnet-5-5' });
    const thought = { type: 'thinking', thinking: 'hm', signature: 's' };
    const turns = [
      ...request().turns,
      { role: 'assistant' as const, blocks: [{ kind: 'opaque' as const, model: 'claude-opus-5-5', block: thought }] },
      { role: 'user' as const, blocks: [{ kind: 'text' as const, text: 'and?' }] },
    ];
    const asked = given.ask(request({ turns }), context(), never);
    for (const count of [1, 2]) {
      await eventually(() => given.log.lines.length >= count);
      await given.clock.advance(5_000);
    }
    const answer = await asked;
    expect(answer).toMatchObject({ kind: 'reply', charge: { microUsd: GOOD_MICRO_USD / 2 } });
    expect(server.requests.map(({ body }) => body.model)).toEqual([
      ...Array.from({ length: 3 }, () => 'claude-opus-5-5'),
      'claude-sonnet-5-5',
    ]);
    expect(server.requests.map(({ raw }) => raw.includes('thinking'))).toEqual([true, true, true, false]);
  });

  test('never asks again once the spending limit of the API is reached, until the next month [MODEL-SPEND-CAP-FINAL]', async () => {
    const cap = {
      status: 429,
      body: errorBody('rate_limit_error', 'cap', { error_code: 'enforced_spend_limit_reached' }),
    };
    await using server = await startMessagesServer([cap, good]);
    using given = askingAt(server.url);
    expect(await given.ask(request(), context(), never)).toMatchObject({ kind: 'ended', code: 'MODEL_SPEND_CAP' });
    for (const jobId of [2, 3]) {
      const answer = await given.ask(request(), context({ jobId }), never);
      expect(answer).toMatchObject({ kind: 'ended', code: 'MODEL_SPEND_CAP' });
    }
    expect(given.latches.get('model-spend-cap', given.clock.wallMs())?.untilMs).toBe(Date.UTC(2026, 11, 1));
    given.clock.jumpWall(Date.UTC(2026, 10, 30, 23, 59) - given.clock.wallMs());
    expect(await given.ask(request(), context(), never)).toMatchObject({ code: 'MODEL_SPEND_CAP' });
    expect(server.requests).toHaveLength(1);
    given.clock.jumpWall(60_000);
    expect(await given.ask(request(), context(), never)).toMatchObject({ kind: 'reply' });
  });

  test('looks again after an hour when a bare 429 may come from anybody', async () => {
    await using server = await startMessagesServer([{ status: 429, body: 'slow down' }]);
    using given = askingAt(server.url);
    await given.ask(request(), context(), never);
    expect(given.latches.get('model-spend-cap', 0)?.untilMs).toBe(given.clock.wallMs() + 3_600_000);
  });

  test('asks nothing while the agent is stopped [MODEL-STOPPED]', async () => {
    await using server = await startMessagesServer([good]);
    using given = askingAt(server.url);
    await given.latches.set('agent-stopped', { reason: 'by hand', untilMs: null }, given.clock.wallMs());
    expect(await given.ask(request(), context(), never)).toMatchObject({ kind: 'ended', code: 'AGENT_STOPPED' });
    expect(await given.latches.clear('agent-stopped')).toBe(true);
    expect(await given.ask(request(), context(), never)).toMatchObject({ kind: 'reply' });
    expect(server.requests).toHaveLength(1);
  });

  test('charges each attempt that broke for what had been counted, and hands the last one on with what had come [MODEL-CUT-STREAM]', async () => {
    const cut = { blocks: [text('The first half.')], usage: { input_tokens: 500, output_tokens: 1 }, cutAfter: 5 };
    await using server = await startMessagesServer(() => cut);
    using given = askingAt(server.url);
    const seen: string[] = [];
    const onDelta = (delta: { kind: string; text?: string }) => void seen.push(delta.text ?? '');
    const asked = given.ask(request(), context({ onDelta }), never);
    for (const count of [1, 2]) {
      await eventually(() => given.log.lines.length >= count);
      await given.clock.advance(5_000);
    }
    const answer = await asked;
    const each = 500 * 4 + 5 * 20;
    expect(answer).toMatchObject({ kind: 'later', charge: { microUsd: each, outcome: 'cut' } });
    await given.spend.charge(chargeOf(answer), given.clock.wallMs());
    expect(given.spend.day(DAY)).toBe(3 * each);
    expect(seen.join('')).toBe('The first half.\nThe first half.\nThe first half.');
  });

  test('cut off by its caller it ends with what had come, and its charge', async () => {
    await using server = await startMessagesServer([{ ...good, silentAfter: 5 }]);
    using given = askingAt(server.url);
    const aborter = new AbortController();
    const asked = given.ask(request(), context({ onDelta: () => aborter.abort() }), aborter.signal);
    const answer = await asked;
    expect(answer).toMatchObject({ kind: 'ended', code: 'MODEL_ABORTED', charge: { outcome: 'cut' } });
    expect(chargeOf(answer).microUsd).toBeGreaterThanOrEqual(1_000 * 4);
  });

  test('a model without a price is refused before it is asked [MODEL-PRICES]', async () => {
    await using server = await startMessagesServer([good]);
    using given = askingAt(server.url);
    const answer = await given.ask(request({ model: 'qwen3-coder:30b' }), context(), never);
    expect(answer).toMatchObject({ kind: 'ended', code: 'MODEL_UNKNOWN' });
    expect(server.requests).toHaveLength(0);
  });

  test('a spent budget is an answer that names the cap, what is left and the option [MONEY-CAPS]', async () => {
    await using server = await startMessagesServer([good]);
    using given = askingAt(server.url, { perRunUsd: 0.01 });
    const answer = await given.ask(request(), context(), never);
    expect(answer).toMatchObject({ kind: 'ended', code: 'BUDGET_SPENT', cap: 'run' });
    expect(answer.kind === 'ended' && answer.reason).toContain('budget.money.perRun');
    expect(server.requests).toHaveLength(0);
  });

  test('asks for a shorter reply where only that fits the budget', async () => {
    await using server = await startMessagesServer([good]);
    using given = askingAt(server.url, { perRunUsd: 0.1 });
    const answer = await given.ask(request({ outputTokensMax: 16_000 }), context(), never);
    expect(answer.kind).toBe('reply');
    expect(server.requests[0]?.body.max_tokens).toBeGreaterThan(4_000);
    expect(given.spend.day(DAY)).toBeLessThanOrEqual(100_000);
  });

  test('a tool call and a refusal come through as they are', async () => {
    await using server = await startMessagesServer([{ blocks: [toolUse('read', { path: 'a' })] }, { stop: 'refusal' }]);
    using given = askingAt(server.url);
    const stops = [await given.ask(request(), context(), never), await given.ask(request(), context(), never)];
    expect(stops.map((answer) => answer.kind === 'reply' && answer.reply.stop)).toEqual(['tool-use', 'refusal']);
  });
});
