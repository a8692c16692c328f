import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from './children.ts';
import { pause } from './figures.ts';
import type { RequestParts } from './load.ts';

const NODE = join(import.meta.dirname, '..', '..', 'bin', 'node');

/** The versions that are measured: what was current when the table in docs/performance.md was made. */
export const PEERS = { openclaw: '2026.9.6', '@octokit/webhooks': '14.2.0' } as const;

/** A peer in a directory of its own, below the temporary one; gone when disposed. */
export interface Installed extends Disposable {
  readonly directory: string;
  readonly packages: number;
  readonly mib: number;
  readonly seconds: number;
}

/** `npm install` of one exact version, without install scripts. Never a dependency of ours. */
export function installPeer(name: keyof typeof PEERS): Installed {
  const directory = mkdtempSync(join(tmpdir(), 'kairosd-peer-'));
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }\n');
  const startedMs = performance.now();
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', ['install', `${name}@${PEERS[name]}`, ...flags], { cwd: directory });
  if (status !== 0) throw new Error(`npm could not install ${name}: ${stderr.toString().trim()}`);
  const seconds = (performance.now() - startedMs) / 1_000;
  const [kib = '0'] = spawnSync('du', ['-sk', 'node_modules'], { cwd: directory, encoding: 'utf8' }).stdout.split('\t');
  const packages = (readFileSync(join(directory, 'package-lock.json'), 'utf8').match(/"node_modules\//g) ?? []).length;
  return {
    directory,
    packages,
    mib: Number(kib) / 1_024,
    seconds,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** @octokit/webhooks' middleware on a bare server. */
export async function startOctokit(directory: string, secret: string): Promise<Server> {
  copyFileSync(join(import.meta.dirname, 'octokit-server.js'), join(directory, 'server.js'));
  const startedMs = performance.now();
  const child = spawn(NODE, ['server.js', secret], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)));
  });
  return serverOf(child, port, performance.now() - startedMs);
}

const HOOK_TOKEN = 'hook-token-of-a-benchmark-0123456789';

/** OpenClaw's gateway with its hooks switched on, no channel, no key of a model, on the same Node as ours. */
export async function startOpenClaw(directory: string, home: string): Promise<Server> {
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  const config = {
    gateway: { mode: 'local', port, bind: 'loopback', auth: { mode: 'token', token: `gateway-${HOOK_TOKEN}` } },
    hooks: { enabled: true, token: HOOK_TOKEN, path: '/hooks' },
  };
  const path = join(home, 'openclaw.json');
  writeFileSync(path, JSON.stringify(config));
  const startedMs = performance.now();
  const child = spawn(NODE, ['node_modules/openclaw/openclaw.mjs', 'gateway', 'run', '--port', String(port)], {
    cwd: directory,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: home, OPENCLAW_STATE_DIR: home, OPENCLAW_CONFIG_PATH: path },
  });
  await untilReady(child, `http://127.0.0.1:${port}/readyz`);
  return serverOf(child, port, performance.now() - startedMs);
}

/** The cheapest thing its hooks take: a line for the next heartbeat. */
export function openClawRequest(port: number): RequestParts {
  const [before, after] = ['{"text":"', '","mode":"next-heartbeat"}'];
  const bytes = before.length + 36 + after.length;
  const head = `POST /hooks/wake HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${HOOK_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;
  return { before: head + before, after };
}

/** This process and all that it started, in MiB and seconds of processor. */
export function usageOfTree(pid: number): { readonly residentMib: number; readonly cpuSeconds: number } {
  let residentMib = 0;
  let cpuSeconds = 0;
  for (const one of withDescendants(pid)) {
    try {
      const status = readFileSync(`/proc/${one}/status`, 'utf8');
      residentMib += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
      for (const thread of readdirSync(`/proc/${one}/task`)) {
        cpuSeconds += Number(readFileSync(`/proc/${one}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
      }
    } catch {
      // It has just ended.
    }
  }
  return { residentMib, cpuSeconds };
}

export function killTree(pid: number): void {
  for (const one of withDescendants(pid).toReversed()) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}

function withDescendants(pid: number): number[] {
  const found = [pid];
  for (const one of found) {
    try {
      for (const thread of readdirSync(`/proc/${one}/task`)) {
        const children = readFileSync(`/proc/${one}/task/${thread}/children`, 'utf8').trim();
        if (children !== '') found.push(...children.split(' ').map(Number));
      }
    } catch {
      // It has just ended.
    }
  }
  return found;
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (const untilMs = performance.now() + 120_000; performance.now() < untilMs;) {
    if (child.exitCode !== null) throw new Error(`the peer ended with ${child.exitCode}`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    await pause(0.02);
  }
  throw new Error(`the peer was not ready after two minutes: ${url}`);
}

function serverOf(child: ChildProcess, port: number, readyMs: number): Server {
  const pid = child.pid ?? 0;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid,
    port,
    readyMs,
    async [Symbol.asyncDispose]() {
      killTree(pid);
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
