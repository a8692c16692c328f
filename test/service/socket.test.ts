import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cleanEnv, newHome } from '../cli/kairos.ts';
import { ROOT } from '../repository.ts';

const REQUESTS = 20;
const DEATH_SECONDS = 2;

/** As systemd does it: the socket is another's, who passes it on to one daemon after the other. */
const TWO_LIVES = `life() { (export LISTEN_PID=$BASHPID LISTEN_FDS=1; exec "$0" start); }
life; sleep ${DEATH_SECONDS}; life`;

test('twenty requests sent over a death of two seconds are all answered [SERVICE-SOCKET]', async () => {
  const socket = createServer();
  socket.listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as { port: number };
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const home = newHome();
  const shell = spawn('bash', ['-c', TWO_LIVES, join(ROOT, 'bin/kairos')], {
    env: cleanEnv(home, { KAIROS_LOG_LEVEL: 'silent' }),
    stdio: ['ignore', 'pipe', 'inherit', fd],
    detached: true,
  });
  onTestFinished(() => void process.kill(-(shell.pid ?? 0), 'SIGKILL'));
  socket.close();
  expect(await ask(port)).toBe(200);
  const run = join(home, 'run.json');
  await expect.poll(() => existsSync(run), { timeout: 10_000 }).toBe(true);
  const { pid } = JSON.parse(readFileSync(run, 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  const every = (DEATH_SECONDS * 1_000) / REQUESTS;
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * every));
      return ask(port);
    }),
  );
  expect(answers).toEqual(Array.from({ length: REQUESTS }, () => 200));
}, 60_000);

function ask(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/healthz', agent: false, timeout: 30_000 }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}
