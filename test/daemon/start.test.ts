import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/core/ports.ts';
import { loadConfig } from '../../src/daemon/config.ts';
import { readSecrets } from '../../src/daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../src/daemon/start.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { startFakeGitHub } from '../fakes/github.ts';
import { folder, ledgerIn } from '../ledger/make.ts';

const ENV = { KAIROS_PORT: '0', GITHUB_WEBHOOK_SECRET: 'a-secret-of-the-tests-0123456789' };
const TOKEN = 'a-token-of-the-tests';

interface World {
  readonly home: string;
  readonly printed: string[];
  /** Resolves with the fields of the next line of the log that says this. */
  readonly logged: (message: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly start: () => Promise<Daemon>;
}

function world(home: string, env: Readonly<Record<string, string>> = ENV): World {
  const printed: string[] = [];
  const waiting = new Map<string, (fields: Readonly<Record<string, unknown>>) => void>();
  const write = (fields: Readonly<Record<string, unknown>>, message: string): void => waiting.get(message)?.(fields);
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log };
  const reread = () => ({ config: loadConfig(home, env), secrets: readSecrets(home, env) });
  return {
    home,
    printed,
    logged: (message) => new Promise((resolve) => waiting.set(message, resolve)),
    start: () =>
      startDaemon(
        {
          home,
          ...reread(),
          reread,
          token: TOKEN,
          commandEnv: {},
          version: '0.1.0',
          pid: process.pid,
          platform: process.platform,
          onStopAsked: () => undefined,
        },
        {
          clock: systemClock,
          random: systemRandom,
          log,
          redactor: createRedactor([]),
          fetch,
          print: (text) => void printed.push(text),
          usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
        },
      ),
  };
}

const call = (daemon: Daemon, path: string, body?: unknown): Promise<Response> =>
  fetch(`${daemon.url}${path}`, {
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });

describe('the daemon', () => {
  test('is ready when it says so, and is found by what it leaves in its home [DAEMON-READY, DAEMON-RUN-JSON]', async () => {
    using home = folder();
    const { start } = world(home.path);
    await using daemon = await start();
    expect(JSON.parse(readFileSync(join(home.path, 'run.json'), 'utf8'))).toMatchObject({
      pid: process.pid,
      url: daemon.url,
    });
    expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
  });

  test('holds its home alone: a second start is told who has it [DAEMON-SECOND-START-EXIT-4]', async () => {
    using home = folder();
    const { start } = world(home.path);
    await using _first = await start();
    await expect(start()).rejects.toMatchObject({ code: 'HOME_HELD' });
  });

  test('closes what it opened when it cannot start [DAEMON-STOP-ORDER]', async () => {
    using home = folder();
    using second = folder();
    await using other = await world(home.path).start();
    const taken = world(second.path, { ...ENV, KAIROS_PORT: String(other.port) });
    await expect(taken.start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await using daemon = await world(second.path).start();
    expect(daemon.port).not.toBe(other.port);
  });

  test('stops in order: the doors, then the work, then the log, the ledger last [DAEMON-STOP-ORDER]', async () => {
    using home = folder();
    const { start, printed } = world(home.path);
    const daemon = await start();
    await call(daemon, '/api/say', { text: 'status' });
    await daemon[Symbol.asyncDispose]();
    await expect(fetch(`${daemon.url}/healthz`)).rejects.toThrow('fetch failed');
    expect(existsSync(join(home.path, 'run.json'))).toBe(false);
    // What was accepted before the stop is not lost, whether or not there was time for it.
    await using ledger = await ledgerIn(home.path);
    expect(ledger.jobs.counts().running ?? 0).toBe(0);
    expect(ledger.messages.list({ limit: 5 })).toHaveLength(
      printed.length === 0 ? ledger.messages.list({ limit: 5 }).length : 1,
    );
    expect(ledger.boots.unclean(0)).toBe(0);
    expect(logText(home.path)).toMatch(/ start \[b1\] [\s\S]* stop \[b1\] /);
    expect(ledger.journal.pending(10)).toEqual([]);
  });
});

describe('an edit of config.yaml', () => {
  test('is taken up while it runs, and what changed is logged [CONFIG-HOT-RELOAD]', async () => {
    using home = folder();
    const { start, logged } = world(home.path);
    await using daemon = await start();
    const taken = logged('configuration taken up');
    writeFileSync(
      join(home.path, 'config.yaml'),
      'subscriptions:\n  - { name: all, source: github, do: log }\nserver: { port: 7718 }\n',
    );
    expect(await taken).toEqual({ applied: ['subscriptions'], atNextStart: [] });
    const { items } = (await (await call(daemon, '/api/subscriptions')).json()) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual(['all']);
  });

  test('made while it starts is taken up as well [CONFIG-HOT-RELOAD]', async () => {
    using home = folder();
    const { start, logged } = world(home.path);
    const taken = logged('configuration taken up');
    const starting = start();
    writeFileSync(join(home.path, 'config.yaml'), 'subscriptions:\n  - { name: all, source: github, do: log }\n');
    await using _daemon = await starting;
    expect(await taken).toEqual({ applied: ['subscriptions'], atNextStart: [] });
  });

  test('that is not valid is refused with its line and column, and the last good one stays [CONFIG-HOT-RELOAD]', async () => {
    using home = folder();
    writeFileSync(join(home.path, 'config.yaml'), 'subscriptions:\n  - { name: good, source: github, do: log }\n');
    const { start, logged } = world(home.path);
    await using daemon = await start();
    const refused = logged('edit refused, the configuration before it stays in force');
    writeFileSync(join(home.path, 'config.yaml'), 'subscriptions:\n  - { name: bad, source: github, do: shout }\n');
    expect(String((await refused)['error'])).toContain('config.yaml:2:38');
    const { items } = (await (await call(daemon, '/api/subscriptions')).json()) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual(['good']);
  });

  test('begins to ask for missed deliveries, and what is followed stays followed [CONFIG-HOT-RELOAD]', async () => {
    using home = folder();
    await using github = await startFakeGitHub(() => systemClock.wallMs());
    const issue = { number: 7, title: 'Oil', state: 'open', html_url: 'https://github.com/octo/app/issues/7' };
    github.repository('octo/app').issues.set(7, issue);
    const { start, logged } = world(home.path, { ...ENV, GITHUB_TOKEN: 'ghp_x', GITHUB_API_URL: github.url });
    await using daemon = await start();
    const added = await call(daemon, '/api/subscribe', { ref: 'octo/app#7', poll: true });
    expect(await added.json()).toMatchObject({ road: 'follow' });
    const taken = logged('configuration taken up');
    const reconcile = '{ repositories: [octo/app, octo/lib] }';
    writeFileSync(
      join(home.path, 'config.yaml'),
      `sources: [{ name: github, kind: github, reconcile: ${reconcile} }]\n`,
    );
    await taken;
    const status = await (await call(daemon, '/api/status')).json();
    expect(status).toMatchObject({ reconcile: { repositories: 2, troubledCount: 0 }, polling: { feeds: 2 } });
  });

  test('that can only be refused while it is taken up leaves everything as it was [CONFIG-HOT-RELOAD]', async () => {
    using home = folder();
    const { start, logged } = world(home.path);
    await using daemon = await start();
    const refused = logged('edit refused, the configuration before it stays in force');
    const schedule = 'schedules:\n  - { name: later, every: 1h, do: notify, text: x }\n';
    writeFileSync(join(home.path, 'config.yaml'), `${schedule}heartbeat: { urlEnv: NOWHERE }\n`);
    expect(String((await refused)['error'])).toContain('NOWHERE');
    const { items } = (await (await call(daemon, '/api/schedules')).json()) as { items: unknown[] };
    expect(items).toEqual([]);
    const taken = logged('configuration taken up');
    writeFileSync(join(home.path, 'config.yaml'), schedule);
    expect(await taken).toEqual({ applied: ['schedules'], atNextStart: [] });
  });
});

function logText(home: string): string {
  const folders = readdirSync(join(home, 'logs'), { recursive: true, withFileTypes: true });
  return folders
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('');
}
