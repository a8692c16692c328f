import type { ModelsOptions } from '../agent/options.ts';
import { asKairosError, type KairosError } from '../core/errors.ts';
import type { Fetch, Redact } from '../core/ports.ts';
import type { LedgerInspection } from '../ledger/inspect.ts';
import type { WorkspaceOptions } from '../agent/workspaces.ts';
import type { HeartbeatOptions } from '../notify/heartbeat-options.ts';
import type { WorkInspection } from '../ledger/inspect-work.ts';
import type { Schedule } from '../scheduler/options.ts';
import type { SecretOf, SourceOptions } from '../webhooks/options.ts';
import type { Repair } from './repair.ts';

/** `skip`: not looked at, because something else that is reported has to be mended first. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skip';

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What is. */
  readonly what: string;
  /** Why it matters; empty when all is well. */
  readonly why: string;
  /** How to fix it; empty when there is nothing to fix. */
  readonly fix: string;
  /** `kairos doctor --fix` can do it. */
  readonly fixable?: boolean;
  /** What it would do, or did. */
  readonly repair?: string;
  /** Whether it is gone, found out by looking again. A finding that is gone has the verdict `ok`. */
  readonly fixed?: boolean;
  /** Why it is not fixed. */
  readonly fixError?: string;
}

/** What a check finds: its name is added by whoever asked it, and a repair may come along. */
export interface Found extends Omit<Finding, 'check' | 'fixable' | 'repair' | 'fixed' | 'fixError'> {
  readonly repair?: Repair | undefined;
}

/** The configuration as far as the checks look at it. */
export interface CheckedConfig {
  readonly timezone: string;
  readonly sources?: readonly SourceOptions[] | undefined;
  readonly notify: readonly { readonly kind: string; readonly name: string; readonly allow?: readonly unknown[] }[];
  readonly schedules?: readonly Schedule[] | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly models?: ModelsOptions | undefined;
  readonly workspaces?: readonly WorkspaceOptions[] | undefined;
  readonly dream?: { readonly enabled: boolean } | undefined;
  readonly server?: { readonly port: number; readonly hosts: readonly string[] } | undefined;
  readonly backup?: { readonly enabled: boolean } | undefined;
  readonly budget?:
    | {
        readonly quietHours: { readonly from: string; readonly to: string } | undefined;
        readonly messageTtlMs: number;
      }
    | undefined;
  readonly tools?: { readonly shell: { readonly enabled: boolean; readonly network: boolean } } | undefined;
}

/** What came of trying to confine a process. `kind: 'none'`, with the reason, where that did not work. */
export interface TriedSandbox {
  readonly kind: string;
  readonly reason?: string | undefined;
  readonly startMs?: number | undefined;
  /** `linux`, `darwin`. */
  readonly platform: string;
}

/** What a program said. `undefined` where there is no such program; `code` is null when it was killed at its deadline. */
export type Run = (
  argv: readonly string[],
) => Promise<{ readonly code: number | null; readonly stdout: string } | undefined>;

/** A Redis as it describes itself. What its user may not ask is undefined. */
export interface RedisSeen {
  /** The lines of `INFO`, by name. */
  readonly info: Readonly<Record<string, string>>;
  /** `maxmemory-policy`, `appendonly`. */
  readonly config: Readonly<Record<string, string>> | undefined;
  /** Who we are there. */
  readonly user: string | undefined;
  /** Whether the user `default` is on and needs no password. */
  readonly defaultIsOpen: boolean | undefined;
}

/** The service of this home, as far as it is installed. */
export interface ServiceSeen {
  /** `kairosd.service`, or the label of the launchd job. */
  readonly unit: string;
  readonly path: string;
  readonly scope: 'system' | 'user';
  readonly enabled: boolean;
  readonly active: boolean;
  /** Whether services of this user run without a login; undefined where that is no question. */
  readonly lingers?: boolean | undefined;
  /** Whether the unit is what this version would write; undefined: not known. */
  readonly current?: boolean | undefined;
  /** Where its versions are placed. */
  readonly programRoot?: string | undefined;
}

/** A backup that can be restored from. */
export interface BackupSeen {
  readonly path: string;
  readonly atMs: number;
  /** It was opened and read after it was made. */
  readonly verified: boolean;
}

/** A running daemon. */
export interface CheckedDaemon {
  readonly url: string;
  readonly pid: number;
  /** The API token. */
  readonly token: string;
  get<Answer>(path: string): Promise<Answer>;
}

/** What the checks may look at. */
export interface DoctorPorts {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  /** Of this process; -1 where there is none. */
  readonly userId: number;
  readonly nowMs: number;
  /** @throws {KairosError} `CONFIG_INVALID`. */
  readonly config: () => CheckedConfig;
  /** What keeps each channel from being made, such as a missing secret. @throws {KairosError} `CONFIG_INVALID`. */
  readonly channelErrors: () => readonly KairosError[];
  readonly secrets: () => {
    readonly of: SecretOf;
    all(): readonly { readonly name: string; readonly value: string }[];
  };
  /** Undefined while there is no ledger. */
  readonly ledger: () => LedgerInspection | undefined;
  /** The home directory of this user. Left out: workspaces are not looked at. */
  readonly userHome?: string | undefined;
  /** Confines a process for a try (tools/sandbox.ts). Left out where nothing is to be confined. */
  readonly sandbox?: (() => Promise<TriedSandbox>) | undefined;
  /** For the model's API. Left out: it is not tried. */
  readonly fetch?: Fetch | undefined;
  /** What waits, was given up, or never ran. Left out, or undefined while there is no ledger: not looked at. */
  readonly work?: (() => WorkInspection | undefined) | undefined;
  /** `linux`, `darwin`. Left out: what depends on it is not looked at. */
  readonly platform?: string | undefined;
  /** Runs a program of the system with a deadline. Left out: none is asked. */
  readonly run?: Run | undefined;
  /** Where `/proc` and `/sys` are. Left out: limits are not looked at. */
  readonly systemRoot?: string | undefined;
  /** Of this machine. */
  readonly machineTimeZone?: string | undefined;
  /** Of this program. Left out: not compared. */
  readonly version?: string | undefined;
  /** Whether a process is there. Left out: nothing counts as left over. */
  readonly isAlive?: ((pid: number) => boolean) | undefined;
  /** Left out where there is no `REDIS_URL`. */
  readonly redis?: (() => Promise<RedisSeen | { readonly error: string }>) | undefined;
  /** Left out where services are unknown; undefined when none is installed. */
  readonly service?: (() => Promise<ServiceSeen | undefined>) | undefined;
  /** The newest backup. Left out: not looked at. */
  readonly lastBackup?: (() => Promise<BackupSeen | undefined>) | undefined;
  /** Before every word that leaves. Left out: nothing is taken out. */
  readonly redact?: Redact | undefined;
  /** Undefined when none runs. */
  readonly daemon: () => Promise<CheckedDaemon | undefined>;
  readonly send: (
    url: string,
    request: { readonly method: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ) => Promise<{ readonly status: number; readonly body: string }>;
}

/** Looks at one thing. May throw: then the check itself has failed, and says so. */
export interface Check {
  readonly name: string;
  /** What it looks at, in one sentence: the table of docs/doctor.md. */
  readonly about: string;
  /** What `--fix` does of it; left out: nothing. */
  readonly mends?: string;
  readonly look: (ports: DoctorPorts) => Promise<readonly Found[]>;
}

export function ok(what: string): Found {
  return { verdict: 'ok', what, why: '', fix: '' };
}

export function warn(what: string, why: string, fix: string, repair?: Repair): Found {
  return { verdict: 'warn', what, why, fix, repair };
}

export function fail(what: string, why: string, fix: string, repair?: Repair): Found {
  return { verdict: 'fail', what, why, fix, repair };
}

export function skip(because: string): Found {
  return { verdict: 'skip', what: `skipped: ${because}`, why: '', fix: '' };
}

/**
 * The configuration, or what to say of a check that needs it and can't have it: the check `config` tells what is wrong,
 * and whatever this one advised would be advice about something that is not so.
 */
export function readConfigFor(ports: DoctorPorts): CheckedConfig | { readonly unusable: string } {
  try {
    return ports.config();
  } catch (error) {
    const inFile = 'problems' in asKairosError(error).detail;
    return { unusable: `${inFile ? 'config.yaml' : 'the configuration'} is not valid` };
  }
}
