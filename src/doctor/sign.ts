import { createHmac } from 'node:crypto';
import type { SourceKindName } from '../webhooks/source.ts';

/** A delivery to be signed as its sender would. */
export interface Unsigned {
  readonly kind: SourceKindName;
  readonly secret: string;
  readonly body: string;
  /** A sender's id of the delivery; letters, digits, "-". */
  readonly delivery: string;
  /** The sender's name for the event, where it goes into a header. */
  readonly type: string;
  readonly nowMs: number;
}

/** The headers, beside the content type, with which a sender of this kind delivers. Pure. */
export function signedHeaders(unsigned: Unsigned): Record<string, string> {
  return SIGNERS[unsigned.kind](unsigned, String(Math.floor(unsigned.nowMs / 1_000)));
}

type Signer = (unsigned: Unsigned, seconds: string) => Record<string, string>;

const SIGNERS: Readonly<Record<SourceKindName, Signer>> = {
  github: ({ secret, body, delivery, type }) => ({
    'x-github-event': type,
    'x-github-delivery': delivery,
    'x-hub-signature-256': `sha256=${hmac(secret, body, 'hex')}`,
  }),
  standard: ({ secret, body, delivery }, seconds) => ({
    'webhook-id': delivery,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${hmac(standardKey(secret), `${delivery}.${seconds}.${body}`, 'base64')}`,
  }),
  slack: ({ secret, body }, seconds) => ({
    'x-slack-request-timestamp': seconds,
    'x-slack-signature': `v0=${hmac(secret, `v0:${seconds}:${body}`, 'hex')}`,
  }),
  telegram: ({ secret }) => ({ 'x-telegram-bot-api-secret-token': secret }),
  gitlab: ({ secret, delivery, type }) => ({
    'x-gitlab-token': secret,
    'x-gitlab-event': type,
    'idempotency-key': delivery,
  }),
  bearer: ({ secret, delivery, type }) => ({
    authorization: `Bearer ${secret}`,
    'x-event-type': type,
    'idempotency-key': delivery,
  }),
};

function standardKey(secret: string): string | Uint8Array {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;
}

function hmac(key: string | Uint8Array, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', key).update(text).digest(encoding);
}
