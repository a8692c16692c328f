import { isDeepStrictEqual } from 'node:util';
import { reached } from '../core/ports.ts';
import type { Clockwork } from './clockwork.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Post } from './post.ts';
import { compareConfigs, type Settings } from './settings.ts';

export interface ExchangeParts {
  readonly live: { settings: Settings };
  readonly outbox: Post;
  readonly clockwork: Clockwork;
  readonly ports: Ports;
  readonly reread: DaemonOptions['reread'];
  /** Makes settings of what was read. @throws {KairosError} `CONFIG_INVALID`, `SECRET_MISSING`. */
  readonly prepare: (given: Pick<Settings, 'config' | 'secrets'>) => Settings;
}

/**
 * What is done with an edit of the configuration: it is read and checked whole, and only then taken up, part by part. Of one
 * that changes nothing, nothing comes.
 *
 * @throws {KairosError} `CONFIG_INVALID`, `SECRET_MISSING`: then nothing has changed.
 */
export function createExchange({
  live,
  outbox,
  clockwork,
  ports,
  reread,
  prepare,
}: ExchangeParts): () => Promise<void> {
  return async () => {
    if (reread === undefined) return;
    const given = reread();
    const before = live.settings;
    const change = compareConfigs(before.config, given.config);
    const isOther = change.applied.length > 0 || change.atNextStart.length > 0;
    if (!isOther && isDeepStrictEqual(given.secrets.all(), before.secrets.all())) return;
    const settings = prepare(given);
    ports.redactor.add(given.secrets.all());
    reached('config.read');
    // What may still refuse comes first, and takes itself back when it does.
    await clockwork.exchange(settings, before);
    reached('config.clockwork');
    try {
      await outbox.exchange(settings);
    } catch (error) {
      await clockwork.exchange(before, settings);
      throw error;
    }
    live.settings = settings;
    reached('config.taken');
    await before[Symbol.asyncDispose]();
    ports.log.info({ ...change }, 'configuration taken up');
  };
}
