import { Queue } from 'bullmq';
import { messageOf } from '../core/errors.ts';
import type { Log, Random } from '../core/ports.ts';
import {
  EVENTS_MAX,
  jobKey,
  KEY_PREFIX,
  outcomesKey,
  queueJobId,
  queueOf,
  stopKey,
  workerKey,
  WORKERS_KEY,
} from './bullmq-keys.ts';
import type { RedisAddress } from './redis-address.ts';
import { openRedisLink, type RedisLink } from './redis-link.ts';
import type { Arrived, Carrier, Offer } from './remote-ports.ts';
import type { Sight } from './remote-sight.ts';
import { letterSchema, workerSeenSchema, type RemoteWork, type WorkerSeen } from './remote-work.ts';
import type { Seal } from './seal.ts';

export interface BullmqCarrierOptions {
  readonly address: RedisAddress;
  readonly seal: Seal;
  /** The home whose outcomes are collected. */
  readonly brain: string;
  readonly random: Random;
  readonly log: Log;
}

const COMMAND_MS = 10_000;
/** One wait for outcomes; a link that is cut is found out after it. */
const WAIT_MS = 2_000;
const QUIET_MS = 200;
/** Letters read at one time; each may hold hundreds of outcomes. */
const COLLECT_MAX = 64;
const STOP_MS = 600_000;

/**
 * Work over Redis: attempts, alone or in parcels, as jobs of BullMQ, one queue a label; outcomes in a stream of ours, where each stays until it is
 * settled. (BullMQ's own events are trimmed, and what a job returned goes with the job when Redis is wiped.) Connects by
 * itself, again and again; while it is not connected everything fails at once.
 */
export function openBullmqCarrier(options: BullmqCarrierOptions): Carrier {
  return new BullmqCarrier(options);
}

/**
 * Nothing waits in this process for a Redis that is away: the ledger has it. No retries, so that what was asked when a link
 * is cut fails at that moment; without sending it again (`autoResendUnfulfilledCommands: false`) it would never be answered.
 */
const AT_ONCE = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_MS } as const;

class BullmqCarrier implements Carrier {
  readonly #options: BullmqCarrierOptions;
  readonly #commands: RedisLink;
  readonly #reader: RedisLink;
  readonly #queues = new Map<string, Queue>();
  readonly #outcomes: string;
  #readTo = '0';

  constructor(options: BullmqCarrierOptions) {
    this.#options = options;
    const { address, random, brain } = options;
    this.#outcomes = outcomesKey(brain);
    this.#commands = openRedisLink(address, random, AT_ONCE);
    this.#reader = openRedisLink(address, random, AT_ONCE);
  }

  trouble(): string | undefined {
    return this.#commands.trouble() ?? this.#reader.trouble();
  }

  async offer(works: readonly Offer[]): Promise<void> {
    const labels = Map.groupBy(works, ({ work }) => work.label);
    for (const [label, given] of labels) {
      try {
        const parcels = Map.groupBy(given, ({ work }) => queueJobId(work.token));
        await this.#queueOf(label).addBulk([...parcels].map(([jobId, parcel]) => this.#jobOf(jobId, parcel)));
      } catch (error) {
        // A queue whose first words were cut off does not come back.
        this.#queues.delete(label);
        throw error;
      }
    }
  }

  async look(works: readonly Pick<RemoteWork, 'label' | 'token'>[]): Promise<Sight[]> {
    if (works.length === 0) return [];
    const asked = this.#commands.client.pipeline();
    for (const { label, token } of works) asked.hmget(jobKey(label, token), 'timestamp', 'processedOn');
    const answers = (await asked.exec()) ?? [];
    return works.map((_, index) => sightOf(answers[index]));
  }

  async collect(signal: AbortSignal): Promise<Arrived[]> {
    const aborted = Promise.withResolvers<null>();
    const cut = (): void => aborted.resolve(null);
    signal.addEventListener('abort', cut, { once: true });
    try {
      const from = this.#readTo;
      // After a quiet moment or a failure from the beginning: what is settled is gone, and after a wipe the ids begin anew.
      this.#readTo = '0';
      const wait = from === '0' ? WAIT_MS : QUIET_MS;
      const read = this.#reader.client.xread('COUNT', COLLECT_MAX, 'BLOCK', wait, 'STREAMS', this.#outcomes, from);
      read.catch(() => undefined);
      const streams = await Promise.race([read, aborted.promise]);
      const entries = (streams?.[0]?.[1] ?? []) as [string, string[]][];
      this.#readTo = entries.at(-1)?.[0] ?? '0';
      return entries.map(([id, fields]) => ({ id, completions: this.#completionsOf(fields[1]) }));
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  /** On the link of the reader: the next read comes after it. */
  settled(arrivals: readonly Arrived[]): void {
    if (arrivals.length === 0 || this.#reader.trouble() !== undefined) return;
    this.#reader.client.xdel(this.#outcomes, ...arrivals.map(({ id }) => id)).catch((error: unknown) => {
      this.#options.log.debug({ error: messageOf(error) }, 'settled outcomes come again');
    });
  }

  async withdraw(works: readonly Pick<RemoteWork, 'label' | 'token'>[]): Promise<void> {
    const stops = this.#commands.client.pipeline();
    for (const { token } of works) stops.set(stopKey(token), '1', 'PX', STOP_MS);
    await stops.exec();
    for (const { label, token } of works) await this.#queueOf(label).remove(queueJobId(token));
  }

  async workers(): Promise<{ seen: WorkerSeen[]; unreadable: number }> {
    const { client } = this.#commands;
    const ids = await client.smembers(WORKERS_KEY);
    if (ids.length === 0) return { seen: [], unreadable: 0 };
    const words = await client.mget(ids.map(workerKey));
    const gone = ids.filter((_, index) => words[index] === null);
    if (gone.length > 0) await client.srem(WORKERS_KEY, ...gone);
    const read = words.flatMap((text) => (text === null ? [] : [this.#workerOf(text)]));
    const seen = read.filter((worker) => worker !== undefined);
    return { seen, unreadable: read.length - seen.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader[Symbol.dispose]();
    this.#commands[Symbol.dispose]();
  }

  #queueOf(label: string): Queue {
    const known = this.#queues.get(label);
    if (known !== undefined) return known;
    const queue = new Queue(queueOf(label), {
      connection: this.#commands.client,
      prefix: KEY_PREFIX,
      skipVersionCheck: true,
      streams: { events: { maxLen: EVENTS_MAX } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1, stackTraceLimit: 1 },
    });
    queue.on('error', (error) => this.#options.log.debug({ error: messageOf(error) }, 'queue error'));
    this.#queues.set(label, queue);
    return queue;
  }

  #jobOf(jobId: string, parcel: readonly Offer[]): Parameters<Queue['addBulk']>[0][number] {
    const data = {
      sealed: this.#options.seal.close(
        'work',
        parcel.map(({ work }) => work),
      ),
    };
    return { name: 'parcel', data, opts: { jobId, ...(parcel.some(({ first }) => first) && { lifo: true }) } };
  }

  #completionsOf(text: string | undefined): Arrived['completions'] {
    const read = letterSchema.safeParse(this.#options.seal.open('completion', text ?? ''));
    if (read.success) return read.data;
    this.#options.log.warn({}, 'an outcome that was not sealed with our key was dropped');
    return [];
  }

  #workerOf(text: string): WorkerSeen | undefined {
    const read = workerSeenSchema.safeParse(this.#options.seal.open('heartbeat', text));
    return read.success ? read.data : undefined;
  }
}

function sightOf(answer: [Error | null, unknown] | undefined): Sight {
  // An answer that is an error says nothing against it.
  if (answer === undefined || answer[0] !== null) return 'waiting';
  const [timestamp, processedOn] = answer[1] as readonly (string | null)[];
  if (timestamp === null) return 'unknown';
  return processedOn === null ? 'waiting' : 'begun';
}
