import { fieldOf, headerOf } from './fields.ts';
import type { SourceKind } from './source.ts';
import { tokenVerifier } from './token.ts';

const FIELD = /^[a-z][a-z_]{0,63}$/;

/**
 * Telegram's Bot API: the `secret_token` given to `setWebhook` comes back in `X-Telegram-Bot-Api-Secret-Token`; the body
 * is not signed. An update holds `update_id` and exactly one other field, which is its type (`message`,
 * `callback_query`, …); there is no action.
 *
 * Source: core.telegram.org/bots/api, "setWebhook" and "Update".
 */
export const telegram: SourceKind = {
  kind: 'telegram',
  prepare: (secrets) => tokenVerifier(secrets, (headers) => headerOf(headers, 'x-telegram-bot-api-secret-token')),
  describe(_headers, { payload }) {
    const id = fieldOf(payload, 'update_id');
    return {
      delivery: Number.isSafeInteger(id) ? String(id) : undefined,
      type: typeOf(payload) ?? 'update',
      action: null,
      ping: false,
      reply: undefined,
    };
  },
};

function typeOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  return Object.keys(payload).find((key) => key !== 'update_id' && FIELD.test(key));
}
