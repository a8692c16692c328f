import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTranscripts } from '../../proof/lib/agent-box.ts';
import { postGithub } from '../../proof/lib/sender.ts';
import {
  startMessagesServer,
  text,
  toolUse,
  type ReceivedRequest,
  type ScriptedReply,
} from '../fakes/messages-server.ts';
import { advanceUntil, openBox, until, type AgentBox } from './agent-box.ts';

const HOUR_MS = 3_600_000;
const over = (words: string): ScriptedReply => ({ blocks: [text(words)] });
const use = (name: string, input: object, id: string): ScriptedReply => ({ blocks: [toolUse(name, input, id)] });

/** Tools, system and messages of a request without the marks of the cache, which wander: what the cached prefix is made of. */
function prefixOf({ raw }: ReceivedRequest): { head: string; messages: string[] } {
  const body = JSON.parse(raw, (key, value: unknown) => (key === 'cache_control' ? undefined : value)) as {
    messages: unknown[];
    tools: unknown;
    system: unknown;
  };
  return {
    head: JSON.stringify([body.tools, body.system]),
    messages: body.messages.map((message) => JSON.stringify(message)),
  };
}

/** Each request begins, byte for byte, as the one before it ended. */
function expectSamePrefix(requests: readonly ReceivedRequest[]): void {
  const all = requests.map(prefixOf);
  expect(new Set(all.map(({ head }) => head)).size).toBe(1);
  for (const [index, { messages }] of all.slice(1).entries()) {
    const before = all[index]?.messages ?? [];
    expect(messages.length).toBeGreaterThan(before.length);
    expect(messages.slice(0, before.length)).toEqual(before);
  }
}

async function ask(box: AgentBox, words: string): Promise<string> {
  const { event, job } = await box.say(words);
  await box.ends(job, 'succeeded');
  return (await box.replies(event)).at(-1) ?? '';
}

describe('a conversation', () => {
  test('goes on within the hour with an unmoved prefix, begins anew with /new, and ends by itself [E2E-SESSIONS]', async () => {
    await using model = await startMessagesServer([
      use('read', { path: 'README.md' }, 'toolu_1'),
      over('A shop.'),
      over('It sells things.'),
      over('Fresh.'),
      over('After a night.'),
    ]);
    await using box = await openBox({ model: model.url });
    writeFileSync(join(box.home, 'KAIROS.md'), 'Answer in one line.\n');
    expect(await ask(box, 'what is this?')).toBe('A shop.');
    await box.clock.advance(HOUR_MS / 2);
    // Instructions that change stand beside the newest words; the earlier ones stay as they were.
    writeFileSync(join(box.home, 'KAIROS.md'), 'Answer in two lines.\n');
    expect(await ask(box, 'and what does it sell?')).toBe('It sells things.');
    expectSamePrefix(model.requests.slice(0, 3));
    expect(prefixOf(model.requests[2] as ReceivedRequest).messages.at(-1)).toContain('two lines');
    expect(await ask(box, '/new tell me')).toBe('Fresh.');
    expect(model.requests[3]?.body.messages).toHaveLength(1);
    const { items } = await box.get<{ items: { id: string; endedAt: string | null }[] }>('/api/sessions');
    expect(items.map(({ id, endedAt }) => [id, endedAt !== null])).toEqual([
      ['s2', false],
      ['s1', true],
    ]);
    await box.clock.advance(HOUR_MS + 120_000);
    await box.clock.advance(1_000);
    await until('the transcripts are whole', () =>
      readTranscripts(box.home).every(({ lines }) => 'endedAt' in (lines.at(-1) ?? {})) ? true : undefined,
    );
    const [first, second] = readTranscripts(box.home);
    expect(first?.lines[0]).toMatchObject({ kind: 'meta', session: 's1', origin: 'say' });
    expect(second?.lines.at(-1)).toMatchObject({
      kind: 'meta',
      endedAt: expect.stringMatching(/^2026-11-02T13:3/) as string,
    });
    expect(first?.lines.filter(({ kind }) => kind === 'user').map(({ text: said }) => said)).toEqual([
      'what is this?',
      'and what does it sell?',
    ]);
    expect(await ask(box, 'good morning')).toBe('After a night.');
    expect(model.requests[4]?.body.messages).toHaveLength(1);
  });

  test('is laid aside by the sleep tool and goes on by itself [E2E-SESSIONS]', async () => {
    await using model = await startMessagesServer([
      use('sleep', { minutes: 20, reason: 'the build' }, 'toolu_1'),
      over('The build is done.'),
    ]);
    await using box = await openBox({ model: model.url });
    const { event, job } = await box.say('tell me when the build is done');
    expect(await box.ends(job, 'queued')).toMatchObject({ error: expect.stringContaining('sleeps until') as string });
    await box.clock.advance(19 * 60_000);
    expect(model.requests).toHaveLength(1);
    await box.restart();
    await advanceUntil(box.clock, 60_000, 'it wakes', () => (model.requests.length === 2 ? true : undefined));
    await box.ends(job, 'succeeded');
    expect(await box.replies(event)).toEqual(['The build is done.']);
    expectSamePrefix(model.requests);
  });
});

describe('work that a run puts off', () => {
  test('is done later with the trust of the run: outside stays outside [E2E-SESSIONS, AGENT-LATER]', async () => {
    const config = {
      subscriptions: [{ name: 'triage', source: 'github', event: 'issues', do: 'agent', prompt: 'Triage.' }],
    };
    await using model = await startMessagesServer(({ body }) => {
      const words = JSON.stringify(body.messages);
      if (words.includes('due now')) return over('Nothing to report.');
      if (words.includes('Arranged for')) return over('Nothing to report.');
      return use('schedule', { in: '30m', prompt: 'look again' }, 'toolu_1');
    });
    await using box = await openBox({ model: model.url, config });
    await ask(box, 'look again in half an hour');
    await postGithub(box.daemon.url, { id: 'one', event: 'issues', body: Buffer.from('{"action":"opened"}') });
    // A run that has read text from outside puts work off only if the owner lets it.
    await until('it asks', async () => (await box.get<{ items: unknown[] }>('/api/approvals')).items[0]);
    await box.post('/api/approvals/a1', { decision: 'allow' });
    const events = async () =>
      (await box.get<{ items: { id: string; type: string; jobs: string[] }[] }>('/api/events?limit=50')).items
        .filter(({ type }) => type === 'later')
        .toReversed();
    await until('both are put off', async () => ((await events()).length === 2 ? true : undefined));
    await advanceUntil(box.clock, 60_000, 'both are done', async () => {
      const states = await Promise.all((await events()).map(async ({ jobs }) => (await box.job(jobs[0] ?? '')).state));
      return states.every((state) => state === 'succeeded') ? true : undefined;
    });
    const later = model.requests.filter(({ raw }) => raw.includes('due now'));
    expect(later.filter(({ raw }) => raw.includes('<untrusted source='))).toHaveLength(1);
    const { items: sessions } = await box.get<{ items: { tainted: boolean; origin: string }[] }>('/api/sessions');
    expect(sessions.filter(({ origin }) => origin === 'later').map(({ tainted }) => tainted)).toEqual([true, false]);
  });
});

describe('what a conversation is spared', () => {
  test('a file that was read is not sent again, a long result is offloaded: fewer tokens, the same answers [E2E-SESSIONS, TOOL-READ-DEDUP]', async () => {
    const long = Array.from({ length: 1_500 }, (_, line) => `export const line${line} = ${line};`).join('\n');
    const script: ScriptedReply[] = [
      use('read', { path: 'src/long.ts' }, 'toolu_1'),
      use('read', { path: 'src/long.ts' }, 'toolu_2'),
      use('shell', { command: 'seq 1 40000' }, 'toolu_3'),
      over('Read.'),
    ];
    await using model = await startMessagesServer(script);
    await using box = await openBox({ model: model.url, files: { 'src/long.ts': `${long}\n` } });
    expect(await ask(box, 'read it twice')).toBe('Read.');
    const [start, once, twice, offloaded] = model.requests.map(({ raw }) => raw.length);
    expect((once ?? 0) - (start ?? 0)).toBeGreaterThan(long.length);
    expect((twice ?? 0) - (once ?? 0)).toBeLessThan(1_000);
    expect((offloaded ?? 0) - (twice ?? 0)).toBeLessThan(40_000);
    expectSamePrefix(model.requests);
  });
});
