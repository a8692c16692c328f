import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempDisposableSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there is no Redis to test with; undefined: there is one. `test/setup-system.sh` brings it. */
export function noRedis(): string | undefined {
  return spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'redis-server is not installed';
}

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A Redis of our own, on a free port of this machine, that forgets everything when it ends. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Ends it at once; what it had is gone. */
  kill9(): Promise<void>;
  /** The same again on the same port, empty. */
  restart(): Promise<void>;
}

export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const directory = mkdtempDisposableSync(join(tmpdir(), 'kairosd-redis-'));
  let child = await launch(port, directory.path, settings);
  const kill9 = async (): Promise<void> => {
    const ended = new Promise((end) => child.once('exit', end));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    kill9,
    async restart() {
      await kill9();
      child = await launch(port, directory.path, settings);
    },
    async [Symbol.asyncDispose]() {
      await kill9();
      directory[Symbol.dispose]();
    },
  };
}

/** @returns when it takes connections. */
async function launch(port: number, directory: string, settings: readonly string[]): Promise<ChildProcess> {
  const own = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    directory,
    '--loglevel',
    'warning',
  ];
  const child = spawn('redis-server', [...own, ...settings], { stdio: 'ignore' });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const untilMs = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > untilMs)
      throw new Error(`redis-server did not start (${child.exitCode})`);
    await new Promise((again) => setTimeout(again, 20));
  }
  return child;
}

function answers(port: number): Promise<boolean> {
  return new Promise((told) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data: Buffer) => {
      socket.destroy();
      told(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => told(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((open) => {
    server.listen(0, '127.0.0.1', open);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => {
    server.close(closed);
  });
  return port;
}
