import { describe, expect, test } from 'vitest';
import { createChannels, type ChannelPorts } from '../../src/notify/channels.ts';
import { notifyOptions } from '../../src/notify/options.ts';
import { FakeClock } from '../fakes/clock.ts';

const HOOK = { kind: 'webhook', url: 'http://127.0.0.1:9000/hook' };
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
    [[{ ...HOOK, secretEnv: 'not a name' }], 'must be the name of a variable such as HOOK_SECRET'],
  ])('%j is refused: %s', (section, message) => {
    expect(notifyOptions.safeParse(section).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  test('channels are made in order; a secret that is named must be there', () => {
    const list = notifyOptions.parse([HOOK, { kind: 'terminal' }]);
    expect(createChannels(list, PORTS).map(({ name }) => name)).toEqual(['webhook', 'terminal']);
    const signed = notifyOptions.parse([{ ...HOOK, secretEnv: 'HOOK_SECRET' }]);
    expect(() => createChannels(signed, PORTS)).toThrow('channel webhook signs with HOOK_SECRET');
    expect(createChannels(signed, { ...PORTS, secretOf: () => 's' })).toHaveLength(1);
  });
});
