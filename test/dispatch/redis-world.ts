import { Redis } from 'ioredis';
import { createSeal } from '../../src/dispatch/seal.ts';
import type { Json } from '../../src/core/agent.ts';
import type { Outcome } from '../../src/core/job.ts';
import { openBullmqCarrier } from '../../src/dispatch/bullmq-carrier.ts';
import { startBullmqWorker, type BullmqWorker, type BullmqWorkerOptions } from '../../src/dispatch/bullmq-worker.ts';
import { readRedisUrl } from '../../src/dispatch/redis-address.ts';
import { startRemote } from '../../src/dispatch/remote.ts';
import type { RemoteHands, RemoteOptions } from '../../src/dispatch/remote-options.ts';
import type { Carrier, RemoteKind } from '../../src/dispatch/remote-ports.ts';
import { systemClock as clock, systemRandom as random } from '../../src/daemon/system.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { RemoteRun } from '../../src/scheduler/remote-command.ts';
import { noRedis, startRedis, type RedisServer } from '../fakes/redis.ts';
import { folder, recordingLog } from '../ledger/make.ts';
import { ledgerAt, linesOf, RETRY_QUICKLY, type Play } from './contract.ts';

export const KEY = 'a key that is shared by both sides, and long enough';

/** What a job asks travels as it is, and its outcome comes back as it is. */
export const passing: RemoteKind<RemoteRun> = {
  pack: ({ id, attempts }) => ({ payload: { id, attempts } }),
  judge: async (_job, { result }) => ({ outcome: result as unknown as Outcome, run: undefined }),
  lost: (job, why) => ({
    schedule: job.origin,
    jobId: job.id,
    attempt: job.attempts,
    startedAtMs: 0,
    endedAtMs: 0,
    ended: 'lost',
    succeeded: null,
    exitCode: null,
    error: why,
    outputPath: null,
  }),
};

export function brainAt(
  url: string,
  ledger: Ledger,
  given: {
    limits?: RemoteOptions<RemoteRun>['limits'];
    key?: string;
    log?: ReturnType<typeof recordingLog>;
    wrap?: (carrier: Carrier) => Carrier;
    command?: RemoteKind<RemoteRun>;
  } = {},
): RemoteHands {
  const { limits, key = KEY, log = recordingLog(), wrap = (carrier: Carrier) => carrier, command = passing } = given;
  const brain = ledger.homeId;
  const carrier = openBullmqCarrier({
    address: readRedisUrl(url, 'REDIS_URL'),
    seal: createSeal(key, random),
    brain,
    random,
    log,
  });
  return startRemote<RemoteRun>({
    brain,
    store: ledger.remote,
    carrier: wrap(carrier),
    kinds: { command },
    clock,
    random,
    log,
    settling: { retry: RETRY_QUICKLY },
    behindMs: () => 15_000,
    held: () => false,
    onSettled: () => undefined,
    onChange: () => undefined,
    limits: { lookMs: 50, leaseMs: 1_500, ...limits },
  });
}

export function workerAt(
  url: string,
  play: Play,
  given: Partial<BullmqWorkerOptions> & { key?: string } = {},
): BullmqWorker {
  const { key = KEY, ...options } = given;
  return startBullmqWorker({
    address: readRedisUrl(url, 'REDIS_URL'),
    seal: createSeal(key, random),
    name: 'hand',
    labels: ['any'],
    concurrency: 8,
    handlers: {
      command: async ({ payload }, signal) =>
        (await play(payload as unknown as { id: number; attempts: number }, signal)) as unknown as Json,
    },
    version: '0',
    clock,
    random,
    log: recordingLog(),
    limits: { heartbeatMs: 50, presenceMs: 600, drainMs: 300, flushMs: 1_000 },
    ...options,
  });
}

/** A real Redis, empty, and a ledger. */
interface Stage {
  readonly redis: RedisServer;
  readonly client: Redis;
  readonly ledger: Ledger;
}

/** A test that needs a Redis, which it may kill. */
export function onRedis(play: (stage: Stage) => Promise<void>) {
  return async (context: { skip: (when: boolean, why: string) => void }): Promise<void> => {
    const missing = noRedis();
    context.skip(missing !== undefined, missing ?? 'it is there');
    await using redis = await startRedis();
    using home = folder();
    await using ledger = await ledgerAt(home.path);
    const client = new Redis(redis.url, { maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    try {
      await play({ redis, client, ledger });
    } finally {
      client.disconnect();
    }
  };
}

export const did = (ledger: Ledger): string[] => linesOf(ledger).filter((line) => line.startsWith('did'));
export const succeeded = (ledger: Ledger, ids: readonly number[]) => (): boolean =>
  ids.every((id) => ledger.jobs.find(id)?.state === 'succeeded');

/** As it is, but for one method. */
export const but = (carrier: Carrier, changed: Partial<Carrier>): Carrier =>
  new Proxy(carrier, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in changed ? changed : target, name);
      return typeof value === 'function' ? value.bind(name in changed ? changed : target) : value;
    },
  });
