import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { budgetOptions, type BudgetOptions } from '../../src/budget/options.ts';
import type { MessageDraft, Withdrawal } from '../../src/core/message.ts';
import type { Clock, Log, Random } from '../../src/core/ports.ts';
import { openDatabase, type Database } from '../../src/ledger/database.ts';
import { enqueueMessage, openMessages, withdrawTopic, type Messages } from '../../src/ledger/messages.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { createWriter, type Writer } from '../../src/ledger/writer.ts';
import type { Channel, OutgoingMessage, SendResult } from '../../src/notify/channel.ts';
import { startOutbox, type Outbox, type OutboxOptions } from '../../src/notify/outbox.ts';
import { type FakeClock, settle } from '../fakes/clock.ts';

const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

const halfRandom: Random = { fraction: () => 0.5, bytes: (count) => new Uint8Array(count) };

export const TTL_MS = 12 * 3_600_000;

/** A home's ledger file, opened again and again by one "process" after the other. */
export interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  /** Starts a process: opens the file, recovers, runs the outbox. */
  boot(channels: readonly Channel[], options?: Partial<OutboxOptions>): Promise<Life>;
}

/** One process. */
export interface Life {
  readonly database: Database;
  readonly messages: Messages;
  readonly outbox: Outbox;
  readonly clock: Clock;
  enqueue(draft: Partial<MessageDraft>): Promise<number>;
  withdraw(withdrawal: Partial<Withdrawal>): Promise<{ withdrawn: number; messageId: number | null }>;
  /** Records an event of the owner and the job it started; returns a reply to it. */
  ask(trust?: 'owner' | 'outside'): Promise<{ replyTo: number; jobId: number; kind: 'reactive' }>;
  /** As `kill -9`: nothing that was under way goes on, nothing is written any more. */
  kill(): void;
  /** As SIGTERM. */
  stop(): Promise<void>;
}

export function makeWorld(clock: FakeClock, ttlMs = TTL_MS): World {
  const directory = mkdtempSync(join(tmpdir(), 'kairos-outbox-'));
  const path = join(directory, 'ledger.db');
  let life: Life | undefined;
  return {
    clock,
    async boot(channels, options = {}) {
      life = await bootLife(path, clock, channels, { options, ttlMs });
      return life;
    },
    async [Symbol.asyncDispose]() {
      life?.kill();
      rmSync(directory, { recursive: true });
    },
  };
}

export function budget(section: unknown = {}): BudgetOptions {
  return budgetOptions.parse(section);
}

async function bootLife(
  path: string,
  clock: FakeClock,
  channels: readonly Channel[],
  { options, ttlMs }: { options: Partial<OutboxOptions>; ttlMs: number },
): Promise<Life> {
  let dead = false;
  const never = new Promise<never>(() => {});
  // A process has a monotonic clock of its own, which starts anywhere.
  const originMs = clock.monoMs() - 17.25;
  const ownClock: Clock = {
    wallMs: () => clock.wallMs(),
    monoMs: () => clock.monoMs() - originMs,
    sleep: async (delayMs, signal) => {
      await clock.sleep(delayMs, signal);
      if (dead) await never;
    },
  };
  const database = openDatabase(path, 'linux');
  migrate(database);
  const writer = mortal(
    createWriter(database, { clock: ownClock, onCommit() {}, onFailure() {}, limits: { gatherMs: 0 } }),
  );
  const context = (nowMs: number) => ({ nowMs, ttlMs, homeId: 'abcd1234' });
  const messages = openMessages(database, writer, context);
  const outbox = await startOutbox({
    store: messages,
    channels: channels.map(mortalChannel),
    budget: budget(),
    clock: ownClock,
    log: silentLog,
    random: halfRandom,
    redact: (text) => text,
    timeZone: 'Europe/Berlin',
    ...options,
  });

  function mortal(inner: Writer): Writer {
    return {
      get depth() {
        return inner.depth;
      },
      async write(apply) {
        if (dead) return never;
        const value = await inner.write((target) => {
          if (dead) throw new Error('killed');
          return apply(target);
        });
        return dead ? never : value;
      },
      close: () => inner.close(),
    };
  }
  function mortalChannel(channel: Channel): Channel {
    const mortally = async (result: () => Promise<SendResult>): Promise<SendResult> => {
      if (dead) return never;
      const outcome = await result();
      return dead ? never : outcome;
    };
    const { name, editMs = 0 } = channel;
    const unable: SendResult = { kind: 'refused', error: 'the channel cannot change a message' };
    return {
      name,
      editMs: channel.edit === undefined ? 0 : editMs,
      send: (message, signal, surroundings) => mortally(() => channel.send(message, signal, surroundings)),
      edit: (receipt, message, signal) =>
        mortally(async () => (await channel.edit?.(receipt, message, signal)) ?? unable),
    };
  }

  let nextJob = 1;
  const life: Life = {
    database,
    messages,
    outbox,
    clock: ownClock,
    async enqueue(draft) {
      const full = { ...DRAFT, ...draft };
      const id = await writer.write((target) => enqueueMessage(target, full, context(clock.wallMs())));
      outbox.wake();
      return id;
    },
    async withdraw(withdrawal) {
      const full = { topic: 'ci', text: '', reason: 'it is green again', jobId: null, ...withdrawal };
      const result = await writer.write((target) => withdrawTopic(target, full, context(clock.wallMs())));
      outbox.wake();
      return result;
    },
    ask: (trust = 'owner') =>
      writer.write((target) => {
        nextJob += 1;
        const replyTo = insertEvent(target, trust, clock.wallMs());
        return { replyTo, jobId: insertJob(target, replyTo, clock.wallMs()), kind: 'reactive' as const };
      }),
    kill() {
      dead = true;
      database.close();
    },
    async stop() {
      const stopped = outbox[Symbol.asyncDispose]();
      await clock.advance(2_000);
      await stopped;
      await writer.close();
      life.kill();
    },
  };
  await settle();
  return life;
}

const DRAFT: MessageDraft = {
  kind: 'proactive',
  urgent: false,
  topic: '',
  text: 'something happened',
  replyTo: null,
  jobId: null,
  count: 1,
};

function insertEvent(database: Database, trust: string, nowMs: number): number {
  const row = database
    .statement(
      `INSERT INTO events (source, delivery, type, trust, received_at, content_type, delivery_key, body_bytes)
       VALUES ('say', 'd', 'say', ?, ?, 'text/plain', x'00', 0) RETURNING id`,
    )
    .get<{ id: number }>(trust, nowMs);
  return row?.id ?? 0;
}

export function insertJob(database: Database, eventId: number, nowMs: number): number {
  const row = database
    .statement(
      `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, event_id, created_at, due_at)
       VALUES ('reply', 'say', 1, 0, '', '', 'succeeded', 'foreground', ?, ?, ?) RETURNING id`,
    )
    .get<{ id: number }>(eventId, nowMs, nowMs);
  return row?.id ?? 0;
}

/** What a receiver saw, in real time. */
export interface Receipt extends OutgoingMessage {
  readonly atMs: number;
}

/** A receiver that does what it is told. `realMs` is time as nobody can set it. */
export function scriptedChannel(
  name: string,
  clock: FakeClock,
): Channel & { readonly receipts: Receipt[]; answer: (message: OutgoingMessage, signal: AbortSignal) => Answer } {
  const receipts: Receipt[] = [];
  const channel = {
    name,
    receipts,
    answer: (_message: OutgoingMessage, _signal: AbortSignal): Answer => ({ received: true, result: { kind: 'sent' } }),
    async send(message: OutgoingMessage, signal: AbortSignal): Promise<SendResult> {
      const answer: Answer = channel.answer(message, signal);
      if (answer.delayMs !== undefined) await clock.sleep(answer.delayMs, signal);
      if (answer.received && !signal.aborted) receipts.push({ ...message, atMs: clock.monoMs() });
      if (answer.result === 'hang') return new Promise<never>(() => {});
      return answer.result;
    },
  };
  return channel;
}

export interface Answer {
  readonly received: boolean;
  readonly delayMs?: number;
  readonly result: SendResult | 'hang';
}

/** The most receipts in any closed interval of `perMs`; each message counts once, when it first arrived. */
export function mostIn(perMs: number, receipts: readonly Receipt[]): number {
  const first = new Map<string, number>();
  for (const { idempotencyKey, atMs } of receipts) if (!first.has(idempotencyKey)) first.set(idempotencyKey, atMs);
  const times = [...first.values()].toSorted((a, b) => a - b);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at <= from + perMs).length));
}
