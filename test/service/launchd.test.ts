import { describe, expect, test } from 'vitest';
import type { Ran } from '../../src/service/command.ts';
import { createLaunchd } from '../../src/service/launchd.ts';
import { createSystemd } from '../../src/service/systemd.ts';

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
