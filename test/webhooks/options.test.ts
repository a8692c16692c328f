import { describe, expect, test } from 'vitest';
import { resolveSources, sourcesOptions, variablesOf } from '../../src/webhooks/options.ts';
import { accepts, send } from './deliver.ts';

const LONG = 'a secret that is long enough';

function secretsFrom(secrets: Readonly<Record<string, string>>): (name: string) => string | undefined {
  return (name) => secrets[name];
}

function resolve(config: unknown, secrets: Readonly<Record<string, string>> = {}) {
  return resolveSources(sourcesOptions.parse(config), secretsFrom(secrets));
}

describe('sources in the configuration', () => {
  test('an entry is a name and a kind; what it carries is by outsiders', () => {
    expect(sourcesOptions.parse([{ name: 'alerts', kind: 'standard' }])).toEqual([
      { name: 'alerts', kind: 'standard', trust: 'outside' },
    ]);
    expect(sourcesOptions.parse(undefined)).toBe(undefined);
  });

  test.each([
    [{ name: 'github' }],
    [{ name: 'x', kind: 'gitea' }],
    [{ name: 'Upper', kind: 'github' }],
    [{ name: 'a/b', kind: 'github' }],
    [{ name: 'a'.repeat(65), kind: 'github' }],
    [{ name: '', kind: 'github' }],
    [{ name: 'x', kind: 'github', secret: 'never here' }],
    [{ name: 'x', kind: 'github', secretEnv: 'not a name' }],
    [{ name: 'x', kind: 'github', secretEnv: [] }],
    [{ name: 'x', kind: 'github', trust: 'owner' }],
    [{ name: 'x', kind: 'slack', trust: 'owner' }],
  ])('%j is an error [CONFIG-STRICT]', (entry) => {
    expect(sourcesOptions.safeParse([entry]).success).toBe(false);
  });

  test('a name twice is an error at the second, and 65 sources are too many [CONFIG-STRICT]', () => {
    const twice = sourcesOptions.safeParse([
      { name: 'x', kind: 'github' },
      { name: 'x', kind: 'slack' },
    ]);
    expect(twice.error?.issues[0]).toMatchObject({ path: [1, 'name'] });
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `s${at}`, kind: 'bearer' }));
    expect(sourcesOptions.safeParse(many(64)).success).toBe(true);
    expect(sourcesOptions.safeParse(many(65)).success).toBe(false);
  });

  test('the owner’s own scripts may speak for the owner', () => {
    expect(
      resolve([{ name: 'cron', kind: 'bearer', trust: 'owner' }], { CRON_SECRET: LONG }).byName.get('cron')?.trust,
    ).toBe('owner');
  });
});

describe('resolveSources', () => {
  test('without a configuration github exists as soon as its secret does [CONFIG-DEFAULTS]', () => {
    expect([...resolve(undefined).byName.keys()]).toEqual([]);
    expect([...resolve(undefined, { GITHUB_WEBHOOK_SECRET: '' }).byName.keys()]).toEqual([]);
    const { byName } = resolve(undefined, { GITHUB_WEBHOOK_SECRET: LONG });
    expect([...byName.values()]).toMatchObject([{ name: 'github', kind: 'github', trust: 'outside' }]);
    expect([...resolve([], { GITHUB_WEBHOOK_SECRET: LONG }).byName.keys()]).toEqual([]);
  });

  test.each([
    ['github', 'GITHUB_WEBHOOK_SECRET'],
    ['slack', 'SLACK_SIGNING_SECRET'],
    ['telegram', 'TELEGRAM_WEBHOOK_SECRET'],
    ['gitlab', 'GITLAB_WEBHOOK_SECRET'],
    ['standard', 'MY_ALERTS_SECRET'],
    ['bearer', 'MY_ALERTS_SECRET'],
  ] as const)('%s finds its secret in %s, and the one being replaced beside it [WEB-ROTATION]', (kind, variable) => {
    const secrets = { [variable]: LONG, [`${variable}_PREVIOUS`]: 'the one before, also long' };
    const source = resolve([{ name: 'my-alerts', kind }], secrets).byName.get('my-alerts');
    for (const secret of Object.values(secrets)) {
      const { headers, body } = send(kind, secret, Buffer.from('{}'));
      expect(source !== undefined && accepts(source.verifier, headers, body)).toBe(true);
    }
  });

  test('secretEnv names other variables, one or several', () => {
    expect(variablesOf({ name: 'x', kind: 'github', trust: 'outside', secretEnv: 'ONE' })).toEqual(['ONE']);
    const { byName } = resolve([{ name: 'x', kind: 'github', secretEnv: ['ONE', 'TWO'] }], { TWO: LONG });
    const { headers, body } = send('github', LONG, Buffer.from('{}'));
    expect(accepts(byName.get('x')!.verifier, headers, body)).toBe(true);
  });

  test('every configured source without a secret is named with its variable [CONFIG-STRICT]', () => {
    const config = [
      { name: 'github', kind: 'github' },
      { name: 'alerts', kind: 'standard' },
      { name: 'there', kind: 'bearer' },
    ];
    expect(() => resolve(config, { THERE_SECRET: LONG })).toThrow(
      expect.objectContaining({
        code: 'SECRET_MISSING',
        message:
          'source "github" expects its secret in GITHUB_WEBHOOK_SECRET; source "alerts" expects its secret in ALERTS_SECRET; got none',
      }),
    );
  });

  test('a malformed secret is an error that names source and variable and not the secret [CONFIG-STRICT]', () => {
    expect(() => resolve([{ name: 'alerts', kind: 'standard' }], { ALERTS_SECRET: 'whsec_###' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/^source "alerts" \(ALERTS_SECRET.*base64[^#]*$/),
      }),
    );
  });

  test('a short secret works and is warned of, without being told', () => {
    const { byName, warnings } = resolve(undefined, { GITHUB_WEBHOOK_SECRET: 'mysecret' });
    expect(byName.size).toBe(1);
    expect(warnings).toEqual([
      'the secret of source "github" in GITHUB_WEBHOOK_SECRET has 8 characters; use at least 16 random ones',
    ]);
    expect(resolve(undefined, { GITHUB_WEBHOOK_SECRET: LONG }).warnings).toEqual([]);
  });
});
