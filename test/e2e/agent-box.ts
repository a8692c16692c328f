import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeRepository } from '../../proof/lib/agent-box.ts';
import type { Log } from '../../src/core/ports.ts';
import { loadConfig } from '../../src/daemon/config.ts';
import { readSecrets } from '../../src/daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../src/daemon/start.ts';
import { systemRandom } from '../../src/daemon/system.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { fastDisk } from '../fast-disk.ts';
import { FakeClock } from '../fakes/clock.ts';
import { ROOT } from '../repository.ts';

const TOKEN = 'a-token-of-the-tests';
export const GITHUB_SECRET = 'proof-of-the-github-secret';

export interface JobRow {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly lane: string;
  readonly error: string | null;
  readonly origin: string;
  readonly eventId: string;
}

export interface MessageRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly topic: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly reason: string | null;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real daemon in this process, on a clock that stands still, with a home and a repository of its own. */
export interface AgentBox extends AsyncDisposable {
  readonly home: string;
  readonly repository: string;
  readonly clock: FakeClock;
  readonly daemon: Daemon;
  /** Lines of the log, with their fields. */
  readonly log: readonly { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  /** Says something over the API. @returns the ids. */
  say(text: string): Promise<{ readonly event: string; readonly job: string }>;
  job(id: string): Promise<JobRow>;
  /** Waits until the job is in one of these states. */
  ends(id: string, ...states: string[]): Promise<JobRow>;
  messages(): Promise<readonly MessageRow[]>;
  /** The texts that answer an event, oldest first. */
  replies(event: string): Promise<readonly string[]>;
  /** A child `kairos` against this daemon. */
  kairos(...argv: string[]): Promise<Ended>;
  /** @param meanwhile While nobody holds the home. */
  restart(meanwhile?: () => void): Promise<void>;
  writeConfig(config: object): void;
}

export interface BoxOptions {
  readonly model?: string | undefined;
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: FakeClock;
  /** Files of the repository. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Opens a box. @param model What ANTHROPIC_BASE_URL says; undefined: there is no model. */
export async function openBox({
  model,
  config = {},
  env = {},
  clock = new FakeClock(),
  files,
}: BoxOptions): Promise<AgentBox> {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-agent-'));
  const home = mkdtempSync(join(fastDisk(), 'kairos-agent-home-'));
  const repository = makeRepository(join(folder, 'shop'), files);
  const writeConfig = (given: object): void => {
    const whole = { timezone: 'UTC', workspaces: [{ path: repository }], notify: [], ...given };
    writeFileSync(join(home, 'config.yaml'), JSON.stringify(whole), { mode: 0o600 });
  };
  writeConfig(config);
  const log: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const whole = { KAIROS_PORT: '0', GITHUB_WEBHOOK_SECRET: GITHUB_SECRET, ...env };
  const given = model === undefined ? whole : { ...whole, ANTHROPIC_BASE_URL: model };
  const start = (): Promise<Daemon> => startHere(home, given, clock, log);
  let daemon = await start();
  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const answer = await fetch(`${daemon.url}${path}`, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const box: AgentBox = {
    home,
    repository,
    clock,
    get daemon() {
      return daemon;
    },
    log,
    get: (path) => call(path),
    post: (path, body = {}) => call(path, body),
    async say(text) {
      const said = await call<{ event: { id: string }; job: { id: string } }>('/api/say', { text });
      return { event: said.event.id, job: said.job.id };
    },
    job: (id) => call(`/api/jobs/${id}`),
    async ends(id, ...states) {
      const wanted = states.length === 0 ? ['succeeded', 'failed', 'dead'] : states;
      return until(`${id} is ${wanted.join(' or ')}`, async () => {
        const job = await box.job(id);
        return wanted.includes(job.state) ? job : undefined;
      });
    },
    messages: async () => (await call<{ items: MessageRow[] }>('/api/messages?limit=200')).items.toReversed(),
    replies: async (event) => (await box.messages()).filter(({ replyTo }) => replyTo === event).map(({ text }) => text),
    kairos: (...argv) => runCli(home, argv),
    async restart(meanwhile = () => undefined) {
      await daemon[Symbol.asyncDispose]();
      meanwhile();
      daemon = await start();
    },
    writeConfig,
    async [Symbol.asyncDispose]() {
      const ended = daemon[Symbol.asyncDispose]();
      // A stop gives what runs some time by the clock, which stands still.
      for (let turns = 0; turns < 3; turns += 1) await clock.advance(5_000);
      await ended;
      for (const path of [home, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
  return box;
}

type LogLine = { message: string; fields: Readonly<Record<string, unknown>> };

function startHere(
  home: string,
  env: Readonly<Record<string, string>>,
  clock: FakeClock,
  lines: LogLine[],
): Promise<Daemon> {
  const write = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void lines.push({ message, fields });
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log };
  const reread = () => ({ config: loadConfig(home, env), secrets: readSecrets(home, env) });
  const options = {
    home,
    ...reread(),
    reread,
    token: TOKEN,
    commandEnv: { PATH: process.env['PATH'] ?? '' },
    version: '0.1.0',
    pid: process.pid,
    platform: process.platform,
    onStopAsked: () => undefined,
  };
  return startDaemon(options, {
    clock,
    random: systemRandom,
    log,
    redactor: createRedactor([]),
    fetch,
    print: () => undefined,
    usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
  });
}

/** Looks until it is there: what happens meanwhile is real, and no time passes on the daemon's clock. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  msMax = 10_000,
): Promise<T> {
  const endMs = performance.now() + msMax;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`it did not come about: ${what}`);
    await pause(4);
  }
}

/** Time passes in steps until it is there. */
export async function advanceUntil<T>(
  clock: FakeClock,
  stepMs: number,
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  return until(what, async () => {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await clock.advance(stepMs);
    return undefined;
  });
}

async function runCli(home: string, argv: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, KAIROS_HOME: home, KAIROS_API_TOKEN: TOKEN, TZ: 'UTC' };
  const child = spawn(join(ROOT, 'bin/kairos'), argv, { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
