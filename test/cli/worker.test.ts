import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { RemoteHands } from '../../src/dispatch/remote-options.ts';
import { askFor, done, ledgerAt, until } from '../dispatch/contract.ts';
import { brainAt, KEY, passing } from '../dispatch/redis-world.ts';
import { noRedis, startRedis } from '../fakes/redis.ts';
import { folder } from '../ledger/make.ts';
import { ROOT } from '../repository.ts';
import { cleanEnv, kairos, newHome } from './kairos.ts';

describe('kairos worker, wrongly begun', () => {
  test('tells what it takes', async () => {
    const { code, stdout } = await kairos(newHome(), ['worker', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--labels <list>');
    expect(stdout).toContain('Needs no home');
  });

  test.each([
    [[], 2, 'expected --redis or REDIS_URL'],
    [['--redis', 'nonsense'], 2, '--redis must be an address such as'],
    [['--redis', 'http://127.0.0.1'], 2, 'one of the scheme "http:"'],
    [['--redis', 'redis://127.0.0.1:1', '--labels', 'brain'], 2, '--labels must be'],
    [['--redis', 'redis://127.0.0.1:1', '--concurrency', '0'], 2, '--concurrency must be a number from 1 to 1000'],
    [['--redis', 'redis://10.9.8.7'], 5, 'KAIROS_WORKER_KEY must be set'],
    [['--redis', 'redis://127.0.0.1:1', '--key-file', '/nowhere/key'], 5, 'the key in /nowhere/key'],
  ])('%j ends with %i and says why, without a home', async (argv, exitCode, said) => {
    const home = newHome();
    const { code, stderr } = await kairos(home, ['worker', ...argv]);
    expect(stderr).toContain(said);
    expect(code).toBe(exitCode);
    expect(existsSync(home)).toBe(false);
  });

  test('never says the password of an address that it refuses', async () => {
    const { code, stderr, stdout } = await kairos(newHome(), ['worker', '--redis', 'redis://me:hunter2@10.9.8.7/x']);
    expect(code).toBe(2);
    expect(stderr + stdout).not.toContain('hunter2');
  });
});

interface Stage {
  readonly ledger: Ledger;
  readonly brain: RemoteHands;
  readonly worker: ChildProcess;
  readonly said: () => string;
  readonly file: string;
  readonly jobId: number;
}

/** A daemon's hands here, a worker as a process of its own, and one command that is being done. */
function whileDoing(script: string, play: (stage: Stage) => Promise<void>) {
  return async (context: { skip: (when: boolean, why: string) => void }): Promise<void> => {
    const missing = noRedis();
    context.skip(missing !== undefined, missing ?? 'it is there');
    await using redis = await startRedis();
    using home = folder();
    await using ledger = await ledgerAt(home.path);
    const file = join(home.path, 'begun');
    const payload = {
      argv: ['/bin/sh', '-c', script, file],
      env: {},
      secrets: {},
      timeoutMs: 60_000,
      outputBytesMax: 99,
    };
    await using brain = brainAt(redis.url, ledger, {
      limits: { leaseMs: 60_000 },
      command: {
        ...passing,
        pack: () => ({ payload }),
        judge: async ({ id }) => ({ outcome: done(id), run: undefined }),
      },
    });
    const worker = spawn(join(ROOT, 'bin/kairos'), ['worker', '--redis', redis.url, '--name', 'w1'], {
      env: cleanEnv(home.path, { KAIROS_WORKER_KEY: KEY }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [worker.stdout, worker.stderr])
      stream?.on('data', (text: Buffer) => (said += text.toString()));
    try {
      const jobId = await askFor(ledger, 'a command');
      await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
      await play({ ledger, brain, worker, said: () => said, file, jobId });
    } finally {
      if (worker.exitCode === null && worker.signalCode === null) worker.kill('SIGKILL');
    }
  };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('kairos worker', () => {
  test(
    'lets what runs come to its end when it is told to stop [SCALE-WORKER-DRAIN]',
    whileDoing('echo $$ > "$0"; sleep 1', async ({ ledger, worker, said, jobId }) => {
      worker.kill('SIGTERM');
      const [code] = (await once(worker, 'exit')) as [number | null];
      expect(code).toBe(0);
      await until(() => ledger.jobs.find(jobId)?.state === 'succeeded');
      expect(ledger.jobs.find(jobId)?.attempts).toBe(1);
      expect(said()).toContain('w1 takes work from redis://127.0.0.1');
      expect(said()).toContain('"msg":"stopped"');
      expect(said()).not.toContain(KEY);
    }),
  );

  test(
    'ends at once by a second signal, and what it ran with it',
    whileDoing('echo $$ > "$0"; exec sleep 60', async ({ brain, worker, said, file }) => {
      worker.kill('SIGTERM');
      await until(() => said().includes('"msg":"stopping"'));
      worker.kill('SIGINT');
      const [code] = (await once(worker, 'exit')) as [number | null];
      expect(code).toBe(6);
      expect(said()).toContain('stopped at once by a second signal');
      expect(brain.snapshot().offered).toBe(1);
      const pid = Number(readFileSync(file, 'utf8'));
      await until(() => !isThere(pid));
    }),
  );
});
