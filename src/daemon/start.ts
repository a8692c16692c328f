import type { Log } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { ruleHandlers } from '../dispatch/handlers.ts';
import { createReply } from '../dispatch/reply.ts';
import { listen } from '../http/server.ts';
import { startJournal } from '../journal/writer.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { createChannels } from '../notify/channels.ts';
import { startOutbox } from '../notify/outbox.ts';
import { createFeed } from '../web/feed.ts';
import { resolveSources } from '../webhooks/options.ts';
import { announce } from './announce.ts';
import { beginBoot } from './boot.ts';
import { openDoors } from './doors.ts';
import { startHands } from './hands.ts';
import { watchLoopLag } from './loop-lag.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { createView } from './view.ts';

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
 * @throws {KairosError} `HOME_HELD`, `CONFIG_INVALID`, `SECRET_MISSING`, `PORT_TAKEN`, `LEDGER_TOO_NEW`, `LEDGER_FAILED`,
 *   `DISK_FULL`.
 */
export async function startDaemon(options: DaemonOptions, ports: Ports): Promise<Daemon> {
  const { home, config, secrets, version, pid, platform } = options;
  const { clock, random } = ports;
  const { timezone: timeZone, retention, budget } = config;
  const { redact } = ports.redactor;
  const secretOf = (name: string): string | undefined => secrets.of(name);
  const log = (part: string): Log => ports.log.child({ part });
  const started = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  const sources = resolveSources(config.sources, secretOf);
  for (const warning of sources.warnings) ports.log.warn({}, warning);
  const channels = createChannels(config.notify, { ...ports, secretOf });
  const names = { sources: [...sources.byName.keys()], channels: channels.map(({ name }) => name) };
  const feed = createFeed();

  await using parts = new AsyncDisposableStack();
  parts.use(lockHome(home, `pid ${pid}, since ${formatInstant(started.wallMs, timeZone)}`));
  const loopLag = parts.use(watchLoopLag());
  const ledgerOptions = { home, platform, retention, messageTtlMs: budget.messageTtlMs };
  const ledger = parts.use(await openLedger(ledgerOptions, { clock, random, log: log('ledger') }));
  const boot = parts.use(await beginBoot(ledger, clock, ports.log, { pid, version, timeZone }));
  const journalOptions = { home, timeZone, ...config.journal };
  const journal = parts.use(startJournal(ledger.journal, { clock, log: log('journal'), redact }, journalOptions));
  parts.defer(() => boot.stopping());
  const outboxOptions = { store: ledger.messages, channels, budget, timeZone, clock, random, redact };
  const outbox = parts.use(await startOutbox({ ...outboxOptions, log: log('notify'), onChange }));
  const viewed = { sources: names.sources, channels: () => outbox.channels() };
  const view = createView({ options, ports, ...viewed, started, ledger, boot, loopLag });
  const handlers = ruleHandlers(createReply({ wallMs: () => clock.wallMs(), status: () => view.sentence() }));
  const held = (): boolean => boot.safeMode;
  const handsOptions = {
    ledger,
    handlers,
    clock,
    random,
    budgetMs: budget.blockingMs,
    held,
    onSettled,
    onChange: onWork,
  };
  const hands = parts.use(await startHands({ ...handsOptions, log: log('worker') }));
  const { token, inheritedFd } = options;
  const doors = { options, ports, parts, ledger, outbox, hands, view, feed, sources: sources.byName };
  const server = parts.use(
    await listen(config.server, { log: log('http'), token, inheritedFd, routes: openDoors(doors) }),
  );
  view.listening(server.url);
  await boot.ready();
  parts.use(announce(home, { pid, url: server.url, startedAt: formatInstant(started.wallMs, timeZone) }));
  ports.log.info({ url: server.url, home, ms: Math.round(clock.monoMs() - started.monoMs) }, 'ready');

  const running = parts.move();
  const { url, port } = server;
  return { ...names, url, port, safeMode: boot.safeMode, [Symbol.asyncDispose]: () => running.disposeAsync() };

  function onChange(messageId: number): void {
    feed.changed('message', messageId);
    journal.wake();
  }
  function onWork(jobId: number): void {
    feed.changed('job', jobId);
  }
  function onSettled(jobIds: readonly number[]): void {
    loopLag.note();
    for (const id of jobIds) feed.changed('job', id);
    outbox.wake();
    journal.wake();
  }
}
