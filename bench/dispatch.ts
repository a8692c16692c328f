import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock, systemRandom as random } from '../src/daemon/system.ts';
import { openBullmqCarrier } from '../src/dispatch/bullmq-carrier.ts';
import { EVENTS_MAX } from '../src/dispatch/bullmq-keys.ts';
import { readRedisUrl } from '../src/dispatch/redis-address.ts';
import { startRemote } from '../src/dispatch/remote.ts';
import { createSeal } from '../src/dispatch/seal.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import { retentionOptions } from '../src/ledger/retention.ts';
import { startRedis, type RedisServer } from '../test/fakes/redis.ts';
import { startFloor, type Server } from './lib/children.ts';

const KEY = 'the key of a benchmark, as long as it has to be';
/** Jobs at one time in a worker: enough to keep it busy over a link without latency. */
const CONCURRENCY = 50;
const BULK = 500;
/** As long as a small command is when it is sealed. */
const PAYLOAD_CHARS = 400;

/** How fast jobs went from being asked for to being known as done, and who was busy meanwhile (shares of a core). */
export interface DispatchRate {
  readonly perSecond: number;
  readonly sender: number;
  readonly redis: number;
  /** The busiest worker. */
  readonly worker: number;
  /** Of all processes together: what decides when the processors are shared. */
  readonly processorMs: number;
}

/**
 * Raw BullMQ: `addBulk` in one process, workers that do nothing in others. @param told Whether the sender is to learn what
 * became of each job, as ours does: over BullMQ's own events. Otherwise nobody wants to know.
 */
export async function benchRaw(jobs: number, workers: number, told: boolean): Promise<DispatchRate> {
  await using redis = await startRedis();
  const connection = new Redis(redis.port, '127.0.0.1', { maxRetriesPerRequest: null });
  const queue = new Queue('work-any', {
    connection,
    prefix: 'kairos',
    skipVersionCheck: true,
    // Whoever reads them must not miss one.
    streams: { events: { maxLen: told ? jobs * 5 : EVENTS_MAX } },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1, stackTraceLimit: 1 },
  });
  await using hands = await startHands('bare-bullmq.ts', workers, [
    String(redis.port),
    'work-any',
    String(CONCURRENCY),
  ]);
  const heard = told ? await listen(redis.port) : undefined;
  const data = { sealed: 'x'.repeat(PAYLOAD_CHARS) };
  const busy = watchBusy(redis, hands.servers);
  // As many lie ready as with us; the next are added when there is room.
  for (let sent = 0; sent < jobs;) {
    const waiting = await queue.getWaitingCount();
    const room = Math.min(BULK, workers * CONCURRENCY * 4 - waiting, jobs - sent);
    if (room < Math.min(CONCURRENCY, jobs - sent)) continue;
    await queue.addBulk(
      Array.from({ length: room }, (_, index) => ({ name: 'command', data, opts: { jobId: `t${sent + index}` } })),
    );
    sent += room;
  }
  const open = async (): Promise<number> =>
    heard === undefined ? queue.getJobCountByTypes('waiting', 'active') : jobs - heard.done.size;
  while ((await open()) > 0) await clock.sleep(1, new AbortController().signal);
  const rate = busy.end(jobs);
  await heard?.[Symbol.asyncDispose]();
  connection.disconnect();
  return rate;
}

async function listen(port: number) {
  const connection = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
  const events = new QueueEvents('work-any', { connection, prefix: 'kairos', skipVersionCheck: true });
  const done = new Set<string>();
  events.on('completed', ({ jobId }) => done.add(jobId));
  await events.waitUntilReady();
  return {
    done,
    async [Symbol.asyncDispose]() {
      await events.close();
      connection.disconnect();
    },
  };
}

/** Ours: the attempt in the ledger, sealed, over Redis and back, settled in the ledger with a line of the daily log and a run. */
export async function benchOurs(jobs: number, workers: number): Promise<DispatchRate> {
  await using redis = await startRedis();
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  const options = {
    home,
    platform: process.platform,
    retention: retentionOptions.parse(undefined),
    messageTtlMs: () => 9e7,
  };
  try {
    await using ledger = await openLedger(options, { clock, random, log });
    await fill(ledger, jobs);
    await using hands = await startHands('bare-hands.ts', workers, [String(redis.port), KEY, String(CONCURRENCY)]);
    const brain = ledger.homeId;
    const carrier = openBullmqCarrier({
      address: readRedisUrl(redis.url, 'the bench'),
      seal: createSeal(KEY, random),
      brain,
      random,
      log,
    });
    const over = Promise.withResolvers<void>();
    const settled = new Set<number>();
    let held = true;
    await using remote = startRemote({
      brain,
      store: ledger.remote,
      carrier,
      kinds: { command: noCommand },
      clock,
      random,
      log,
      settling: {},
      behindMs: () => 15_000,
      held: () => held,
      onSettled(ids) {
        for (const id of ids) settled.add(id);
        if (settled.size === jobs) over.resolve();
      },
      onChange: () => undefined,
    });
    while (remote.snapshot().workers.length < workers) await clock.sleep(20, new AbortController().signal);
    const busy = watchBusy(redis, hands.servers);
    held = false;
    remote.wake();
    await over.promise;
    return busy.end(jobs);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** As large as a usual command, and recorded like one. */
const noCommand: Parameters<typeof startRemote>[0]['kinds']['command'] & object = {
  pack: () => ({ payload: { argv: ['/bin/true'], env: {}, secrets: {}, timeoutMs: 600_000, outputBytesMax: 262_144 } }),
  async judge(job, { startedAtMs, tookMs }, worker) {
    const line = { kind: 'command', ref: `j${job.id}`, text: `${job.origin}: done in ${tookMs}ms on ${worker}` };
    return {
      outcome: { kind: 'succeeded', effects: [{ kind: 'journal', line }] },
      run: {
        schedule: job.origin,
        jobId: job.id,
        attempt: job.attempts,
        startedAtMs,
        endedAtMs: startedAtMs + tookMs,
        ended: 'exited',
        succeeded: true,
        exitCode: 0,
        error: null,
        outputPath: null,
      },
    };
  },
  lost: () => undefined,
};

async function fill(ledger: Awaited<ReturnType<typeof openLedger>>, jobs: number): Promise<void> {
  for (let first = 0; first < jobs; first += BULK) {
    await Promise.all(
      Array.from({ length: Math.min(BULK, jobs - first) }, (_, index) => {
        const delivery = `job-${first + index}`;
        const job = {
          kind: 'command',
          origin: 'bench',
          reactive: false,
          topic: 'bench',
          text: 'bench',
          urgent: false,
          mayCoalesce: false,
        } as const;
        return ledger.events.append({
          source: 'bench',
          delivery,
          type: 'bench',
          action: null,
          trust: 'owner',
          receivedAtMs: clock.wallMs(),
          contentType: 'application/json',
          body: Buffer.from('{}'),
          jobs: [job],
        });
      }),
    );
  }
}

async function startHands(file: string, count: number, args: readonly string[]) {
  const servers = await Promise.all(Array.from({ length: count }, () => startFloor(file, ...args)));
  return {
    servers,
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

function watchBusy(redis: RedisServer, servers: readonly Server[]): { end(jobs: number): DispatchRate } {
  const startedMs = performance.now();
  const pids = [process.pid, redis.pid, ...servers.map(({ pid }) => pid)];
  const before = pids.map(cpuSeconds);
  return {
    end(jobs) {
      const seconds = (performance.now() - startedMs) / 1_000;
      const used = pids.map((pid, index) => cpuSeconds(pid) - (before[index] ?? 0));
      const [sender = 0, ofRedis = 0, ...workers] = used.map((one) => one / seconds);
      const processorMs = used.reduce((sum, one) => sum + one, 0) * 1_000;
      return { perSecond: jobs / seconds, sender, redis: ofRedis, worker: Math.max(...workers), processorMs };
    },
  };
}

/** From /proc, in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
