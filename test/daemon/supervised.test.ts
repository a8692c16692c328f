import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { openSupervised, takeSupervision, type Supervision } from '../../src/daemon/supervised.ts';
import type { Health } from '../../src/notify/self-check.ts';
import { FakeClock } from '../fakes/clock.ts';
import { folder, recordingLog } from '../ledger/make.ts';

const SYSTEMD: Supervision = {
  supervisor: 'systemd',
  notifySocket: undefined,
  watchdogMs: 90_000,
  searchPath: '/usr/bin:/bin',
};
const SICK: Health = { ok: false, reason: 'the ledger has not written for 10s', restartHelps: true };

describe('what the supervisor says', () => {
  test('is taken out of the environment, so that no child sees it [SERVICE-NOTIFY]', () => {
    const env: Record<string, string> = {
      NOTIFY_SOCKET: '/run/n',
      WATCHDOG_USEC: '90000000',
      WATCHDOG_PID: '7',
      PATH: '/bin',
    };
    const supervision = takeSupervision({ ...env }, 7, (name) => delete env[name]);
    expect(supervision).toEqual({
      supervisor: 'systemd',
      notifySocket: '/run/n',
      watchdogMs: 90_000,
      searchPath: '/bin',
    });
    expect(env).toEqual({ PATH: '/bin' });
  });

  test('a watchdog that waits for another process is not ours', () => {
    const env = { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '90000000', WATCHDOG_PID: '8' };
    expect(takeSupervision(env, 7, () => undefined).watchdogMs).toBe(0);
  });

  test('without one there is nothing to do', async () => {
    await using supervised = openSupervised(
      takeSupervision({}, 7, () => undefined),
      new FakeClock(),
    );
    expect(supervised.exitCode(true)).toBe(0);
    expect(await supervised.failed('no', 1)).toBe(1);
  });
});

describe('the end', () => {
  test.each([
    ['systemd', true, 7],
    ['systemd', false, 0],
    ['launchd', true, 0],
    ['launchd', false, 75],
  ] as const)(
    'under %s, asked by kairos stop: %s, is code %d [SERVICE-EXIT-CODES]',
    async (supervisor, asked, code) => {
      await using supervised = openSupervised({ ...SYSTEMD, supervisor }, new FakeClock());
      expect(supervised.exitCode(asked)).toBe(code);
    },
  );

  test('launchd, which restarts whatever does not end with 0, is told 0 when nothing would change [SERVICE-EXIT-CODES]', async () => {
    await using supervised = openSupervised({ ...SYSTEMD, supervisor: 'launchd' }, new FakeClock());
    expect(await supervised.failed('config.yaml:1:1', 5)).toBe(0);
    expect(await supervised.failed('held', 4)).toBe(0);
  });

  test('a start that fails holds on for two seconds, so that waiting connections do not make it spin', async () => {
    const clock = new FakeClock();
    await using supervised = openSupervised(SYSTEMD, clock);
    let code: number | undefined;
    const failed = supervised.failed('the disk', 1).then((got) => (code = got));
    await clock.advance(1_900);
    expect(code).toBeUndefined();
    await clock.advance(200);
    await failed;
    expect(code).toBe(1);
  });
});

describe('systemd', () => {
  test('hears that it is ready, that it lives, and that it stops [SERVICE-NOTIFY SERVICE-WATCHDOG]', async (context) => {
    await using line = await listen(context);
    const clock = new FakeClock();
    await using supervised = openSupervised({ ...SYSTEMD, notifySocket: line.path }, clock);
    await supervised.ready('ready at http://127.0.0.1:1', { healthy: async () => ({ ok: true }), log: recordingLog() });
    expect(await line.next()).toBe('READY=1|STATUS=ready at http://127.0.0.1:1');
    expect(await line.next()).toBe('WATCHDOG=1');
    expect(await line.nextWhile(clock)).toBe('WATCHDOG=1');
    await supervised.stopping();
    expect(await line.next()).toBe('STOPPING=1|STATUS=stopping');
  });

  test('is not fed while the self-check fails and a restart would help, and hears why [SERVICE-WATCHDOG]', async (context) => {
    await using line = await listen(context);
    const clock = new FakeClock();
    const health: { now: Health } = { now: SICK };
    await using supervised = openSupervised({ ...SYSTEMD, notifySocket: line.path }, clock);
    await supervised.ready('ready', { healthy: async () => health.now, log: recordingLog() });
    await line.next();
    expect(await line.next()).toBe('STATUS=the ledger has not written for 10s');
    health.now = { ok: true };
    expect(await line.nextWhile(clock)).toBe('WATCHDOG=1|STATUS=ready');
  });

  test('is fed while the disk is full: the next process would have the same disk [SERVICE-WATCHDOG]', async (context) => {
    await using line = await listen(context);
    const full: Health = { ok: false, reason: 'only 3 MiB are free', restartHelps: false };
    await using supervised = openSupervised({ ...SYSTEMD, notifySocket: line.path }, new FakeClock());
    await supervised.ready('ready', { healthy: async () => full, log: recordingLog() });
    await line.next();
    expect(await line.next()).toBe('WATCHDOG=1|STATUS=only 3 MiB are free');
  });

  test('a self-check that hangs does not feed it [SERVICE-WATCHDOG]', async (context) => {
    await using line = await listen(context);
    const clock = new FakeClock();
    await using supervised = openSupervised({ ...SYSTEMD, notifySocket: line.path }, clock);
    await supervised.ready('ready', { healthy: () => new Promise(() => undefined), log: recordingLog() });
    await line.next();
    expect(await line.nextWhile(clock)).toBe('STATUS=the self-check took longer than 15s');
  });

  test('hears why a start failed, in one line [SERVICE-NOTIFY]', async (context) => {
    await using line = await listen(context);
    await using supervised = openSupervised({ ...SYSTEMD, notifySocket: line.path }, new FakeClock());
    expect(await supervised.failed('config.yaml:1:1\nREADY=1', 5)).toBe(5);
    expect(await line.next()).toBe(
      'STATUS=could not start (not started again until you have corrected it): config.yaml:1:1 READY=1',
    );
  });
});

/** A notification socket, read by a process: Node has no datagram sockets of this kind. */
async function listen(context: TestContext) {
  const missing = ['systemd-notify', 'python3'].filter((name) => spawnSync(name, ['--version']).status !== 0);
  context.skip(missing.length > 0, `${missing.join(', ')} is not here`);
  const place = folder();
  const path = join(place.path, 'notify');
  const python = spawn('python3', [join(import.meta.dirname, '../service/notify-socket.py'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void python.kill('SIGKILL'));
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  await next();
  return {
    path,
    next,
    /** The next message, while time goes on: messages are sent by a child, which takes real time. */
    async nextWhile(clock: FakeClock): Promise<string> {
      const came = { text: '' };
      void next().then((text) => (came.text = text));
      while (came.text === '') await clock.advance(1_000);
      return came.text;
    },
    async [Symbol.asyncDispose]() {
      python.kill('SIGKILL');
      await once(python, 'close');
      place[Symbol.dispose]();
    },
  };
}
