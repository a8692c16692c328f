import type { Log } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { listen } from '../http/server.ts';
import { startJournal } from '../journal/writer.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { makeRoom } from '../ledger/space.ts';
import type { Health } from '../notify/self-check.ts';
import { createFeed } from '../web/feed.ts';
import { startAgent } from './agent.ts';
import { announce } from './announce.ts';
import { startBackups } from './backups.ts';
import { beginBoot } from './boot.ts';
import { startCare } from './care.ts';
import { startClockwork, type Clockwork } from './clockwork.ts';
import { openDoors } from './doors.ts';
import { startDreaming } from './dreaming.ts';
import { createExchange } from './exchange.ts';
import { createFollows, waysOf } from './follows.ts';
import { startHands } from './hands.ts';
import { createIntake } from './intake.ts';
import { watchLoopLag } from './loop-lag.ts';
import { startMemory } from './memory.ts';
import { createOpening } from './opening.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { openPost } from './post.ts';
import { prepareSettings, type Late, type Settings } from './settings.ts';
import { createView } from './view.ts';
import { createVitals } from './vitals.ts';
import { createWakes } from './wakes.ts';
import { watchSettings } from './watch.ts';

export interface Daemon extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly safeMode: boolean;
  readonly sources: readonly string[];
  readonly channels: readonly string[];
  /** The one self-check, for the watchdog. */
  healthy(): Promise<Health>;
}

/**
 * The whole system on one screen: parts open in order, and close in reverse, also when a later one fails to open.
 * The doors open last and close first.
 *
 * @throws {KairosError} `HOME_HELD`, `CONFIG_INVALID`, `SECRET_MISSING`, `PORT_TAKEN`, `LEDGER_TOO_NEW`, `LEDGER_FAILED`,
 *   `DISK_FULL`.
 */
export async function startDaemon(options: DaemonOptions, world: Ports): Promise<Daemon> {
  const { home, config, version, pid, platform, token, inheritedFd, reread } = options;
  const opening = createOpening(options, world);
  const { ports } = opening;
  const { clock, random, redactor } = ports;
  const { redact } = redactor;
  const { timezone: timeZone, retention } = config;
  const log = (part: string): Log => ports.log.child({ part });
  const started = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  // What is made before these, and asks for them later.
  const late: Late & { clockwork?: Clockwork } = {};
  const prepare = (given: Pick<Settings, 'config' | 'secrets'>): Settings => prepareSettings(given, ports, late);
  const live = { settings: prepare(options) };
  const feed = createFeed();
  const vitals = createVitals(clock);

  await using parts = new AsyncDisposableStack();
  parts.defer(() => live.settings[Symbol.asyncDispose]());
  makeRoom(home);
  parts.use(lockHome(home, `pid ${pid}, since ${formatInstant(started.wallMs, timeZone)}`));
  const loopLag = parts.use(watchLoopLag());
  const ledgerOptions = { home, platform, retention, ...askedOf(live) };
  const ledgerPorts = { clock, random, log: log('ledger'), redact };
  const ledger = opening.shut(parts.use(await openLedger(ledgerOptions, ledgerPorts)));
  late.follows = ledger.follows;
  const boot = parts.use(await beginBoot(ledger, clock, ports.log, { pid, version, timeZone }));
  const held = (): boolean => boot.safeMode;
  const lines = vitals.beating('journal', ledger.journal, 'pending');
  const journalOptions = { home, timeZone, ...config.journal };
  const journal = parts.use(startJournal(lines, { clock, log: log('journal'), redact }, journalOptions));
  parts.defer(() => boot.stopping());
  const wakes = createWakes({ feed, journal, loopLag });
  const messages = vitals.beating('outbox', ledger.messages, 'mutes');
  const post = { ports, ledger: { ...ledger, messages }, timeZone, onChange: wakes.onMessage };
  const outbox = wakes.include(parts.use(await openPost(live.settings, post)));
  const base = { options, ports, ledger, live };
  const seen = { ...base, ...shownOf(live), started, boot, loopLag };
  const view = createView({ ...seen, channels: () => outbox.channels() });
  const status = (): string => view.sentence();
  const memory = parts.use(await startMemory({ options, ports, ledger, limits: config.dream.limits }));
  const agent = (late.agent = parts.use(await startAgent({ ...base, memory, held })));
  const mayBegin = vitals.asked('lanes', () => held() || vitals.isDraining() || !opening.isOpen());
  const hands = parts.use(await startHands({ ...base, agent, status, held: mayBegin, ...wakes }));
  const idleSinceMs = (): number | null => hands.idleSinceMs();
  const tending = { ...base, memory, agent, idleSinceMs, held, onEnd: () => wakes.onSettled([]) };
  const dreaming = parts.use(await startDreaming(tending));
  const refollow = (): void => late.clockwork?.refollow();
  const follows = createFollows({ follows: ledger.follows, clock, ...waysOf(live), onChange: refollow });
  const append = createIntake({ ledger, feed, hands, onFollowsEnd: refollow });
  const care = parts.use(startCare({ ...base, append, hands, vitals, boot, loopLag, agent }));
  const movers = { ...base, append, hands, vitals, feed, view, follows, care };
  const clockwork = (late.clockwork = parts.use(await startClockwork({ ...movers, held })));
  wakes.include(clockwork.scheduler);
  const backups = parts.use(startBackups({ ...movers, held, onEnd: () => wakes.onSettled([]) }));
  const doors = [opening.routes, ...openDoors({ ...movers, outbox, agent, memory, dreaming, clockwork })];
  const server = parts.use(await listen(config.server, { log: log('http'), token, inheritedFd, routes: doors }));
  const onEdit = createExchange({ live, outbox, clockwork, ports, reread, prepare });
  if (reread !== undefined) parts.use(await watchSettings({ home, clock, log: log('settings'), onEdit }));
  view.listening(server.url, { hands, clockwork, dreaming, care, backups });
  await boot.ready();
  opening.open([hands, outbox]);
  parts.use(announce(home, { pid, url: server.url, startedAt: formatInstant(started.wallMs, timeZone) }));
  ports.log.info({ url: server.url, home, ms: Math.round(clock.monoMs() - started.monoMs) }, 'ready');

  const running = parts.move();
  const { url, port } = server;
  const names = { sources: seen.sources(), channels: outbox.channels().map(({ name }) => name) };
  const shown = { ...names, url, port, safeMode: boot.safeMode, healthy: care.healthy };
  return { ...shown, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The settings in force: they may be others at the next call. */
interface Live {
  readonly settings: Settings;
}

/** What the ledger asks of them for each row. */
function askedOf(live: Live) {
  return {
    messageTtlMs: (): number => live.settings.config.budget.messageTtlMs,
    modelIsOn: (): boolean => live.settings.modelOn,
  };
}

/** What is shown of them. */
function shownOf(live: Live) {
  return {
    sources: (): string[] => [...live.settings.sources.keys()],
    model: (): string | undefined => (live.settings.modelOn ? live.settings.config.models.lead : undefined),
  };
}
