import { KairosError } from '../core/errors.ts';
import type { Clock, Fetch } from '../core/ports.ts';
import type { TelegramApi } from './telegram-api.ts';
import type { Aside } from './utterance.ts';

export interface WhisperPorts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** undefined: there is no bot of Telegram. */
  readonly telegram: TelegramApi | undefined;
  /** Where Slack's response URLs may lead besides Slack itself: the origin of another root of its API. */
  readonly slackOrigin?: string | undefined;
}

const TIMEOUT_MS = 10_000;
const SLACK_ORIGIN = 'https://hooks.slack.com';

/**
 * Answers a press or a command in words that only its author sees. One attempt: it is a courtesy, and nothing depends on it.
 *
 * @throws {KairosError} `CHANNEL_FAILED` when it did not arrive, `CHANNEL_REFUSED` for an address that is not Slack's.
 */
export function createWhisper(ports: WhisperPorts): (aside: Aside, text: string) => Promise<void> {
  const { signal } = new AbortController();
  return async (aside, text) => {
    if (aside.kind === 'telegram-callback') {
      const parameters = { callback_query_id: aside.id, ...(text !== '' && { text, show_alert: true }) };
      const answer = await ports.telegram?.call('answerCallbackQuery', parameters, TIMEOUT_MS, signal);
      if (answer?.kind === 'failed') throw new KairosError('CHANNEL_FAILED', answer.reason);
      if (answer?.kind === 'refused') throw new KairosError('CHANNEL_FAILED', answer.description);
    } else if (aside.kind === 'slack-response') {
      await respond(aside.url, text, ports);
    }
  };
}

async function respond(url: string, text: string, { fetch, clock, slackOrigin }: WhisperPorts): Promise<void> {
  const origin = URL.parse(url)?.origin;
  if (origin === undefined || (origin !== SLACK_ORIGIN && origin !== slackOrigin)) {
    throw new KairosError('CHANNEL_REFUSED', `expected a response URL of ${SLACK_ORIGIN}, got another`);
  }
  const over = new AbortController();
  const done = new AbortController();
  void clock.sleep(TIMEOUT_MS, done.signal).then(() => over.abort());
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
      redirect: 'manual',
      signal: over.signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new KairosError('CHANNEL_FAILED', `Slack answered ${response.status}`);
  } finally {
    done.abort();
  }
}
