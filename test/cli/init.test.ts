import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { kairos, newHome, startDaemon, stopDaemon } from './kairos.ts';
import { onTerminal, type Terminal } from './terminal.ts';

const TOKEN = '123456:AAFakeFakeFakeFakeFakeFakeFakeFakeFake';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';

/** Stands in for Telegram's API. */
async function fakeTelegram(): Promise<{ root: string; sent: string[] }> {
  const sent: string[] = [];
  const chat = { id: 777, type: 'private', first_name: 'Mona\u001b[31m' };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const asked = request.url?.includes('/getUpdates');
      if (request.url?.includes('/sendMessage')) sent.push(body);
      const result = asked ? [{ update_id: 1, message: { chat, text: 'hi' } }] : { message_id: 5, chat };
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, result }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent };
}

function read(home: string, name: string): string {
  return readFileSync(join(home, name), 'utf8');
}

async function answer(terminal: Terminal, pairs: readonly (readonly [string, string])[]): Promise<void> {
  for (const [question, keys] of pairs) {
    await terminal.see(question);
    terminal.type(keys);
  }
}

const ALL: readonly (readonly [string, string])[] = [
  ['time zone', '\r'],
  ['nothing unasked', '\r'],
  ['reach you', `${DOWN}\r`],
  ['The token', `${TOKEN}\r`],
  ['Ask Telegram now', '\r'],
  ['Which one', '\r'],
  ['obeyed', '\r'],
  ['from GitHub', '\r'],
  ['Repositories', 'octo/app, octo/site\r'],
  ['empty: none', '\r'],
  ['A model', '\r'],
  ['as a service', '\r'],
];

describe('kairos init on a terminal', () => {
  test('asks, tries the channel, and makes a home that a real daemon starts with; no secret is shown [FIRST-WIZARD]', async () => {
    const home = newHome();
    const telegram = await fakeTelegram();
    const env = { TELEGRAM_API_ROOT: telegram.root };
    const terminal = onTerminal(home, ['init'], env);
    await answer(terminal, [...ALL, ['Write it', '\r'], ['Then try it', '\r']]);
    await expect(terminal.end()).resolves.toBe(0);
    expect(terminal.said()).not.toContain(TOKEN.slice(8));
    expect(terminal.said()).not.toContain('Mona\u001b');
    expect(telegram.sent).toHaveLength(1);
    expect(terminal.said()).toContain('telegram: the message was taken');
    for (const next of ['kairos install', 'kairos status', 'kairos doctor']) expect(terminal.said()).toContain(next);
    expect(read(home, 'config.yaml')).toContain('- { kind: telegram, chat: "777", allow: [777] }');
    expect(read(home, 'config.yaml')).toContain('poll: { repositories: [octo/app, octo/site], every: 10m }');
    expect(read(home, 'secrets.env')).toContain(`TELEGRAM_BOT_TOKEN=${TOKEN}`);
    expect(statSync(join(home, 'secrets.env')).mode & 0o777).toBe(0o600);
    await expect(kairos(home, ['config', 'check'])).resolves.toMatchObject({ code: 0 });
    const github = { GITHUB_API_URL: telegram.root };
    const daemon = await startDaemon(home, { ...env, ...github });
    await expect(stopDaemon(daemon)).resolves.toBe(0);
  });

  test.each(ALL.map(([question], index) => [question, index] as const))(
    'Ctrl-C at "%s" leaves nothing behind [FIRST-NOTHING-HALF]',
    async (_question, index) => {
      const home = newHome();
      const telegram = await fakeTelegram();
      const terminal = onTerminal(home, ['init'], { TELEGRAM_API_ROOT: telegram.root });
      await answer(terminal, ALL.slice(0, index));
      await answer(terminal, [[ALL[index]?.[0] ?? '', CTRL_C]]);
      await expect(terminal.end()).resolves.toBe(2);
      expect(terminal.said()).toContain('nothing was written');
      expect(existsSync(home)).toBe(false);
    },
  );

  test.each([{ TERM: 'dumb' }, { NO_COLOR: '1' }])(
    'with %o it speaks plain ASCII, takes numbers, and hides what is secret [FIRST-PLAIN]',
    async (env) => {
      const home = newHome();
      const terminal = onTerminal(home, ['init'], env);
      await answer(terminal, [
        ['time zone', 'Mars/Olympus\r'],
        ['Expected an IANA time zone', ''],
        ['time zone', 'Europe/Paris\r'],
        ['Number [1]', '2\r'],
        ['reach you', '2\r'],
        ['not shown', `x${TOKEN.slice(0, 3)}\u007f${TOKEN.slice(2)}\r`],
      ]);
      // The stray x makes a token that Telegram would not know: this is about the keys.
      await answer(terminal, [
        ['Ask Telegram now', 'no\r'],
        ['number of the chat', '-100\r'],
        ['from GitHub', '3\r'],
      ]);
      await answer(terminal, [
        ['A model', '1\r'],
        ['as a service', 'no\r'],
        ['Write it', '\r'],
        ['Then try it', 'n\r'],
      ]);
      await expect(terminal.end()).resolves.toBe(0);
      expect(terminal.said()).toMatch(/^[\u0020-\u007e\r\n]*$/);
      expect(terminal.said()).not.toContain('FakeFake');
      expect(read(home, 'secrets.env')).toContain(`TELEGRAM_BOT_TOKEN=x${TOKEN}\n`);
      expect(read(home, 'config.yaml')).toContain('chat: "-100" }');
      expect(read(home, 'config.yaml')).toContain('timezone: Europe/Paris');
    },
  );

  test('Ctrl-C while a secret is typed in a plain terminal gives the terminal back and writes nothing [FIRST-NOTHING-HALF]', async () => {
    const home = newHome();
    const terminal = onTerminal(home, ['init'], { TERM: 'dumb' });
    await answer(terminal, [
      ['time zone', '\r'],
      ['Number', '1\r'],
      ['reach you', '2\r'],
      ['not shown', `12${CTRL_C}`],
    ]);
    await expect(terminal.end()).resolves.toBe(2);
    expect(existsSync(home)).toBe(false);
  });

  test('on a terminal without a width it falls back to plain lines [FIRST-PLAIN]', async () => {
    const terminal = onTerminal(newHome(), ['init'], {}, 0);
    await answer(terminal, [
      ['Your time zone [Europe/Berlin]: ', '\r'],
      ['Number [1]', CTRL_C],
    ]);
    await expect(terminal.end()).resolves.toBe(2);
  });

  test('beside an existing configuration it adds lines on request, shown first, and changes none [FIRST-ADDITIVE]', async () => {
    const home = newHome();
    mkdirSync(home, { mode: 0o700 });
    const mine = '# mine\nnotify:\n    - kind:   terminal # here\ntimezone: Europe/Paris   # where I live\n';
    writeFileSync(join(home, 'real.yaml'), mine, { mode: 0o640 });
    symlinkSync('real.yaml', join(home, 'config.yaml'));
    const terminal = onTerminal(home, ['init']);
    await answer(terminal, [
      ['Add something', `${DOWN}${DOWN}\r`],
      ['nothing unasked', '\r'],
      ['Add something', '\r'],
      ['quietHours: { from: "22:00", to: "07:00" }', ''],
      ['Add this', '\r'],
    ]);
    await expect(terminal.end()).resolves.toBe(0);
    const now = read(home, 'config.yaml');
    expect(now).toBe(`${mine}\nbudget:\n  quietHours: { from: "22:00", to: "07:00" }\n`);
    expect(statSync(join(home, 'real.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(home).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('kairos init with options', () => {
  test('takes every answer as an option and secrets from standard input only [FIRST-FLAGS]', async () => {
    const home = newHome();
    const argv = ['init', '--json', '--time-zone', 'Europe/Paris', '--port', '0', '--quiet-hours', '23:00-06:30'];
    const channels = [
      '--channel',
      'telegram:777',
      '--channel',
      'slack:C0123456789',
      '--channel',
      'webhook:http://127.0.0.1:9000/hook',
      '--hear',
    ];
    const rest = [
      '--github',
      'poll',
      '--repository',
      'octo/app',
      '--model',
      'http://127.0.0.1:11434',
      '--model-name',
      'qwen3:8b',
    ];
    const input = `TELEGRAM_BOT_TOKEN=${TOKEN}\nGITHUB_TOKEN=github_pat_12345678\n`;
    const made = await kairos(home, [...argv, ...channels, ...rest, '--secrets-stdin'], { input });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toMatchObject({ missing: ['SLACK_BOT_TOKEN', 'NOTIFY_SECRET'] });
    expect(made.stdout).not.toContain(TOKEN);
    const config = read(home, 'config.yaml');
    for (const line of ['port: 0', 'from: "23:00"', 'allow: [777]', 'C0123456789', 'every: 60s', 'lead: "qwen3:8b"']) {
      expect(config).toContain(line);
    }
    expect(read(home, 'secrets.env')).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:11434');
    await expect(kairos(home, ['config', 'check'])).resolves.toMatchObject({ code: 5 });
    const env = { SLACK_BOT_TOKEN: 'xoxb-1', NOTIFY_SECRET: 'x'.repeat(40) };
    await expect(kairos(home, ['config', 'check'], { env })).resolves.toMatchObject({ code: 0 });
  });

  test.each([
    [['--time-zone', 'Mars/Olympus'], '--time-zone: expected an IANA time zone'],
    [['--port', '70000'], '--port: expected a port from 0 to 65535'],
    [['--quiet-hours', '22-7'], '--quiet-hours: expected two different times'],
    [['--channel', 'sms:1'], '--channel: expected telegram:CHAT, slack:CHANNEL or webhook:URL'],
    [['--channel', 'telegram:mona'], '--channel telegram:: expected the number of a chat'],
    [['--github', 'poll'], 'at least one --repository'],
    [['--github', 'push'], 'webhook, poll or later'],
    [['--repository', 'octo/app'], '--github poll beside it'],
    [['--model', 'gpt'], 'none, anthropic or the address of a server'],
    [['--model', 'http://127.0.0.1:1'], '--model-name'],
  ])('%j is refused with what was expected, and nothing is written [FIRST-FLAGS]', async (argv, words) => {
    const home = newHome();
    const refused = await kairos(home, ['init', ...argv]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(words);
    expect(existsSync(home)).toBe(false);
  });

  test('a secret on standard input that can not be one is named and not shown [FIRST-FLAGS]', async () => {
    const home = newHome();
    const refused = await kairos(home, ['init', '--secrets-stdin'], { input: 'GITHUB_TOKEN="two words"\n' });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('GITHUB_TOKEN');
    expect(refused.stderr).not.toContain('two words');
    expect(existsSync(home)).toBe(false);
  });

  test('an existing configuration and its secrets are kept, unless --add; doing it twice changes nothing more [FIRST-ADDITIVE]', async () => {
    const home = newHome();
    const argv = ['init', '--channel', 'telegram:777', '--secrets-stdin', '--json'];
    await kairos(home, ['init', '--yes']);
    const old = read(home, 'config.yaml');
    await kairos(home, argv, { input: `TELEGRAM_BOT_TOKEN=${TOKEN}\n` });
    expect(read(home, 'config.yaml')).toBe(old);
    const added = await kairos(home, [...argv, '--add'], { input: 'TELEGRAM_BOT_TOKEN=999999:another-token\n' });
    expect(JSON.parse(added.stdout)).toMatchObject({
      kept: ['config.yaml', 'KAIROS.md', 'secrets.env', 'TELEGRAM_BOT_TOKEN'],
      added: ['notify:\n  - { kind: telegram, chat: "777" }'],
    });
    expect(read(home, 'secrets.env')).toContain(TOKEN);
    const now = read(home, 'config.yaml');
    expect(now).not.toBe(old);
    await kairos(home, [...argv, '--add'], { input: '' });
    expect(read(home, 'config.yaml')).toBe(now);
    await expect(kairos(home, ['config', 'check'])).resolves.toMatchObject({ code: 0 });
  });
});
