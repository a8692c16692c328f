import { describe, expect, test } from 'vitest';
import { modelsOptions } from '../../src/agent/options.ts';
import { KairosError } from '../../src/core/errors.ts';
import type { DoctorPorts } from '../../src/doctor/check.ts';
import { model } from '../../src/doctor/model.ts';
import { startMessagesServer, type ScriptedReply } from '../fakes/messages-server.ts';

const KEY = 'sk-ant-test-0123456789abcdef';

async function look(secrets: Readonly<Record<string, string>>, section: object = {}) {
  const ports = {
    config: () => ({ timezone: 'UTC', notify: [], models: modelsOptions.parse(section) }),
    secrets: () => ({ of: (name: string) => secrets[name], all: () => [] }),
    fetch,
  };
  const found = await model.look(ports as unknown as DoctorPorts);
  expect(JSON.stringify(found)).not.toContain(KEY);
  return found;
}

const list = (...ids: string[]): ScriptedReply => ({
  status: 200,
  body: { data: ids.map((id) => ({ id })), has_more: false },
});

describe('the check of the model [DOCTOR-MODEL]', () => {
  test('is content without one, and says what would turn it on', async () => {
    expect(await look({})).toMatchObject([
      { verdict: 'ok', what: expect.stringContaining('ANTHROPIC_API_KEY') as string },
    ]);
  });

  test.each<[string, ScriptedReply, string, string]>([
    ['answers', list('claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'), 'ok', 'claude-opus-5-5'],
    ['has not loaded a model', list('claude-opus-5-5', 'claude-sonnet-5-5'), 'warn', 'claude-haiku-5-5'],
    ['refuses the key', { status: 401, body: { error: KEY } }, 'fail', 'refuses the key'],
    ['lists nothing', { status: 404, body: '' }, 'ok', 'does not list'],
    ['says nonsense', { status: 200, body: '<html>' }, 'ok', 'claude-opus-5-5'],
    ['is ill', { status: 500, body: '' }, 'warn', 'answers 500'],
    ['breaks off', { fault: 'closes' }, 'warn', 'does not answer'],
  ])('tells when the API %s, without asking a model', async (_, reply, verdict, what) => {
    await using server = await startMessagesServer([reply]);
    const found = await look({ ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: KEY });
    expect(found).toMatchObject([{ verdict, what: expect.stringContaining(what) as string }]);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/models?limit=1000']);
    expect(server.requests[0]?.headers['authorization']).toBe(`Bearer ${KEY}`);
  });

  test('finds models without a price before anything is asked', async () => {
    await using server = await startMessagesServer([]);
    const secrets = { ANTHROPIC_BASE_URL: server.url };
    const found = await look(secrets, { lead: 'qwen3-coder:30b', fallback: 'gpt-oss' });
    expect(found).toMatchObject([{ verdict: 'fail', what: 'without a price: qwen3-coder:30b, gpt-oss' }]);
    expect(server.requests).toEqual([]);
  });

  test('leaves a broken configuration and an address that is none to be mended', async () => {
    const config = (): never => {
      throw new KairosError('CONFIG_INVALID', 'bad');
    };
    expect(await model.look({ config } as unknown as DoctorPorts)).toMatchObject([{ verdict: 'skip' }]);
    expect(await look({ ANTHROPIC_BASE_URL: 'here' })).toMatchObject([{ verdict: 'fail' }]);
  });
});
