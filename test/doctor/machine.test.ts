import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Check, CheckedDaemon, DoctorPorts, ServiceSeen } from '../../src/doctor/check.ts';
import { clock } from '../../src/doctor/clock.ts';
import { judgeInodes, judgeSpace } from '../../src/doctor/disk.ts';
import { growth } from '../../src/doctor/growth.ts';
import { lag } from '../../src/doctor/lag.ts';
import { limits } from '../../src/doctor/limits.ts';
import { service } from '../../src/doctor/service.ts';
import { readPowerSettings, sleep } from '../../src/doctor/sleep.ts';
import { timeSync } from '../../src/doctor/time-sync.ts';
import { version } from '../../src/doctor/version.ts';
import { makeHome, portsOf } from './world.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const DAEMON: CheckedDaemon = {
  url: 'http://127.0.0.1:1',
  pid: 42,
  token: 'the-token',
  get: async <Answer>() => ({ version: '0.1.0' }) as Answer,
};

async function look(check: Check, more: Partial<DoctorPorts>): Promise<string[]> {
  const found = await check.look(portsOf('/none', { daemon: async () => DAEMON, ...more }));
  const complaints = found.filter(({ verdict }) => verdict !== 'ok');
  expect(complaints.filter(({ why, fix }) => why.length < 10 || fix.length < 5)).toEqual([]);
  return found.map(({ verdict, what }) => `${verdict} ${what}`);
}

const said =
  (stdout: string, code = 0) =>
  async () => ({ code, stdout });

// As a Mac mini and a MacBook print it (pmset -g custom).
const MINI = `AC Power:
 womp                 1
 autorestart          0
 powernap             1
 Sleep On Power Button 1
 disksleep            10
 sleep                1 (sleep prevented by powerd, coreaudiod)
 displaysleep         10
`;
const BOOK = `Battery Power:
 Sleep On Power Button 1
 lowpowermode         0
 sleep                1
AC Power:
 Sleep On Power Button 1
 sleep                0
 displaysleep         10
`;

describe('sleep of a Mac', () => {
  test('what pmset prints is read by source of power [DOCTOR-MACHINE]', () => {
    expect(readPowerSettings(MINI)['AC Power']).toMatchObject({
      sleep: 1,
      autorestart: 0,
      disksleep: 10,
      'Sleep On Power Button': 1,
    });
    expect(readPowerSettings(BOOK)).toMatchObject({ 'Battery Power': { sleep: 1 }, 'AC Power': { sleep: 0 } });
    expect(readPowerSettings('')).toEqual({});
  });

  test('on mains it must not sleep, and must come back after a power cut [DOCTOR-MACHINE]', async () => {
    expect(await look(sleep, { platform: 'darwin', run: said(MINI) })).toEqual([
      'warn the machine sleeps after 1 min on mains',
      'warn it does not start after a power failure',
    ]);
    expect(await look(sleep, { platform: 'darwin', run: said(BOOK) })).toEqual(['ok stays awake on mains']);
    expect(await look(sleep, { platform: 'linux', run: said(MINI) })).toEqual([]);
    expect(await look(sleep, { platform: 'darwin', run: async () => undefined })).toEqual([]);
  });
});

describe('time', () => {
  test.each([
    ['Timezone=UTC\nNTP=yes\nNTPSynchronized=yes\n', ['ok synchronised']],
    ['CanNTP=no\nNTP=no\nNTPSynchronized=no\n', ['warn nobody synchronises the clock']],
    ['CanNTP=yes\nNTP=no\nNTPSynchronized=no\n', ['warn time synchronisation is off']],
    ['CanNTP=yes\nNTP=yes\nNTPSynchronized=no\n', ['warn time synchronisation is on, but has not reached anybody']],
  ])('timedatectl says %j [DOCTOR-MACHINE]', async (stdout, expected) => {
    expect(await look(timeSync, { platform: 'linux', run: said(stdout) })).toEqual(expected);
  });

  test('where systemd does not run nothing is said [DOCTOR-MACHINE]', async () => {
    expect(await look(timeSync, { platform: 'linux', run: said('', 1) })).toEqual([]);
    expect(await look(timeSync, { platform: 'darwin', run: said('Network Time: Off\n') })).toEqual([
      'warn time synchronisation is off',
    ]);
    expect(await look(timeSync, { platform: 'darwin', run: said('You need administrator access\n') })).toEqual([]);
  });

  test('a machine in another time zone is mentioned [DOCTOR-MACHINE]', async () => {
    using home = await makeHome();
    const [found] = await clock.look(portsOf(home.path, { machineTimeZone: 'UTC' }));
    expect(found).toMatchObject({ verdict: 'ok', what: 'time zone Europe/Berlin (the machine: UTC)' });
  });
});

test('disk: space by the floor of the ledger, inodes where there are any [DOCTOR-MACHINE]', () => {
  const MIB = 1_048_576;
  const space = (freeMib: number) => judgeSpace({ bavail: freeMib, bsize: MIB, blocks: 10_000 }).verdict;
  expect([space(10), space(200), space(5_000)]).toEqual(['fail', 'warn', 'ok']);
  const inodes = (files: number, ffree: number) => judgeInodes({ files, ffree }).map(({ verdict }) => verdict);
  expect([inodes(0, 0), inodes(1e6, 10), inodes(1e6, 900), inodes(1e6, 9e5)]).toEqual([[], ['fail'], ['warn'], []]);
});

describe('limits', () => {
  function systemRoot({ max = 'max', residentKb = 120_000, files = '524288' }): string {
    const root = mkdtempSync(join(tmpdir(), 'kairos-system-'));
    folders.push(root);
    const put = (path: string, text: string): void => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    put('proc/42/cgroup', '0::/system.slice/kairosd.service\n');
    put('proc/42/status', `Name:\tnode\nFDSize:\t64\nVmRSS:\t  ${residentKb} kB\n`);
    put(
      'proc/42/limits',
      `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${files}              524288               files\n`,
    );
    put('sys/fs/cgroup/system.slice/memory.max', `${max}\n`);
    put('sys/fs/cgroup/system.slice/kairosd.service/memory.max', 'max\n');
    return root;
  }

  test.each([
    [{}, ['ok 117 MiB in use']],
    [{ max: String(200 * 1_048_576) }, ['warn it may use 200 MiB']],
    [{ max: String(512 * 1_048_576), residentKb: 500_000 }, ['warn 488 of 512 MiB in use']],
    [{ files: '256' }, ['warn at most 256 open files']],
  ])('%j: %j [DOCTOR-MACHINE]', async (given, expected) => {
    expect(await look(limits, { platform: 'linux', systemRoot: systemRoot(given) })).toEqual(expected);
  });
});

describe('the daemon that runs', () => {
  const metrics = (seconds: string) => async () => ({
    status: 200,
    body: `# HELP x\nkairosd_event_loop_lag_seconds_max ${seconds}\n`,
  });

  test('whose event loop stood still is told [DOCTOR-DAEMON]', async () => {
    expect(await look(lag, { send: metrics('0.02') })).toEqual(['ok longest stall 20ms']);
    expect(await look(lag, { send: metrics('3.5') })).toEqual([
      'warn the event loop stood still for 4s at least once since the start',
    ]);
    expect(await look(lag, { send: async () => ({ status: 401, body: '' }) })).toEqual([]);
  });

  test('of another version is told [DOCTOR-DAEMON]', async () => {
    expect(await look(version, { version: '0.1.0' })).toEqual(['ok 0.1.0, running']);
    expect(await look(version, { version: '0.2.0' })).toEqual(['warn the daemon runs 0.1.0, this program is 0.2.0']);
    const programRoot = mkdtempSync(join(tmpdir(), 'kairos-root-'));
    folders.push(programRoot);
    const name = '0.2.0-0123abcd';
    mkdirSync(join(programRoot, 'versions', name, 'bin'), { recursive: true });
    writeFileSync(join(programRoot, 'versions', name, 'bin/launch'), '');
    writeFileSync(join(programRoot, 'versions', name, 'package.json'), '{"name":"kairosd","version":"0.2.0"}');
    writeFileSync(join(programRoot, 'current'), `${name}\n`);
    const installed = async () => ({ ...SERVICE, programRoot });
    expect(await look(version, { version: '0.2.0', service: installed })).toEqual([
      'warn the daemon runs 0.1.0, but 0.2.0 is installed',
    ]);
    expect(await look(version, { version: '0.3.0', service: installed, daemon: async () => undefined })).toEqual([
      'warn 0.2.0 is installed, this program is 0.3.0',
    ]);
  });
});

const SERVICE: ServiceSeen = {
  unit: 'kairosd.service',
  path: '/etc/systemd/system/kairosd.service',
  scope: 'system',
  enabled: true,
  active: true,
};

test.each<[Partial<ServiceSeen>, string[]]>([
  [{}, ['ok kairosd.service (system), enabled and running']],
  [{ enabled: false }, ['warn kairosd.service is installed, but not enabled']],
  [{ active: false }, ['warn a daemon runs, but not as kairosd.service']],
  [{ scope: 'user', lingers: false }, ['warn lingering is off']],
  [{ current: false }, ['warn /etc/systemd/system/kairosd.service is not what this version writes']],
])('a service with %j: %j [DOCTOR-MACHINE]', async (given, expected) => {
  expect(await look(service, { service: async () => ({ ...SERVICE, ...given }) })).toEqual(expected);
});

test('a service that does not run is started as its supervisor wants it [DOCTOR-MACHINE]', async () => {
  const seen = async () =>
    ({ ...SERVICE, unit: 'dev.kairosd', path: '/x/dev.kairosd.plist', scope: 'user', active: false }) as const;
  const [found] = await service.look(portsOf('/none', { service: seen }));
  expect(found).toMatchObject({
    verdict: 'fail',
    fix: expect.stringContaining('launchctl kickstart -k gui/$(id -u)/dev.kairosd') as string,
  });
});

test('logs that nobody puts aside are told by their size [DOCTOR-MACHINE]', async () => {
  using home = await makeHome();
  const { truncateSync } = await import('node:fs');
  home.write('log/kairosd.log', '');
  truncateSync(join(home.path, 'log/kairosd.log'), 2 * 1_073_741_824);
  const [found] = await growth.look(portsOf(home.path));
  expect(found).toMatchObject({
    verdict: 'warn',
    what: `log files of 2048 MiB, the largest ${join(home.path, 'log/kairosd.log')}`,
  });
});
