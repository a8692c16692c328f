import type { Clock, Fetch, Log, Random } from '../core/ports.ts';
import { ruleHandlers } from '../dispatch/handlers.ts';
import { createReply } from '../dispatch/reply.ts';
import { startWorker } from '../dispatch/worker.ts';
import { listen } from '../http/server.ts';
import { startJournal } from '../journal/writer.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { createChannels } from '../notify/channels.ts';
import { startOutbox } from '../notify/outbox.ts';
import type { Redactor } from '../redact/redactor.ts';
import { createFeed } from '../web/feed.ts';
import { resolveSources } from '../webhooks/options.ts';
import { announce } from './announce.ts';
import { beginBoot } from './boot.ts';
import type { Config } from './config.ts';
import { openDoors } from './doors.ts';
import { watchLoopLag } from './loop-lag.ts';
import type { Secrets } from './secrets.ts';
import { createView } from './view.ts';

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
  /** A listening socket that was inherited. */
  readonly inheritedFd?: number | undefined;
  /** Somebody asked over the API that the daemon stop. */
  readonly onStopAsked: () => void;
}

export interface Daemon extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly safeMode: boolean;
  readonly sources: readonly string[];
  readonly channels: readonly string[];
}

/**
 * The whole system on one screen: parts open in order, and close in reverse, also when a later one fails to open.
 * The doors open last and close first.
 *
 * @throws {KairosError} `HOME_HELD`, `CONFIG_INVALID`, `LEDGER_TOO_NEW`, `LEDGER_FAILED`, `DISK_FULL`.
 */
export async function startDaemon(options: DaemonOptions, ports: Ports): Promise<Daemon> {
  const { home, config, secrets, version, pid, platform } = options;
  const { clock, random, log, redactor: { redact } } = ports;
  const timeZone = config.timezone;
  const startedAtMs = clock.wallMs();
  const startedMonoMs = clock.monoMs();
  const startedAt = new Date(startedAtMs).toISOString();
  const part = (name: string): Log => log.child({ part: name });
  const sources = resolveSources(config.sources, secrets.of);
  for (const warning of sources.warnings) log.warn({}, warning);
  const channels = createChannels(config.notify, { fetch: ports.fetch, print: ports.print, clock, secretOf: secrets.of });
  const feed = createFeed();

  await using parts = new AsyncDisposableStack();
  parts.use(lockHome(home, `pid ${pid}, since ${startedAt}`));
  const loopLag = parts.use(watchLoopLag());
  const { retention, budget } = config;
  const ledgerOptions = { home, platform, retention, messageTtlMs: budget.messageTtlMs };
  const ledger = parts.use(await openLedger(ledgerOptions, { clock, random, log: part('ledger') }));
  const boot = parts.use(await beginBoot(ledger, clock, log, { pid, version, timeZone }));
  const journalOptions = { home, timeZone, ...config.journal };
  const journal = parts.use(startJournal(ledger.journal, { clock, log: part('journal'), redact }, journalOptions));
  const outbox = parts.use(
    await startOutbox({ store: ledger.messages, channels, budget, timeZone, clock, random, log: part('notify'), redact, onChange }),
  );
  const names = { sources: [...sources.byName.keys()], channels: channels.map(({ name }) => name) };
  const view = createView({ ...names, version, pid, home, startedAtMs, startedMonoMs, clock, ledger, boot, loopLag, usage: ports.usage });
  const handlers = ruleHandlers(createReply({ wallMs: () => clock.wallMs(), status: () => view.sentence() }));
  const worker = parts.use(
    await startWorker({ store: ledger.jobs, handlers, clock, random, log: part('worker'), onSettled }),
  );
  const server = parts.use(
    await listen(config.server, {
      log: part('http'),
      token: options.token,
      inheritedFd: options.inheritedFd,
      routes: openDoors({ options, ports, parts, ledger, outbox, worker, view, feed, sources: sources.byName }),
    }),
  );
  view.listening(server.url);
  await boot.ready();
  parts.use(announce(home, { pid, url: server.url, startedAt }));
  log.info({ url: server.url, home, ms: Math.round(clock.monoMs() - startedMonoMs), safeMode: boot.safeMode }, 'ready');

  const running = parts.move();
  return { ...names, url: server.url, port: server.port, safeMode: boot.safeMode, [Symbol.asyncDispose]: () => running.disposeAsync() };

  function onChange(messageId: number): void {
    feed.changed('message', messageId);
    journal.wake();
  }
  function onSettled(jobIds: readonly number[]): void {
    loopLag.note();
    for (const id of jobIds) feed.changed('job', id);
    outbox.wake();
    journal.wake();
  }
}
