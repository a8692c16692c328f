import { messageOf } from '../core/errors.ts';
import type { CameBy, Trust } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import type { Clock, Log } from '../core/ports.ts';
import { hearingOf, type Hearing, type HearRules } from './hear.ts';
import { readSlack } from './slack.ts';
import { readTelegram } from './telegram.ts';
import type { Aside, ChatChannel, Speaker } from './utterance.ts';

export interface ChatOptions extends HearRules {
  /** Those of `notify:` on which people may speak. Without an allow list nobody may. */
  readonly channels: readonly ChatChannel[];
  readonly clock: Clock;
  readonly log: Log;
  /** Says a word to whoever pressed or typed something. May fail: it is a courtesy. */
  readonly whisper: (aside: Aside, text: string) => Promise<void>;
}

/** A verified delivery of a chat. */
interface Spoken {
  readonly kind: string;
  readonly type: string;
  readonly payload: unknown;
}

/** What a delivery is to be taken for; fits what `webhooks/` asks of whoever listens. */
interface Heard {
  readonly dropped: boolean;
  readonly trust: Trust;
  readonly jobs: readonly JobDraft[] | undefined;
  readonly delivery: string | undefined;
  readonly by: CameBy | undefined;
  readonly receipt: { readonly contentType: string; readonly body: string } | undefined;
  readonly afterwards: (() => void) | undefined;
}

const TOLD_MS = 3_600_000;

/**
 * Listens for words of the owner in what Slack and Telegram deliver. Whose words they are follows from the verified delivery and
 * the allow list alone, never from a text.
 */
export function createChat(options: ChatOptions): (spoken: Spoken) => Heard | undefined {
  const noteDropped = droppedLog(options);
  return ({ kind, type, payload }) => {
    // Where nobody may speak, a chat is a source like any other.
    if (options.channels.every((channel) => channel.kind !== kind)) return undefined;
    const utterance =
      kind === 'telegram'
        ? readTelegram(payload, options.channels)
        : kind === 'slack'
          ? readSlack(type, payload, options.channels)
          : undefined;
    if (utterance === undefined) return undefined;
    const hearing = hearingOf(utterance, options);
    const { dropped, trust, jobs, delivery, by } = hearing;
    const afterwards = (): void => {
      if (dropped !== undefined) noteDropped(kind, dropped);
      whisper(hearing, options);
    };
    return { dropped: dropped !== undefined, trust, jobs, delivery, by, receipt: receiptOf(hearing), afterwards };
  };
}

/** A slash command is answered where it was typed, in words only its author sees. */
function receiptOf({ word }: Hearing): Heard['receipt'] {
  if (word?.aside.kind !== 'receipt') return undefined;
  const body = JSON.stringify({ response_type: 'ephemeral', text: word.text });
  return { contentType: 'application/json; charset=utf-8', body };
}

function whisper({ word }: Hearing, { whisper: say, log }: ChatOptions): void {
  if (word === undefined || word.aside.kind === 'receipt') return;
  const { kind } = word.aside;
  // Slack does not wait for a word; Telegram shows a clock until there is one, even an empty one.
  if (kind === 'slack-response' && word.text === '') return;
  say(word.aside, word.text).catch((error: unknown) => {
    log.debug({ kind, error: messageOf(error) }, 'the one who pressed could not be answered');
  });
}

/** One line an hour: strangers must not fill the log, and the owner who looks for their own id finds it there. */
function droppedLog({ clock, log }: ChatOptions): (kind: string, speaker: Speaker) => void {
  let nextMs = -Infinity;
  let unsaid = 0;
  return (kind, { id, name }) => {
    const nowMs = clock.monoMs();
    if (nowMs < nextMs) {
      unsaid += 1;
      return;
    }
    log.warn(
      { chat: kind, sender: id, name, alsoDropped: unsaid },
      'a private message was dropped: its sender is not in `allow`',
    );
    nextMs = nowMs + TOLD_MS;
    unsaid = 0;
  };
}
