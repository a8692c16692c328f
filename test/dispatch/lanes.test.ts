import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { startLanes, type Lanes } from '../../src/dispatch/lanes.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { event, folder, job, ledgerIn, recordingLog } from '../ledger/make.ts';

/** Commands that end when a test says so, on a real ledger. */
interface Stage {
  readonly clock: FakeClock;
  readonly ledger: Ledger;
  readonly lanes: Lanes;
  /** Asks for a command; resolves when it is recorded. @returns its job. */
  readonly ask: (origin: string, reactive?: boolean) => Promise<number>;
  readonly finish: (jobId: number) => Promise<void>;
  readonly begun: ReadonlyMap<number, AbortSignal>;
}

async function withStage(play: (stage: Stage) => Promise<void>, options: { held?: () => boolean } = {}): Promise<void> {
  using home = folder();
  const clock = new FakeClock();
  await using ledger = await ledgerIn(home.path, { clock });
  const begun = new Map<number, AbortSignal>();
  const finishers = new Map<number, () => void>();
  await using lanes = startLanes({
    store: ledger.work,
    clock,
    log: recordingLog(),
    budgetMs: 15_000,
    drainMs: 10,
    held: options.held ?? (() => false),
    onChange: () => undefined,
    async attempt(taken, signal) {
      begun.set(taken.id, signal);
      await new Promise<void>((resolve) => {
        finishers.set(taken.id, resolve);
        signal.addEventListener('abort', () => resolve());
      });
      await ledger.jobs.settle(taken, { state: 'succeeded', effects: [] }, clock.wallMs());
    },
  });
  let deliveries = 0;
  try {
    await play({
      clock,
      ledger,
      lanes,
      begun,
      async ask(origin, reactive = false) {
        deliveries += 1;
        const work = job({ kind: 'command', origin, reactive, topic: origin });
        const { id } = await ledger.events.append(
          event(`${deliveries}`, { receivedAtMs: clock.wallMs(), jobs: [work] }),
        );
        lanes.wake();
        await settle();
        return ledger.events.find(id)?.jobs[0] ?? expect.fail('no job');
      },
      async finish(jobId) {
        finishers.get(jobId)?.();
        await settle();
      },
    });
  } finally {
    // Also after a failure: the lanes wait for what they run.
    for (const resolve of finishers.values()) resolve();
  }
}

const laneOf = (ledger: Ledger, id: number): Job['lane'] | undefined => ledger.jobs.find(id)?.lane;

describe('the foreground', () => {
  test('is free again after exactly 15 s, and the job goes on behind, undisturbed [BLOCKING-HAND-OVER]', async () => {
    await withStage(async ({ clock, ledger, lanes, ask, begun, finish }) => {
      const id = await ask('slow');
      await clock.advance(14_999);
      expect(lanes.snapshot()).toEqual({ foreground: { jobId: id, reactive: false, heldMs: 14_999 }, background: [] });
      await clock.advance(1);
      expect(lanes.snapshot()).toEqual({ foreground: null, background: [id] });
      expect([laneOf(ledger, id), begun.get(id)?.aborted]).toEqual(['background', false]);
      await clock.advance(45_000);
      await finish(id);
      expect(ledger.jobs.find(id)).toMatchObject({ state: 'succeeded', attempts: 1, lane: 'background' });
    });
  });

  test('is the owner’s at once: what was there goes on behind [BLOCKING-LANES]', async () => {
    await withStage(async ({ clock, ledger, lanes, ask }) => {
      const idea = await ask('slow');
      await clock.advance(1_000);
      const asked = await ask('owner', true);
      expect(lanes.snapshot()).toMatchObject({
        foreground: { jobId: asked, reactive: true, heldMs: 0 },
        background: [idea],
      });
      expect([laneOf(ledger, idea), laneOf(ledger, asked)]).toEqual(['background', 'foreground']);
      // It is not limited.
      await clock.advance(100_000);
      expect(lanes.snapshot().foreground?.jobId).toBe(asked);
    });
  });

  test('passes to the next short idea when the first one ends or is handed over [BLOCKING-LANES]', async () => {
    await withStage(async ({ clock, lanes, ask, finish, begun }) => {
      const [first, second, third] = [await ask('a'), await ask('b'), await ask('c')];
      expect([...begun.keys()]).toEqual([first]);
      await finish(first);
      expect(lanes.snapshot()).toMatchObject({ foreground: { jobId: second }, background: [] });
      await clock.advance(15_000);
      expect(lanes.snapshot()).toMatchObject({ foreground: { jobId: third }, background: [second] });
    });
  });
});

test('what took longer before begins behind [BLOCKING-DEFERRED]', async () => {
  await withStage(async ({ clock, ledger, lanes, ask, finish }) => {
    const before = await ask('slow');
    await clock.advance(20_000);
    await finish(before);
    const again = await ask('slow');
    expect(lanes.snapshot()).toEqual({ foreground: null, background: [again] });
    expect(laneOf(ledger, again)).toBe('background');
  });
});

test('a long job keeps its lease, and nobody else takes it [DISPATCH-LEASE]', async () => {
  await withStage(async ({ clock, ledger, ask }) => {
    const id = await ask('slow');
    await clock.advance(600_000);
    expect(ledger.work.dueWork(10, clock.wallMs())).toEqual([]);
    expect(ledger.jobs.find(id)).toMatchObject({ state: 'running', attempts: 1 });
  });
});

test('nothing begins in safe mode [SAFE-MODE-THREE-UNCLEAN]', async () => {
  await withStage(
    async ({ clock, begun, ask }) => {
      await ask('slow');
      await clock.advance(60_000);
      expect(begun.size).toBe(0);
    },
    { held: () => true },
  );
});
