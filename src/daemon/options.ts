import type { Clock, Fetch, Log, Random } from '../core/ports.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Config } from './config.ts';
import type { Secrets } from './secrets.ts';

/** The world, as the daemon sees it. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly fetch: Fetch;
  /** Lines for the person at the terminal. */
  readonly print: (text: string) => void;
  /** Memory and processor time of this process. */
  readonly usage: () => { readonly residentBytes: number; readonly cpuSeconds: number };
  /** The memory there is; bytes. Without it only `care.memory` limits it. */
  readonly machine?:
    | { readonly memoryBytes: number; readonly constrainedBytes: number; readonly heapBytes: number }
    | undefined;
  /** Gives back memory that nothing refers to any more. May hold the loop for a moment. */
  readonly relieve?: (() => Promise<void>) | undefined;
}

export interface DaemonOptions {
  readonly home: string;
  readonly config: Config;
  readonly secrets: Secrets;
  /** The API token. */
  readonly token: string;
  readonly version: string;
  readonly pid: number;
  /** `process.platform`. */
  readonly platform: string;
  /** All that a command of a schedule sees of the environment: PATH, HOME, LANG, TZ. Never a secret. */
  readonly commandEnv: Readonly<Record<string, string>>;
  /** A listening socket that was inherited. */
  readonly inheritedFd?: number | undefined;
  /** Reads configuration and secrets as they are now; they are watched when it is given. */
  readonly reread?: (() => { readonly config: Config; readonly secrets: Secrets }) | undefined;
  /** Somebody asked over the API that the daemon stop. */
  readonly onStopAsked: () => void;
  /** The daemon wants to be stopped and started anew, and has recorded why. Without it, it never does. */
  readonly onRestartAsked?: ((why: string) => void) | undefined;
  /** Who starts it anew when it ends: `systemd`, `launchd`. */
  readonly supervisor?: string | undefined;
  /** Where the daemon's own log is. */
  readonly logPath?: string | undefined;
  /** This is the first start of a new version, which can still be taken back (`KAIROS_TRIAL`). */
  readonly onTrial?: boolean | undefined;
  /** The program and arguments that run `kairos` as this process was: for scheduled backups. Without it, there are none. */
  readonly selfArgv?: readonly string[] | undefined;
}
