import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Block, Turn } from '../../src/agent/model.ts';
import { FakeClock } from '../fakes/clock.ts';
import { eventually } from '../fakes/faulty-server.ts';
import { errorBody, startMessagesServer, text, toolUse, type ScriptedReply } from '../fakes/messages-server.ts';
import { recordingLog } from '../ledger/make.ts';
import { ROOT } from '../repository.ts';
import { startAimock } from './aimock.ts';
import { ask, failure, KEY, modelAt } from './make-model.ts';

const say = (...words: string[]): Turn => ({
  role: 'user',
  blocks: words.map((word): Block => ({ kind: 'text', text: word })),
});

describe('a reply', () => {
  test('comes from a scripted model in pieces, with its tool calls [MODEL-STREAMS]', async () => {
    await using mock = await startAimock([
      {
        text: 'Let me look at the log of this week.',
        tools: [{ name: 'git', input: { args: ['log'] }, id: 'call_1' }],
        usage: { input: 120, output: 30 },
      },
    ]);
    const { reply, deltas } = await ask(modelAt(mock.url), {
      tools: [{ name: 'git', description: 'Runs git', inputSchema: { type: 'object' } }],
    });
    expect(reply).toMatchObject({
      blocks: [
        { kind: 'text', text: 'Let me look at the log of this week.' },
        { kind: 'tool-use', id: 'call_1', name: 'git', input: { args: ['log'] } },
      ],
      stop: 'tool-use',
      usage: { inputTokens: 120, outputTokens: 30, cacheWriteTokens: 0, cacheReadTokens: 0 },
      model: 'claude-opus-5-5',
    });
    expect(deltas.filter(({ kind }) => kind === 'text').length).toBeGreaterThan(1);
    expect(deltas.at(-1)).toEqual({ kind: 'tool', name: 'git' });
    expect(mock.requests()).toHaveLength(1);
    expect(mock.requests()[0]).toMatchObject({ max_tokens: 1_000, tools: [{ function: { name: 'git' } }] });
  });

  test('keeps thinking as it is, with its signature and the model that made it', async () => {
    const thinking = { type: 'thinking', thinking: 'hm, hm', signature: 'c2lnbmVk' };
    await using server = await startMessagesServer([
      { blocks: [thinking, { type: 'redacted_thinking', data: 'eA==' }, text('Done.')] },
    ]);
    const { reply, deltas } = await ask(modelAt(server.url));
    expect(reply.blocks).toEqual([
      { kind: 'opaque', model: 'claude-opus-5-5', block: thinking },
      { kind: 'opaque', model: 'claude-opus-5-5', block: { type: 'redacted_thinking', data: 'eA==' } },
      { kind: 'text', text: 'Done.' },
    ]);
    expect(deltas.map((delta) => (delta.kind === 'text' ? delta.text : ''))).toEqual(['Do', 'ne.']);
  });

  test.each<[string | null, string]>([
    ['end_turn', 'end'],
    ['stop_sequence', 'end'],
    ['max_tokens', 'length'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['model_context_window_exceeded', 'too-long'],
    ['something_of_2027', 'end'],
    [null, 'end'],
  ])('that stops with %s stops with %s', async (stop, expected) => {
    await using server = await startMessagesServer([{ blocks: [text('so')], stop }]);
    expect((await ask(modelAt(server.url))).reply.stop).toBe(expected);
  });

  test('sums the iterations of its usage', async () => {
    const iterations = [
      { input_tokens: 10, output_tokens: 3, cache_read_input_tokens: 100, cache_creation_input_tokens: 7 },
      { input_tokens: 20, output_tokens: 4, cache_read_input_tokens: 200, cache_creation_input_tokens: 0 },
    ];
    await using server = await startMessagesServer([
      { blocks: [text('so')], finalUsage: { input_tokens: 20, output_tokens: 4, iterations } },
    ]);
    const { reply } = await ask(modelAt(server.url));
    expect(reply.usage).toEqual({ inputTokens: 30, outputTokens: 7, cacheReadTokens: 300, cacheWriteTokens: 7 });
  });

  test('of a server that counts nothing and knows no stop reasons is taken, and estimated', async () => {
    await using server = await startMessagesServer([
      {
        blocks: [text('x'.repeat(30)), toolUse('read', { path: 'a' })],
        usage: undefined,
        finalUsage: undefined,
        stop: null,
      },
    ]);
    const { reply } = await ask(modelAt(server.url, { apiKey: undefined }));
    expect(reply.stop).toBe('tool-use');
    expect(reply.usage.inputTokens).toBeGreaterThan(0);
    expect(reply.usage.outputTokens).toBeGreaterThanOrEqual(10);
    expect(server.requests[0]?.headers['authorization']).toBe('Bearer none');
  });

  test('whose tool input is no JSON hands it on to be refused, and drops it when the reply was cut by its limit', async () => {
    const broken = { type: 'tool_use', id: 't1', name: 'write', input: '{"path": "a' };
    await using server = await startMessagesServer([{ blocks: [broken] }, { blocks: [broken], stop: 'max_tokens' }]);
    const model = modelAt(server.url);
    const handed = (await ask(model)).reply.blocks;
    expect(handed).toMatchObject([{ kind: 'tool-use', input: { invalid_json: '{"path": "a' } }]);
    expect((await ask(model)).reply).toMatchObject({ blocks: [], stop: 'length' });
  });
});

describe('a request', () => {
  test('bears at most four cache marks: the last tool, the system text, the last two turns that ask for it', async () => {
    await using server = await startMessagesServer([{}]);
    const tool = (name: string) => ({ name, description: name, inputSchema: { type: 'object' } });
    await ask(modelAt(server.url, { cacheTtl: '1h' }), {
      tools: [tool('a'), tool('b')],
      turns: [
        { ...say('one'), cached: true },
        { role: 'assistant', blocks: [{ kind: 'text', text: 'two' }], cached: true },
        { ...say('three'), cached: true },
      ],
    });
    const mark = { type: 'ephemeral', ttl: '1h' };
    expect(server.requests[0]?.body).toEqual({
      model: 'claude-opus-5-5',
      max_tokens: 1_000,
      stream: true,
      system: [{ type: 'text', text: 'You are kairosd.', cache_control: mark }],
      tools: [
        { name: 'a', description: 'a', input_schema: { type: 'object' } },
        { name: 'b', description: 'b', input_schema: { type: 'object' }, cache_control: mark },
      ],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'one' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'two', cache_control: mark }] },
        { role: 'user', content: [{ type: 'text', text: 'three', cache_control: mark }] },
      ],
    });
  });

  test('leaves out what another model thought, blank texts and empty turns, and puts results before words', async () => {
    await using server = await startMessagesServer([{}]);
    const thought = { type: 'thinking', thinking: 'hm', signature: 's' };
    await ask(modelAt(server.url), {
      turns: [
        say('go'),
        {
          role: 'assistant',
          blocks: [
            { kind: 'opaque', model: 'claude-sonnet-5-5', block: thought },
            { kind: 'opaque', model: 'claude-opus-5-5', block: thought },
            { kind: 'text', text: ' \n' },
            { kind: 'tool-use', id: 't1', name: 'read', input: { path: 'a' } },
          ],
        },
        {
          role: 'user',
          blocks: [
            { kind: 'text', text: 'remember' },
            { kind: 'tool-result', id: 't1', text: 'no such file', isError: true },
          ],
        },
        say(''),
        say('and'),
      ],
    });
    expect(server.requests[0]?.body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'go' }] },
      { role: 'assistant', content: [thought, { type: 'tool_use', id: 't1', name: 'read', input: { path: 'a' } }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: 'no such file', is_error: true },
          { type: 'text', text: 'remember' },
          { type: 'text', text: 'and' },
        ],
      },
    ]);
  });

  test('is the same bytes every time, and takes nothing from the environment', async () => {
    await using server = await startMessagesServer([{}, {}]);
    const model = modelAt(`${server.url}/v1/`);
    await ask(model);
    await ask(model);
    const [first, second] = server.requests;
    expect(first?.path).toBe('/v1/messages');
    expect(second?.raw).toBe(first?.raw);
    expect(first?.headers['authorization']).toBe(`Bearer ${KEY}`);
  });
});

describe('an error', () => {
  const limited = errorBody('rate_limit_error', 'slow down');
  const tooLong = errorBody('invalid_request_error', 'prompt is too long: 214315 tokens > 200000 maximum');
  const ownLimit = errorBody(
    'invalid_request_error',
    'You have reached your specified API usage limits. You will regain access',
  );
  const enforced = errorBody('rate_limit_error', 'spend', { error_code: 'enforced_spend_limit_reached' });

  test.each<[string, ScriptedReply, string, object]>([
    [
      '429 with retry-after',
      { status: 429, headers: { 'retry-after': '7' }, body: limited },
      'MODEL_LIMITED',
      { retryAfterMs: 7_000 },
    ],
    [
      '429 with a date',
      { status: 429, headers: { 'retry-after': 'Mon, 02 Nov 2026 12:01:00 GMT' }, body: limited },
      'MODEL_LIMITED',
      { retryAfterMs: 60_000 },
    ],
    ['429 without it', { status: 429, body: enforced }, 'MODEL_SPEND_CAP', { documented: true }],
    [
      '429 without it, in nobody\u2019s words',
      { status: 429, body: 'Too Many Requests' },
      'MODEL_SPEND_CAP',
      { documented: false },
    ],
    ['400 own spend limit', { status: 400, body: ownLimit }, 'MODEL_SPEND_CAP', { documented: true }],
    ['402', { status: 402, body: errorBody('billing_error', 'pay') }, 'MODEL_SPEND_CAP', {}],
    ['529', { status: 529, body: errorBody('overloaded_error', 'busy') }, 'MODEL_OVERLOADED', { status: 529 }],
    ['503', { status: 503, body: '<html>' }, 'MODEL_OVERLOADED', {}],
    ['500', { status: 500, body: errorBody('api_error', 'oops') }, 'MODEL_UNREACHABLE', { billable: false }],
    ['504', { status: 504, body: '' }, 'MODEL_UNREACHABLE', {}],
    ['400 too long', { status: 400, body: tooLong }, 'MODEL_TOO_LONG', {}],
    ['413', { status: 413, body: errorBody('request_too_large', 'big') }, 'MODEL_TOO_LONG', {}],
    ['400 else', { status: 400, body: errorBody('invalid_request_error', 'tools.0: bad') }, 'MODEL_REFUSED', {}],
    ['401', { status: 401, body: errorBody('authentication_error', `invalid key ${KEY}`) }, 'MODEL_REFUSED', {}],
    ['403', { status: 403, body: errorBody('permission_error', 'no') }, 'MODEL_REFUSED', {}],
    ['404', { status: 404, body: errorBody('not_found_error', 'model: x') }, 'MODEL_REFUSED', {}],
    [
      'an error within the stream',
      { blocks: [text('ab')], errorAfter: { events: 4, type: 'overloaded_error' } },
      'MODEL_OVERLOADED',
      { partial: [{ kind: 'text', text: 'a' }] },
    ],
    ['a closed connection', { fault: 'closes' }, 'MODEL_UNREACHABLE', { billable: true }],
    [
      'a stream that just ends',
      { blocks: [text('abcd')], unfinished: true, stop: null },
      'MODEL_UNREACHABLE',
      { partial: [{ kind: 'text', text: 'abcd' }] },
    ],
    ['no event stream at all', { status: 200, body: { hello: 1 } }, 'MODEL_UNREACHABLE', {}],
  ])(
    '%s is told apart, once asked, without key or body in its words [MODEL-ERRORS]',
    async (_, reply, code, detail) => {
      await using server = await startMessagesServer([reply]);
      const log = recordingLog();
      const error = await failure(ask(modelAt(server.url, { log })));
      expect(error.code).toBe(code);
      expect(error.detail).toMatchObject(detail);
      expect(server.requests).toHaveLength(1);
      const words = [error.message, JSON.stringify(error.detail)].join();
      for (const hidden of [KEY, 'kairosd', 'Hello', 'slow down', 'bad']) expect(words).not.toContain(hidden);
    },
  );

  test('says why a request was refused in the log only', async () => {
    await using server = await startMessagesServer([
      { status: 400, body: errorBody('invalid_request_error', 'tools.0: bad') },
    ]);
    const log = recordingLog();
    await failure(ask(modelAt(server.url, { log })));
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { status: 400, said: 'tools.0: bad' } }]);
  });

  test('is MODEL_UNREACHABLE and costs nothing when nobody listens [MODEL-ERRORS]', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const error = await failure(ask(modelAt(`http://127.0.0.1:${port}`)));
    expect(error).toMatchObject({ code: 'MODEL_UNREACHABLE', detail: { billable: false } });
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('a stream that breaks', () => {
  test('yields what had come, with what it cost up to there [MODEL-CUT-STREAM]', async () => {
    const usage = { input_tokens: 400, output_tokens: 1, cache_read_input_tokens: 50 };
    await using server = await startMessagesServer([
      { usage, blocks: [text('The first half of it.'), toolUse('shell', { command: 'ls' })], cutAfter: 7 },
    ]);
    const error = await failure(ask(modelAt(server.url)));
    expect(error).toMatchObject({
      code: 'MODEL_UNREACHABLE',
      detail: {
        billable: true,
        partial: [{ kind: 'text', text: 'The first half of it.' }],
        usage: { inputTokens: 400, cacheReadTokens: 50, cacheWriteTokens: 0 },
      },
    });
    expect(error.detail['usage']).toHaveProperty('outputTokens', 7);
  });

  test('is given up when it is silent for a minute, pings being a sign of life [MODEL-CUT-STREAM]', async () => {
    await using server = await startMessagesServer([{ blocks: [text('ab')], silentAfter: 4 }]);
    const clock = new FakeClock();
    const asked = failure(ask(modelAt(server.url, { clock })));
    await eventually(() => server.held === 1);
    await clock.advance(59_000);
    expect(server.held).toBe(1);
    await clock.advance(1_500);
    expect(await asked).toMatchObject({ code: 'MODEL_UNREACHABLE', detail: { partial: [{ text: 'a' }] } });
    await eventually(() => server.held === 0);
  });

  test('is given up when its first byte does not come, or when it sends too much', async () => {
    await using server = await startMessagesServer([{ fault: 'hangs' }, { blocks: [text('x'.repeat(10_000))] }]);
    const clock = new FakeClock();
    const model = modelAt(server.url, { clock, limits: { firstByteMs: 5_000, bytesMax: 4_000 } });
    const asked = failure(ask(model));
    await eventually(() => server.held === 1);
    await clock.advance(5_000);
    expect((await asked).message).toContain('sent nothing for 5000 ms');
    expect((await failure(ask(model))).message).toContain('more than 4000 bytes');
  });

  test('ends as MODEL_ABORTED when the caller cuts it off, with what had come [MODEL-CUT-STREAM]', async () => {
    await using server = await startMessagesServer([{ blocks: [text('ab')], silentAfter: 4 }]);
    const aborter = new AbortController();
    const asked = failure(ask(modelAt(server.url), {}, aborter.signal));
    await eventually(() => server.held === 1);
    aborter.abort();
    const error = await asked;
    expect(error.code).toBe('MODEL_ABORTED');
    await eventually(() => server.held === 0);
    expect(await failure(ask(modelAt(server.url), {}, aborter.signal))).toMatchObject({ code: 'MODEL_ABORTED' });
    expect(server.requests).toHaveLength(1);
  });
});

test('the SDK is loaded by the first request, not by importing the room [MODEL-LAZY]', async () => {
  await using server = await startMessagesServer([{}]);
  const rooms = ['anthropic', 'ask', 'classifier', 'model', 'options', 'prices', 'retry'].map(
    (name) => `./src/agent/${name}.ts`,
  );
  const program = `
    const { registerHooks } = await import('node:module');
    const loaded = [];
    registerHooks({ load(url, context, next) {
      if (url.includes('/@anthropic-ai/')) loaded.push(url);
      return next(url, context);
    } });
    for (const room of ${JSON.stringify(rooms)}) await import(room);
    const { createAnthropic } = await import('./src/agent/anthropic.ts');
    const nothing = () => {};
    const clock = { wallMs: () => 0, monoMs: () => 0, sleep: (_, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', resolve)) };
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };
    const model = createAnthropic({ apiKey: 'k', baseUrl: process.argv[1], cacheTtl: '5m', fetch, clock, log });
    const before = loaded.length;
    const turns = [{ role: 'user', blocks: [{ kind: 'text', text: 'hi' }] }];
    const request = { model: 'm', system: '', tools: [], turns, outputTokensMax: 10 };
    await model.complete(request, nothing, new AbortController().signal);
    console.log(JSON.stringify({ before, after: loaded.length > 0 }));`;
  const run = promisify(execFile);
  const { stdout } = await run(join(ROOT, 'bin/node'), ['--input-type=module', '-e', program, server.url], {
    cwd: ROOT,
  });
  expect(JSON.parse(stdout)).toEqual({ before: 0, after: true });
});
