/** Who keeps the daemon running, and as whose: what `kairos install` takes as `--system`, `--user` and so on. */
export const SERVICE_KINDS = ['system', 'user', 'launch-daemon', 'launch-agent'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** Exit codes after which a supervisor must not start it again: usage, home held, configuration invalid, `kairos stop`. */
export const FINAL_EXIT_CODES = [2, 4, 5, 7] as const;
/** `kairos stop` under systemd, which would otherwise start it again. */
export const EXIT_STOPPED = 7;
/** It asks to be started anew (EX_TEMPFAIL). */
export const EXIT_RESTART = 75;
/** What launchd and its file call the service. */
export const LAUNCHD_LABEL = 'dev.kairosd';

/** What a unit is rendered from. All paths are absolute. */
export interface UnitValues {
  /** Where versions are placed; its `run` is what the unit executes. */
  readonly programRoot: string;
  readonly home: string;
  /** Whose daemon it is. system: undefined gives it a dynamic user. user and launch-agent: not used. */
  readonly userName: string | undefined;
  readonly userHome: string;
  /** Of the socket: an address, not a name. */
  readonly host: string;
  readonly port: number;
  /** `tools.shell.enabled`: then bubblewrap must be able to work. */
  readonly shell: boolean;
  readonly workspaces: readonly string[];
  /** `tools.shell.readable`. */
  readonly readable: readonly string[];
  /** Names of secrets that may come as credentials. */
  readonly credentials: readonly string[];
}

/** A file of a supervisor. */
export interface UnitFile {
  readonly name: string;
  readonly text: string;
}

export function isSystemd(kind: ServiceKind): boolean {
  return kind === 'system' || kind === 'user';
}

/** Where the files of a kind go. */
export function unitDirectory(kind: ServiceKind, userHome: string): string {
  if (kind === 'system') return '/etc/systemd/system';
  if (kind === 'user') return `${userHome}/.config/systemd/user`;
  return kind === 'launch-daemon' ? '/Library/LaunchDaemons' : `${userHome}/Library/LaunchAgents`;
}

/** Where versions of the program go: never inside the home, and not writable for the service of the system. */
export function programRootOf(kind: ServiceKind, userHome: string): string {
  return kind === 'system' || kind === 'launch-daemon' ? '/opt/kairosd' : `${userHome}/.local/lib/kairosd`;
}

/** The home of the daemon of a kind, unless one is named. */
export function serviceHomeOf(kind: ServiceKind, userHome: string): string {
  return kind === 'system' ? '/var/lib/kairosd' : `${userHome}/.kairos`;
}
