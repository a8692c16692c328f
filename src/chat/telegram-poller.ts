import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log, type Random } from '../core/ports.ts';
import type { Answer, TelegramApi } from './telegram-api.ts';

/** What is needed of the ledger. */
export interface PollStore {
  load(name: string): string | undefined;
  /** Resolves when it is on disk. */
  save(name: string, state: string): Promise<void>;
}

/** An update as it came. */
export interface PolledUpdate {
  readonly kind: 'telegram';
  readonly source: 'telegram';
  readonly delivery: string;
  /** JSON, as UTF-8. */
  readonly body: Uint8Array;
}

export interface TelegramPollerOptions {
  readonly api: TelegramApi;
  /** The bot's number, which is the public half of its token: the place in the list is the bot's. */
  readonly botId: string;
  readonly store: PollStore;
  /** Records one update; resolves when it is on disk. One that was taken before is no error. */
  readonly take: (update: PolledUpdate) => Promise<unknown>;
  /** A webhook that is in the way is taken away: the configuration says polling. Without it the owner is asked to. */
  readonly deletesWebhook: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Something a person has to put right, once until it is. Must not throw. */
  readonly onTrouble: (text: string) => void;
}

/** How it goes with listening to Telegram. */
export interface TelegramPollStatus {
  readonly state: 'new' | 'ok' | 'refused' | 'failing';
  /** Why not ok; else empty. */
  readonly reason: string;
}

export interface TelegramPoller extends Loop {
  status(): TelegramPollStatus;
}

/** Telegram holds the request until something comes, at most this long. */
const HOLD_SECONDS = 50;
const ANSWER_MS_MAX = 65_000;
const UPDATES_MAX = 100;
const BACKOFF = { failed: { firstMs: 1_000, mostMs: 60_000 }, refused: { firstMs: 60_000, mostMs: 900_000 } } as const;

const ASKED = { timeout: HOLD_SECONDS, limit: UPDATES_MAX, allowed_updates: ['message', 'callback_query'] };

/** By its number alone an update is known; what is in it is read where webhooks are read. */
const updates = z.array(z.looseObject({ update_id: z.int().nonnegative() }));

/**
 * Listens to Telegram without an open port: one request is always waiting there, so that a message comes at once and an idle
 * hour costs 72 requests.
 *
 * An update is confirmed by asking for the next one, and that only after it is on disk: killed at any moment, none is
 * lost. The ledger knows the numbers, so none is taken twice.
 */
export function startTelegramPoller(options: TelegramPollerOptions): TelegramPoller {
  const { clock, log } = options;
  const poller = createPoller(options);
  const loop = startLoop({ name: 'telegram', clock, log, step: (signal) => poller.step(signal) });
  return { ...loop, status: () => poller.status() };
}

interface Poller {
  step(signal: AbortSignal): Promise<number>;
  status(): TelegramPollStatus;
}

function createPoller(options: TelegramPollerOptions): Poller {
  const { api, store, botId, random, log } = options;
  const name = `chat telegram ${botId}`;
  let offset = readOffset(store.load(name));
  let status: TelegramPollStatus = { state: 'new', reason: '' };
  let failures = 0;
  let told = '';

  const trouble = (kind: 'failed' | 'refused', reason: string, retryAfterMs = 0): number => {
    failures += 1;
    status = { state: kind === 'failed' ? 'failing' : 'refused', reason };
    if (told !== reason) {
      log.warn({ reason }, 'listening to Telegram is held up');
      if (kind === 'refused') options.onTrouble(reason);
    }
    told = reason;
    const { firstMs, mostMs } = BACKOFF[kind];
    const fullMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 20));
    return Math.max(retryAfterMs, Math.round(fullMs * (0.5 + random.fraction() / 2)));
  };
  const well = (): void => {
    if (told !== '') log.info({}, 'listening to Telegram goes on');
    failures = 0;
    told = '';
    status = { state: 'ok', reason: '' };
  };

  return {
    status: () => status,
    async step(signal) {
      const from = offset === undefined ? ASKED : { ...ASKED, offset };
      const answer = await api.call('getUpdates', from, ANSWER_MS_MAX, signal);
      if (signal.aborted) return 0;
      if (answer.kind === 'failed') return trouble('failed', answer.reason);
      if (answer.kind === 'refused') return refused(answer, signal);
      const found = updates.safeParse(answer.result);
      if (!found.success) return trouble('failed', 'the answer of getUpdates is no list of updates');
      well();
      const next = nextOffset(found.data);
      if (next === undefined) return 0;
      try {
        await takeAll(found.data, options);
        reached('telegram.taken');
        await store.save(name, JSON.stringify({ offset: next }));
        reached('telegram.recorded');
      } catch (error) {
        // The ledger says no (a full disk, say): nothing is confirmed, and Telegram keeps it.
        return trouble('failed', messageOf(error));
      }
      offset = next;
      return 0;
    },
  };

  async function refused(answer: Answer & { kind: 'refused' }, signal: AbortSignal): Promise<number> {
    const { code, description, retryAfterMs } = answer;
    if (code === 429 || code >= 500) return trouble('failed', `Telegram says ${description}`, retryAfterMs);
    if (code === 409 && /webhook/i.test(description)) {
      if (!options.deletesWebhook) return trouble('refused', WEBHOOK_IN_THE_WAY);
      log.warn({}, 'a webhook is set for the bot; it is taken away, the configuration says polling');
      const deleted = await api.call('deleteWebhook', {}, ANSWER_MS_MAX, signal);
      return deleted.kind === 'ok' ? 0 : trouble('failed', 'the webhook of the bot could not be taken away');
    }
    if (code === 409) return trouble('refused', OTHER_LISTENER);
    if (code === 401 || code === 404) return trouble('refused', TOKEN_REFUSED);
    return trouble('refused', `Telegram says ${description}`, retryAfterMs);
  }
}

const WEBHOOK_IN_THE_WAY =
  'A webhook is set for this bot, so Telegram does not let it be asked. Write `receive: polling` at the channel to have it taken away, or configure a source of the kind telegram.';
const OTHER_LISTENER =
  'Another program is asking Telegram for the messages of this bot. Stop it, or make a bot of its own for kairosd.';
const TOKEN_REFUSED = 'Telegram refuses the token: check TELEGRAM_BOT_TOKEN (@BotFather shows it).';

/** In their order, and sharing commits; all must be on disk before any is confirmed. */
async function takeAll(found: readonly { update_id: number }[], { take }: TelegramPollerOptions): Promise<void> {
  const taken = found.map((update) =>
    take({
      kind: 'telegram',
      source: 'telegram',
      delivery: String(update.update_id),
      body: Buffer.from(JSON.stringify(update)),
    }),
  );
  const settled = await Promise.allSettled(taken);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function nextOffset(found: readonly { update_id: number }[]): number | undefined {
  return found.length === 0 ? undefined : Math.max(...found.map((update) => update.update_id)) + 1;
}

function readOffset(state: string | undefined): number | undefined {
  try {
    const { offset } = JSON.parse(state ?? '{}') as { offset?: unknown };
    return typeof offset === 'number' && Number.isSafeInteger(offset) ? offset : undefined;
  } catch {
    return undefined;
  }
}
