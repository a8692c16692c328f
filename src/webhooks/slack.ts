import { deliveryId, fieldOf, headerOf, nameFrom } from './fields.ts';
import { HmacCheck, hmacKeys, isFreshSeconds } from './hmac.ts';
import { UNNAMED_TYPE, type Reply, type SourceKind } from './source.ts';

const SIGNATURE = /^v0=[0-9a-f]{64}$/;
const CHALLENGE_CHARS_MAX = 1_000;

const NOTHING_TO_SHOW: Reply = { contentType: 'text/plain; charset=utf-8', body: '' };

interface Name {
  readonly type: string;
  readonly action: string | null;
}

/**
 * Slack: `X-Slack-Signature` is `v0=` and hex HMAC-SHA256 of `v0:timestamp:body`. Timestamps may be off by five minutes.
 *
 * - Events API (JSON): the inner event's type, its subtype as action, `event_id` as delivery (kept on retries).
 * - Slash commands (form): `slash_command`, the command without its slash as action.
 * - Interactivity (form, `payload=`): `interactivity`, its type (`block_actions`, …) as action.
 * - `url_verification`: its challenge is the answer.
 *
 * Slash commands and interactions are answered 200 without a word: Slack would show anything else to the person.
 *
 * What carries no id is told apart by its signature, which no two deliveries share.
 *
 * Source: docs.slack.dev, "Verifying requests from Slack", "The Events API", "Implementing slash commands".
 */
export const slack: SourceKind = {
  kind: 'slack',
  prepare(secrets) {
    const keys = hmacKeys(secrets);
    return {
      begin(headers, nowMs) {
        const signature = headerOf(headers, 'x-slack-signature');
        const timestamp = headerOf(headers, 'x-slack-request-timestamp');
        if (signature === undefined || !SIGNATURE.test(signature)) return undefined;
        if (!isFreshSeconds(timestamp, nowMs)) return undefined;
        return new HmacCheck(keys, `v0:${timestamp}:`, [Buffer.from(signature.slice(3), 'hex')]);
      },
    };
  },
  describe(headers, { payload }) {
    const reply = challengeIn(payload);
    const id = textOf(payload, 'event_id') ?? textOf(payload, 'trigger_id');
    const name = nameOf(payload);
    const byHand = name.type === 'slash_command' || name.type === 'interactivity';
    return {
      delivery: deliveryId(id ?? headerOf(headers, 'x-slack-signature')),
      ...name,
      ping: reply !== undefined,
      reply,
      ...(byHand && { receipt: NOTHING_TO_SHOW }),
    };
  },
};

function nameOf(payload: unknown): Name {
  const outer = nameFrom(fieldOf(payload, 'type'));
  if (outer === 'event_callback') {
    const event = fieldOf(payload, 'event');
    const action = nameFrom(fieldOf(event, 'subtype')) ?? null;
    return { type: nameFrom(fieldOf(event, 'type')) ?? outer, action };
  }
  const command = nameFrom(fieldOf(payload, 'command'));
  if (command !== undefined) return { type: 'slash_command', action: command.replace(/^\//, '') || null };
  if (outer === undefined) return { type: UNNAMED_TYPE, action: null };
  // Interactions have a user and no challenge; everything else of the Events API stands for itself (app_rate_limited).
  const interactive = typeof fieldOf(payload, 'user') === 'object';
  return interactive ? { type: 'interactivity', action: outer } : { type: outer, action: null };
}

function challengeIn(payload: unknown): Reply | undefined {
  const challenge = fieldOf(payload, 'challenge');
  if (fieldOf(payload, 'type') !== 'url_verification' || typeof challenge !== 'string') return undefined;
  return { contentType: 'text/plain; charset=utf-8', body: challenge.slice(0, CHALLENGE_CHARS_MAX) };
}

function textOf(payload: unknown, key: string): string | undefined {
  const value = fieldOf(payload, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
