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
}
