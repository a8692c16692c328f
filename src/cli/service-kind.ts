import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { KairosError } from '../core/errors.ts';
import { isSystemd, SERVICE_KINDS, type ServiceKind } from '../service/kinds.ts';

/** The options that say which kind of service is meant. */
export interface KindOptions {
  readonly system?: true;
  readonly user?: true;
  readonly launchDaemon?: true;
  readonly launchAgent?: true;
}

/** The machine, as far as the choice of a kind depends on it. */
export interface Machine {
  readonly platform: string;
  readonly userId: number;
}

export function kindOptions(command: Command): Command {
  return command
    .option('--system', 'systemd, for the whole machine, as a user of its own (needs root)')
    .option('--user', 'systemd, as you; with lingering it runs without a login')
    .option('--launch-daemon', 'macOS, without a login, as you (needs root)')
    .option('--launch-agent', 'macOS, while you are logged in');
}

/** The kind asked for; else the one of this platform: for the machine when root asks. @throws {KairosError} `INPUT_INVALID`. */
export function chooseKind(options: KindOptions, { platform, userId }: Machine): ServiceKind {
  const asked = SERVICE_KINDS.filter((kind) => options[OPTION[kind]] === true);
  if (asked.length > 1) {
    throw new KairosError('INPUT_INVALID', `expected one kind of service, got --${asked.join(' and --')}`);
  }
  if (asked[0] !== undefined) return asked[0];
  if (platform === 'darwin') return userId === 0 ? 'launch-daemon' : 'launch-agent';
  return userId === 0 ? 'system' : 'user';
}

const OPTION = {
  system: 'system',
  user: 'user',
  'launch-daemon': 'launchDaemon',
  'launch-agent': 'launchAgent',
} as const satisfies Record<ServiceKind, keyof KindOptions>;

/** @throws {KairosError} `INPUT_INVALID` or `STATE_CONFLICT` when this kind can't be had here, with what can. */
export function checkKind(
  kind: ServiceKind,
  { platform, userId }: Machine,
  systemdRuns = existsSync('/run/systemd/system'),
): void {
  const wanted = isSystemd(kind) ? 'linux' : 'darwin';
  if (platform !== wanted) {
    const here = platform === 'darwin' ? '--launch-agent or --launch-daemon' : '--system or --user';
    throw new KairosError('INPUT_INVALID', `--${kind} is not for this system (${platform}); here it is ${here}`);
  }
  if ((kind === 'system' || kind === 'launch-daemon') && userId !== 0) {
    const mine = kind === 'system' ? '--user' : '--launch-agent';
    throw new KairosError('INPUT_INVALID', `--${kind} needs root: run it with sudo, or take ${mine}, which does not`);
  }
  if (kind === 'launch-agent' && userId === 0) {
    throw new KairosError('INPUT_INVALID', '--launch-agent is for a person: run it without sudo');
  }
  if (wanted === 'linux' && !systemdRuns) {
    throw new KairosError(
      'STATE_CONFLICT',
      'expected systemd, but it does not run here (no /run/systemd/system), so it can keep nothing running',
      {
        hint: 'In a container, let the container run `kairos start` and restart it. With another supervisor, let that do so; `kairos install --print` shows the units all the same.',
      },
    );
  }
}
