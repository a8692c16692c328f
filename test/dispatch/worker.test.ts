import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KairosError, type ErrorCode } from '../../src/core/errors.ts';
import type { Effect, Job, Outcome } from '../../src/core/job.ts';
import type { Loop } from '../../src/core/loop.ts';
import { RETRY } from '../../src/dispatch/decide.ts';
import { ruleHandlers, type Handler } from '../../src/dispatch/handlers.ts';
import { startWorker, type JobStore, type WorkerOptions } from '../../src/dispatch/worker.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { FakeClock } from '../fakes/clock.ts';
import { event, job, ledgerIn, recordingLog, steadyRandom, present } from '../ledger/make.ts';

const DONE: Outcome = { kind: 'succeeded', effects: [] };

interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly ledger: Ledger;
  readonly log: ReturnType<typeof recordingLog>;
  /** Starts a worker whose `notify` jobs are done by this handler. */
  start(notify: Handler, more?: Partial<WorkerOptions>): Promise<Loop>;
  add(...drafts: Parameters<typeof job>[0][]): Promise<number>;
  /** Moves the clock until something is so. Commits take real time, so it looks again and again. */
  until(condition: () => boolean, stepMs?: number): Promise<void>;
  job(id: number): Job;
}

async function world(): Promise<World> {
  const home = mkdtempDisposableSync(join(tmpdir(), 'kairosd-test-'));
  const clock = new FakeClock();
  const log = recordingLog();
  const ledger = await ledgerIn(home.path, { clock });
  const workers = new AsyncDisposableStack();
  let count = 0;
  return {
    clock,
    ledger,
    log,
    async start(notify, more = {}) {
      const handlers = { ...ruleHandlers(async () => DONE), notify };
      return workers.use(
        await startWorker({ store: ledger.jobs, handlers, clock, random: steadyRandom, log, onSettled() {}, ...more }),
      );
    },
    async add(...drafts) {
      count += 1;
      const jobs = (drafts.length > 0 ? drafts : [{}]).map((draft) => job(draft));
      const { id } = await ledger.events.append(
        event(`d${count}`, { jobs, trust: 'owner', receivedAtMs: clock.wallMs() }),
      );
      return ledger.events.find(id)?.jobs[0] ?? 0;
    },
    async until(condition, stepMs = 0) {
      for (let tries = 0; tries < 400 && !condition(); tries += 1) await clock.advance(stepMs);
      expect(condition()).toBe(true);
    },
    job: (id) => present(ledger.jobs.find(id), 'a job'),
    async [Symbol.asyncDispose]() {
      await workers.disposeAsync();
      await ledger[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

const state = (given: World, id: number): Job['state'] => given.job(id).state;
const messageTexts = (given: World): string[] => given.ledger.messages.list({ limit: 50 }).map(({ text }) => text);
/** A handler that ends only when its attempt is cut off, or when the test says so. */
function hanging() {
  const seen: Job[] = [];
  const signals: AbortSignal[] = [];
  const gate = Promise.withResolvers<Outcome>();
  const handler: Handler = async (given, signal) => {
    seen.push(given);
    signals.push(signal);
    return gate.promise;
  };
  return { handler, seen, signals, finish: () => gate.resolve(DONE) };
}

describe('the worker', () => {
  test('runs what is due and records the attempt before it begins [DISPATCH-ATTEMPT-FIRST]', async () => {
    await using given = await world();
    const seen: unknown[] = [];
    const id = await given.add();
    const settled: number[] = [];
    await given.start(
      async (now) => {
        const { state: at, attempts } = given.job(now.id);
        seen.push([at, attempts]);
        return DONE;
      },
      { onSettled: (ids) => settled.push(...ids) },
    );
    await given.until(() => state(given, id) === 'succeeded');
    expect(seen).toEqual([['running', 1]]);
    expect(settled).toEqual([id]);
  });

  test('takes up new jobs as soon as it is woken', async () => {
    await using given = await world();
    const worker = await given.start(async () => DONE);
    await given.clock.advance(0);
    const id = await given.add();
    worker.wake();
    await given.until(() => state(given, id) === 'succeeded');
  });

  test('does reactive work first [DISPATCH-REACTIVE-FIRST]', async () => {
    await using given = await world();
    const order: number[] = [];
    const late = await given.add({ text: 'proactive' });
    const first = await given.add({ text: 'reactive', reactive: true });
    await given.start(async (now) => (order.push(now.id), DONE), { batchMax: 1 });
    await given.until(() => order.length === 2);
    expect(order).toEqual([first, late]);
  });

  test('tries a failed job again with growing delays, then gives it up with one message [DISPATCH-RETRY] [DISPATCH-DEAD-LETTER]', async () => {
    await using given = await world();
    const id = await given.add();
    const startedAtMs: number[] = [];
    await given.start(async () => {
      startedAtMs.push(given.clock.monoMs());
      throw new Error('the disk of the moon is full');
    });
    await given.until(() => state(given, id) === 'dead', 500);
    const delays = startedAtMs.slice(1).map((ms, index) => ms - (startedAtMs[index] ?? 0));
    expect(startedAtMs).toHaveLength(RETRY.attemptsMax);
    for (const [index, delayMs] of delays.entries()) {
      const plannedMs = RETRY.firstDelayMs * 2 ** index * 1.25;
      expect(delayMs).toBeGreaterThanOrEqual(plannedMs);
      // The disk takes some turns, and the clock is moved meanwhile.
      expect(delayMs).toBeLessThan(plannedMs + 10_000);
    }
    expect(given.job(id)).toMatchObject({ attempts: 5, error: 'the disk of the moon is full' });
    expect(messageTexts(given)).toEqual([
      `Job j${id} (notify, ci) was given up after 5 attempts: the disk of the moon is full. Put it back with: kairos jobs requeue j${id}`,
    ]);
  });

  test('takes a job up again that was put back by hand [DISPATCH-DEAD-LETTER]', async () => {
    await using given = await world();
    const id = await given.add();
    let broken = true;
    const worker = await given.start(async () => (broken ? { kind: 'failed', error: 'no such channel' } : DONE));
    await given.until(() => state(given, id) === 'failed');
    expect(messageTexts(given)).toHaveLength(1);
    broken = false;
    await given.ledger.jobs.requeue(id, given.clock.wallMs());
    worker.wake();
    await given.until(() => state(given, id) === 'succeeded');
    expect(messageTexts(given)).toHaveLength(1);
  });

  test('cuts off an attempt whose lease ends, and what it brings later changes nothing [DISPATCH-LEASE]', async () => {
    await using given = await world();
    const id = await given.add();
    const slow = hanging();
    await given.start(slow.handler, { leaseMs: 10_000 });
    await given.until(() => slow.seen.length === 1);
    await given.clock.advance(9_999);
    expect(slow.signals[0]?.aborted).toBe(false);
    await given.clock.advance(1);
    expect(slow.signals[0]?.aborted).toBe(true);
    await given.until(() => state(given, id) === 'queued');
    expect(given.job(id)).toMatchObject({ attempts: 1, error: 'the attempt took too long' });
    await given.until(() => slow.seen.length === 2, 500);
    slow.finish();
    await given.until(() => state(given, id) === 'succeeded');
    expect(given.job(id).attempts).toBe(2);
  });

  test('one job that fails or hangs does not hold the others of its batch', async () => {
    await using given = await world();
    const [bad, good] = [await given.add({ text: 'bad' }), await given.add({ text: 'good' })];
    await given.start(async (now) => {
      if (now.text === 'bad') throw new Error('bad');
      return DONE;
    });
    await given.until(() => state(given, good) === 'succeeded' && state(given, bad) === 'queued');
  });
});

describe('at a stop', () => {
  test('running jobs may finish within the drain time [DISPATCH-DRAIN]', async () => {
    await using given = await world();
    const id = await given.add();
    const slow = hanging();
    const worker = await given.start(slow.handler, { drainMs: 5_000 });
    await given.until(() => slow.seen.length === 1);
    const stopped = worker[Symbol.asyncDispose]();
    await given.clock.advance(4_000);
    expect(slow.signals[0]?.aborted).toBe(false);
    slow.finish();
    await stopped;
    expect(state(given, id)).toBe('succeeded');
  });

  test('then they are aborted and handed back, also at their last attempt [DISPATCH-DRAIN]', async () => {
    await using given = await world();
    const id = await given.add();
    const slow = hanging();
    const worker = await given.start(slow.handler, { drainMs: 5_000, retry: { ...RETRY, attemptsMax: 1 } });
    await given.until(() => slow.seen.length === 1);
    const stopped = worker[Symbol.asyncDispose]();
    await given.until(() => state(given, id) === 'queued', 500);
    await stopped;
    expect(slow.signals[0]?.aborted).toBe(true);
    expect(given.job(id)).toMatchObject({ attempts: 1, error: 'the daemon stopped during the attempt' });
    expect(messageTexts(given)).toEqual([]);
    const next = await given.start(async () => DONE);
    next.wake();
    await given.until(() => state(given, id) === 'succeeded');
  });

  test('no time is lost when nothing runs', async () => {
    await using given = await world();
    const worker = await given.start(async () => DONE);
    const beforeMs = given.clock.monoMs();
    await worker[Symbol.asyncDispose]();
    expect(given.clock.monoMs()).toBe(beforeMs);
  });
});

describe('at a start', () => {
  test('what a dead process left running is taken up again, each alone [DISPATCH-RECOVERY]', async () => {
    await using given = await world();
    const ids = [await given.add(), await given.add()];
    await given.ledger.jobs.claim(10, given.clock.wallMs(), 60_000);
    const batches: number[][] = [];
    await given.start(async () => DONE, { onSettled: (now) => batches.push([...now]) });
    expect(ids.map((id) => given.job(id).error)).toEqual(Array(2).fill('the daemon ended during the attempt'));
    await given.until(() => ids.every((id) => state(given, id) === 'succeeded'), 500);
    expect(batches.map((batch) => batch.length)).toEqual([1, 1]);
    expect(ids.map((id) => given.job(id).attempts)).toEqual([2, 2]);
  });

  test('a job that took the process down every time ends in the dead letters [DISPATCH-DEAD-LETTER] [DISPATCH-RECOVERY]', async () => {
    await using given = await world();
    const id = await given.add();
    for (let crashes = 0; crashes < RETRY.attemptsMax; crashes += 1) {
      await given.clock.advance(60_000);
      await given.ledger.jobs.claim(10, given.clock.wallMs(), 60_000);
      const worker = await given.start(() => expect.fail('never'), {
        store: { ...given.ledger.jobs, claim: async () => [] },
      });
      await worker[Symbol.asyncDispose]();
    }
    expect(given.job(id)).toMatchObject({ state: 'dead', attempts: 5 });
    expect(messageTexts(given)).toHaveLength(1);
  });
});

describe('a ledger that fails', () => {
  const failing = (store: JobStore, times: number, code: ErrorCode): JobStore => {
    let left = times;
    const settle: JobStore['settle'] = async (...given) => {
      left -= 1;
      if (left >= 0) throw new KairosError(code, 'not now');
      return store.settle(...given);
    };
    return { ...store, settle };
  };

  test('for a moment does not cost what was done: it is recorded a little later [LEDGER-FAULTS]', async () => {
    await using given = await world();
    const id = await given.add();
    let runs = 0;
    await given.start(async () => ((runs += 1), DONE), { store: failing(given.ledger.jobs, 3, 'DISK_FULL') });
    await given.until(() => state(given, id) === 'succeeded', 100);
    expect(runs).toBe(1);
  });

  test('for longer leaves the job to its lease, after which it runs again [DISPATCH-LEASE] [LEDGER-FAULTS]', async () => {
    await using given = await world();
    const [id, other] = [await given.add(), await given.add()];
    let runs = 0;
    const store = failing(given.ledger.jobs, 10, 'LEDGER_FAILED');
    await given.start(async () => ((runs += 1), DONE), { store, leaseMs: 20_000 });
    await given.until(() => [id, other].every((one) => state(given, one) === 'succeeded'), 500);
    expect(runs).toBe(4);
    expect(given.log.lines.map(({ message }) => message)).toContain('loop step failed');
  });

  test('at the start does not keep the worker from starting [DISPATCH-RECOVERY]', async () => {
    await using given = await world();
    const id = await given.add();
    await given.ledger.jobs.claim(10, given.clock.wallMs(), 60_000);
    await given.start(async () => DONE, { store: failing(given.ledger.jobs, 1, 'DISK_FULL') });
    expect(state(given, id)).toBe('running');
    await given.until(() => state(given, id) === 'succeeded', 500);
  });

  test('never records half an outcome: effects that are refused fail the job [DISPATCH-SETTLE-ONCE]', async () => {
    await using given = await world();
    const id = await given.add();
    const stranger: Effect = {
      kind: 'message',
      message: { kind: 'reactive', urgent: false, topic: '', text: 'hello', replyTo: 99, jobId: id, count: 1 },
    };
    const line: Effect = { kind: 'journal', line: { kind: 'log', ref: '', text: 'half' } };
    await given.start(async () => ({ kind: 'succeeded', effects: [line, stranger] }), {
      retry: { ...RETRY, attemptsMax: 2 },
    });
    await given.until(() => state(given, id) === 'dead', 500);
    expect(given.job(id).error).toMatch(/^its outcome was refused: /);
    expect(given.ledger.journal.pending(10)).toEqual([]);
    expect(messageTexts(given)).toHaveLength(1);
  });
});
