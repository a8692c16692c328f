import { isIP } from 'node:net';
import { fail, ok, warn, type Check, type Found, type RedisSeen } from './check.ts';

/** The oldest that BullMQ 6 supports without a warning (its README: "Redis 6.2 or newer"). */
const OLDEST = [6, 2] as const;
const WHERE = 'in redis.conf, or: redis-cli CONFIG SET';

/** With `REDIS_URL`, that Redis keeps what it is given, and nobody else gets at it. */
export const redis: Check = {
  name: 'redis',
  about: 'With REDIS_URL: Redis 6.2 or newer, noeviction, AOF on, a password and TLS where it is not on this machine.',
  async look(ports) {
    const text = ports.secrets().of('REDIS_URL');
    if (text === undefined) return [];
    const url = URL.parse(text);
    if (url === null || !/^rediss?:$/.test(url.protocol))
      return [
        fail('REDIS_URL is no address', 'Jobs are not handed on.', 'Write it as rediss://user:password@host:6379/0.'),
      ];
    if (ports.redis === undefined) return [];
    const seen = await ports.redis();
    if ('error' in seen) {
      const why = 'Workers on other machines get no jobs meanwhile. Nothing is lost: the ledger has them.';
      return [
        warn(
          `${url.host} does not answer: ${seen.error}`,
          why,
          'Is it up, and are the address and the password in REDIS_URL right?',
        ),
      ];
    }
    const found = [...judge(seen), ...judgeAccess(seen, url)];
    return found.length > 0 ? found : [ok(`${seen.info['redis_version'] ?? 'some version'} at ${url.host}`)];
  },
};

/** Pure. */
function judge({ info, config }: RedisSeen): Found[] {
  const found: Found[] = [];
  const version = info['redis_version'] ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (version !== '' && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))) {
    const why = 'BullMQ needs commands that it does not have.';
    found.push(fail(`version ${version}, at least ${OLDEST.join('.')} is needed`, why, 'Install a newer Redis.'));
  }
  // Kept by INFO as well, for a user that may not ask CONFIG.
  const policy = config?.['maxmemory-policy'] ?? info['maxmemory_policy'];
  if (policy !== undefined && policy !== 'noeviction') {
    const why = 'When its memory is full it throws jobs away without a word.';
    found.push(
      fail(`maxmemory-policy is ${policy}`, why, `maxmemory-policy noeviction ${WHERE} maxmemory-policy noeviction`),
    );
  }
  const isAppending = config?.['appendonly'] === 'yes' || info['aof_enabled'] === '1';
  if (!isAppending && (config?.['appendonly'] !== undefined || info['aof_enabled'] !== undefined)) {
    const why =
      'After a crash it has forgotten the jobs of the last minutes, and the ledger has to hand them on again.';
    found.push(warn('the append-only file is off', why, `appendonly yes ${WHERE} appendonly yes`));
  }
  return found;
}

/** Pure. What it says never holds the password. */
function judgeAccess({ user, defaultIsOpen }: RedisSeen, url: URL): Found[] {
  if (isLoopback(url.hostname)) return [];
  const found: Found[] = [];
  if (defaultIsOpen === true || (url.password === '' && user === 'default')) {
    const why = 'Whoever reaches it can read the jobs, and give workers others to do.';
    found.push(
      fail(
        'it takes anybody without a password',
        why,
        `requirepass … ${WHERE} requirepass …, and the password in REDIS_URL`,
      ),
    );
  }
  if (url.protocol === 'redis:') {
    const why = 'Everybody on the way reads the password and the jobs.';
    found.push(
      warn(
        'the line to it is not encrypted',
        why,
        'tls-port in redis.conf, and rediss:// in REDIS_URL; or a private network such as WireGuard',
      ),
    );
  }
  return found;
}

function isLoopback(hostname: string): boolean {
  const name = hostname.replaceAll(/[[\]]/g, '');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}
