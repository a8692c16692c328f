import { spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../../proof/lib/daemon.ts';
import { silentConfig } from '../../src/daemon/rehearsal.ts';
import { parseConfig } from '../../src/daemon/config.ts';

const KAIROS = resolve(import.meta.dirname, '../../bin/kairos');
const SECRET = 'proof-of-the-github-secret';

describe('kairos start --rehearse', () => {
  test('opens everything on a copy, and nothing leaves it, whatever is due [UPGRADE-REHEARSAL]', async () => {
    const outside = await listenAsWorld();
    const home = makeHome(loudConfig(outside.port, 'echo ran >>ran.txt'));
    const env = loudEnv(outside.port);
    await work(home, env);
    const before = digest(home);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    const calls = outside.count();
    expect(calls).toBeGreaterThan(0);
    rmSync(join(home, 'ran.txt'), { force: true });
    makeDue(home);
    const due = digest(home);
    const { status, stdout } = await rehearse(home, env);
    expect({ status, ...(JSON.parse(stdout) as object) }).toMatchObject({ status: 0, ok: true, skipped: null });
    expect(outside.count()).toBe(calls);
    expect(existsSync(join(home, 'ran.txt'))).toBe(false);
    expect(digest(home)).toBe(due);
    expect(readdirSync(join(home, 'upgrade'))).toEqual([]);
  });

  test('goes beside a running daemon, which takes deliveries meanwhile', async () => {
    const home = makeHome({ notify: [], sources: [{ name: 'github', kind: 'github' }] });
    await using daemon = await startDaemon(home);
    const over = new AbortController();
    const rehearsal = rehearse(home, { GITHUB_WEBHOOK_SECRET: SECRET }).finally(() => over.abort());
    const statuses: number[] = [];
    for (let index = 0; !over.signal.aborted; index += 1) statuses.push(await deliver(daemon.url, `d${index}`));
    expect((await rehearsal).status).toBe(0);
    expect(new Set(statuses)).toEqual(new Set([202]));
    const page = (await daemon.get('/api/events?limit=1')) as { items: { id: string }[] };
    expect(page.items[0]?.id).toBe(`e${statuses.length}`);
  });

  test('says why it would not start, with the exit code of a start', async () => {
    const home = makeHome({ notify: [{ kind: 'pigeon' }] });
    const { status, stderr } = await rehearse(home, {});
    expect(status).toBe(5);
    expect(stderr).toContain('pigeon');
  });

  test('fails on a ledger that is damaged, and leaves no copy behind', async () => {
    const home = makeHome({});
    writeFileSync(join(home, 'ledger.db'), 'this is no database, and it never was one'.repeat(200));
    const { status, stderr } = await rehearse(home, {});
    expect(status).toBe(1);
    expect(stderr).toContain('LEDGER_FAILED');
    expect(readdirSync(join(home, 'upgrade'))).toEqual([]);
  });

  test('takes over only what makes no noise, also of what later versions add', () => {
    const config = parseConfig(JSON.stringify(loudConfig(1, 'true')), 'config.yaml');
    const nothing = parseConfig('', 'config.yaml');
    const silent = silentConfig({ ...config, later: { url: 'x' } } as never);
    expect(silent).toMatchObject({ notify: [], schedules: [], models: nothing.models });
    expect(silent.heartbeat).toBeUndefined();
    expect(silent.dream.enabled).toBe(false);
    expect(silent.sources?.map(({ name }) => name)).toEqual(['github']);
    expect(JSON.stringify(silent.sources)).not.toContain('poll');
    expect(Object.keys(silent)).not.toContain('later');
  });
});

/** Everything that reaches out, to one place on this machine. */
function loudConfig(port: number, command: string): object {
  const url = `http://127.0.0.1:${port}/`;
  return {
    notify: [
      { kind: 'webhook', name: 'phone', url },
      { kind: 'telegram', chat: '1', allow: [1] },
    ],
    sources: [{ name: 'github', kind: 'github', poll: { repositories: ['ann/shop'] } }],
    subscriptions: [
      { name: 'tell', source: 'github', event: 'push', do: 'notify' },
      { name: 'ask', source: 'github', event: 'push', do: 'agent', prompt: 'look' },
    ],
    schedules: [{ name: 'often', every: '1m', do: 'command', argv: ['sh', '-c', command] }],
    heartbeat: { url: `${url}alive` },
  };
}

function loudEnv(port: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  return {
    GITHUB_WEBHOOK_SECRET: SECRET,
    GITHUB_TOKEN: 'token-of-a-test-0123456789',
    GITHUB_API_URL: url,
    TELEGRAM_BOT_TOKEN: '1:token-of-a-test',
    TELEGRAM_API_ROOT: url,
    ANTHROPIC_API_KEY: 'key-of-a-test-0123456789',
    ANTHROPIC_BASE_URL: url,
    REDIS_URL: `redis://127.0.0.1:${port}`,
  };
}

function makeHome(config: object): string {
  const home = mkdtempSync(join(tmpdir(), 'kairosd rehearsal-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'config.yaml'), JSON.stringify(config), { mode: 0o600 });
  return home;
}

/** A daemon that took deliveries and died before it had done what they lead to. */
async function work(home: string, env: Record<string, string>): Promise<void> {
  await using daemon = await startDaemon(home, { env });
  for (let index = 0; index < 5; index += 1) expect(await deliver(daemon.url, `w${index}`)).toBe(202);
  await daemon.kill9();
}

/** Whatever was tried waits to be tried again at once. */
function makeDue(home: string): void {
  using database = new DatabaseSync(join(home, 'ledger.db'));
  database.exec("UPDATE jobs SET state = 'queued', due_at = 0, ended_at = NULL");
  database.exec("UPDATE messages SET state = 'queued', released_at = NULL, sent_at = NULL");
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

async function deliver(url: string, id: string): Promise<number> {
  const body = JSON.stringify({ ref: 'refs/heads/main', repository: { full_name: 'ann/shop' } });
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  return (await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })).status;
}

async function rehearse(home: string, env: Record<string, string>) {
  const child = spawn(KAIROS, ['start', '--rehearse', '--json'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, KAIROS_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  await once(child, 'close');
  return { status: child.exitCode, stdout, stderr };
}

/** Whoever is called: counts connections, and answers none. */
async function listenAsWorld() {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on('error', () => undefined);
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, count: () => count };
}

function digest(home: string): string {
  const hash = createHash('sha256');
  for (const name of ['ledger.db', 'ledger.db-wal', 'config.yaml']) {
    if (existsSync(join(home, name))) hash.update(readFileSync(join(home, name)));
  }
  return hash.digest('hex');
}
