import { KairosError } from '../core/errors.ts';
import type { Random } from '../core/ports.ts';
import { createSeal, openSeal, WORKER_KEY_CHARS_MIN, type Seal } from './seal.ts';

/** Where Redis is, as both sides of the dispatch see it. */
export interface RedisAddress {
  readonly url: string;
  /** For people: without user, password and options. */
  readonly shown: string;
  readonly loopback: boolean;
  readonly tls: boolean;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads `redis://` and `rediss://` (TLS). @param name Where it came from, for the error.
 *
 * @throws {KairosError} `CONFIG_INVALID`; the message never holds the address, which may hold a password.
 */
export function readRedisUrl(text: string, name: string): RedisAddress {
  const url = URL.parse(text.trim());
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    throw new KairosError(
      'CONFIG_INVALID',
      `${name} must be an address such as redis://127.0.0.1:6379 or rediss://user:password@host:6380/0, got ${url === null ? 'no address' : `one of the scheme ${JSON.stringify(url.protocol)}`}`,
    );
  }
  if (!/^\/?\d{0,2}$/.test(url.pathname)) {
    throw new KairosError('CONFIG_INVALID', `${name}: after the host comes the number of a database, such as /0`);
  }
  const shown = `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  return { url: text.trim(), shown, loopback: LOOPBACK.test(url.hostname), tls: url.protocol === 'rediss:' };
}

/**
 * How what travels is sealed. Beyond this machine a key is required: without one, whoever can write to that Redis could run
 * commands on every worker.
 *
 * @throws {KairosError} `SECRET_MISSING`, `CONFIG_INVALID`.
 */
export function sealFor(address: RedisAddress, key: string | undefined, random: Pick<Random, 'bytes'>): Seal {
  if (key === undefined || key === '') {
    if (address.loopback) return openSeal;
    throw new KairosError(
      'SECRET_MISSING',
      `${address.shown} is another machine: KAIROS_WORKER_KEY must be set, to the same ${WORKER_KEY_CHARS_MIN} characters or more, for the daemon and for every worker (make one with: openssl rand -hex 32)`,
    );
  }
  if (key.length < WORKER_KEY_CHARS_MIN) {
    throw new KairosError(
      'CONFIG_INVALID',
      `KAIROS_WORKER_KEY must have at least ${WORKER_KEY_CHARS_MIN} characters, got ${key.length} (make one with: openssl rand -hex 32)`,
    );
  }
  return createSeal(key, random);
}
