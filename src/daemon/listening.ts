import type { EventDraft } from '../core/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { apiRoot } from '../notify/channels/phone.ts';
import type { TakeSpoken } from '../webhooks/spoken.ts';
import type { Ports } from './options.ts';
import type { Settings } from './settings.ts';
import { troubleTeller } from './trouble.ts';

export interface ListeningParts {
  readonly ports: Ports;
  readonly ledger: Pick<Ledger, 'polls'>;
  readonly settings: Pick<Settings, 'config' | 'secrets' | 'sources' | 'telegram'>;
  /** The door for what was said. */
  readonly take: TakeSpoken;
  /** Records what the owner has to be told. */
  readonly append: (draft: EventDraft) => Promise<unknown>;
}

/** How it goes with listening to a chat without an open port. */
export interface ListenerStatus {
  readonly name: 'telegram' | 'slack';
  readonly state: 'new' | 'ok' | 'refused' | 'failing';
  readonly reason: string;
}

/** Chats that are asked for what was said, until it is disposed. */
export interface Listening extends AsyncDisposable {
  status(): readonly ListenerStatus[];
}

const SLACK_ROOT = 'https://slack.com/api';

/** Begins to listen where somebody may speak and no webhook brings it in. What it needs is only loaded then. */
export async function startListening(parts: ListeningParts): Promise<Listening> {
  await using opened = new AsyncDisposableStack();
  const listeners: (() => ListenerStatus)[] = [];
  const telegram = await listenToTelegram(parts);
  if (telegram !== undefined) {
    opened.use(telegram);
    listeners.push(() => ({ name: 'telegram', ...telegram.status() }));
  }
  const slack = await listenToSlack(parts);
  if (slack !== undefined) {
    opened.use(slack);
    listeners.push(() => ({ name: 'slack', ...slack.status() }));
  }
  const running = opened.move();
  return {
    status: () => listeners.map((status) => status()),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function listenToTelegram({ ports, ledger, settings, take, append }: ListeningParts) {
  const { config, secrets, sources, telegram } = settings;
  const token = secrets.of('TELEGRAM_BOT_TOKEN');
  if (telegram === undefined || token === undefined) return undefined;
  const { telegramReceiving } = await import('../chat/receive.ts');
  const how = telegramReceiving(config.notify, [...sources.values()], true);
  if (how.kind === 'no') return undefined;
  const { startTelegramPoller } = await import('../chat/telegram-poller.ts');
  const { clock, random } = ports;
  const log = ports.log.child({ part: 'telegram' });
  return startTelegramPoller({
    api: telegram,
    botId: token.split(':', 1)[0] ?? '',
    store: ledger.polls,
    take,
    deletesWebhook: how.asked,
    clock,
    random,
    log,
    onTrouble: troubleTeller('telegram', 'Listening to Telegram is held up.', { ports, append, log }),
  });
}

async function listenToSlack({ ports, settings, take, append }: ListeningParts) {
  const { config, secrets } = settings;
  const appToken = secrets.of('SLACK_APP_TOKEN');
  if (appToken === undefined) return undefined;
  const { chatChannels } = await import('../chat/receive.ts');
  if (!chatChannels(config.notify).some(({ kind }) => kind === 'slack')) return undefined;
  const { startSlackSocket } = await import('../chat/slack-socket.ts');
  const { clock, random, fetch } = ports;
  const log = ports.log.child({ part: 'slack' });
  return startSlackSocket({
    appToken,
    apiRoot: apiRoot('SLACK_API_URL', secrets.of('SLACK_API_URL'), SLACK_ROOT),
    fetch,
    connect: (url) => new WebSocket(url),
    take,
    clock,
    random,
    log,
    onTrouble: troubleTeller('slack', 'Listening to Slack is held up.', { ports, append, log }),
  });
}
