import type { Log } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { listen } from '../http/server.ts';
import { startJournal } from '../journal/writer.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { makeRoom } from '../ledger/space.ts';
import { createFeed } from '../web/feed.ts';
import { startAgent } from './agent.ts';
import { announce } from './announce.ts';
import { beginBoot } from './boot.ts';
import { startClockwork, type Clockwork } from './clockwork.ts';
import { openDoors } from './doors.ts';
import { startDreaming } from './dreaming.ts';
import { createExchange } from './exchange.ts';
import { createFollows, waysOf } from './follows.ts';
import { startHands } from './hands.ts';
import { createIntake } from './intake.ts';
import { watchLoopLag } from './loop-lag.ts';
import { startMemory } from './memory.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { openPost } from './post.ts';
import { prepareSettings, type Late, type Settings } from './settings.ts';
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
  // What is made before these, and asks for them later.
  const late: Late & { clockwork?: Clockwork } = {};
  const prepare = (given: Pick<Settings, 'config' | 'secrets'>): Settings => prepareSettings(given, ports, late);
  const live = { settings: prepare(options) };
  const sources = (): string[] => [...live.settings.sources.keys()];
  const feed = createFeed();

  await using parts = new AsyncDisposableStack();
  parts.defer(() => live.settings[Symbol.asyncDispose]());
  makeRoom(home);
  parts.use(lockHome(home, `pid ${pid}, since ${formatInstant(started.wallMs, timeZone)}`));
  const loopLag = parts.use(watchLoopLag());
  const messageTtlMs = (): number => live.settings.config.budget.messageTtlMs;
  const modelIsOn = (): boolean => live.settings.modelOn;
  const ledgerOptions = { home, platform, retention, messageTtlMs, modelIsOn };
  const ledger = parts.use(await openLedger(ledgerOptions, { clock, random, log: log('ledger'), redact }));
  late.follows = ledger.follows;
  const boot = parts.use(await beginBoot(ledger, clock, ports.log, { pid, version, timeZone }));
  const held = (): boolean => boot.safeMode;
  const journalOptions = { home, timeZone, ...config.journal };
  const journal = parts.use(startJournal(ledger.journal, { clock, log: log('journal'), redact }, journalOptions));
  parts.defer(() => boot.stopping());
  const wakes = createWakes({ feed, journal, loopLag });
  const outbox = parts.use(await openPost(live.settings, { ports, ledger, timeZone, onChange: wakes.onMessage }));
  wakes.include(outbox);
  const model = (): string | undefined => (live.settings.modelOn ? live.settings.config.models.lead : undefined);
  const seen = { options, ports, sources, started, ledger, boot, loopLag };
  const view = createView({ ...seen, model, channels: () => outbox.channels() });
  const status = (): string => view.sentence();
  const memory = parts.use(await startMemory({ options, ports, ledger, limits: config.dream.limits }));
  const agent = (late.agent = parts.use(await startAgent({ options, ports, ledger, memory, live, held })));
  const hands = parts.use(await startHands({ options, ports, ledger, live, agent, status, held, ...wakes }));
  const idleSinceMs = (): number | null => hands.idleSinceMs();
  const tending = { options, ports, ledger, live, memory, agent, idleSinceMs, held, onEnd: () => wakes.onSettled([]) };
  const dreaming = parts.use(await startDreaming(tending));
  const refollow = (): void => late.clockwork?.refollow();
  const follows = createFollows({ follows: ledger.follows, clock, ...waysOf(live), onChange: refollow });
  const append = createIntake({ ledger, feed, hands, onFollowsEnd: refollow });
  const movers = { options, ports, ledger, append, feed, hands, live, view, follows };
  const clockwork = (late.clockwork = parts.use(await startClockwork({ ...movers, held })));
  wakes.include(clockwork.scheduler);
  const doors = openDoors({ ...movers, outbox, agent, memory, dreaming, clockwork });
  const server = parts.use(await listen(config.server, { log: log('http'), token, inheritedFd, routes: doors }));
  const onEdit = createExchange({ live, outbox, clockwork, ports, reread, prepare });
  if (reread !== undefined) parts.use(await watchSettings({ home, clock, log: log('settings'), onEdit }));
  view.listening(server.url, { hands, clockwork, dreaming });
  await boot.ready();
  parts.use(announce(home, { pid, url: server.url, startedAt: formatInstant(started.wallMs, timeZone) }));
  ports.log.info({ url: server.url, home, ms: Math.round(clock.monoMs() - started.monoMs) }, 'ready');

  const running = parts.move();
  const { url, port } = server;
  const names = { sources: sources(), channels: outbox.channels().map(({ name }) => name) };
  return { ...names, url, port, safeMode: boot.safeMode, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
