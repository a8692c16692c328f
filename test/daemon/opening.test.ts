import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freePort } from '../../proof/lib/daemon.ts';
import { loadConfig } from '../../src/daemon/config.ts';
import { readSecrets } from '../../src/daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../src/daemon/start.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { revokeTrial } from '../../src/service/trial.ts';
import { folder, recordingLog } from '../ledger/make.ts';

const SECRET = 'a-secret-of-the-tests-0123456789';
const CHANNEL = 'http://127.0.0.1:9/channel';
const [FROM, TO] = ['1.0.0-00000000', '1.1.0-11111111'];
/** Few enough for the budget of messages, twice. */
const JOBS = 2;

test('on trial nothing is claimed, sent, fetched or answered before everything is open, and all of it right after [UPGRADE-TRIAL]', async () => {
  using home = folder();
  const world = await makeWorld(home.path);
  {
    await using _daemon = await world.start(false);
    for (let index = 0; index < JOBS; index += 1) expect(await world.deliver(`before-${index}`)).toBe(202);
    await expect.poll(() => jobsIn(home.path)).toEqual({ succeeded: JOBS });
  }
  makeDue(home.path);
  world.calls.length = 0;
  beginAttempt(home.path);
  // The last step of this start fails: until then every part is open and has its chance.
  expect(revokeTrial(home.path, TO)).toBe(true);
  const knocking = new AbortController();
  const knocked = world.knock('during', knocking.signal);
  await expect(world.start(true)).rejects.toThrow(/has taken the upgrade to .* back/);
  knocking.abort();
  expect(await knocked).not.toBe(202);
  expect(world.calls).toEqual([]);
  expect(jobsIn(home.path)).toEqual({ queued: JOBS });
  expect(deliveriesIn(home.path)).toHaveLength(JOBS);

  renameSync(join(home.path, 'upgrade', 'revoked'), join(home.path, 'upgrade', 'trial'));
  const waited = world.knock('after', new AbortController().signal);
  await using _daemon = await world.start(true);
  expect(existsSync(join(home.path, 'upgrade', 'attempt'))).toBe(false);
  expect(await waited).toBe(202);
  await expect.poll(() => jobsIn(home.path)).toEqual({ succeeded: JOBS + 1 });
  await expect.poll(() => world.calls.map(({ url }) => url)).toContain(CHANNEL);
  expect(world.calls.filter(({ onTrial }) => onTrial)).toEqual([]);
  expect(deliveriesIn(home.path)).toContain('after');
}, 20_000);

/** A home with rules, a channel and polling, a door at a known port, and a network that notes who is called when. */
async function makeWorld(home: string) {
  const port = await freePort();
  const config = {
    notify: [{ kind: 'webhook', url: CHANNEL }],
    sources: [{ name: 'github', kind: 'github', poll: { repositories: ['ann/shop'] } }],
    subscriptions: [{ name: 'tell', source: 'github', event: 'push', do: 'notify', urgent: true }],
  };
  writeFileSync(join(home, 'config.yaml'), JSON.stringify(config), { mode: 0o600 });
  const github = { GITHUB_TOKEN: 'token-of-a-test-0123456789', GITHUB_API_URL: 'http://127.0.0.1:9' };
  const env = { KAIROS_PORT: String(port), GITHUB_WEBHOOK_SECRET: SECRET, ...github };
  const calls: { url: string; onTrial: boolean }[] = [];
  const ports = {
    clock: systemClock,
    random: systemRandom,
    log: recordingLog(),
    redactor: createRedactor([]),
    fetch: async (url: string) => {
      calls.push({ url, onTrial: existsSync(join(home, 'upgrade', 'attempt')) });
      return new Response('');
    },
    print: () => undefined,
    usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
  };
  const start = (onTrial: boolean): Promise<Daemon> =>
    startDaemon(
      {
        home,
        config: loadConfig(home, env),
        secrets: readSecrets(home, env),
        token: 'a-token-of-the-tests',
        commandEnv: {},
        version: '1.1.0',
        pid: process.pid,
        platform: process.platform,
        onStopAsked: () => undefined,
        onTrial,
      },
      ports,
    );
  const deliver = (id: string): Promise<number> => post(`http://127.0.0.1:${port}/webhooks/github`, id);
  return {
    calls,
    start,
    deliver,
    /** Delivers as soon as somebody listens. @returns the status, or how it ended otherwise. */
    async knock(id: string, signal: AbortSignal): Promise<number | string> {
      for (; !signal.aborted; await turn()) {
        const end = await deliver(id).catch((error: Error) => String((error.cause as NodeJS.ErrnoException).code));
        if (end !== 'ECONNREFUSED') return end;
      }
      return 'nobody listened';
    },
  };
}

async function post(url: string, id: string): Promise<number> {
  const body = JSON.stringify({ ref: 'refs/heads/main', repository: { full_name: 'ann/shop' }, commits: [] });
  const headers = {
    'content-type': 'application/json',
    connection: 'close',
    'x-github-event': 'push',
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
  };
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

/** As `run` leaves it before it starts the new version. */
function beginAttempt(home: string): void {
  mkdirSync(join(home, 'upgrade'));
  for (const name of ['trial', 'attempt']) {
    writeFileSync(join(home, 'upgrade', name), `from=${FROM}\nto=${TO}\n`);
  }
}

/** What was done waits to be done again, at once. */
function makeDue(home: string): void {
  using database = new DatabaseSync(join(home, 'ledger.db'));
  database.exec("UPDATE jobs SET state = 'queued', attempts = 0, due_at = 0, ended_at = NULL");
}

function jobsIn(home: string): Record<string, number> {
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 1_000 });
  const rows = database.prepare('SELECT state, count(*) AS count FROM jobs GROUP BY state').all();
  return Object.fromEntries(rows.map(({ state, count }) => [String(state), Number(count)]));
}

function deliveriesIn(home: string): unknown[] {
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 1_000 });
  return database
    .prepare("SELECT delivery FROM events WHERE source = 'github'")
    .all()
    .map(({ delivery }) => delivery);
}
