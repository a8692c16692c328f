import { KairosError } from '../core/errors.ts';
import type { Clock, Fetch } from '../core/ports.ts';
import type { Channel } from './channel.ts';
import { terminalChannel } from './channels/terminal.ts';
import { webhookChannel } from './channels/webhook.ts';
import type { ChannelOptions } from './options.ts';

export interface ChannelPorts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Writes a line, given without its line break, to where the daemon was started. */
  readonly print: (line: string) => void;
  /** A secret by the name of its variable. */
  readonly secretOf: (name: string) => string | undefined;
}

/**
 * The channels of `notify:`, in their order.
 *
 * @throws {KairosError} `SECRET_MISSING` when a secret that is named is not there.
 */
export function createChannels(list: readonly ChannelOptions[], ports: ChannelPorts): Channel[] {
  return list.map((options) =>
    options.kind === 'terminal'
      ? terminalChannel(options.name, ports.print)
      : webhookChannel({ ...options, secret: secretOf(options, ports) }, ports),
  );
}

function secretOf(
  { name, secretEnv }: { readonly name: string; readonly secretEnv?: string | undefined },
  ports: ChannelPorts,
): string | undefined {
  if (secretEnv === undefined) return undefined;
  const secret = ports.secretOf(secretEnv);
  if (secret !== undefined && secret !== '') return secret;
  throw new KairosError(
    'SECRET_MISSING',
    `channel ${name} signs with ${secretEnv}, which is set neither in secrets.env nor in the environment`,
  );
}
