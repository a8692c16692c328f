import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { pinLedger } from '../ledger/copy.ts';
import { resolveSources } from '../webhooks/options.ts';
import { parseConfig, type Config } from './config.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Secrets } from './secrets.ts';
import { startDaemon } from './start.ts';

export interface RehearsalOptions extends Pick<
  DaemonOptions,
  'home' | 'config' | 'secrets' | 'version' | 'pid' | 'platform'
> {
  /** For the daemon of the copy: nobody learns it. */
  readonly token: string;
}

/** Beyond what the copies take. */
const SPARE_BYTES = 67_108_864;
const FOLDER = 'rehearsal-';
/** What a start reads besides the ledger. */
const READ = ['KAIROS.md', 'memory'];

/**
 * A start on a copy of the home, to see whether this version can: the ledger is copied in one piece beside a running daemon and
 * migrated, every part is opened, and the copy answers `/readyz` on a free port of 127.0.0.1. Nothing leaves it: it has neither
 * channels, schedules, callers, a model nor a network, and only the secrets that its doors need. The copy is removed in any case.
 *
 * @returns Why there was no rehearsal: the disk has no room for the copies. undefined: it went well.
 * @throws {KairosError} what a start would throw; `LEDGER_FAILED` when the copy does not become ready.
 */
export async function rehearse(options: RehearsalOptions, ports: Ports): Promise<string | undefined> {
  const { home } = options;
  const place = join(home, 'upgrade');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  // What a rehearsal left that was killed.
  for (const name of readdirSync(place).filter((one) => one.startsWith(FOLDER))) remove(join(place, name));
  const lacking = lacksRoom(home);
  if (lacking !== undefined) return lacking;
  const copy = mkdtempSync(join(place, FOLDER));
  try {
    await copyHome(home, copy);
    await start(copy, options, ports);
    return undefined;
  } finally {
    remove(copy);
  }
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function mib(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

/** The migration of the copy copies it once more. */
function lacksRoom(home: string): string | undefined {
  const ledgerBytes = ['ledger.db', 'ledger.db-wal'].map((name) => sizeOf(join(home, name))).reduce((a, b) => a + b);
  const neededBytes = 2 * ledgerBytes + SPARE_BYTES;
  const { bavail, bsize } = statfsSync(home);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return undefined;
  return `a copy of the home needs ${mib(neededBytes)} MiB, ${mib(freeBytes)} MiB are free`;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

async function copyHome(home: string, copy: string): Promise<void> {
  for (const name of READ.filter((one) => existsSync(join(home, one)))) {
    cpSync(join(home, name), join(copy, name), { recursive: true });
  }
  const ledger = join(home, 'ledger.db');
  if (!existsSync(ledger)) return;
  using pin = pinLedger(ledger);
  await pin.copyTo(join(copy, 'ledger.db'));
}

async function start(copy: string, options: RehearsalOptions, ports: Ports): Promise<void> {
  const { config, secrets, token, version, pid, platform } = options;
  const daemon = await startDaemon(
    {
      home: copy,
      config: silentConfig(config),
      secrets: doorSecrets(config, secrets),
      token,
      version,
      pid,
      platform,
      commandEnv: {},
      onStopAsked: () => undefined,
    },
    { ...ports, fetch: noNetwork, print: () => undefined },
  );
  try {
    const answer = await ports.fetch(`${daemon.url}/readyz`, { signal: AbortSignal.timeout(READY_MS_MAX) });
    const text = await answer.text();
    if (!answer.ok) throw new KairosError('LEDGER_FAILED', `the copy of the home does not become ready: ${text}`);
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
}

const READY_MS_MAX = 10_000;

/**
 * Only what makes no noise is taken over, and everything else, also what later versions add, is as if nothing had been set.
 * For the tests.
 */
export function silentConfig({ timezone, sources, subscriptions, storm, retention, workspaces }: Config): Config {
  const nothing = parseConfig('', 'config.yaml');
  const quiet = sources?.map((source) => ({ ...source, poll: undefined, reconcile: undefined })) as Config['sources'];
  return {
    ...nothing,
    timezone,
    subscriptions,
    storm,
    retention,
    workspaces,
    sources: quiet,
    server: { ...nothing.server, host: '127.0.0.1', port: 0 },
    notify: [],
    schedules: [],
    dream: { ...nothing.dream, enabled: false },
  };
}

/** Those the doors ask for: no key of a model, no token of a chat, no address of a queue. */
function doorSecrets(config: Config, secrets: Secrets): Secrets {
  const asked = new Set<string>();
  resolveSources(config.sources, (name) => {
    asked.add(name);
    return secrets.of(name);
  });
  return {
    of: (name) => (asked.has(name) ? secrets.of(name) : undefined),
    all: () => secrets.all().filter(({ name }) => asked.has(name)),
  };
}

function noNetwork(): Promise<Response> {
  return Promise.reject(new KairosError('CHANNEL_FAILED', 'nothing leaves a rehearsal'));
}
