import { messageOf } from '../core/errors.ts';
import type { RedisSeen } from '../doctor/check.ts';

const DEADLINE_MS = 2_000;

/** Asks a Redis what it is, over a connection of its own that is tried once. Never throws; what it says never holds the password. */
export async function lookAtRedis(url: string): Promise<RedisSeen | { readonly error: string }> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: DEADLINE_MS,
    commandTimeout: DEADLINE_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => null,
  });
  // Without a listener it is thrown where nobody catches it.
  let met: unknown;
  client.on('error', (error: unknown) => (met = error));
  /** What this user may not ask is undefined. */
  const ask = async <Value>(command: string, ...words: string[]): Promise<Value | undefined> =>
    client.call(command, ...words).then(
      (value) => value as Value,
      () => undefined,
    );
  try {
    await client.connect();
    const info = readInfo(await client.info());
    const [policy, append, user, rules] = await Promise.all([
      ask<string[]>('CONFIG', 'GET', 'maxmemory-policy'),
      ask<string[]>('CONFIG', 'GET', 'appendonly'),
      ask<string>('ACL', 'WHOAMI'),
      ask<unknown[]>('ACL', 'GETUSER', 'default'),
    ]);
    const config = policy === undefined || append === undefined ? undefined : pairsOf([...policy, ...append]);
    return { info, config, user, defaultIsOpen: isOpen(rules) };
  } catch (error) {
    return { error: messageOf(met ?? error) };
  } finally {
    client.disconnect();
  }
}

function readInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(':');
      return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

function pairsOf(list: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < list.length; at += 2) pairs[list[at] ?? ''] = list[at + 1] ?? '';
  return pairs;
}

/** `ACL GETUSER` answers names and values in turn; `flags` holds `on` and `nopass`. */
function isOpen(rules: readonly unknown[] | undefined): boolean | undefined {
  const flags = rules?.[rules.indexOf('flags') + 1];
  return Array.isArray(flags) ? flags.includes('on') && flags.includes('nopass') : undefined;
}
