import { must, type Manager, type ServiceState } from './manager.ts';
import type { Ran, Run } from './command.ts';

const SERVICE = 'kairosd.service';
const SOCKET = 'kairosd.socket';
/** `TimeoutStartSec` and `TimeoutStopSec` of our unit, and a little. */
const START_MS = 345_000;
const STOP_MS = 35_000;
const LINES = 12;

/** The manager of the system, or with `user` that of this user. */
export function createSystemd(run: Run, { user }: { readonly user: boolean }): Manager {
  const systemctl = (...args: string[]): string[] => ['systemctl', ...(user ? ['--user'] : []), ...args];
  const quietly = async (...args: string[]): Promise<Ran> => run(systemctl(...args));
  return {
    async state(): Promise<ServiceState> {
      const { stdout } = await quietly('show', SERVICE, '-p', 'LoadState', '-p', 'ActiveState', '-p', 'MainPID');
      const of = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
      const pid = Number(of('MainPID'));
      return {
        loaded: of('LoadState') === 'loaded',
        active: of('ActiveState') === 'active',
        pid: pid > 0 ? pid : undefined,
      };
    },
    async load() {
      await must(run, systemctl('daemon-reload'));
      await must(run, systemctl('enable', SOCKET, SERVICE));
    },
    async restart(isDoorChanged, readyMsMax = START_MS) {
      if (isDoorChanged) await quietly('stop', SOCKET, SERVICE);
      // Earlier failures do not count against this start.
      await quietly('reset-failed', SOCKET, SERVICE);
      await must(run, systemctl('start', SOCKET));
      await must(run, systemctl('restart', SERVICE), Math.min(STOP_MS + readyMsMax, START_MS));
    },
    async unload() {
      await run(systemctl('disable', '--now', SOCKET, SERVICE), START_MS);
      await must(run, systemctl('daemon-reload'));
      await quietly('reset-failed', SOCKET, SERVICE);
    },
    async lastLines() {
      const scope = user ? ['--user'] : [];
      const argv = ['journalctl', ...scope, '-u', SERVICE, '-n', String(LINES), '-o', 'cat', '--no-pager', '-q'];
      const { stdout } = await run(argv);
      return stdout.trimEnd().split('\n').filter(Boolean);
    },
  };
}
