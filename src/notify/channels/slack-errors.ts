import type { SendResult } from '../channel.ts';

/** Errors of the API that pass by themselves. Of some of them the documentation says that the call may have worked. */
const PASSING: Readonly<Record<string, { readonly maybeReceived: boolean }>> = {
  ratelimited: { maybeReceived: false },
  rate_limited: { maybeReceived: false },
  message_limit_exceeded: { maybeReceived: false },
  service_unavailable: { maybeReceived: false },
  team_added_to_org: { maybeReceived: false },
  request_timeout: { maybeReceived: true },
  internal_error: { maybeReceived: true },
  fatal_error: { maybeReceived: true },
};

/** Errors that a person can do something about. */
const ADVICE: Readonly<Record<string, string>> = {
  channel_not_found: 'check `channel` under notify:, and invite the bot to it: /invite @name',
  not_in_channel: 'invite the bot to the channel: /invite @name',
  is_archived: 'the channel is archived: name another one under notify:',
  invalid_auth: 'check SLACK_BOT_TOKEN (it begins with xoxb-)',
  not_authed: 'check SLACK_BOT_TOKEN (it begins with xoxb-)',
  token_revoked: 'install the app again and put its new token into SLACK_BOT_TOKEN',
  token_expired: 'install the app again and put its new token into SLACK_BOT_TOKEN',
  account_inactive: 'the bot was removed: install the app again and put its new token into SLACK_BOT_TOKEN',
  missing_scope: 'give the app the bot scope chat:write and install it again',
  not_allowed_token_type: 'SLACK_BOT_TOKEN must be a bot token (it begins with xoxb-)',
  restricted_action: 'the workspace does not let the bot post there: ask who runs it',
  messages_tab_disabled: 'allow messages in the app\u2019s home tab, or name a channel',
};

/** What an answer with `ok: false` means for a message. */
export function slackResult(body: { readonly [key: string]: unknown } | undefined): SendResult {
  const given = body?.['error'];
  const code = typeof given === 'string' && /^[\w.-]{1,80}$/.test(given) ? given : 'an unknown error';
  const passing = PASSING[code];
  if (passing !== undefined) return { kind: 'retry', error: `Slack says ${code}`, ...passing };
  const advice = ADVICE[code];
  return { kind: 'refused', error: advice === undefined ? `Slack says ${code}` : `Slack says ${code}: ${advice}` };
}

const THREAD_ERRORS = /^Slack says (thread_not_found|message_not_found|cannot_reply_to_message)\b/;

/** The message that was to be answered is gone; the answer itself may be fine. */
export function hasRefusedThread(result: SendResult): boolean {
  return result.kind === 'refused' && THREAD_ERRORS.test(result.error);
}
