import { describe, expect, test } from 'vitest';
import { createChannels, type ChannelPorts } from '../../src/notify/channels.ts';
import { notifyOptions } from '../../src/notify/options.ts';
import { FakeClock } from '../fakes/clock.ts';

const HOOK = { kind: 'webhook', url: 'http://127.0.0.1:9000/hook' };
const SLACK = { kind: 'slack', channel: 'C0123' };
const TELEGRAM = { kind: 'telegram', chat: '123456', allow: [123456] };
const PORTS: ChannelPorts = { fetch, clock: new FakeClock(), print() {}, secretOf: () => undefined };

describe('notify:', () => {
  test('is the terminal by default; channels without a name are called after their kind', () => {
    expect(notifyOptions.parse(undefined)).toEqual([{ kind: 'terminal', name: 'terminal' }]);
    const names = notifyOptions
      .parse([HOOK, { ...HOOK, name: 'webhook-2' }, HOOK, { kind: 'terminal' }])
      .map(({ name }) => name);
    expect(names).toEqual(['webhook', 'webhook-2', 'webhook-3', 'terminal']);
  });

  test.each([
    [[{ kind: 'pigeon' }], 'kind must be one of terminal, webhook, slack, telegram, got "pigeon"'],
    [[{ kind: 'webhook', url: 'ftp://x/y' }], 'must be an http or https URL such as http://127.0.0.1:9000/hook'],
    [[{ kind: 'webhook', url: 'http://me:pw@host/' }], 'must not hold a user name or password; sign with secretEnv'],
    [
      [
        { ...HOOK, name: 'a' },
        { ...HOOK, name: 'a' },
      ],
      'must differ from the other names, got a twice',
    ],
    [[{ ...HOOK, name: 'A b' }], 'must be 1 to 40 of a-z, 0-9 and -, such as phone'],
    [[{ ...SLACK, channel: '#general' }], expect.stringContaining('must be the id of a channel such as C0123456789')],
    [[{ ...TELEGRAM, chat: 'me' }], expect.stringContaining('must be the number of a chat such as "123456"')],
    [[{ ...TELEGRAM, allow: [-5] }], 'must be the number of a person, above 0'],
    [[{ ...TELEGRAM, edit: '5s' }], 'must be a duration from 10s to 1d such as 10m, or off, got "5s"'],
    [[{ ...HOOK, secretEnv: 'not a name' }], 'must be the name of a variable such as HOOK_SECRET'],
  ])('%j is refused: %s', (section, message) => {
    expect(notifyOptions.safeParse(section).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  test('slack and telegram are written as the contract says; alerts grow for ten minutes, as long as is said, or never', () => {
    const parsed = notifyOptions.parse([
      TELEGRAM,
      SLACK,
      { ...SLACK, edit: 'off' },
      { ...TELEGRAM, chat: -1001, edit: '1h' },
    ]);
    expect(parsed).toEqual([
      { kind: 'telegram', name: 'telegram', chat: '123456', allow: [123456], edit: 600_000 },
      { kind: 'slack', name: 'slack', channel: 'C0123', allow: [], edit: 600_000 },
      { kind: 'slack', name: 'slack-2', channel: 'C0123', allow: [], edit: 0 },
      { kind: 'telegram', name: 'telegram-2', chat: '-1001', allow: [123456], edit: 3_600_000 },
    ]);
  });

  test('slack and telegram need their token, and take another address of the API', () => {
    const list = notifyOptions.parse([SLACK, TELEGRAM]);
    expect(() => createChannels(list, PORTS)).toThrow('channel slack needs SLACK_BOT_TOKEN');
    const secrets: Record<string, string> = { SLACK_BOT_TOKEN: 'xoxb-1', TELEGRAM_BOT_TOKEN: '1:a' };
    const ports = { ...PORTS, secretOf: (name: string) => secrets[name] };
    expect(createChannels(list, ports).map(({ name, editMs }) => [name, editMs])).toEqual([
      ['slack', 600_000],
      ['telegram', 600_000],
    ]);
    secrets['TELEGRAM_API_ROOT'] = 'api.telegram.org';
    expect(() => createChannels(list, ports)).toThrow('TELEGRAM_API_ROOT must be an http or https URL');
  });

  test('channels are made in order; a secret that is named must be there', () => {
    const list = notifyOptions.parse([HOOK, { kind: 'terminal' }]);
    expect(createChannels(list, PORTS).map(({ name }) => name)).toEqual(['webhook', 'terminal']);
    const signed = notifyOptions.parse([{ ...HOOK, secretEnv: 'HOOK_SECRET' }]);
    expect(() => createChannels(signed, PORTS)).toThrow('channel webhook signs with HOOK_SECRET');
    expect(createChannels(signed, { ...PORTS, secretOf: () => 's' })).toHaveLength(1);
  });
});
