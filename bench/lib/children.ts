import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** A server under measurement. Disposing ends it. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until it answered. */
  readonly readyMs: number;
}

/** One of the floors: prints its port when it listens. */
export async function startFloor(file: string, ...args: string[]): Promise<Server> {
  const startedMs = performance.now();
  const child = spawn(join(ROOT, 'bin/node'), [join(import.meta.dirname, file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
  return server(child, port, performance.now() - startedMs, () => undefined);
}

/** The daemon in a home of its own (or a given one), as `kairos start` runs it. */
export async function startDaemon(options: { secret: string; config?: string; home?: string }): Promise<Server> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  writeFileSync(join(home, 'config.yaml'), options.config ?? 'notify: []\n');
  rmSync(join(home, 'run.json'), { force: true });
  const startedMs = performance.now();
  const child = spawn(join(ROOT, 'bin/kairos'), ['start'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      KAIROS_HOME: home,
      KAIROS_PORT: '0',
      KAIROS_LOG_LEVEL: 'error',
      GITHUB_WEBHOOK_SECRET: options.secret,
    },
  });
  const url = await readyUrl(home, child);
  const readyMs = performance.now() - startedMs;
  return server(child, Number(new URL(url).port), readyMs, () => {
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  });
}

async function readyUrl(home: string, child: ChildProcess): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
    try {
      const { url } = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { url: string };
      const answer = await fetch(`${url}/readyz`);
      if (answer.ok) return url;
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function server(child: ChildProcess, port: number, readyMs: number, cleanUp: () => void): Server {
  return {
    pid: child.pid ?? 0,
    port,
    readyMs,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      cleanUp();
    },
  };
}
