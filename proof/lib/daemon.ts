import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = resolve(import.meta.dirname, '../..');
export const GITHUB_SECRET = 'proof-of-the-github-secret';

/** A home of its own for one campaign. */
export interface Home extends Disposable {
  readonly path: string;
}

/** @param config config.yaml; JSON is YAML too. @param under Where it is made; default the temporary directory. */
export function makeHome(config: object, { keep = false, under = tmpdir() } = {}): Home {
  const path = mkdtempSync(join(under, 'kairos-proof-'));
  writeFileSync(join(path, 'config.yaml'), JSON.stringify(config, null, 1), { mode: 0o600 });
  return {
    path,
    [Symbol.dispose]() {
      if (!keep) rmSync(path, { recursive: true, force: true });
    },
  };
}

export interface StartOptions {
  /** 0, the default, lets the daemon pick one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Put before `bin/kairos start`, such as `['fiu-run', '-x']`. */
  readonly wrap?: readonly string[];
  readonly readyMsMax?: number;
}

/** The daemon as a process: started as people start it, ended by its pid. */
export interface DaemonProcess extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** From the spawn to `run.json`. */
  readonly readyMs: number;
  /** The last 256 KiB of its log. */
  log(): string;
  alive(): boolean;
  kill9(): Promise<void>;
  /** SIGTERM. @returns the exit code, or the signal that had to end it. */
  stop(): Promise<number | string>;
  /** @throws for anything but 2xx. */
  get(path: string): Promise<unknown>;
  send(path: string, body: object): Promise<{ status: number; body: unknown }>;
}

/** A daemon that has just been started and may be killed before it is ready. */
export interface Starting {
  readonly pid: number;
  /** @throws when it ended before it was ready, with its last words. */
  readonly ready: Promise<DaemonProcess>;
  kill9(): Promise<void>;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export async function startDaemon(home: string, options: StartOptions = {}): Promise<DaemonProcess> {
  return beginDaemon(home, options).ready;
}

export function beginDaemon(home: string, options: StartOptions = {}): Starting {
  const startedMs = performance.now();
  const [command, args] = commandOf(options.wrap ?? []);
  const child = spawn(command, args, {
    // The pipe at 3 ends it when this process dies, however it dies.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: tmpdir(),
      TZ: 'UTC',
      KAIROS_LAUNCHER_FD: '3',
      KAIROS_HOME: home,
      KAIROS_PORT: String(options.port ?? 0),
      KAIROS_LOG_LEVEL: 'warn',
      GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
      ...options.env,
    },
  });
  children.add(child);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString('utf8')).slice(-262_144);
  });
  const ended = new Promise<number | string>((end) => {
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(code ?? signal ?? 'gone'));
  }).finally(() => children.delete(child));
  const kill9 = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const ready = whenReady({
    home,
    child,
    ended,
    log: () => log,
    startedMs,
    kill9,
    readyMsMax: options.readyMsMax ?? 15_000,
  });
  // Whoever kills it before it is ready does not wait for it.
  ready.catch(() => undefined);
  return { pid: child.pid ?? 0, ready, kill9 };
}

function commandOf(wrap: readonly string[]): [string, string[]] {
  const daemon = join(ROOT, 'bin/kairos');
  const [wrapper, ...options] = wrap;
  return wrapper === undefined ? [daemon, ['start']] : [wrapper, [...options, daemon, 'start']];
}

interface Launch {
  readonly home: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  readonly log: () => string;
  readonly startedMs: number;
  readonly kill9: () => Promise<void>;
  readonly readyMsMax: number;
}

async function whenReady(launch: Launch): Promise<DaemonProcess> {
  const { home, child, ended, log, startedMs, kill9 } = launch;
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  for (;;) {
    const run = readRun(home);
    if (run !== undefined && run.pid === child.pid) {
      const token = readFileSync(join(home, 'token'), 'utf8').trim();
      return daemonOf({ ...launch, url: run.url, token, running });
    }
    if (!running() || performance.now() - startedMs > launch.readyMsMax) {
      await kill9();
      throw new Error(`the daemon did not get ready (${await ended}): ${log().slice(-2_000)}`);
    }
    await sleep(4);
  }
}

function daemonOf(launch: Launch & { url: string; token: string; running: () => boolean }): DaemonProcess {
  const { child, ended, log, startedMs, kill9, url, token, running } = launch;
  const authorization = `Bearer ${token}`;
  const stop = async (): Promise<number | string> => {
    child.kill('SIGTERM');
    const cut = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const end = await ended;
    clearTimeout(cut);
    return end;
  };
  return {
    pid: child.pid ?? 0,
    url,
    port: Number(new URL(url).port),
    token,
    readyMs: performance.now() - startedMs,
    log,
    alive: running,
    kill9,
    stop,
    async get(path) {
      const answer = await fetch(`${url}${path}`, { headers: { authorization }, signal: AbortSignal.timeout(20_000) });
      if (!answer.ok) throw new Error(`GET ${path} was answered ${answer.status}: ${await answer.text()}`);
      return answer.json();
    },
    async send(path, body) {
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
      return { status: answer.status, body: await answer.json() };
    },
    async [Symbol.asyncDispose]() {
      if (running()) await kill9();
    },
  };
}

function readRun(home: string): { pid: number; url: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { pid: number; url: string };
  } catch {
    return undefined;
  }
}

/** A port that is free now, for daemons that come back under the same address. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => {
    server.close(done);
  });
  return port;
}

/** Every row of a list of the API. */
export async function listAll<T>(daemon: DaemonProcess, path: string): Promise<T[]> {
  const all: T[] = [];
  for (let after = ''; ;) {
    const joint = path.includes('?') ? '&' : '?';
    const page = (await daemon.get(`${path}${joint}limit=500${after}`)) as { items: T[]; next: string | null };
    all.push(...page.items);
    if (page.next === null) return all;
    after = `&after=${page.next}`;
  }
}

/** Looks again every 50 ms until it holds. @returns false when it did not within the time. */
export async function until(holds: () => Promise<boolean> | boolean, msMax: number): Promise<boolean> {
  const endMs = performance.now() + msMax;
  while (performance.now() < endMs) {
    if (await holds()) return true;
    await sleep(50);
  }
  return false;
}

/** No job is open, and every message that was let go has arrived. */
export async function untilQuiet(daemon: DaemonProcess, msMax: number): Promise<boolean> {
  return until(async () => {
    for (const list of ['/api/jobs?state=queued', '/api/jobs?state=running', '/api/messages?state=queued']) {
      const page = (await daemon.get(`${list}&limit=1`)) as { items: unknown[] };
      if (page.items.length > 0) return false;
    }
    return true;
  }, msMax);
}

/** One gauge or counter of /metrics. */
export async function metric(daemon: DaemonProcess, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${daemon.token}` };
  const text = await (await fetch(`${daemon.url}/metrics`, { headers })).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}
