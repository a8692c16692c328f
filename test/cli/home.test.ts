import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kairos, newHome } from './kairos.ts';

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

describe('kairos init', () => {
  test('makes a private home that config check accepts [CLI-INIT]', async () => {
    const home = newHome();
    const made = await kairos(home, ['init', '--yes', '--json'].concat(['--home', home]), {});
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toEqual({ home, created: ['config.yaml', 'KAIROS.md', 'secrets.env'], kept: [] });
    expect(modeOf(home)).toBe('700');
    expect(modeOf(join(home, 'secrets.env'))).toBe('600');
    const config = readFileSync(join(home, 'config.yaml'), 'utf8');
    expect(config.split('\n', 1)[0]).toBe('# yaml-language-server: $schema=./config.schema.json');
    expect(config).toContain('timezone: Europe/Berlin');
    expect(existsSync(join(home, 'config.schema.json'))).toBe(true);
    await expect(kairos(home, ['config', 'check'])).resolves.toMatchObject({ code: 0, stderr: '' });
  });

  test('never overwrites what exists [CLI-INIT]', async () => {
    const home = newHome();
    mkdirSync(home);
    writeFileSync(join(home, 'config.yaml'), '# mine\n');
    const made = await kairos(home, ['init', '--yes', '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({ created: ['KAIROS.md', 'secrets.env'], kept: ['config.yaml'] });
    expect(readFileSync(join(home, 'config.yaml'), 'utf8')).toBe('# mine\n');
    const again = await kairos(home, ['init']);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('kept  config.yaml, KAIROS.md, secrets.env');
  });
});

describe('kairos config', () => {
  test('names line and column of what is wrong and exits with 5 [CLI-EXIT-CODES]', async () => {
    const home = newHome();
    mkdirSync(home);
    writeFileSync(join(home, 'config.yaml'), 'timezone: Europe/Berlin\nserver: { prot: 7717 }\n');
    const { code, stdout, stderr } = await kairos(home, ['config', 'check']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain(`${join(home, 'config.yaml')}:2:11 unknown key "prot"`);
    const machine = await kairos(home, ['config', 'check', '--json']);
    expect(machine.code).toBe(5);
    expect(JSON.parse(machine.stderr)).toMatchObject({ code: 'CONFIG_INVALID', problems: [{ line: 2, column: 11 }] });
  });

  test('check says which secrets are missing, and what in the environment is wrong [CLI-EXIT-CODES]', async () => {
    const home = newHome();
    mkdirSync(home);
    const text = [
      'sources: [{ name: alerts, kind: standard }]',
      'notify: [{ kind: webhook, name: phone, url: "http://127.0.0.1:9/", secretEnv: NOTIFY_SECRET }]',
    ].join('\n');
    writeFileSync(join(home, 'config.yaml'), text);
    const missing = await kairos(home, ['config', 'check', '--json']);
    expect({ code: missing.code, stdout: missing.stdout }).toEqual({ code: 5, stdout: '' });
    const problem = JSON.parse(missing.stderr) as { code: string; detail: string; hint: string };
    expect(problem.code).toBe('SECRET_MISSING');
    for (const name of ['source "alerts"', 'ALERTS_SECRET', 'channel phone', 'NOTIFY_SECRET']) {
      expect(problem.detail).toContain(name);
    }
    expect(problem.hint).toContain('secrets.env');
    await expect(kairos(home, ['start'])).resolves.toMatchObject({ code: 5 });

    const secrets = { ALERTS_SECRET: 'x'.repeat(32), NOTIFY_SECRET: 'short' };
    const whole = await kairos(home, ['config', 'check', '--json'], { env: secrets });
    expect(JSON.parse(whole.stdout)).toMatchObject({ valid: true, sources: 1, channels: 1, warnings: [] });
    for (const env of [{ KAIROS_PORT: '70000' }, { KAIROS_LOG_LEVEL: 'loud' }]) {
      const wrong = await kairos(home, ['config', 'check'], { env: { ...secrets, ...env } });
      expect(wrong.code).toBe(5);
      expect(wrong.stderr).toMatch(/^kairos: KAIROS_(PORT|LOG_LEVEL) must be/);
      expect(wrong.stderr).toContain('or the environment');
    }
  });

  test('schema is a JSON Schema that knows what init writes [CLI-CONFIG-SCHEMA]', async () => {
    const { code, stdout } = await kairos(newHome(), ['config', 'schema']);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as { type: string; additionalProperties: boolean; properties: object };
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    const sections = ['timezone', 'server', 'budget', 'notify', 'sources', 'subscriptions'];
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(sections));
  });
});

describe('kairos log', () => {
  test('prints a day without a daemon, newest lines last, and takes --limit [CLI-LISTS]', async () => {
    const home = newHome();
    mkdirSync(join(home, 'logs/2026/11'), { recursive: true });
    const lines = '- 09:00:00 log [e1] first\n- 10:00:00 sent [m1] \u001b[31msecond\n';
    writeFileSync(join(home, 'logs/2026/11/2026-11-20.md'), `# 2026-11-20\n\n${lines}`);
    const all = await kairos(home, ['log', '2026-11-20']);
    expect(all).toMatchObject({ code: 0, stdout: '09:00:00 log [e1] first\n10:00:00 sent [m1] [31msecond\n' });
    const one = await kairos(home, ['log', '2026-11-20', '--limit', '1', '--json']);
    expect(JSON.parse(one.stdout)).toMatchObject({
      date: '2026-11-20',
      lines: [{ time: '10:00:00', ref: 'm1' }],
      more: true,
    });
    const none = await kairos(home, ['log', 'yesterday']);
    expect(none).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing was logged on \d{4}-/) as string });
    await expect(kairos(home, ['log', '2026-13-45'])).resolves.toMatchObject({ code: 2 });
  });
});

describe('kairos subscriptions --test', () => {
  test('shows what a payload would lead to, without a daemon [SUB-MATCH]', async () => {
    const home = newHome();
    await kairos(home, ['init', '--yes', '--home', home]);
    const payload = JSON.stringify({
      action: 'completed',
      repository: { full_name: 'acme/app' },
      workflow_run: { conclusion: 'failure', head_branch: 'main', html_url: 'https://example.org/run/1' },
    });
    writeFileSync(join(home, 'payload.json'), payload);
    const argv = ['subscriptions', '--test', join(home, 'payload.json'), '--event', 'workflow_run'];
    const found = await kairos(home, [...argv, '--json']);
    expect(JSON.parse(found.stdout)).toMatchObject({
      event: { source: 'github', type: 'workflow_run', action: 'completed' },
      jobs: [
        { kind: 'notify', origin: 'ci-failed', topic: 'acme/app#main' },
        { kind: 'log', origin: 'everything-else' },
      ],
    });
    const piped = await kairos(home, ['subscriptions', '--test', '-', '--event', 'workflow_run'], { input: payload });
    expect(piped.stdout).toContain('CI failed on acme/app main: https://example.org/run/1');
    const strange = await kairos(home, ['subscriptions', '--test', '-', '--source', 'gitlab'], { input: payload });
    expect(strange).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a configured source (github), got "gitlab"') as string,
    });
    const typeless = await kairos(home, ['subscriptions', '--test', '-'], { input: payload });
    expect(typeless).toMatchObject({ code: 2, stderr: expect.stringContaining('--event push') as string });
  });
});

describe('kairos webhook add', () => {
  test('makes a secret, keeps the other lines, prints URL, secret and steps [CLI-WEBHOOK-ADD]', async () => {
    const home = newHome();
    mkdirSync(home);
    const path = join(home, 'secrets.env');
    writeFileSync(path, '# mine\nOTHER=1\n', { mode: 0o644 });
    const { code, stdout } = await kairos(home, ['webhook', 'add', 'github']);
    expect(code).toBe(0);
    const secret = /GITHUB_WEBHOOK_SECRET=([0-9a-f]{64})\n/.exec(readFileSync(path, 'utf8'))?.[1] ?? 'none';
    expect(readFileSync(path, 'utf8')).toBe(`# mine\nOTHER=1\nGITHUB_WEBHOOK_SECRET=${secret}\n`);
    expect(modeOf(path)).toBe('600');
    for (const words of [
      'http://127.0.0.1:7717/webhooks/github',
      secret,
      'Add webhook',
      'application/json',
      'tailscale funnel --bg --set-path=/webhooks http://127.0.0.1:7717/webhooks',
    ]) {
      expect(stdout).toContain(words);
    }
  });

  test('does not make up an address while the port is not known [CLI-WEBHOOK-ADD]', async () => {
    const env = { KAIROS_PORT: '0' };
    const people = await kairos(newHome(), ['webhook', 'add', 'github'], { env });
    expect(people.code).toBe(0);
    expect(people.stdout).not.toContain(':0/');
    expect(people.stdout).toMatch(/URL here +\/webhooks\/github at the address that \S*kairos status shows/);
    expect(people.stdout).toContain('--set-path=/webhooks http://127.0.0.1:PORT/webhooks');
    const machine = await kairos(newHome(), ['webhook', 'add', 'github', '--json'], { env });
    expect(JSON.parse(machine.stdout)).toMatchObject({ url: null, path: '/webhooks/github' });
  });

  test('does not replace a secret unless told to, and then keeps the old one beside it [WEB-ROTATION]', async () => {
    const home = newHome();
    const argv = ['webhook', 'add', 'github', '--json', '--home', home];
    const first = JSON.parse((await kairos(home, argv)).stdout) as { secret: string };
    const refused = await kairos(home, argv);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'STATE_CONFLICT' });
    const second = JSON.parse((await kairos(home, [...argv, '--rotate'])).stdout) as { secret: string };
    expect(second.secret).not.toBe(first.secret);
    const text = readFileSync(join(home, 'secrets.env'), 'utf8');
    expect(text).toBe(`GITHUB_WEBHOOK_SECRET=${second.secret}\nGITHUB_WEBHOOK_SECRET_PREVIOUS=${first.secret}\n`);
  });

  test('another kind of source gets a secret of its form and its line for config.yaml [CLI-WEBHOOK-ADD]', async () => {
    const home = newHome();
    mkdirSync(home);
    const added = await kairos(home, ['webhook', 'add', 'alerts', '--kind', 'standard', '--json']);
    expect(JSON.parse(added.stdout)).toMatchObject({
      variable: 'ALERTS_SECRET',
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
      configLine: '  - { name: alerts, kind: standard }',
    });
    const slack = await kairos(home, ['webhook', 'add', 'slack']);
    expect(slack).toMatchObject({ code: 2, stderr: expect.stringContaining('SLACK_SIGNING_SECRET') as string });
  });
});
