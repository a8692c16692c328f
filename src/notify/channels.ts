import { KairosError } from '../core/errors.ts';
import type { Clock, Fetch } from '../core/ports.ts';
import type { Channel } from './channel.ts';
import { apiRoot } from './channels/phone.ts';
import { slackChannel } from './channels/slack.ts';
import { telegramChannel } from './channels/telegram.ts';
import { terminalChannel } from './channels/terminal.ts';
import { webhookChannel } from './channels/webhook.ts';
import type { ChannelOptions } from './options.ts';

export interface ChannelPorts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Writes a line, given without its line break, to where the daemon was started. */
  readonly print: (line: string) => void;
  /** A secret, or another variable of the environment, by its name. */
  readonly secretOf: (name: string) => string | undefined;
}

/**
 * The channels of `notify:`, in their order.
 *
 * @throws {KairosError} `SECRET_MISSING` when a secret that is needed is not there; `CONFIG_INVALID` for an address of
 * an API that is none.
 */
export function createChannels(list: readonly ChannelOptions[], ports: ChannelPorts): Channel[] {
  return list.map((options) => createChannel(options, ports));
}

/** Every kind but the last is asked for, so that the compiler sees that none is left out. */
function createChannel(options: ChannelOptions, ports: ChannelPorts): Channel {
  const { name } = options;
  if (options.kind === 'terminal') return terminalChannel(name, ports.print);
  if (options.kind === 'webhook') {
    const { secretEnv } = options;
    const secret = secretEnv === undefined ? undefined : secretOf(secretEnv, { name, does: 'signs with' }, ports);
    return webhookChannel({ ...options, secret }, ports);
  }
  const rootOf = (variable: string, usual: string): string => apiRoot(variable, ports.secretOf(variable), usual);
  if (options.kind === 'slack') {
    const token = secretOf('SLACK_BOT_TOKEN', { name, does: 'needs' }, ports);
    const root = rootOf('SLACK_API_URL', 'https://slack.com/api');
    return slackChannel({ name, channel: options.channel, token, apiRoot: root, editMs: options.edit }, ports);
  }
  const token = secretOf('TELEGRAM_BOT_TOKEN', { name, does: 'needs' }, ports);
  const root = rootOf('TELEGRAM_API_ROOT', 'https://api.telegram.org');
  return telegramChannel({ name, chat: options.chat, token, apiRoot: root, editMs: options.edit }, ports);
}

function secretOf(variable: string, channel: { name: string; does: string }, ports: ChannelPorts): string {
  const secret = ports.secretOf(variable);
  if (secret !== undefined && secret !== '') return secret;
  throw new KairosError(
    'SECRET_MISSING',
    `channel ${channel.name} ${channel.does} ${variable}, which is set neither in secrets.env nor in the environment`,
  );
}
