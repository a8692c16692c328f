import { OWNER } from './world.ts';

/** A message to a bot, as Telegram writes it. */
export function telegramMessage(text: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    message: {
      message_id: 17,
      from: { id: OWNER, is_bot: false, first_name: 'Ann', username: 'ann', language_code: 'en' },
      chat: { id: OWNER, first_name: 'Ann', username: 'ann', type: 'private' },
      date: 1_793_620_800,
      text,
      ...more,
    },
  };
}

/** A pressed button, as Telegram writes it. */
export function telegramPress(data: string, from = OWNER, chat: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    callback_query: {
      id: '4382bfdwdsb323b2d9',
      from: { id: from, is_bot: false, first_name: from === OWNER ? 'Ann' : 'Eve' },
      message: {
        message_id: 100,
        from: { id: 123, is_bot: true, first_name: 'Kairos' },
        chat: { id: OWNER, first_name: 'Ann', type: 'private', ...chat },
        date: 1_793_620_800,
        text: 'May I?',
      },
      chat_instance: '-8',
      data,
    },
  };
}

/** An event of Slack's Events API. */
export function slackEvent(event: Record<string, unknown>, id = 'Ev0001'): string {
  return JSON.stringify({
    token: 'x',
    team_id: 'T1',
    api_app_id: 'A1',
    type: 'event_callback',
    event_id: id,
    event_time: 1_793_620_800,
    authorizations: [{ enterprise_id: null, team_id: 'T1', user_id: 'UBOT', is_bot: true }],
    event: {
      type: 'message',
      user: 'UOWNER',
      ts: '1699000000.000100',
      channel: 'C0123',
      channel_type: 'channel',
      team: 'T1',
      ...event,
    },
  });
}

/** A pressed button of Slack, as the form it comes in. */
export function slackPress(value: string, user: string, responseUrl: string): string {
  const payload = {
    type: 'block_actions',
    team: { id: 'T1', domain: 'acme' },
    user: {
      id: user,
      username: user === 'UOWNER' ? 'ann' : 'eve',
      name: user === 'UOWNER' ? 'ann' : 'eve',
      team_id: 'T1',
    },
    api_app_id: 'A1',
    container: { type: 'message', message_ts: '1700000000.000001', channel_id: 'C0123', is_ephemeral: false },
    trigger_id: '12466734323.1395872398',
    channel: { id: 'C0123', name: 'ops' },
    message: { type: 'message', bot_id: 'B1', ts: '1700000000.000001', text: 'May I?' },
    response_url: responseUrl,
    actions: [{ type: 'button', action_id: 'kairos_yes', block_id: 'kairos', value, action_ts: '1700000001.1' }],
  };
  return `payload=${encodeURIComponent(JSON.stringify(payload))}`;
}
