import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { systemRandom } from '../../src/daemon/system.ts';
import { readRedisUrl } from '../../src/dispatch/redis-address.ts';
import { openRedisLink } from '../../src/dispatch/redis-link.ts';
import { noRedis, startRedis } from '../fakes/redis.ts';
import { folder } from '../ledger/make.ts';
import { askFor, done, ledgerAt, until } from './contract.ts';
import { brainAt, workerAt } from './redis-world.ts';

/** The lines of the documentation, as they are. */
function aclOf(user: string): string[] {
  const line = readFileSync('docs/workers.md', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`user ${user} `));
  return line?.trim().split(/\s+/).slice(1) ?? [];
}

test('the ACL of the documentation suffices for both sides, and for nothing else', async (context) => {
  const missing = noRedis();
  context.skip(missing !== undefined, missing ?? 'it is there');
  await using redis = await startRedis();
  using home = folder();
  await using ledger = await ledgerAt(home.path);
  const admin = new Redis(redis.url);
  try {
    for (const user of ['kairos', 'kairos-worker']) await admin.call('ACL', 'SETUSER', ...aclOf(user));
    await admin.set('theirs', 'x');
    const as = (user: string): string => `redis://${user}:password@127.0.0.1:${redis.port}`;
    const gate = Promise.withResolvers<void>();
    const worker = workerAt(as('kairos-worker'), async ({ id }) => {
      await gate.promise;
      return done(id);
    });
    await using brain = brainAt(as('kairos'), ledger, { limits: { leaseMs: 500 } });
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => askFor(ledger, `job ${index}`)));
    await until(() => brain.snapshot().workers[0]?.running === 8);
    gate.resolve();
    await until(() => ids.every((id) => ledger.jobs.find(id)?.state === 'succeeded'));
    await worker[Symbol.asyncDispose]();
    // Nothing that it wanted was refused, of whatever kind.
    const log = (await admin.call('ACL', 'LOG')) as unknown[][];
    expect(log.map((entry) => [entry[3], entry[7]])).toEqual([]);
    const theirs = new Redis(as('kairos-worker'));
    for (const command of [['GET', 'theirs'], ['FLUSHALL'], ['CONFIG', 'GET', '*'], ['KEYS', '*']] as const) {
      await expect(theirs.call(command[0], ...command.slice(1))).rejects.toThrow('NOPERM');
    }
    theirs.disconnect();
  } finally {
    admin.disconnect();
  }
});

test('rediss:// takes no certificate that nobody vouches for, and works with one that is trusted', async (context) => {
  const missing = noRedis() ?? (spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not there');
  context.skip(missing !== undefined, missing ?? 'it is there');
  using home = folder();
  const [key, certificate] = [join(home.path, 'key.pem'), join(home.path, 'certificate.pem')];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  expect(spawnSync('openssl', [...made, ...names, '-keyout', key, '-out', certificate]).status).toBe(0);
  const tls = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate];
  await using redis = await startRedis([...tls, '--tls-auth-clients', 'no']);
  const admin = new Redis(redis.url);
  const port = redis.port + 1 > 65_535 ? redis.port - 1 : redis.port + 1;
  await admin.config('SET', 'tls-port', String(port));
  admin.disconnect();
  using link = openRedisLink(readRedisUrl(`rediss://localhost:${port}`, 'REDIS_URL'), systemRandom, {
    maxRetriesPerRequest: 0,
  });
  await until(() => link.trouble()?.includes('self-signed certificate') === true);
  // As somebody does who trusts it: Node reads this variable when it begins.
  const probe = `
    import { readRedisUrl } from './src/dispatch/redis-address.ts';
    import { openRedisLink } from './src/dispatch/redis-link.ts';
    const link = openRedisLink(readRedisUrl('rediss://localhost:${port}', 'x'), { fraction: () => 0.5 }, { maxRetriesPerRequest: 1 });
    console.log(await link.client.ping());
    link.client.disconnect();`;
  const asked = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', probe], {
    env: { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: certificate },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(asked.stdout).toBe('PONG\n');
});
