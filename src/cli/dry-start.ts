import { asKairosError, KairosError } from '../core/errors.ts';
import type { Config } from '../daemon/config.ts';
import type { Env } from '../daemon/home.ts';
import { LOG_LEVELS, type LogLevel } from '../daemon/logger.ts';
import { readSecrets } from '../daemon/secrets.ts';
import { systemClock } from '../daemon/system.ts';
import { createChannels } from '../notify/channels.ts';
import { resolveSources } from '../webhooks/options.ts';

/** What a start would make of the configuration, without starting. */
export interface DryStart {
  /** Names of the sources that would be there. */
  readonly sources: readonly string[];
  readonly channels: readonly string[];
  /** What the owner can live with. Holds no secret. */
  readonly warnings: readonly string[];
}

/**
 * Brings configuration, secrets and environment together as a start does.
 *
 * @throws {KairosError} `SECRET_MISSING` when only secrets are missing, else `CONFIG_INVALID`; both name all that is wrong.
 */
export function dryStart(config: Config, home: string, env: Env): DryStart {
  const errors: KairosError[] = [];
  const attempt = <Value>(work: () => Value): Value | undefined => {
    try {
      return work();
    } catch (error) {
      errors.push(asKairosError(error));
      return undefined;
    }
  };
  attempt(() => readLogLevel(env));
  const secrets = readSecrets(home, env);
  const secretOf = (name: string): string | undefined => secrets.of(name);
  const sources = attempt(() => resolveSources(config.sources, secretOf));
  const channels = config.notify.flatMap((options) =>
    (attempt(() => openChannels([options], secretOf)) ?? []).map(({ name }) => name),
  );
  if (errors.length === 0) {
    return { sources: [...(sources?.byName.keys() ?? [])], channels, warnings: sources?.warnings ?? [] };
  }
  const code = errors.every((error) => error.code === 'SECRET_MISSING') ? 'SECRET_MISSING' : 'CONFIG_INVALID';
  throw new KairosError(code, errors.map(({ message }) => message).join('; '));
}

/** `KAIROS_LOG_LEVEL`; `info` when it is not set. @throws {KairosError} `CONFIG_INVALID`. */
export function readLogLevel(env: Env): LogLevel {
  const text = env['KAIROS_LOG_LEVEL'];
  if (!text) return 'info';
  const level = LOG_LEVELS.find((one) => one === text);
  if (level !== undefined) return level;
  throw new KairosError(
    'CONFIG_INVALID',
    `KAIROS_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}, got ${JSON.stringify(text)}`,
  );
}

/** Makes channels to see whether they can be made: nothing is sent, nothing printed. */
export function openChannels(list: Config['notify'], secretOf: (name: string) => string | undefined) {
  return createChannels(list, { clock: systemClock, fetch, print: () => undefined, secretOf });
}
