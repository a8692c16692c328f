import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stageProgram } from '../../scripts/package.ts';
import { beginTrial, failedTrial } from '../../src/service/trial.ts';
import { placeVersion, switchTo, type Version } from '../../src/service/versions.ts';

const SECRET = 'secret-of-the-upgrade-tests';
const base = mkdtempSync(join(tmpdir(), 'kairosd upgrade-'));
const programRoot = join(base, 'program root');
let good: Version;

const source = join(base, 'source');

beforeAll(async () => {
  await stageProgram(source);
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(source, 'node_modules'));
  const machine = { os: process.platform, cpu: process.arch };
  good = await placeVersion({ source, programRoot, machine });
}, 60_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('a new version that', () => {
  const main = join('dist', 'cli', 'main.js');
  test.each([
    ['cannot be loaded', (path: string) => writeFileSync(join(path, main), "throw new Error('broken');\n")],
    [
      'hangs until it is killed',
      (path: string) => writeFileSync(join(path, main), 'setInterval(() => undefined, 1_000);\n'),
    ],
    [
      'fails in the middle of its migration',
      (path: string) =>
        appendFileSync(
          join(path, 'dist', 'ledger', 'migrations.js'),
          `MIGRATIONS.push("UPDATE events SET source = 'changed'", 'UPDATE nothing SET x = 1');\n`,
        ),
    ],
  ])(
    '%s is followed by the old one, with every row, at the second start [UPGRADE-FALLBACK]',
    async (name, damage) => {
      const home = makeHome();
      const rows = await fill(home);
      const broken = await installBroken(home, name, damage);
      const first = runService(home);
      if (name.startsWith('hangs')) setTimeout(() => first.kill('SIGKILL'), 2_000);
      await once(first, 'exit');
      expect(first.exitCode).not.toBe(0);
      const second = await whenReady(home, runService(home));
      expect(failedTrial(home)).toMatchObject({ from: good.name, to: broken });
      expect(second.version).toBe(good.version);
      // It takes up where the old one was.
      expect(await deliver(second.url, 'after', 5)).toEqual([202, 202, 202, 202, 202]);
      await second.end();
      expect(eventsOf(home).slice(0, rows.length)).toEqual(rows);
      expect(eventsOf(home).length).toBe(rows.length + 5);
    },
    60_000,
  );

  test('ends after it was ready is not taken back [UPGRADE-ACCEPTED]', async () => {
    const home = makeHome();
    const rows = await fill(home);
    await installBroken(home, 'accepts', (path) =>
      writeFileSync(
        join(path, main),
        `import { endTrial } from '../service/trial.js';
endTrial(process.env.KAIROS_HOME, process.env.KAIROS_TRIAL === '1', '2026-01-01T00:00:00Z');
process.exit(7);\n`,
      ),
    );
    for (let time = 0; time < 3; time += 1) {
      const child = runService(home);
      await once(child, 'exit');
      expect(child.exitCode).toBe(7);
    }
    expect(failedTrial(home)).toBeUndefined();
    expect(eventsOf(home)).toEqual(rows);
  });

  test('has an older ledger in its hands than it knows is refused, and nothing is changed [UPGRADE-DOWNGRADE]', async () => {
    const home = makeHome();
    const rows = await fill(home);
    setSchema(home, 9_999);
    const rehearsal = spawn('sh', [join(good.path, 'bin', 'launch'), 'start', '--rehearse'], {
      env: envOf(home),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = await textOf(rehearsal);
    expect(rehearsal.exitCode).toBe(1);
    expect(said).toMatch(/the ledger has schema 9999, this version of kairosd knows \d+/);
    expect(said).toContain('What to do: Start the newer version');
    const start = runService(home);
    const words = await textOf(start);
    expect(start.exitCode).toBe(1);
    expect(words).toContain('schema 9999');
    expect(eventsOf(home)).toEqual(rows);
  });
});

describe('a version that was placed', () => {
  test('does not mind that what it was copied from is removed under it [UPGRADE-SOURCE-GONE]', async () => {
    const home = makeHome();
    await switchTo(programRoot, good.name);
    const daemon = await whenReady(home, runService(home));
    rmSync(source, { recursive: true });
    expect(await deliver(daemon.url, 'gone', 3)).toEqual([202, 202, 202]);
    const answer = await fetch(`${daemon.url}/metrics`, { headers: { authorization: `Bearer ${daemon.token}` } });
    expect(answer.status).toBe(200);
    await daemon.end();
  }, 60_000);
});

function makeHome(): string {
  const home = mkdtempSync(join(base, 'home '));
  writeFileSync(join(home, 'config.yaml'), 'notify: []\nsources: [{ name: github, kind: github }]\n', { mode: 0o600 });
  return home;
}

function envOf(home: string): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: base,
    KAIROS_HOME: home,
    KAIROS_PORT: '0',
    KAIROS_LOG_LEVEL: 'error',
    GITHUB_WEBHOOK_SECRET: SECRET,
  };
}

function runService(home: string): ChildProcess {
  const child = spawn('sh', [join(programRoot, 'run'), 'start'], {
    env: envOf(home),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function whenReady(home: string, child: ChildProcess) {
  const path = join(home, 'run.json');
  for (let ms = 0; ms < 15_000 && child.exitCode === null; ms += 20) {
    const run = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number; url: string }) : undefined;
    if (run?.pid === child.pid && run !== undefined) {
      const { version } = (await (await fetch(`${run.url}/healthz`)).json()) as { version: string };
      const end = async (): Promise<void> => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      };
      return { url: run.url, version, token: readFileSync(join(home, 'token'), 'utf8').trim(), end };
    }
    await pause(20);
  }
  throw new Error(`it did not get ready: ${await textOf(child)}`);
}

/** A home that the good version has worked in, and that it left without a word: its log is full. */
async function fill(home: string): Promise<unknown[]> {
  await switchTo(programRoot, good.name);
  const daemon = await whenReady(home, runService(home));
  await deliver(daemon.url, 'before', 20);
  await daemon.end();
  const rows = eventsOf(home);
  expect(rows.length).toBe(20);
  return rows;
}

async function installBroken(home: string, name: string, damage: (path: string) => void): Promise<string> {
  const version = `99.0.0-${Buffer.from(name).toString('hex').slice(0, 8)}`;
  const path = join(programRoot, 'versions', version);
  mkdirSync(path);
  for (const part of readdirSync(good.path).filter((one) => one !== 'node_modules')) {
    cpSync(join(good.path, part), join(path, part), { recursive: true });
  }
  symlinkSync(join(good.path, 'node_modules'), join(path, 'node_modules'));
  damage(path);
  beginTrial(home, { from: good.name, to: version });
  await switchTo(programRoot, version);
  return version;
}

async function deliver(url: string, name: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const body = JSON.stringify({ zen: name, index });
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': `${name}-${index}`,
      'x-hub-signature-256': `sha256=${signature}`,
    };
    statuses.push((await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })).status);
  }
  return statuses;
}

function eventsOf(home: string): unknown[] {
  using database = new DatabaseSync(join(home, 'ledger.db'));
  return database.prepare("SELECT * FROM events WHERE source <> 'kairosd' ORDER BY id").all();
}

function setSchema(home: string, version: number): void {
  using database = new DatabaseSync(join(home, 'ledger.db'));
  database.exec(`PRAGMA user_version = ${version}`);
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return text;
}
