import { deliveryId, fieldOf, headerOf, nameFrom } from './fields.ts';
import { UNNAMED_TYPE, type IncomingHeaders, type ReadBody, type SourceKind } from './source.ts';
import { tokenVerifier } from './token.ts';

/**
 * GitLab: the secret token comes along in `X-Gitlab-Token`; the body is not signed. (A hook with GitLab's newer signing
 * token signs as Standard Webhooks do.) The type is `X-Gitlab-Event` in one word ("Merge Request Hook" →
 * `merge_request`), for system hooks the payload's own; the action is `object_attributes.action`. `Idempotency-Key` stays the
 * same on retries; older versions without it are told apart by event and body, since hooks that set each other off
 * share one event id.
 *
 * Source: docs.gitlab.com, "Webhooks" (delivery headers) and "Webhook events".
 */
export const gitlab: SourceKind = {
  kind: 'gitlab',
  prepare: (secrets) => tokenVerifier(secrets, (headers) => headerOf(headers, 'x-gitlab-token')),
  describe(headers, body) {
    const { payload } = body;
    const action = fieldOf(fieldOf(payload, 'object_attributes'), 'action') ?? fieldOf(payload, 'action');
    return {
      delivery: deliveryOf(headers, body),
      type: typeOf(headers, payload),
      action: nameFrom(action) ?? null,
      ping: false,
      reply: undefined,
    };
  },
};

function deliveryOf(headers: IncomingHeaders, body: ReadBody): string | undefined {
  const key = headerOf(headers, 'idempotency-key');
  if (key !== undefined) return deliveryId(key);
  const event = headerOf(headers, 'x-gitlab-event-uuid');
  const sha256 = event === undefined ? undefined : body.sha256();
  return sha256 === undefined ? undefined : deliveryId(`${event}:${sha256}`);
}

function typeOf(headers: IncomingHeaders, payload: unknown): string {
  const header = nameFrom(headerOf(headers, 'x-gitlab-event'));
  const type = header
    ?.toLowerCase()
    .replace(/ hook$/, '')
    .replaceAll(/\W+/g, '_');
  const own = nameFrom(fieldOf(payload, 'object_kind')) ?? nameFrom(fieldOf(payload, 'event_name'));
  return (type === 'system' ? (own ?? type) : (type ?? own)) || UNNAMED_TYPE;
}
