import { deliveryId, fieldOf, headerOf, nameFrom } from './fields.ts';
import { UNNAMED_TYPE, type IncomingHeaders, type SourceKind } from './source.ts';
import { tokenVerifier } from './token.ts';

const AUTHORIZATION = /^Bearer +(\S.*)$/i;
const DELIVERY_HEADERS = ['idempotency-key', 'webhook-id', 'x-delivery-id'] as const;
const TYPE_FIELDS = ['type', 'event', 'kind'] as const;

/**
 * Anything that can send `Authorization: Bearer …` with JSON or a form: the owner's own scripts, alert managers.
 *
 * Delivery: the header `Idempotency-Key`, `Webhook-Id` or `X-Delivery-Id`; without one every delivery is new. (Not the
 * payload's `id`: that is mostly the id of a thing, and the second event about a thing would be lost as a repetition.)
 * Type: the header `X-Event-Type`, or the payload's `type`, `event` or `kind`, or `event`. Action: the payload's `action`.
 *
 * Source of the scheme: RFC 6750, section 2.1.
 */
export const bearer: SourceKind = {
  kind: 'bearer',
  prepare: (secrets) =>
    tokenVerifier(secrets, (headers) => AUTHORIZATION.exec(headerOf(headers, 'authorization') ?? '')?.[1]),
  describe(headers, { payload }) {
    const id = DELIVERY_HEADERS.map((name) => headerOf(headers, name)).find((value) => value !== undefined);
    return {
      delivery: deliveryId(id),
      type: typeOf(headers, payload),
      action: nameFrom(fieldOf(payload, 'action')) ?? null,
      ping: false,
      reply: undefined,
    };
  },
};

function typeOf(headers: IncomingHeaders, payload: unknown): string {
  const named = [headerOf(headers, 'x-event-type'), ...TYPE_FIELDS.map((key) => fieldOf(payload, key))];
  return named.map(nameFrom).find((name) => name !== undefined) ?? UNNAMED_TYPE;
}
