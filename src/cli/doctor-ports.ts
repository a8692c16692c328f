import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { lastBackup } from '../backup/record.ts';
import { asKairosError, type KairosError } from '../core/errors.ts';
import type { Redact } from '../core/ports.ts';
import { loadConfig } from '../daemon/config.ts';
import { readSecrets } from '../daemon/secrets.ts';
import { systemClock } from '../daemon/system.ts';
import type { BackupSeen, DoctorPorts, Run, TriedSandbox } from '../doctor/check.ts';
import { inspectWork } from '../ledger/inspect-work.ts';
import { inspectLedger } from '../ledger/inspect.ts';
import { createRedactor } from '../redact/redactor.ts';
import { openSandbox } from '../tools/sandbox.ts';
import type { Cli } from './cli.ts';
import { findClient, isAlive, send, type Client } from './client.ts';
import { lookAtRedis } from './doctor-redis.ts';
import { findService } from './doctor-service.ts';
import { openChannels, readLogLevel } from './dry-start.ts';

/** A daemon that hangs, and a program that does, are not waited for longer. */
const DEADLINE_MS = 2_000;
const OUTPUT_BYTES_MAX = 1_048_576;

/** The world as `kairos doctor` looks at it. */
export function doctorPorts(cli: Cli, version: string, { deep }: { readonly deep: boolean }): DoctorPorts {
  const { home, env, nowMs } = cli;
  const userHome = homedir();
  const userId = process.getuid?.() ?? -1;
  const run = runner(cli);
  const path = join(home, 'ledger.db');
  const client = (): Client | undefined => findClient(home, env);
  const redisUrl = attempt(() => readSecrets(home, env).of('REDIS_URL'));
  return {
    home,
    env,
    nodeVersion: process.versions.node,
    userId,
    nowMs: nowMs(),
    config: () => {
      readLogLevel(env);
      return loadConfig(home, env);
    },
    channelErrors: () => channelErrors(cli),
    secrets: () => readSecrets(home, env),
    ledger: () => (existsSync(path) ? inspectLedger(path, { nowMs: nowMs(), deep }) : undefined),
    work: () => inspectWork(path, { nowMs: nowMs(), runningPid: attempt(client)?.pid }),
    userHome,
    sandbox: async () => trySandbox(cli),
    daemon: async () => {
      const found = client();
      return found && { ...found, get: (where) => found.get(where, DEADLINE_MS) };
    },
    send: (url, request) => send(url, { ...request, timeoutMs: DEADLINE_MS }),
    fetch,
    platform: process.platform,
    run,
    systemRoot: '/',
    machineTimeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    version,
    isAlive,
    redis: redisUrl === undefined ? undefined : () => lookAtRedis(redisUrl),
    service: () => findService({ home, userHome, userId, platform: process.platform, run, env }),
    lastBackup: async () => newestBackup(home),
    redact: redactorOf(cli, redisUrl),
  };
}

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Only what a program needs to find its way: no secret of ours. */
function runner({ env }: Cli): Run {
  const names = ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];
  const given = Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const options = {
    env: { ...given, LC_ALL: 'C' },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  } as const;
  return ([program = '', ...words]) =>
    new Promise((resolve) => {
      const child = execFile(program, words, options, (error, stdout) => {
        const isMissing = error !== null && /^(ENOENT|EACCES)$/.test(String(error.code));
        resolve(isMissing ? undefined : { code: child.exitCode, stdout });
      });
    });
}

function newestBackup(home: string): BackupSeen | undefined {
  const record = lastBackup(home);
  return record && { path: record.file, atMs: Date.parse(record.at), verified: true };
}

/** Secrets that can not be read are told by `secrets`; then shapes alone are looked for. */
function redactorOf({ home, env }: Cli, redisUrl: string | undefined): Redact {
  const token = attempt(() => findClient(home, env)?.token) ?? '';
  const password = URL.parse(redisUrl ?? '')?.password ?? '';
  return createRedactor([
    ...(attempt(() => readSecrets(home, env).all()) ?? []),
    ...(token === '' ? [] : [{ name: 'KAIROS_API_TOKEN', value: token }]),
    ...(password === '' ? [] : [{ name: 'REDIS_URL', value: decodeURIComponent(password) }]),
  ]).redact;
}

function channelErrors({ home, env }: Cli): KairosError[] {
  const secrets = readSecrets(home, env);
  return loadConfig(home, env).notify.flatMap((options) => {
    try {
      openChannels([options], (name) => secrets.of(name));
      return [];
    } catch (error) {
      return [asKairosError(error)];
    }
  });
}

/** With what the daemon opens it with. */
async function trySandbox({ home, env }: Cli): Promise<TriedSandbox> {
  const { readable } = loadConfig(home, env).tools.shell;
  const { platform, execPath: nodePath } = process;
  const place = { platform, nodePath, searchPath: env['PATH'] ?? '', hidden: [home], readable };
  return { ...(await openSandbox({ clock: systemClock, ...place })), platform };
}
