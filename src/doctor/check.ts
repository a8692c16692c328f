import type { ModelsOptions } from '../agent/options.ts';
import { asKairosError, type KairosError } from '../core/errors.ts';
import type { Fetch } from '../core/ports.ts';
import type { LedgerInspection } from '../ledger/inspect.ts';
import type { WorkspaceOptions } from '../agent/workspaces.ts';
import type { HeartbeatOptions } from '../notify/heartbeat-options.ts';
import type { Schedule } from '../scheduler/options.ts';
import type { SecretOf, SourceOptions } from '../webhooks/options.ts';

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
  readonly look: (ports: DoctorPorts) => Promise<readonly Omit<Finding, 'check'>[]>;
}

type Found = Omit<Finding, 'check'>;

export function ok(what: string): Found {
  return { verdict: 'ok', what, why: '', fix: '' };
}

export function warn(what: string, why: string, fix: string): Found {
  return { verdict: 'warn', what, why, fix };
}

export function fail(what: string, why: string, fix: string): Found {
  return { verdict: 'fail', what, why, fix };
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
