import type { Log } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { listen } from '../http/server.ts';
import { startJournal } from '../journal/writer.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { makeRoom } from '../ledger/space.ts';
import { createFeed } from '../web/feed.ts';
import { announce } from './announce.ts';
import { beginBoot } from './boot.ts';
import { startClockwork } from './clockwork.ts';
import { openDoors } from './doors.ts';
import { createExchange } from './exchange.ts';
import { startHands } from './hands.ts';
import { createIntake } from './intake.ts';
import { watchLoopLag } from './loop-lag.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { openPost } from './post.ts';
import { prepareSettings } from './settings.ts';
import { createView } from './view.ts';
import { createWakes } from './wakes.ts';
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
  const { home, config, version, pid, platform, token, inheritedFd, reread } = options;
  const { clock, random } = ports;
  const { timezone: timeZone, retention } = config;
  const { redact } = ports.redactor;
  const log = (part: string): Log => ports.log.child({ part });
  const started = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  const live = { settings: prepareSettings(config, options.secrets, ports) };
  const sources = (): string[] => [...live.settings.sources.keys()];
  const feed = createFeed();

  await using parts = new AsyncDisposableStack();
  parts.defer(() => live.settings[Symbol.asyncDispose]());
  makeRoom(home);
  parts.use(lockHome(home, `pid ${pid}, since ${formatInstant(started.wallMs, timeZone)}`));
  const loopLag = parts.use(watchLoopLag());
  const messageTtlMs = (): number => live.settings.config.budget.messageTtlMs;
  const ledgerOptions = { home, platform, retention, messageTtlMs };
  const ledger = parts.use(await openLedger(ledgerOptions, { clock, random, log: log('ledger') }));
  const boot = parts.use(await beginBoot(ledger, clock, ports.log, { pid, version, timeZone }));
  const held = (): boolean => boot.safeMode;
  const journalOptions = { home, timeZone, ...config.journal };
  const journal = parts.use(startJournal(ledger.journal, { clock, log: log('journal'), redact }, journalOptions));
  parts.defer(() => boot.stopping());
  const wakes = createWakes({ feed, journal, loopLag });
  const outbox = parts.use(await openPost(live.settings, { ports, ledger, timeZone, onChange: wakes.onMessage }));
  wakes.include(outbox);
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
  const status = (): string => view.sentence();
  const hands = parts.use(await startHands({ options, ports, ledger, live, status, held, ...wakes }));
  const append = createIntake(ledger, feed, hands);
  const clockwork = parts.use(await startClockwork({ options, ports, ledger, append, feed, hands, live, view, held }));
  wakes.include(clockwork.scheduler);
  const doors = openDoors({ options, ports, ledger, outbox, hands, clockwork, view, feed, append, live });
  const server = parts.use(await listen(config.server, { log: log('http'), token, inheritedFd, routes: doors }));
  const onEdit = createExchange({ live, outbox, clockwork, ports, reread });
  if (reread !== undefined) parts.use(await watchSettings({ home, clock, log: log('settings'), onEdit }));
  view.listening(server.url, { hands, clockwork });
  await boot.ready();
  parts.use(announce(home, { pid, url: server.url, startedAt: formatInstant(started.wallMs, timeZone) }));
  ports.log.info({ url: server.url, home, ms: Math.round(clock.monoMs() - started.monoMs) }, 'ready');

  const running = parts.move();
  const { url, port } = server;
  const names = { sources: sources(), channels: outbox.channels().map(({ name }) => name) };
  return { ...names, url, port, safeMode: boot.safeMode, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
