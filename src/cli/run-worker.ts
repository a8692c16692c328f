import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { KairosError, messageOf } from '../core/errors.ts';
import { createLogger } from '../daemon/logger.ts';
import { systemClock, systemRandom } from '../daemon/system.ts';
import { startBullmqWorker, type BullmqWorker } from '../dispatch/bullmq-worker.ts';
import { readRedisUrl, sealFor, type RedisAddress } from '../dispatch/redis-address.ts';
import { ANY_LABEL, isLabel } from '../dispatch/remote-work.ts';
import { createRedactor } from '../redact/redactor.ts';
import { remoteCommandHandler } from '../scheduler/remote-command.ts';
import type { Cli } from './cli.ts';
import { readLogLevel } from './dry-start.ts';

/** What `kairos worker` was given. */
export interface WorkerGiven {
  readonly redis?: string;
  readonly labels?: string;
  readonly concurrency: string;
  readonly name?: string;
  readonly dir?: string;
  readonly keyFile?: string;
}

/** A second signal while stopping: out at once. */
const EXIT_CUT_SHORT = 6;
const CONCURRENCY_MAX = 1_000;
const LABELS_MAX = 32;
const NAME_CHARS_MAX = 100;
const TOLD_MS = 30_000;
/** Somebody who typed a wrong address still looks at the terminal then. */
const FIRST_TOLD_MS = 3_000;

/**
 * `kairos worker`: does work for a daemon until a signal ends it. Has no home, no ledger and no secret of the daemon's.
 *
 * @returns The exit code. @throws {KairosError} `INPUT_INVALID`, `CONFIG_INVALID`, `SECRET_MISSING`.
 */
export async function runWorker(cli: Cli, given: WorkerGiven): Promise<number> {
  process.umask(0o077);
  const { env } = cli;
  const { name, labels, concurrency } = readGiven(given);
  const url = given.redis ?? env['REDIS_URL'];
  if (!url)
    throw new KairosError(
      'INPUT_INVALID',
      'expected --redis or REDIS_URL: the address of the Redis that the daemon uses',
    );
  const address = given.redis === undefined ? readRedisUrl(url, 'REDIS_URL') : readTyped(url);
  const key = given.keyFile === undefined ? env['KAIROS_WORKER_KEY'] : readKey(given.keyFile);
  const seal = sealOf(address, key);
  const own = [
    ...(key ? [{ name: 'KAIROS_WORKER_KEY', value: key }] : []),
    ...[URL.parse(url)?.password ?? '']
      .filter(Boolean)
      .map((value) => ({ name: 'REDIS_URL', value: decodeURIComponent(value) })),
  ];
  const { redact } = createRedactor(own);
  const log = createLogger({ level: readLogLevel(env), readable: process.stderr.isTTY, redact, write: toStderr });
  const begun: { worker?: BullmqWorker } = {};
  const stopped = watchSignals(() => begun.worker?.cut());
  using directory = openDirectory(given.dir);
  const command = remoteCommandHandler({
    clock: systemClock,
    redactorOf: (secrets) => createRedactor([...own, ...secrets]).redact,
    directory: directory.path,
    env: Object.fromEntries(['PATH', 'HOME', 'LANG', 'TZ'].flatMap((word) => (env[word] ? [[word, env[word]]] : []))),
  });
  const ports = { clock: systemClock, random: systemRandom, log };
  const worker = startBullmqWorker({
    ...ports,
    address,
    seal,
    name,
    labels,
    concurrency,
    handlers: { command },
    version: packageJson.version,
  });
  begun.worker = worker;
  const facts = {
    pid: process.pid,
    id: worker.id,
    name,
    labels,
    concurrency,
    redis: address.shown,
    sealed: Boolean(key),
  };
  cli.print(
    facts,
    `${name} takes work from ${address.shown}: ${labels.join(', ')}, ${concurrency} at one time (stop with Ctrl-C)`,
  );
  const tell = (): void => {
    const trouble = worker.trouble();
    if (trouble !== undefined) log.warn({ running: worker.running }, trouble);
  };
  const first = setTimeout(tell, FIRST_TOLD_MS);
  const telling = setInterval(tell, TOLD_MS);
  log.info(facts, 'worker ready');
  const by = await stopped;
  clearTimeout(first);
  clearInterval(telling);
  log.info({ by, running: worker.running }, 'stopping');
  await worker[Symbol.asyncDispose]();
  log.info({ done: worker.done }, 'stopped');
  return 0;
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

function readGiven({ name = hostname(), labels: list = ANY_LABEL, concurrency: text }: WorkerGiven): {
  name: string;
  labels: string[];
  concurrency: number;
} {
  const labels = [...new Set(list.split(',').map((label) => label.trim()))];
  const wrong = labels.find((label) => !isLabel(label) || label === 'brain');
  if (wrong !== undefined || labels.length > LABELS_MAX) {
    throw new KairosError(
      'INPUT_INVALID',
      `--labels must be at most ${LABELS_MAX} words of a-z, 0-9 and "-" with commas between (not "brain"), got ${JSON.stringify(list.slice(0, 80))}`,
    );
  }
  const concurrency = Number(text);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > CONCURRENCY_MAX) {
    throw new KairosError(
      'INPUT_INVALID',
      `--concurrency must be a number from 1 to ${CONCURRENCY_MAX}, got ${JSON.stringify(text)}`,
    );
  }
  if (name === '' || name.length > NAME_CHARS_MAX) {
    throw new KairosError('INPUT_INVALID', `--name must have 1 to ${NAME_CHARS_MAX} characters, got ${name.length}`);
  }
  return { name, labels, concurrency };
}

/** What was typed is wrong usage, not a wrong configuration. */
function readTyped(url: string): RedisAddress {
  try {
    return readRedisUrl(url, '--redis');
  } catch (error) {
    throw new KairosError('INPUT_INVALID', messageOf(error), {}, error);
  }
}

/** A worker has no home, so the usual advice for a missing secret does not help it. */
function sealOf(address: Parameters<typeof sealFor>[0], key: string | undefined): ReturnType<typeof sealFor> {
  try {
    return sealFor(address, key, systemRandom);
  } catch (error) {
    if (!(error instanceof KairosError)) throw error;
    const hint = 'Give it the key of the daemon: --key-file FILE, or KAIROS_WORKER_KEY in its environment.';
    throw new KairosError(error.code, error.message, { ...error.detail, hint }, error.cause);
  }
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new KairosError('SECRET_MISSING', `the key in ${path} can't be read: ${messageOf(error)}`, {}, error);
  }
}

/** A directory that was named stays; one of its own goes with it. */
function openDirectory(named: string | undefined): Disposable & { readonly path: string } {
  if (named === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'kairos-worker-'));
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  }
  const path = resolve(named);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return { path, [Symbol.dispose]: () => undefined };
}

/** @param cut Ends what runs here: nobody would look after it. */
function watchSignals(cut: () => void): Promise<string> {
  const asked = Promise.withResolvers<string>();
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) {
        cut();
        writeSync(2, 'kairos: stopped at once by a second signal; what it had is done again elsewhere\n');
        process.exit(EXIT_CUT_SHORT);
      }
      stopping = true;
      asked.resolve(signal);
    });
  }
  process.on('SIGHUP', () => undefined);
  return asked.promise;
}
