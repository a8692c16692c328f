import { Redis } from 'ioredis';
import { messageOf } from '../core/errors.ts';
import type { Random } from '../core/ports.ts';
import type { RedisAddress } from './redis-address.ts';

/** A connection that comes back for ever by itself. */
export interface RedisLink extends Disposable {
  readonly client: Redis;
  /** Why it can't be used at this moment; undefined: it can. */
  trouble(): string | undefined;
}

interface LinkOptions {
  /** null: a command waits for Redis for as long as it takes; 0: it fails when the link is cut. */
  readonly maxRetriesPerRequest: number | null;
  readonly enableOfflineQueue?: boolean;
  readonly commandTimeout?: number;
}

const FIRST_DELAY_MS = 100;
const DELAY_MS_MAX = 5_000;
const CONNECT_MS = 5_000;
/** Something is asked at least every five seconds; a link that is silent for so long is dead, whatever the system thinks. */
const SILENT_MS = 15_000;

/** Begins to connect, and does not wait for it. Nothing that fails here is thrown anywhere but at whoever asks for something. */
export function openRedisLink(
  address: RedisAddress,
  random: Pick<Random, 'fraction'>,
  options: LinkOptions,
): RedisLink {
  const client = new Redis(address.url, {
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    retryStrategy: (times: number) =>
      Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** Math.min(times, 10)) * (0.5 + random.fraction() / 2),
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...options,
  });
  let last = 'not connected yet';
  client.on('error', (error) => (last = messageOf(error)));
  return {
    client,
    trouble: () => (client.status === 'ready' ? undefined : `Redis at ${address.shown} does not answer: ${last}`),
    [Symbol.dispose]: () => client.disconnect(),
  };
}
