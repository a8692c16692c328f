import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { fastDisk } from '../fast-disk.ts';
import { ROOT } from '../repository.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment without anything of the machine's own that kairosd would read. */
export function cleanEnv(home: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, KAIROS_HOME: home, TZ: 'Europe/Berlin', ...more };
}

const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A directory of the test's own; gone after it. */
function makeFolder(): string {
  const folder = mkdtempSync(join(fastDisk(), 'kairos-cli-'));
  folders.push(folder);
  return folder;
}

/** A path for a home that does not exist yet. */
export function newHome(): string {
  return join(makeFolder(), 'home');
}

/** What `bin/kairos` ends in, without the shells on its way there; these are in every start of a daemon. */
const MAIN = ['--disable-warning=ExperimentalWarning', join(ROOT, 'src/cli/main.ts')];
const COMPILED = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/kairosd') };

/** Runs `kairos` to its end. */
export async function kairos(
  home: string,
  argv: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...MAIN, ...argv], {
    env: cleanEnv(home, { ...COMPILED, ...env }),
    cwd: tmpdir(),
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Starts the daemon of a home on a free port; resolves when it is ready. It ends with the test. */
export async function startDaemon(home: string, env: Record<string, string> = {}): Promise<ChildProcess> {
  const child = spawn(join(ROOT, 'bin/kairos'), ['start'], {
    env: cleanEnv(home, { KAIROS_PORT: '0', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (text: Buffer): void => {
      said += text.toString();
      if (said.includes('is running at')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the daemon ended with ${code}:\n${said}`)));
  });
  await ready;
  return child;
}

/** Stops it as a service manager would, and waits for the end. */
export async function stopDaemon(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGTERM');
  return (await ended)[0];
}
