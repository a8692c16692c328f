import { createChannels } from '../notify/channels.ts';
import type { Channel } from '../notify/channel.ts';
import { compileSubscriptions } from '../subscriptions/match.ts';
import { createStormMeter } from '../subscriptions/storm.ts';
import { resolveSources, type PreparedSource } from '../webhooks/options.ts';
import { ParseThread } from '../webhooks/parse-thread.ts';
import { deliveryReader, type DeliveryReader } from '../webhooks/routes.ts';
import type { Config } from './config.ts';
import type { Ports } from './options.ts';
import type { Secrets } from './secrets.ts';

/** Everything that follows from the configuration and the secrets alone: made anew when either changes. */
export interface Settings extends AsyncDisposable {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly sources: ReadonlyMap<string, PreparedSource>;
  readonly channels: readonly Channel[];
  /** Reads a delivery and matches it against the subscriptions. */
  readonly read: DeliveryReader;
  /** Counts an event of a source, and says whether it sends more than should become a job each. */
  readonly inStorm: (source: string, monoMs: number) => boolean;
}

/** Starts nothing. @throws {KairosError} `CONFIG_INVALID`, `SECRET_MISSING`. */
export function prepareSettings(config: Config, secrets: Secrets, ports: Ports): Settings {
  const secretOf = (name: string): string | undefined => secrets.of(name);
  const { byName: sources, warnings } = resolveSources(config.sources, secretOf);
  for (const warning of warnings) ports.log.warn({}, warning);
  const channels = createChannels(config.notify, { ...ports, secretOf });
  const { subscriptions, storm } = config;
  const match = compileSubscriptions(subscriptions);
  const log = ports.log.child({ part: 'webhooks' });
  const thread = new ParseThread({ clock: ports.clock, log, subscriptions, match });
  const storms = createStormMeter({ perMs: storm.per, threshold: storm.events });
  return {
    config,
    secrets,
    sources,
    channels,
    read: deliveryReader(match, thread),
    inStorm: (source, monoMs) => storms.note(source, monoMs),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

/** What a new configuration changes at once, and what only the next start will take up. */
export interface SettingsChange {
  readonly applied: readonly string[];
  readonly atNextStart: readonly string[];
}

/** Read once at the start: the open socket, the ledger and the daily log are built on them. */
const AT_START: ReadonlySet<string> = new Set(['server', 'timezone', 'journal', 'retention']);

/** The sections that differ. Pure. */
export function compareConfigs(before: Config, after: Config): SettingsChange {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Config)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return {
    applied: changed.filter((name) => !AT_START.has(name)),
    atNextStart: changed.filter((name) => AT_START.has(name)),
  };
}
