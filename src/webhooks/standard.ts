import { KairosError } from '../core/errors.ts';
import { deliveryId, fieldOf, headerOf, nameFrom } from './fields.ts';
import { HmacCheck, hmacKeys, isFreshSeconds } from './hmac.ts';
import { UNNAMED_TYPE, type SourceKind } from './source.ts';

const SECRET_PREFIX = 'whsec_';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
// 32 bytes have one spelling: the last letter carries two bits that must be zero.
const SIGNATURE = /^v1,[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
/** A signature of any version; those of other versions (v1a, the asymmetric one) are passed over. */
const ANY_SIGNATURE = /^v\d{1,3}[a-z]{0,3},[A-Za-z0-9+/]{1,1000}={0,2}$/;
/** A sender that rotates its secret sends two; more than this is no sender. */
const SIGNATURES_MAX = 16;
const ID_CHARS_MAX = 1_000;

/**
 * Standard Webhooks: `webhook-signature` holds `v1,` and base64 HMAC-SHA256 of `id.timestamp.body`, several separated
 * by spaces while the sender rotates its secret. Timestamps may be off by five minutes. A secret that begins with
 * `whsec_` is base64; any other is taken as it is written. The payload's `type` ("invoice.paid") is the event's type
 * as a whole, and there is no action.
 *
 * Source: standardwebhooks.com, the specification.
 */
export const standard: SourceKind = {
  kind: 'standard',
  prepare(secrets) {
    const keys = hmacKeys(secrets.map(secretBytes));
    return {
      begin(headers, nowMs) {
        const id = headerOf(headers, 'webhook-id');
        const timestamp = headerOf(headers, 'webhook-timestamp');
        if (id === undefined || id.length > ID_CHARS_MAX || !isFreshSeconds(timestamp, nowMs)) return undefined;
        const signatures = signaturesIn(headerOf(headers, 'webhook-signature'));
        if (signatures === undefined) return undefined;
        return new HmacCheck(keys, `${id}.${timestamp}.`, signatures);
      },
    };
  },
  describe(headers, { payload }) {
    return {
      delivery: deliveryId(headerOf(headers, 'webhook-id')),
      type: nameFrom(fieldOf(payload, 'type')) ?? UNNAMED_TYPE,
      action: null,
      ping: false,
      reply: undefined,
    };
  },
};

function secretBytes(secret: string): string | Uint8Array {
  if (!secret.startsWith(SECRET_PREFIX)) return secret;
  const text = secret.slice(SECRET_PREFIX.length);
  if (text === '' || !BASE64.test(text)) {
    throw new KairosError('CONFIG_INVALID', 'a secret that begins with whsec_ must go on in base64; copy it whole');
  }
  return Buffer.from(text, 'base64');
}

/** The v1 signatures of a header; undefined when it holds none, or anything that is no signature. */
function signaturesIn(header: string | undefined): Uint8Array[] | undefined {
  const parts = header?.split(' ', SIGNATURES_MAX + 1) ?? [];
  if (parts.length > SIGNATURES_MAX || !parts.every((part) => ANY_SIGNATURE.test(part))) return undefined;
  const ours = parts.filter((part) => SIGNATURE.test(part));
  return ours.length === 0 ? undefined : ours.map((part) => Buffer.from(part.slice(3), 'base64'));
}
