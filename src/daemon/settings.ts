import { isModelOn } from '../agent/options.ts';
import type { TelegramApi } from '../chat/telegram-api.ts';
import { readCommand } from '../dispatch/commands.ts';
import { createChannels } from '../notify/channels.ts';
import type { Channel } from '../notify/channel.ts';
import { apiRoot } from '../notify/channels/phone.ts';
import type { Follow } from '../subscriptions/follow.ts';
import { compileSubscriptions } from '../subscriptions/match.ts';
import { createStormMeter } from '../subscriptions/storm.ts';
import { resolveSources, type PreparedSource } from '../webhooks/options.ts';
import type { Hear } from '../webhooks/interpret.ts';
import { ParseThread } from '../webhooks/parse-thread.ts';
import { deliveryReader, type DeliveryReader } from '../webhooks/routes.ts';
import type { Config } from './config.ts';
import { createGitHubLine, type GitHubLine } from './github-line.ts';
import { lazily } from './lazily.ts';
import type { Ports } from './options.ts';
import type { Secrets } from './secrets.ts';

/** As they were read. */
interface Given {
  readonly config: Config;
  readonly secrets: Secrets;
}

/** Everything that follows from the configuration and the secrets alone: made anew when either changes. */
export interface Settings extends AsyncDisposable {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly sources: ReadonlyMap<string, PreparedSource>;
  readonly channels: readonly Channel[];
  /** Whether there is a model. */
  readonly modelOn: boolean;
  /** undefined: there is no bot. */
  readonly telegram: TelegramApi | undefined;
  /** Everything that is asked of GitHub goes over it. */
  readonly github: GitHubLine;
  /** Reads a delivery and matches it against the subscriptions. */
  readonly read: DeliveryReader;
  /** Counts an event of a source, and says whether it sends more than should become a job each. */
  readonly inStorm: (source: string, monoMs: number) => boolean;
}

/** What settings ask for later, because it is made after them. */
export interface Late {
  /** What is followed at this moment. */
  follows?: { active(): readonly Follow[] };
  /** Why words of the owner are not for the agent now. */
  agent?: { away(): string | undefined };
}

/**
 * Starts nothing.
 *
 * @param late What is asked for each delivery, and not before.
 * @throws {KairosError} `CONFIG_INVALID`, `SECRET_MISSING`.
 */
export function prepareSettings({ config, secrets }: Given, ports: Ports, late: Late = {}): Settings {
  const secretOf = (name: string): string | undefined => secrets.of(name);
  const { byName: sources, warnings } = resolveSources(config.sources, secretOf);
  for (const warning of warnings) ports.log.warn({}, warning);
  const channels = createChannels(config.notify, { ...ports, secretOf });
  const { subscriptions, storm } = config;
  const match = compileSubscriptions(subscriptions);
  const log = ports.log.child({ part: 'webhooks' });
  const modelOn = isModelOn(secretOf);
  const telegram = telegramOf(secrets, ports);
  const followed = (): readonly Follow[] => late.follows?.active() ?? [];
  const isForAgent = (): boolean => modelOn && late.agent?.away() === undefined;
  const thread = new ParseThread({ clock: ports.clock, log, subscriptions, match });
  const read = deliveryReader(match, thread, undefined, followed);
  const readSpoken = lazily(async () => {
    const hear = await openChat({ config, secrets, telegram, isForAgent }, ports);
    return deliveryReader(match, thread, hear, followed);
  });
  const storms = createStormMeter({ perMs: storm.per, threshold: storm.events });
  return {
    config,
    secrets,
    sources,
    channels,
    modelOn,
    telegram,
    github: createGitHubLine(secrets, ports),
    read: (delivery) => (CHATS.has(delivery.kind) ? readSpoken().then((hears) => hears(delivery)) : read(delivery)),
    inStorm: (source, monoMs) => storms.note(source, monoMs),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

/** Where people speak. */
const CHATS: ReadonlySet<string> = new Set(['slack', 'telegram']);

interface ChatParts extends Given, Pick<Settings, 'telegram'> {
  /** Whether words that are no command are for the agent now. */
  readonly isForAgent: () => boolean;
}

/** Loaded by the first delivery of a chat. */
async function openChat({ config, secrets, telegram, isForAgent }: ChatParts, ports: Ports): Promise<Hear> {
  const { createChat } = await import('../chat/chat.ts');
  const { chatChannels } = await import('../chat/receive.ts');
  const { createWhisper } = await import('../chat/whisper.ts');
  return createChat({
    channels: chatChannels(config.notify),
    isCommand: (text) => readCommand(text) !== undefined,
    get modelOn() {
      return isForAgent();
    },
    clock: ports.clock,
    log: ports.log.child({ part: 'chat' }),
    whisper: createWhisper({ ...ports, telegram, slackOrigin: URL.parse(secrets.of('SLACK_API_URL') ?? '')?.origin }),
  });
}

/** Loaded by its first call. */
function telegramOf(secrets: Secrets, { fetch, clock }: Ports): TelegramApi | undefined {
  const token = secrets.of('TELEGRAM_BOT_TOKEN');
  if (token === undefined) return undefined;
  const root = apiRoot('TELEGRAM_API_ROOT', secrets.of('TELEGRAM_API_ROOT'), TELEGRAM_ROOT);
  const made = lazily(async () => {
    const { createTelegramApi } = await import('../chat/telegram-api.ts');
    return createTelegramApi({ token, apiRoot: root, fetch, clock });
  });
  return { call: async (...given) => (await made()).call(...given) };
}

const TELEGRAM_ROOT = 'https://api.telegram.org';

/** What a new configuration changes at once, and what only the next start will take up. */
export interface SettingsChange {
  readonly applied: readonly string[];
  readonly atNextStart: readonly string[];
}

/** Read once at the start: the open socket, the ledger and the daily log are built on them. */
const AT_START: ReadonlySet<string> = new Set(['server', 'timezone', 'journal', 'retention', 'log']);

/** The sections that differ. Pure. */
export function compareConfigs(before: Config, after: Config): SettingsChange {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Config)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return {
    applied: changed.filter((name) => !AT_START.has(name)),
    atNextStart: changed.filter((name) => AT_START.has(name)),
  };
}
