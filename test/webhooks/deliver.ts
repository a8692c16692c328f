import { createHmac } from 'node:crypto';
import { SOURCE_KINDS } from '../../src/webhooks/kinds.ts';
import type { IncomingHeaders, SourceKindName, Verifier } from '../../src/webhooks/source.ts';

/** The moment at which everything here is signed. */
export const NOW_MS = Date.UTC(2026, 10, 2, 12, 0, 0);
export const NOW_SECONDS = String(NOW_MS / 1_000);

/** A delivery as a sender makes it. */
export interface Sent {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Whether a source takes a delivery whose body arrives in these pieces. */
export function accepts(
  verifier: Verifier,
  headers: IncomingHeaders,
  body: Buffer | Buffer[],
  nowMs = NOW_MS,
): boolean {
  const check = verifier.begin(headers, nowMs);
  for (const chunk of Array.isArray(body) ? body : [body]) check?.update(chunk);
  return check?.verify() ?? false;
}

/** Signs a body as each kind of sender does, by nothing but Node's crypto. */
export function send(kind: SourceKindName, secret: string, body: Buffer, seconds = NOW_SECONDS): Sent {
  return { headers: { 'content-type': 'application/json', ...SIGN[kind](secret, body, seconds) }, body };
}

export function prepare(kind: SourceKindName, ...secrets: string[]): Verifier {
  return SOURCE_KINDS[kind].prepare(secrets);
}

/** What a kind reads from a payload and headers. */
export function describeAs(kind: SourceKindName, headers: IncomingHeaders, payload: unknown, sha256 = 'ab'.repeat(32)) {
  return SOURCE_KINDS[kind].describe(headers, { payload, sha256: () => sha256 });
}

const SIGN: Record<SourceKindName, (secret: string, body: Buffer, seconds: string) => Record<string, string>> = {
  github: (secret, body) => ({
    'x-github-event': 'push',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }),
  standard: (secret, body, seconds) => {
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
    const signed = createHmac('sha256', key).update(`msg_1.${seconds}.`).update(body).digest('base64');
    return { 'webhook-id': 'msg_1', 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signed}` };
  },
  slack: (secret, body, seconds) => ({
    'x-slack-request-timestamp': seconds,
    'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${seconds}:`).update(body).digest('hex')}`,
  }),
  telegram: (secret) => ({ 'x-telegram-bot-api-secret-token': secret }),
  gitlab: (secret) => ({ 'x-gitlab-token': secret, 'x-gitlab-event': 'Push Hook', 'idempotency-key': 'a-key' }),
  bearer: (secret) => ({ authorization: `Bearer ${secret}` }),
};
