import { fieldOf, headerOf, nameFrom } from './fields.ts';
import { HmacCheck, hmacKeys } from './hmac.ts';
import { UNNAMED_TYPE, type SourceKind } from './source.ts';

// Lower case as GitHub writes it: one signature has one spelling.
const SIGNATURE = /^sha256=[0-9a-f]{64}$/;
const DELIVERY = /^[\x21-\x7e]{1,200}$/;
const EVENT = /^[\w.-]{1,100}$/;

/**
 * GitHub: `X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the raw body in hex, also for form bodies. The id
 * `X-GitHub-Delivery` stays the same on redelivery. The headers are not signed and there is no timestamp: the ids
 * the ledger remembers are the only defence against replay.
 *
 * Source: docs.github.com, "Validating webhook deliveries" and "Webhook events and payloads".
 */
export const github: SourceKind = {
  kind: 'github',
  prepare(secrets) {
    const keys = hmacKeys(secrets);
    return {
      begin(headers) {
        const signature = headerOf(headers, 'x-hub-signature-256');
        if (signature === undefined || !SIGNATURE.test(signature)) return undefined;
        if (!DELIVERY.test(headerOf(headers, 'x-github-delivery') ?? '')) return undefined;
        if (!EVENT.test(headerOf(headers, 'x-github-event') ?? '')) return undefined;
        return new HmacCheck(keys, '', [Buffer.from(signature.slice(7), 'hex')]);
      },
    };
  },
  describe(headers, { payload }) {
    const type = headerOf(headers, 'x-github-event') ?? UNNAMED_TYPE;
    return {
      delivery: headerOf(headers, 'x-github-delivery'),
      type,
      action: nameFrom(fieldOf(payload, 'action')) ?? null,
      ping: type === 'ping',
      reply: undefined,
    };
  },
};
