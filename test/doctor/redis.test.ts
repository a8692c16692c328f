import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { lookAtRedis } from '../../src/cli/doctor-redis.ts';
import type { RedisSeen } from '../../src/doctor/check.ts';
import { redis } from '../../src/doctor/redis.ts';
import { portsOf } from './world.ts';

const NO_REDIS = spawnSync('redis-server', ['--version']).status !== 0;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function startRedis(...options: string[]): Promise<number> {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  for await (const text of child.stdout as AsyncIterable<Buffer>)
    if (/ready to accept connections/i.test(text.toString())) break;
  return port;
}

async function look(url: string, seen: RedisSeen | { readonly error: string }) {
  const secrets = () => ({ of: (name: string) => (name === 'REDIS_URL' ? url : undefined), all: () => [] });
  const found = await redis.look(portsOf('/none', { secrets, redis: async () => seen, redact: undefined }));
  expect(JSON.stringify(found)).not.toContain('correct-horse');
  return found.map(({ verdict, what }) => `${verdict} ${what}`);
}

const WELL: RedisSeen = {
  info: { redis_version: '7.0.15', aof_enabled: '1', maxmemory_policy: 'noeviction' },
  config: { 'maxmemory-policy': 'noeviction', appendonly: 'yes' },
  user: 'kairos',
  defaultIsOpen: false,
};
const AWAY = 'rediss://kairos:correct-horse@redis.example.com:6380/0';

describe('Redis', () => {
  test.each<[string, Partial<RedisSeen>, string[]]>([
    [AWAY, {}, ['ok 7.0.15 at redis.example.com:6380']],
    [AWAY, { info: { redis_version: '5.0.7' } }, ['fail version 5.0.7, at least 6.2 is needed']],
    [
      AWAY,
      { config: { 'maxmemory-policy': 'allkeys-lru', appendonly: 'yes' } },
      ['fail maxmemory-policy is allkeys-lru'],
    ],
    [
      AWAY,
      { config: undefined, info: { redis_version: '7.2.0', maxmemory_policy: 'volatile-lru', aof_enabled: '0' } },
      ['fail maxmemory-policy is volatile-lru', 'warn the append-only file is off'],
    ],
    [AWAY, { defaultIsOpen: true }, ['fail it takes anybody without a password']],
    ['redis://:correct-horse@10.0.0.2:6379', {}, ['warn the line to it is not encrypted']],
    [
      'redis://10.0.0.2:6379',
      { user: 'default', defaultIsOpen: undefined },
      ['fail it takes anybody without a password', 'warn the line to it is not encrypted'],
    ],
    ['redis://127.0.0.1:6379', { defaultIsOpen: true }, ['ok 7.0.15 at 127.0.0.1:6379']],
    ['127.0.0.1:6379', {}, ['fail REDIS_URL is no address']],
  ])('%s with %j [DOCTOR-REDIS]', async (url, seen, expected) => {
    expect(await look(url, { ...WELL, ...seen })).toEqual(expected);
  });

  test('a real one is asked and says what it is [DOCTOR-REDIS]', async (context) => {
    context.skip(NO_REDIS, 'redis-server is not installed');
    const port = await startRedis('--maxmemory-policy', 'allkeys-lru', '--requirepass', 'correct-horse');
    const url = `redis://:correct-horse@127.0.0.1:${port}`;
    const seen = await lookAtRedis(url);
    expect(seen).toMatchObject({
      user: 'default',
      defaultIsOpen: false,
      config: { 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' },
    });
    expect(await look(url, seen)).toEqual(['fail maxmemory-policy is allkeys-lru', 'warn the append-only file is off']);
    const refused = await lookAtRedis(`redis://127.0.0.1:${port}`);
    expect(refused).toMatchObject({ error: expect.stringMatching(/NOAUTH/) as string });
  });

  test('one that is away, hangs, or refuses is a warning: the ledger has the jobs [DOCTOR-REDIS]', async () => {
    const seen = await lookAtRedis('redis://:correct-horse@127.0.0.1:9');
    expect(seen).toMatchObject({ error: expect.stringMatching(/ECONNREFUSED/) as string });
    expect(await look('redis://:correct-horse@127.0.0.1:9', seen)).toEqual([
      expect.stringMatching(/^warn 127\.0\.0\.1:9 does not answer: /),
    ]);
    const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect(await lookAtRedis(`redis://127.0.0.1:${port}`)).toHaveProperty('error');
    silent.close();
  });
});
