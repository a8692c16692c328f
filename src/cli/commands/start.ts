import { createRequire } from 'node:module';
import { writeSync } from 'node:fs';
import { asKairosError, messageOf } from '../../core/errors.ts';
import { apiToken } from '../../daemon/announce.ts';
import { loadConfig } from '../../daemon/config.ts';
import { homeOf, makeHome, type Env } from '../../daemon/home.ts';
import { createLogger } from '../../daemon/logger.ts';
import { readSecrets } from '../../daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../daemon/start.ts';
import { systemClock, systemRandom } from '../../daemon/system.ts';
import { createRedactor } from '../../redact/redactor.ts';
import { commandName } from '../command-name.ts';
import { readLogLevel } from '../dry-start.ts';

/** A second signal while stopping: out at once. */
const EXIT_CUT_SHORT = 6;
/** A stop that takes longer is cut off: everything that was accepted is in the ledger anyway. */
const STOP_MS_MAX = 20_000;

/**
 * `kairos start`: runs the daemon in the foreground until a signal or `kairos stop` ends it.
 *
 * @param json Says where it listens as one JSON document instead of in words.
 * @returns The exit code. @throws {KairosError} when it can't start.
 */
export async function runStart(env: Env, json = false): Promise<number> {
  process.umask(0o077);
  const home = homeOf(env);
  makeHome(home);
  const config = loadConfig(home, env);
  const secrets = readSecrets(home, env);
  const token = apiToken(home, env['KAIROS_API_TOKEN'], systemRandom);
  const redactor = createRedactor([...secrets.all(), { name: 'KAIROS_API_TOKEN', value: token }]);
  const log = createLogger({
    level: readLogLevel(env),
    readable: process.stderr.isTTY,
    redact: redactor.redact,
    write: (line) => void process.stderr.write(line),
  });
  const asked = Promise.withResolvers<string>();
  const ports = { clock: systemClock, random: systemRandom, log, redactor, fetch, print, usage };
  // Before anybody can learn that we are here: a signal in between would end us without a word, and leave run.json behind.
  watchCrashes((error) =>
    log.error({ error: messageOf(error), stack: error instanceof Error ? error.stack : undefined }, 'crashed'),
  );
  watchSignals(asked.resolve);
  const daemon = await startDaemon(
    {
      home,
      config,
      secrets,
      token,
      version: ownVersion(),
      pid: process.pid,
      platform: process.platform,
      commandEnv: commandEnv(env),
      inheritedFd: inheritedFd(env),
      reread: () => ({ config: loadConfig(home, env), secrets: readSecrets(home, env) }),
      onStopAsked: () => asked.resolve('the API'),
    },
    ports,
  );
  if (json) print(JSON.stringify({ pid: process.pid, url: daemon.url, home, safeMode: daemon.safeMode }));
  else greet(daemon, home, commandName(env, process.cwd()));
  const by = await asked.promise;
  log.info({ by }, 'stopping');
  await stopWithin(daemon, STOP_MS_MAX);
  log.info({}, 'stopped');
  return 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function usage(): { residentBytes: number; cpuSeconds: number } {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
}

function ownVersion(): string {
  const manifest = createRequire(import.meta.url)('../../../package.json') as { version: string };
  return manifest.version;
}

/** Commands of schedules see these and nothing else: what is in the environment of a daemon is not theirs. */
function commandEnv(env: Env): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TZ'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** systemd's socket activation: `LISTEN_PID` is us and `LISTEN_FDS` counts the sockets from descriptor 3 on. */
function inheritedFd(env: Env): number | undefined {
  const ours = env['LISTEN_PID'] === String(process.pid) && Number(env['LISTEN_FDS']) >= 1;
  return ours ? 3 : undefined;
}

/** A defect that nobody caught: the ledger holds what matters, so the process ends, unclean, and is started anew. */
function watchCrashes(report: (error: unknown) => void): void {
  const crash = (error: unknown): void => {
    report(error);
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

function watchSignals(stop: (by: string) => void): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) {
        writeSync(2, 'kairos: stopped at once by a second signal\n');
        process.exit(EXIT_CUT_SHORT);
      }
      stopping = true;
      stop(signal);
    });
  }
  // A closed terminal is no reason to stop a daemon that was put into the background.
  process.on('SIGHUP', () => undefined);
}

async function stopWithin(daemon: Daemon, ms: number): Promise<void> {
  const cut = setTimeout(() => {
    writeSync(2, `kairos: not stopped after ${ms / 1_000} s, leaving; nothing accepted is lost\n`);
    process.exit(1);
  }, ms);
  try {
    await daemon[Symbol.asyncDispose]();
  } catch (error) {
    throw asKairosError(error);
  } finally {
    clearTimeout(cut);
  }
}

/** What a newcomer needs next. On a terminal only: a service's log has the `ready` line. */
function greet(daemon: Daemon, home: string, command: string): void {
  const lines = [
    `kairosd is running at ${daemon.url}`,
    `  home       ${home}`,
    `  sources    ${daemon.sources.join(', ') || `none yet; add one with: ${command} webhook add github`}`,
    `  channels   ${daemon.channels.join(', ') || 'none; messages wait'}`,
    ...(daemon.safeMode ? [`  safe mode  the last starts did not end cleanly; see: ${command} doctor`] : []),
    `  next       ${command} status · ${command} webhook add github · ${command} doctor   (stop with Ctrl-C)`,
  ];
  print(lines.join('\n'));
}
