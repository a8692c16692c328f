import { describe, expect, test } from 'vitest';
import type { Json, Tool, ToolContext, ToolResult } from '../../src/core/agent.ts';
import { askTool } from '../../src/tools/ask.ts';
import { notifyTool } from '../../src/tools/notify.ts';
import { scheduleTool } from '../../src/tools/schedule.ts';
import { sleepTool } from '../../src/tools/sleep.ts';
import { FakeClock } from '../fakes/clock.ts';
import { contextOf, itemsOf } from './context.ts';

async function call(tool: Tool, input: Json, given: Partial<ToolContext> = {}): Promise<ToolResult> {
  const parsed = tool.parse(input);
  if (!parsed.ok) return { text: parsed.message, isError: true };
  // Recorded input is parsed again after a crash.
  const again = tool.parse(parsed.input);
  return again.ok ? tool.run(again.input, contextOf(given)) : { text: again.message, isError: true };
}

describe('notify', () => {
  const tool = notifyTool({ channels: () => ['phone', 'desk'] });

  test('queues a proactive message that is never urgent and no reply, whoever asked [TOOL-NOTIFY]', async () => {
    const { effects } = await call(tool, { text: ' main is red ' }, { reactive: true, eventId: 4, jobId: 9 });
    const message = { kind: 'proactive', urgent: false, replyTo: null, count: 1, jobId: null, text: 'main is red' };
    expect(effects).toEqual([{ kind: 'message', message: { ...message, topic: 'agent j9', channel: undefined } }]);
  });

  test('goes to a channel that is configured, and to no other [TOOL-NOTIFY]', async () => {
    const { effects } = await call(tool, { text: 'x', channel: 'phone', topic: 'ci' });
    expect(effects).toMatchObject([{ message: { channel: 'phone', topic: 'ci' } }]);
    const other = await call(tool, { text: 'x', channel: 'https://evil.example' });
    expect(other).toEqual({
      text: 'expected a configured channel (phone, desk), got "https://evil.example"',
      isError: true,
    });
  });

  test('tells at most five things a run [TOOL-NOTIFY]', async () => {
    const items = [1, 2, 3, 4, 5].flatMap((n) => itemsOf(`c${n}`, 'notify', { text: 'x' }, 'Queued'));
    expect((await call(tool, { text: 'x' }, { callId: 'c6', items })).isError).toBe(true);
    expect((await call(tool, { text: 'x' }, { callId: 'c5', items })).isError).toBeUndefined();
  });
});

describe('schedule', () => {
  const clock = new FakeClock();
  const nowMs = clock.wallMs();
  const tool = scheduleTool({ clock, timeZone: () => 'Europe/Berlin' });
  const iso = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString();

  test('puts work off, with the trust of the run that asked [TOOL-SCHEDULE]', async () => {
    const { effects, text } = await call(tool, { in: '2h', prompt: 'Look again.' });
    const draft = { kind: 'agent', origin: 'later', reactive: false, urgent: false, text: 'Look again.' };
    expect(effects).toMatchObject([{ kind: 'later', dueAtMs: nowMs + 7_200_000, trust: 'owner', draft }]);
    expect(text).toMatch(/^Arranged for \d{4}-\d\d-\d\dT.*\+0[12]:00\.$/);
    const tainted = await call(tool, { in: '1m', text: 'Tell me.' }, { tainted: true });
    expect(tainted.effects).toMatchObject([{ trust: 'outside', draft: { kind: 'notify', text: 'Tell me.' } }]);
  });

  test("takes a time with an offset, or in the owner's time zone [TOOL-SCHEDULE]", async () => {
    const atMs = nowMs + 86_400_000;
    expect((await call(tool, { at: iso(atMs), text: 'x' })).effects).toMatchObject([{ dueAtMs: atMs }]);
    const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO('Europe/Berlin');
    const at = local.toPlainDateTime().toString();
    expect((await call(tool, { at, text: 'x' })).effects).toMatchObject([{ dueAtMs: atMs }]);
  });

  test.each([
    [{ in: '59s', text: 'x' }, '1 minute to 30 days'],
    [{ in: '31d', text: 'x' }, '1 minute to 30 days'],
    [{ in: '5', text: 'x' }, 'such as 30m'],
    [{ at: 'tomorrow', text: 'x' }, 'such as 2026'],
    [{ at: '2001-01-01T00:00', text: 'x' }, 'one that is past'],
    [{ in: '1h', at: '2030-01-01T00:00', text: 'x' }, 'exactly one of in and at'],
    [{ in: '1h' }, 'exactly one of prompt and text'],
    [{ in: '1h', cron: '* * * * *', text: 'x' }, 'cron'],
  ])('%j is refused with what was expected [TOOL-SCHEDULE]', async (given, words) => {
    const { isError, text, effects } = await call(tool, given);
    expect({ isError, effects }).toEqual({ isError: true, effects: undefined });
    expect(text).toContain(words);
  });

  test('a minute and 30 days ahead are fine [TOOL-SCHEDULE]', async () => {
    for (const ahead of ['1m', '30d']) expect((await call(tool, { in: ahead, text: 'x' })).isError).toBeUndefined();
  });
});

describe('sleep', () => {
  const clock = new FakeClock();

  test('lays the run aside for so many minutes [TOOL-SLEEP]', async () => {
    const { sleepUntilMs, text } = await call(sleepTool({ clock }), { minutes: 10, reason: 'the build' });
    expect(sleepUntilMs).toBe(clock.wallMs() + 600_000);
    expect(text).toBe('You slept for 10 minutes (the build). Go on.');
  });

  test.each([0, 61, 1.5])('%j minutes are refused [TOOL-SLEEP]', async (minutes) => {
    expect((await call(sleepTool({ clock }), { minutes, reason: 'x' })).isError).toBe(true);
  });
});

test('ask lays the run aside with its question [TOOL-ASK]', async () => {
  expect(await call(askTool(), { question: ' Which branch? ' })).toEqual({ text: '', question: 'Which branch?' });
  expect((await call(askTool(), { question: ' ' })).isError).toBe(true);
});
