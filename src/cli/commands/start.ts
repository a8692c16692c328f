import { createRequire } from 'node:module';
import { writeSync } from 'node:fs';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { isRestoring } from '../../backup/pending.ts';
import { asKairosError, messageOf } from '../../core/errors.ts';
import type { LogOptions } from '../../care/options.ts';
import { apiToken } from '../../daemon/announce.ts';
import { loadConfig } from '../../daemon/config.ts';
import { homeOf, makeHome, type Env } from '../../daemon/home.ts';
import { createLogger } from '../../daemon/logger.ts';
import { logPathOf, openLogFile, type LogFile } from '../../daemon/log-file.ts';
import { collectGarbage, giveBackStart } from '../../daemon/relieve.ts';
import { readSecrets } from '../../daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../daemon/start.ts';
import { openSupervised, takeSupervision, type Supervised } from '../../daemon/supervised.ts';
import { systemClock, systemRandom } from '../../daemon/system.ts';
import { createRedactor } from '../../redact/redactor.ts';
import { EXIT_RESTART } from '../../service/kinds.ts';
import { commandName } from '../command-name.ts';
import { readLogLevel } from '../dry-start.ts';
import { describeFailure } from '../failure.ts';
import { execAgain, supervisorOf } from '../restart.ts';

/** A second signal while stopping: out at once. */
const EXIT_CUT_SHORT = 6;
/** A stop that takes longer is cut off: everything that was accepted is in the ledger anyway. */
const STOP_MS_MAX = 20_000;
/** After it is ready: the first looks are over, and much work is not there yet. */
const SETTLED_MS = 1_000;
/** Who asked for the end: `kairos stop`. */
const API = 'the API';

/**
 * `kairos start`: runs the daemon in the foreground until a signal or `kairos stop` ends it.
 *
 * @param json Says where it listens as one JSON document instead of in words.
 * @returns The exit code. @throws {KairosError} when it can't start.
 */
export async function runStart(env: Env, json = false): Promise<number> {
  const supervision = takeSupervision(env, process.pid, (name) => delete process.env[name]);
  await using supervised = openSupervised(supervision, systemClock);
  try {
    return await run(env, json, supervised);
  } catch (error) {
    const { text, exitCode: found } = describeFailure(error, json, () => commandName(env, process.cwd()));
    // What ends the first start of a new version is that version's fault: started again, the one before comes back.
    const exitCode = env['KAIROS_TRIAL'] === '1' ? 1 : found;
    const code = await supervised.failed(messageOf(error), exitCode);
    if (code === exitCode) throw error;
    writeSync(2, text);
    return code;
  }
}

async function run(env: Env, json: boolean, supervised: Supervised): Promise<number> {
  process.umask(0o077);
  const home = homeOf(env);
  makeHome(home);
  await finishRestoring(home);
  const config = loadConfig(home, env);
  const secrets = readSecrets(home, env);
  const token = apiToken(home, env['KAIROS_API_TOKEN'], systemRandom);
  const redactor = createRedactor([...secrets.all(), { name: 'KAIROS_API_TOKEN', value: token }]);
  const supervisor = supervisorOf(env, process.pid);
  const file = openLog(home, config.log);
  const log = createLogger({
    level: readLogLevel(env),
    readable: process.stderr.isTTY,
    redact: redactor.redact,
    write: stderrOf(supervisor, file),
    keep: file?.write,
  });
  const asked = Promise.withResolvers<Ending>();
  const world = { usage, machine: machine(), relieve: collectGarbage };
  const ports = { clock: systemClock, random: systemRandom, log, redactor, fetch, print, ...world };
  // Before anybody can learn that we are here: a signal in between would end us without a word, and leave run.json behind.
  watchCrashes((error) =>
    log.error({ error: messageOf(error), stack: error instanceof Error ? error.stack : undefined }, 'crashed'),
  );
  watchSignals((by) => asked.resolve({ by }));
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
      onTrial: env['KAIROS_TRIAL'] === '1',
      selfArgv: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
      onStopAsked: () => asked.resolve({ by: API }),
      onRestartAsked: (why) => asked.resolve({ by: 'itself', restart: why }),
      supervisor,
      logPath: file === undefined ? undefined : logPathOf(home),
    },
    ports,
  );
  if (json) print(JSON.stringify({ pid: process.pid, url: daemon.url, home, safeMode: daemon.safeMode }));
  else greet(daemon, home, commandName(env, process.cwd()));
  await supervised.ready(`ready at ${daemon.url}`, { healthy: () => daemon.healthy(), log });
  setTimeout(() => {
    giveBackStart().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'memory was not given back'));
  }, SETTLED_MS).unref();
  const { by, restart } = await asked.promise;
  log.info({ by, restart }, 'stopping');
  await supervised.stopping();
  const end = (): number =>
    restart === undefined ? supervised.exitCode(by === API) : startAgain(env, supervisor, file);
  await stopWithin(daemon, STOP_MS_MAX, restart === undefined ? undefined : end);
  log.info({}, 'stopped');
  await file?.drained();
  return end();
}

/** A restore that was killed half-way: what the configuration is, is not settled before it has ended. */
async function finishRestoring(home: string): Promise<void> {
  if (!isRestoring(home)) return;
  const { resumeRestore } = await import('../../backup/restore.ts');
  const done = await resumeRestore(home, `kairos start, pid ${process.pid}`);
  if (done !== undefined)
    writeSync(2, `kairos: the restore that was cut short is finished; what was there before is in ${done.safety}\n`);
}

/** Who asked for the end; with `restart`, it is one with a beginning. */
interface Ending {
  readonly by: string;
  /** Why. */
  readonly restart?: string;
}

/** @returns the exit code, if a supervisor is to do it. */
function startAgain(env: Env, supervisor: string | undefined, file: LogFile | undefined): number {
  file?.flush();
  if (supervisor === undefined) execAgain(env);
  return EXIT_RESTART;
}

/** The log in the home, unless none is wanted or none can be had. What waits is written when the process ends. */
function openLog(home: string, { maxBytes, files }: LogOptions): LogFile | undefined {
  if (files === 0) return undefined;
  const file = openLogFile({ path: logPathOf(home), maxBytes, files });
  if (file !== undefined) process.on('exit', () => file.flush());
  return file;
}

/** launchd appends stderr to a file that nobody rotates: with a log of our own, only what precedes it goes there. */
function stderrOf(supervisor: string | undefined, file: LogFile | undefined): (line: string) => void {
  if (supervisor === 'launchd' && file !== undefined) return () => undefined;
  return (line) => void process.stderr.write(line);
}

function machine() {
  return {
    memoryBytes: totalmem(),
    constrainedBytes: process.constrainedMemory(),
    heapBytes: getHeapStatistics().heap_size_limit,
  };
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

/** @param end What comes when it takes too long; it returns the exit code. */
async function stopWithin(daemon: Daemon, ms: number, end: () => number = () => 1): Promise<void> {
  const cut = setTimeout(() => {
    writeSync(2, `kairos: not stopped after ${ms / 1_000} s, leaving; nothing accepted is lost\n`);
    process.exit(end());
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
  const next = daemon.sources.length === 0 ? 'webhook add github' : 'events';
  const lines = [
    `kairosd is running at ${daemon.url}`,
    `  home       ${home}`,
    `  sources    ${daemon.sources.join(', ') || `none yet; add one with: ${command} webhook add github`}`,
    `  channels   ${daemon.channels.join(', ') || 'none; messages wait'}`,
    ...(daemon.safeMode ? [`  safe mode  the last starts did not end cleanly; see: ${command} doctor`] : []),
    `  next       ${command} status · ${command} ${next} · ${command} doctor   (stop with Ctrl-C)`,
  ];
  print(lines.join('\n'));
}
