import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import type { Clock, Fetch } from '../../core/ports.ts';
import type { Channel, OutgoingMessage, SendResult } from '../channel.ts';

/** `{ kind: webhook, url, secretEnv?, name? }`: a POST a message. */
export const webhookOptions = z.strictObject({
  kind: z.literal('webhook'),
  name: z.string().optional(),
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL such as http://127.0.0.1:9000/hook' })
    .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), 'must not hold a user name or password; sign with secretEnv')
    .meta({ description: 'Where each message is posted.' }),
  secretEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable such as HOOK_SECRET')
    .optional()
    .meta({ description: 'Name of the secret that signs (Standard Webhooks), in secrets.env or the environment.' }),
});

export interface WebhookChannelOptions {
  readonly name: string;
  readonly url: string;
  /** `whsec_` and base64, or any text, taken as UTF-8. Unsigned without one. */
  readonly secret?: string | undefined;
}

/**
 * Posts each message as JSON with the headers of Standard Webhooks. Every attempt of a message is the same bytes under
 * the same `webhook-id`; redirects are not followed, they would carry the text elsewhere.
 */
export function webhookChannel(options: WebhookChannelOptions, ports: { fetch: Fetch; clock: Clock }): Channel {
  const key = options.secret === undefined ? undefined : keyOf(options.secret);
  return {
    name: options.name,
    async send(message, signal) {
      const body = bodyOf(message);
      const headers = headersOf(message, body, { key, wallMs: ports.clock.wallMs() });
      try {
        const response = await ports.fetch(options.url, { method: 'POST', headers, body, redirect: 'manual', signal });
        // The answer is the status; a body that does not end must not turn "sent" into "sent again".
        await Promise.race([discard(response), ports.clock.sleep(1_000, signal)]);
        return judge(response.status, response.headers.get('retry-after'), ports.clock.wallMs());
      } catch (error) {
        return { kind: 'retry', error: messageOf(error), maybeReceived: !neverArrived(error) };
      }
    },
  };
}

/** Without the attempt's number, which would make a retry different bytes. */
function bodyOf({ id, kind, urgent, topic, text, count, replyTo, queuedAt }: OutgoingMessage): string {
  const data = { id, kind, urgent, topic, text, count, replyTo, queuedAt };
  return JSON.stringify({ type: 'message', timestamp: queuedAt, data });
}

function headersOf(
  { idempotencyKey }: OutgoingMessage,
  body: string,
  { key, wallMs }: { key: Buffer | undefined; wallMs: number },
): Record<string, string> {
  const timestamp = String(Math.floor(wallMs / 1_000));
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'kairosd',
    'idempotency-key': idempotencyKey,
    'webhook-id': idempotencyKey,
    'webhook-timestamp': timestamp,
  };
  if (key === undefined) return headers;
  const signature = createHmac('sha256', key).update(`${idempotencyKey}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}

function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

const ANSWER_BYTES_MAX = 65_536;

/** Reads the answer's body to its end, so that the connection can serve again, but no more than 64 KiB of it. */
async function discard(response: Response): Promise<void> {
  if (response.body === null) return;
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      bytes += (chunk as Uint8Array).byteLength;
      if (bytes > ANSWER_BYTES_MAX) break;
    }
  } catch {
    // The status has said what there was to say.
  }
}

/** Answers that are worth another attempt although they are 4xx: timeout, too early, too many. */
export const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

function judge(status: number, retryAfter: string | null, wallMs: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status >= 300 && status < 400)
    return { kind: 'refused', error: `answered ${status}; redirects are not followed` };
  if (status < 500 && !TRY_AGAIN.has(status)) return { kind: 'refused', error: `answered ${status}` };
  const retryAfterMs = parseRetryAfterMs(retryAfter, wallMs);
  const error = `answered ${status}`;
  // A gateway that answers for a silent receiver does not know either.
  const maybeReceived = status === 502 || status === 504;
  return { kind: 'retry', error, maybeReceived, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** `Retry-After` in seconds or as an HTTP date → milliseconds from now; undefined when it is neither. */
export function parseRetryAfterMs(value: string | null, wallMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  // Date.parse takes nearly anything; an HTTP date begins with the day of the week.
  const dateMs = /^[a-z]{3}/i.test(value.trim()) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - wallMs);
}

const NEVER_ARRIVED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Failures before the first byte left. */
export function neverArrived(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return NEVER_ARRIVED.has(String(cause?.code));
}
