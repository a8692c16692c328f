import type { Log } from '../core/ports.ts';
import type { PollStatus } from '../github/poller.ts';
import type { ReconcileStatus } from '../github/reconciler.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { startHeartbeat } from '../notify/heartbeat.ts';
import type { Health } from '../notify/self-check.ts';
import { startScheduler, type Scheduler } from '../scheduler/ticker.ts';
import type { Feed } from '../web/feed.ts';
import { polledTaker } from '../webhooks/polled.ts';
import { spokenTaker } from '../webhooks/spoken.ts';
import type { Following } from './follows.ts';
import type { Append } from './intake.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { startListening, type ListenerStatus } from './listening.ts';
import { startPolling } from './polling.ts';
import { startReconciling } from './reconciling.ts';
import type { Settings } from './settings.ts';
import type { View } from './view.ts';
import type { Vitals } from './vitals.ts';

/** What callers are made of. */
type Given = Pick<Settings, 'config' | 'secrets' | 'sources' | 'telegram' | 'github'>;

/** What happens by itself: schedules, the polling of GitHub, the sign of life. */
export interface Clockwork extends AsyncDisposable {
  readonly scheduler: Scheduler;
  /** The schedule that is due next, jitter included; undefined when none ever is. */
  next(): { readonly name: string; readonly atMs: number } | undefined;
  /** undefined: nothing is polled. */
  polling(): PollStatus | undefined;
  /** What is followed has changed. */
  refollow(): void;
  /** undefined: missed deliveries are not asked for. */
  reconcile(): readonly ReconcileStatus[] | undefined;
  /** Chats that are listened to without an open port. */
  listening(): readonly ListenerStatus[];
  /** Whether an outside address is told that all is well. */
  heartbeat(): boolean;
  /** Goes on with other settings; with those before when the new ones can't be. @throws {KairosError} `CONFIG_INVALID`, `SECRET_MISSING`. */
  exchange(next: Given, before: Given): Promise<void>;
}

export interface ClockworkParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly append: Append;
  readonly feed: Feed;
  readonly hands: { wake(): void };
  readonly care: { healthy(): Promise<Health> };
  readonly vitals: Pick<Vitals, 'asked'>;
  readonly live: { readonly settings: Settings };
  readonly view: View;
  readonly follows: Pick<Following, 'targets'>;
  /** While true nothing begins by itself: safe mode. */
  readonly held: () => boolean;
}

/** Arms the schedules; polling and the sign of life begin if they are configured. */
export async function startClockwork(parts: ClockworkParts): Promise<Clockwork> {
  const { options, ports, ledger, append, hands, feed } = parts;
  const log = (part: string): Log => ports.log.child({ part });
  let callers: Callers | undefined;
  await using opened = new AsyncDisposableStack();
  const scheduler = opened.use(
    await startScheduler({
      store: ledger.slots,
      append,
      schedules: options.config.schedules,
      timeZone: options.config.timezone,
      clock: ports.clock,
      log: log('scheduler'),
      onDue(eventIds) {
        for (const id of eventIds) feed.changed('event', id);
        hands.wake();
      },
      isHeld: parts.vitals.asked('scheduler', parts.held),
      onWoke: () => callers?.soon(),
    }),
  );
  callers = await startCallers(parts, parts.live.settings);
  opened.defer(async () => callers?.[Symbol.asyncDispose]());
  const running = opened.move();
  return {
    scheduler,
    next: () => nextOf(scheduler),
    polling: () => callers?.polling(),
    refollow: () => callers?.refollow(),
    reconcile: () => callers?.reconcile(),
    listening: () => callers?.listening() ?? [],
    heartbeat: () => callers?.heartbeat ?? false,
    async exchange(next, before) {
      await callers?.[Symbol.asyncDispose]();
      try {
        callers = await startCallers(parts, next);
      } catch (error) {
        callers = await startCallers(parts, before);
        throw error;
      }
      // What began to be followed while they were exchanged.
      callers.refollow();
      await scheduler.update(next.config.schedules, options.config.timezone);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function nextOf(scheduler: Scheduler): { readonly name: string; readonly atMs: number } | undefined {
  let first: { readonly name: string; readonly atMs: number } | undefined;
  for (const { schedule, nextMs } of scheduler.entries())
    if (nextMs < (first?.atMs ?? Infinity)) first = { name: schedule.name, atMs: nextMs };
  return first;
}

interface Callers extends AsyncDisposable, Pick<Clockwork, 'polling' | 'refollow' | 'reconcile' | 'listening'> {
  /** The machine has slept. */
  soon(): void;
  readonly heartbeat: boolean;
}

/** Those that call outside: made anew when the configuration changes. */
async function startCallers(parts: ClockworkParts, given: Given): Promise<Callers> {
  const { config, secrets } = given;
  const { ports, ledger, append, live, view, follows, held } = parts;
  const { clock } = ports;
  await using opened = new AsyncDisposableStack();
  const door: Parameters<typeof spokenTaker>[0] = {
    clock,
    random: ports.random,
    append,
    read: (delivery) => live.settings.read(delivery),
    inStorm: (source, monoMs) => live.settings.inStorm(source, monoMs),
    count: (outcome) => view.count(outcome),
  };
  const take = polledTaker(door);
  const listening = opened.use(
    await startListening({ ports, ledger, settings: given, take: spokenTaker(door), append }),
  );
  const polling = opened.use(
    await startPolling({ ports, ledger, settings: given, followed: () => follows.targets(), take, append }),
  );
  const reconciling = opened.use(await startReconciling({ ports, ledger, settings: given, append, held }));
  if (config.heartbeat !== undefined) {
    const check = async () => {
      const found = await parts.care.healthy();
      return found.ok ? found : { ok: false as const, reason: ports.redactor.redact(found.reason) };
    };
    const log = ports.log.child({ part: 'heartbeat' });
    opened.use(startHeartbeat(config.heartbeat, { ...ports, log, check, secretOf: (name) => secrets.of(name) }));
  }
  const running = opened.move();
  return {
    polling: () => polling.status(),
    refollow: () => polling.refollow(),
    reconcile: () => reconciling.status(),
    soon: () => reconciling.soon(),
    listening: () => listening.status(),
    heartbeat: config.heartbeat !== undefined,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
