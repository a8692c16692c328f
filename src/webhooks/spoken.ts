import type { SourceKindName } from './source.ts';
import { record, type WebhookDeps } from './routes.ts';

/** What a chat was asked for, in the shape in which it would have sent it. */
export interface SpokenDelivery {
  readonly kind: Extract<SourceKindName, 'slack' | 'telegram'>;
  /** The name of the source; subscriptions know it by that, if there is such a source. */
  readonly source: string;
  /** JSON, as the body of the webhook would be. */
  readonly body: Uint8Array;
  /** In case the body names no id of its own. */
  readonly delivery: string;
}

/**
 * @returns What is to be said in the answer to the delivery itself, as JSON; undefined: nothing.
 * @throws {KairosError} what the ledger says: then nothing was recorded.
 */
export type TakeSpoken = (spoken: SpokenDelivery) => Promise<string | undefined>;

/**
 * The door for what chats were asked for (Telegram's long polling, Slack's Socket Mode): read, heard and recorded by the same
 * code as their webhooks. That the answer came from the chat itself, over our own connection and token, is its proof.
 */
export function spokenTaker(
  deps: Pick<WebhookDeps, 'clock' | 'random' | 'append' | 'read' | 'inStorm' | 'count'>,
): TakeSpoken {
  return async ({ kind, source, body, delivery }) => {
    const nowMs = deps.clock.wallMs();
    const headers = { 'content-type': 'application/json' };
    const pending = deps.read({ kind, source, trust: 'outside', receivedAtMs: nowMs, headers, body });
    const read = pending instanceof Promise ? await pending : pending;
    const named = { ...read, delivery: read.delivery ?? delivery };
    await record(deps, { source, trust: 'outside', nowMs, contentType: headers['content-type'], body }, named);
    return read.heard?.receipt?.body;
  };
}
