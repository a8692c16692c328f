import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../repository.ts';
import { cleanEnv, kairos, newHome, startDaemon, stopDaemon } from './kairos.ts';

type Json = Record<string, unknown>;

describe('with a running daemon', () => {
  test('every command answers people and machines [CLI-JSON CLI-WEBHOOK-REPLAY CLI-LISTS]', async () => {
    const home = newHome();
    await kairos(home, ['init', '--yes', '--home', home]);
    await kairos(home, ['webhook', 'add', 'github']);
    await startDaemon(home);
    const json = async (...argv: string[]): Promise<Json> => {
      const { code, stdout, stderr } = await kairos(home, [...argv, '--json']);
      expect({ argv, code, stderr }).toEqual({ argv, code: 0, stderr: '' });
      return JSON.parse(stdout) as Json;
    };

    expect(await json('status')).toMatchObject({
      ready: true,
      sources: ['github'],
      channels: [{ name: 'terminal', state: 'ready', lastError: null }],
      timezone: 'Europe/Berlin',
    });
    expect(await json('webhook', 'test', 'github')).toEqual({
      source: 'github',
      deliveries: [
        { type: 'ping', status: 200, id: expect.any(String) as string, jobs: expect.any(Array) as string[] },
        { type: 'push', status: 202, id: 'e2', jobs: ['j2'] },
        { type: 'workflow_run', status: 202, id: 'e3', jobs: ['j3', 'j4'] },
      ],
    });
    expect(await json('events', '--limit', '1')).toMatchObject({
      items: [
        {
          id: 'e3',
          source: 'github',
          type: 'workflow_run',
          action: 'completed',
          jobs: ['j3', 'j4'],
          receivedAt: expect.stringMatching(/[+]0[12]:00$/) as string,
        },
      ],
      next: 'e3',
    });
    expect(await json('events', '--since', '2h', '--after', 'e2')).toMatchObject({ items: [{ id: 'e1' }], next: null });
    expect(await json('events', 'show', 'e2')).toMatchObject({
      body: expect.stringContaining('refs/heads/main') as string,
    });
    expect(await json('webhook', 'replay', 'e2')).toMatchObject({
      event: { id: 'e4', delivery: 'replay:e2:1', jobs: ['j5'] },
    });
    expect(await json('jobs', 'show', 'j2')).toMatchObject({
      id: 'j2',
      kind: 'log',
      lane: 'background',
      eventId: 'e2',
    });
    expect(await json('say', 'status')).toMatchObject({
      event: { id: 'e5', source: 'say' },
      job: { kind: 'reply', lane: 'foreground' },
    });
    expect(await json('mute', '2h', '--topic', 'acme/app')).toMatchObject({ topic: 'acme/app' });
    expect(await json('budget')).toMatchObject({ windows: [{ max: 2 }, { max: 6 }], mutes: [{ topic: 'acme/app' }] });
    expect(await json('unmute', '--topic', 'acme/app')).toMatchObject({ topic: 'acme/app', until: null });
    expect(await json('subscriptions')).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ name: 'ci-failed' })]) as Json[],
    });
    expect(await json('doctor')).toMatchObject({ ok: true });
    expect(await refusals(home)).toBe(0);
    await forge(home);
    expect(await refusals(home)).toBe(1);
    expect((await kairos(home, ['messages'])).code).toBe(0);
    const refused = await kairos(home, ['jobs', 'requeue', 'j99']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no job j99') as string });
    await expect(kairos(home, ['jobs', 'show', 'e1'])).resolves.toMatchObject({ code: 2 });

    expect(await json('stop')).toMatchObject({ stopped: true });
    await expect(kairos(home, ['status'])).resolves.toMatchObject({ code: 3 });
  });

  test('a run.json left by a dead process counts as not running [CLI-EXIT-CODES]', async () => {
    const home = newHome();
    mkdirSync(home);
    const gone = spawn('true');
    await once(gone, 'exit');
    writeFileSync(
      join(home, 'run.json'),
      JSON.stringify({ pid: gone.pid, url: 'http://127.0.0.1:9', startedAt: '2026-11-02T00:00:00Z' }),
    );
    const { code, stderr } = await kairos(home, ['status']);
    expect(code).toBe(3);
    expect(stderr).toContain('which is gone');
  });

  test('nobody answering at its address, and a wrong token, are told apart [CLI-EXIT-CODES]', async () => {
    const home = newHome();
    mkdirSync(home);
    const daemon = await startDaemon(home);
    const refused = await kairos(home, ['status'], { env: { KAIROS_API_TOKEN: 'wrong' } });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('token') as string });
    const run = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as Json;
    expect(await stopDaemon(daemon)).toBe(0);
    writeFileSync(join(home, 'run.json'), JSON.stringify({ ...run, pid: process.pid }));
    await expect(kairos(home, ['status'])).resolves.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('nobody answers') as string,
    });
  });

  test('a dead channel is seen in status, budget and doctor, with its error [CLI-DOCTOR]', async () => {
    const home = newHome();
    mkdirSync(home);
    const url = `http://127.0.0.1:${await deafPort()}/`;
    writeFileSync(join(home, 'config.yaml'), `notify: [{ kind: webhook, name: phone, url: "${url}" }]\n`);
    await startDaemon(home);
    await kairos(home, ['say', 'status']);
    let status = await kairos(home, ['status']);
    while (!status.stdout.includes('phone fails')) status = await kairos(home, ['status']);
    expect(status.stdout).toMatch(/phone fails \(\d+ times?, last: .*ECONNREFUSED.*; 1 waiting, tried again /);
    expect((await kairos(home, ['budget'])).stdout).toContain('phone (failing), 1 under way');
    const { stdout } = await kairos(home, ['doctor', '--json']);
    const { findings } = JSON.parse(stdout) as { findings: Json[] };
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'channels',
        verdict: 'warn',
        what: expect.stringMatching(/^phone failed \d+ times in a row: .*ECONNREFUSED/) as string,
      }),
    );
  });

  test('a port that is taken is exit code 1 and says which setting to change [CLI-EXIT-CODES]', async () => {
    const home = newHome();
    mkdirSync(home);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, stderr } = await kairos(home, ['start'], { env: { KAIROS_PORT: String(port) } });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`);
    expect(stderr).toContain('KAIROS_PORT');
  });

  test('a second start on its home exits with 4 [DAEMON-SECOND-START-EXIT-4]', async () => {
    const home = newHome();
    mkdirSync(home);
    await startDaemon(home);
    const second = await kairos(home, ['start'], { env: { KAIROS_PORT: '0' } });
    expect(second.code).toBe(4);
    expect(second.stderr).toContain('is held by another instance');
  });
});

function readRun(home: string): { url: string } {
  return JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { url: string };
}

/** A port on which nobody listens any more. */
async function deafPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function refusals(home: string): Promise<number> {
  const headers = { authorization: `Bearer ${readFileSync(join(home, 'token'), 'utf8').trim()}` };
  const text = await (await fetch(`${readRun(home).url}/metrics`, { headers })).text();
  return Number(/^kairosd_deliveries_total\{outcome="refused"\} (\d+)$/m.exec(text)?.[1]);
}

/** What an outsider sends, who may well know the header of the self-test, but not the token. */
async function forge(home: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-kairos-token': 'a guess' };
  const answer = await fetch(`${readRun(home).url}/webhooks/github`, { method: 'POST', headers, body: '{}' });
  expect(answer.status).toBe(401);
}

describe('the demo', () => {
  test('finds nothing missing, and with --json says so in one document [CLI-DEMO]', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await kairos(newHome(), ['demo', '--json']);
    expect({ code, told: stderr.includes('kill -9') }).toEqual({ code: 0, told: true });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      deliveries: { genuine: 120, recorded: 120, missing: 0, doubled: 0, forgedTaken: 0 },
      jobs: { unfinished: 0 },
      messages: { replies: 1 },
    });
  });
});

describe('the launcher', () => {
  test("kill -9 on it under the machine's own Node takes the daemon along [HOUSE-LAUNCHER]", async () => {
    const home = newHome();
    mkdirSync(home);
    const launcher = spawn('node', [join(ROOT, 'bin/kairos'), 'start'], {
      env: cleanEnv(home, { KAIROS_PORT: '0' }),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(launcher.stdout, 'data');
    launcher.kill('SIGKILL');
    // The daemon holds the other end of this pipe: it closes when the daemon is gone.
    await once(launcher.stdout.resume(), 'end');
    await expect(kairos(home, ['status'])).resolves.toMatchObject({ code: 3 });
  });

  test('does not keep a short command alive [HOUSE-LAUNCHER]', async () => {
    const home = newHome();
    mkdirSync(home);
    const command = spawn('node', [join(ROOT, 'bin/kairos'), 'config', 'check'], { env: cleanEnv(home) });
    const [code] = (await once(command, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
