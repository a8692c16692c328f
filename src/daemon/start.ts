import type { Log } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { ruleHandlers } from '../dispatch/handlers.ts';
import { createReply } from '../dispatch/reply.ts';
import { listen } from '../http/server.ts';
import { startJournal } from '../journal/writer.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { makeRoom } from '../ledger/space.ts';
import { startOutbox } from '../notify/outbox.ts';
import { createFeed } from '../web/feed.ts';
import { announce } from './announce.ts';
import { beginBoot } from './boot.ts';
import type { Config } from './config.ts';
import { openDoors } from './doors.ts';
import { startHands } from './hands.ts';
import { watchLoopLag } from './loop-lag.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { openPost } from './post.ts';
import type { Secrets } from './secrets.ts';
import { compareConfigs, prepareSettings, type Settings } from './settings.ts';
import { createView } from './view.ts';
import { watchSettings } from './watch.ts';

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
  const log = (part: string): Log => ports.log.child({ part });
  const started = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  const live = { settings: prepareSettings(config, secrets, ports) };
  const feed = createFeed();

  await using parts = new AsyncDisposableStack();
  parts.defer(() => live.settings[Symbol.asyncDispose]());
  makeRoom(home);
  parts.use(lockHome(home, `pid ${pid}, since ${formatInstant(started.wallMs, timeZone)}`));
  const loopLag = parts.use(watchLoopLag());
  const ledgerOptions = { home, platform, retention, messageTtlMs: budget.messageTtlMs };
  const ledger = parts.use(await openLedger(ledgerOptions, { clock, random, log: log('ledger') }));
  const boot = parts.use(await beginBoot(ledger, clock, ports.log, { pid, version, timeZone }));
  const journalOptions = { home, timeZone, ...config.journal };
  const journal = parts.use(startJournal(ledger.journal, { clock, log: log('journal'), redact }, journalOptions));
  parts.defer(() => boot.stopping());
  const postOptions = { store: ledger.messages, timeZone, clock, random, redact, log: log('notify'), onChange };
  const startPost = ({ channels, config: { budget } }: Settings) => startOutbox({ ...postOptions, channels, budget });
  const outbox = parts.use(await openPost(() => startPost(live.settings)));
  const sources = (): string[] => [...live.settings.sources.keys()];
  const view = createView({
    options,
    ports,
    sources,
    channels: () => outbox.channels(),
    started,
    ledger,
    boot,
    loopLag,
  });
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
  const doors = { options, ports, ledger, outbox, hands, view, feed, live };
  const server = parts.use(
    await listen(config.server, { log: log('http'), token, inheritedFd, routes: openDoors(doors) }),
  );
  const { reread } = options;
  if (reread !== undefined)
    parts.use(await watchSettings({ home, clock, log: log('settings'), onEdit: async () => exchange(reread()) }));
  view.listening(server.url);
  await boot.ready();
  parts.use(announce(home, { pid, url: server.url, startedAt: formatInstant(started.wallMs, timeZone) }));
  ports.log.info({ url: server.url, home, ms: Math.round(clock.monoMs() - started.monoMs) }, 'ready');

  const running = parts.move();
  const { url, port } = server;
  const names = { sources: sources(), channels: outbox.channels().map(({ name }) => name) };
  return { ...names, url, port, safeMode: boot.safeMode, [Symbol.asyncDispose]: () => running.disposeAsync() };

  async function exchange(next: { config: Config; secrets: Secrets }): Promise<void> {
    const change = compareConfigs(live.settings.config, next.config);
    const settings = prepareSettings(next.config, next.secrets, ports);
    ports.redactor.add(next.secrets.all());
    await outbox.restart(() => startPost(settings));
    await using _old = live.settings;
    live.settings = settings;
    ports.log.info({ ...change }, 'configuration taken up');
  }
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
