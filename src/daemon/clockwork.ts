import type { Log } from '../core/ports.ts';
import type { PollStatus } from '../github/poller.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { startHeartbeat } from '../notify/heartbeat.ts';
import { checkSelf, type Pulse } from '../notify/self-check.ts';
import { startScheduler, type Scheduler } from '../scheduler/ticker.ts';
import type { Feed } from '../web/feed.ts';
import { polledTaker } from '../webhooks/polled.ts';
import type { Config } from './config.ts';
import type { Append } from './intake.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { startPolling } from './polling.ts';
import type { Secrets } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { View } from './view.ts';

/** A configuration with its secrets. */
type Given = Pick<Settings, 'config' | 'secrets'>;

/** What happens by itself: schedules, the polling of GitHub, the sign of life. */
export interface Clockwork extends AsyncDisposable {
  readonly scheduler: Scheduler;
  /** The schedule that is due next, jitter included; undefined when none ever is. */
  next(): { readonly name: string; readonly atMs: number } | undefined;
  /** undefined: nothing is polled. */
  polling(): PollStatus | undefined;
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
  readonly hands: { wake(): void; readonly pulse: Pulse };
  readonly live: { readonly settings: Settings };
  readonly view: View;
  /** While true nothing begins by itself: safe mode. */
  readonly held: () => boolean;
}

/** Arms the schedules; polling and the sign of life begin if they are configured. */
export async function startClockwork(parts: ClockworkParts): Promise<Clockwork> {
  const { options, ports, ledger, append, hands, feed } = parts;
  const log = (part: string): Log => ports.log.child({ part });
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
      isHeld: parts.held,
    }),
  );
  let callers = await startCallers(parts, options.config, options.secrets);
  opened.defer(() => callers[Symbol.asyncDispose]());
  const running = opened.move();
  return {
    scheduler,
    next: () => nextOf(scheduler),
    polling: () => callers.polling(),
    heartbeat: () => callers.heartbeat,
    async exchange(next, before) {
      await callers[Symbol.asyncDispose]();
      try {
        callers = await startCallers(parts, next.config, next.secrets);
      } catch (error) {
        callers = await startCallers(parts, before.config, before.secrets);
        throw error;
      }
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

interface Callers extends AsyncDisposable {
  polling(): PollStatus | undefined;
  readonly heartbeat: boolean;
}

/** Those that call outside: made anew when the configuration changes. */
async function startCallers(parts: ClockworkParts, config: Config, secrets: Secrets): Promise<Callers> {
  const { options, ports, ledger, append, hands, live, view } = parts;
  const { clock } = ports;
  await using opened = new AsyncDisposableStack();
  const take = polledTaker({
    clock,
    append,
    read: (delivery) => live.settings.read(delivery),
    inStorm: (source, monoMs) => live.settings.inStorm(source, monoMs),
    count: (outcome) => view.count(outcome),
  });
  const polling = opened.use(
    await startPolling({ options: { ...options, config, secrets }, ports, ledger, take, append }),
  );
  if (config.heartbeat !== undefined) {
    const check = async () => {
      const found = await checkSelf({ clock, ledger: () => ledger.health(), worker: hands.pulse });
      return found.ok ? found : { ok: false as const, reason: ports.redactor.redact(found.reason) };
    };
    const log = ports.log.child({ part: 'heartbeat' });
    opened.use(startHeartbeat(config.heartbeat, { ...ports, log, check, secretOf: (name) => secrets.of(name) }));
  }
  const running = opened.move();
  return {
    polling: () => polling?.status(),
    heartbeat: config.heartbeat !== undefined,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
