import { describe, expect, test } from 'vitest';
import type { Job, Outcome } from '../../src/core/job.ts';
import { retentionOptions } from '../../src/ledger/retention.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { event, folder, job, recordingLog } from '../ledger/make.ts';

/** What a test has commands do: `attempts` is how often this one was begun. */
export type Play = (work: { readonly id: number; readonly attempts: number }, signal: AbortSignal) => Promise<Outcome>;

/** A dispatcher over a ledger, with all that it needs to do commands. */
export interface Dispatcher extends AsyncDisposable {
  wake(): void;
  /** As when the process of the daemon is killed: nothing is handed back. Those who work elsewhere go on. */
  abandon(): Promise<void>;
}

export interface DispatchWorld extends AsyncDisposable {
  /** One process of the daemon. Commands retried wait some milliseconds. */
  start(ledger: Ledger, play: Play): Promise<Dispatcher>;
  /** Why it can't be tried here. */
  readonly missing?: string | undefined;
}

export const RETRY_QUICKLY = { attemptsMax: 3, firstDelayMs: 20, delayMsMax: 50 };

/** What every dispatcher keeps to, whoever does the work. */
export function dispatchContract(name: string, open: () => Promise<DispatchWorld>): void {
  describe(`dispatch: ${name}`, () => {
    const withWorld =
      (play: (stage: Stage) => Promise<void>) => async (context: { skip: (when: boolean, why: string) => void }) => {
        await using world = await open();
        context.skip(world.missing !== undefined, world.missing ?? 'it is there');
        using home = folder();
        await using ledger = await ledgerAt(home.path);
        await play({ world, ledger, ask: (text) => askFor(ledger, text) });
      };

    test(
      'an attempt is in the ledger before it is begun, and its end and effects are settled together [DISPATCH-ATTEMPT-FIRST, DISPATCH-SETTLE-ONCE]',
      withWorld(async ({ world, ledger, ask }) => {
        const seen: (Job | undefined)[] = [];
        await using dispatcher = await world.start(ledger, async ({ id }) => {
          seen.push(ledger.jobs.find(id));
          return done(id);
        });
        const id = await ask('one');
        dispatcher.wake();
        await until(() => ledger.jobs.find(id)?.state === 'succeeded');
        expect(seen).toMatchObject([{ state: 'running', attempts: 1 }]);
        expect(ledger.jobs.find(id)).toMatchObject({ state: 'succeeded', attempts: 1, error: null });
        expect(linesOf(ledger)).toEqual([`did ${id}`]);
      }),
    );

    test(
      'many jobs come to one end each [DISPATCH-SETTLE-ONCE]',
      withWorld(async ({ world, ledger, ask }) => {
        await using dispatcher = await world.start(ledger, async ({ id }) => done(id));
        const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(`job ${index}`)));
        dispatcher.wake();
        await until(() => ids.every((id) => ledger.jobs.find(id)?.state === 'succeeded'));
        expect(linesOf(ledger).toSorted()).toEqual(ids.map((id) => `did ${id}`).toSorted());
      }),
    );

    test(
      'what fails is tried again, then given up with one message [DISPATCH-RETRY, DISPATCH-DEAD-LETTER]',
      withWorld(async ({ world, ledger, ask }) => {
        const tries: number[] = [];
        await using dispatcher = await world.start(ledger, async ({ attempts }) => {
          tries.push(attempts);
          return { kind: 'retry', error: 'no luck' };
        });
        const id = await ask('bad');
        dispatcher.wake();
        await until(() => ledger.jobs.find(id)?.state === 'dead');
        expect(tries).toEqual([1, 2, 3]);
        expect(ledger.messages.list({ limit: 10 }).map(({ topic }) => topic)).toEqual(['dead-letter']);
      }),
    );

    test(
      'a job that was given up and is put back runs again, and its first attempts settle nothing [DISPATCH-LEASE, SCALE-FENCED]',
      withWorld(async ({ world, ledger, ask }) => {
        let well = false;
        await using dispatcher = await world.start(ledger, async ({ id }) =>
          well ? done(id) : { kind: 'failed', error: 'not yet' },
        );
        const id = await ask('again');
        dispatcher.wake();
        await until(() => ledger.jobs.find(id)?.state === 'failed');
        const first = ledger.jobs.find(id) as Job;
        well = true;
        await ledger.jobs.requeue(id, systemClock.wallMs());
        // The first attempt comes late, under the number that the next one has as well.
        const late = await ledger.remote.settleRemote(
          { ...first, token: '0'.repeat(32) },
          { settlement: { state: 'dead', error: 'late', effects: [] } },
          0,
        );
        expect(late).toBe(false);
        dispatcher.wake();
        await until(() => ledger.jobs.find(id)?.state === 'succeeded');
        expect(linesOf(ledger).filter((line) => line.startsWith('did'))).toEqual([`did ${id}`]);
      }),
    );

    test(
      'a stop lets what runs come to its end [DISPATCH-DRAIN]',
      withWorld(async ({ world, ledger, ask }) => {
        const begun = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        const dispatcher = await world.start(ledger, async ({ id }) => {
          begun.resolve();
          await go.promise;
          return done(id);
        });
        const id = await ask('slow');
        dispatcher.wake();
        await begun.promise;
        const stopped = dispatcher[Symbol.asyncDispose]();
        go.resolve();
        await stopped;
        expect(ledger.jobs.find(id)?.state).toBe('succeeded');
      }),
    );

    test(
      'what the process before had begun comes to one end under the next one [DISPATCH-RECOVERY, SCALE-BRAIN-RESTART]',
      withWorld(async ({ world, ledger, ask }) => {
        const begun = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        const play: Play = async ({ id }) => {
          begun.resolve();
          await go.promise;
          return done(id);
        };
        const first = await world.start(ledger, play);
        const id = await ask('long');
        first.wake();
        await begun.promise;
        await first.abandon();
        await using second = await world.start(ledger, play);
        go.resolve();
        second.wake();
        await until(() => ledger.jobs.find(id)?.state === 'succeeded');
        expect(linesOf(ledger).filter((line) => line.startsWith('did'))).toEqual([`did ${id}`]);
      }),
    );
  });
}

interface Stage {
  readonly world: DispatchWorld;
  readonly ledger: Ledger;
  /** Asks for a command. @returns its job. */
  readonly ask: (text: string) => Promise<number>;
}

/** A real ledger on the real clock. */
export function ledgerAt(home: string): Promise<Ledger> {
  return openLedger(
    { home, platform: process.platform, retention: retentionOptions.parse(undefined), messageTtlMs: () => 9e7 },
    { clock: systemClock, random: systemRandom, log: recordingLog() },
  );
}

/** Asks for a command. @returns its job. */
export async function askFor(ledger: Ledger, text: string, label?: string): Promise<number> {
  const draft = job({ kind: 'command', origin: text, topic: text, text, ...(label && { label }) });
  const appended = await ledger.events.append(event(text, { receivedAtMs: systemClock.wallMs(), jobs: [draft] }));
  return ledger.events.find(appended.id)?.jobs[0] as number;
}

/** Leaves a line, so that one can count how often it was settled. */
export function done(id: number): Outcome {
  return { kind: 'succeeded', effects: [{ kind: 'journal', line: { kind: 'test', ref: '', text: `did ${id}` } }] };
}

/** What was written into the daily log. */
export function linesOf(ledger: Ledger): string[] {
  return ledger.journal.pending(1_000).map(({ text }) => text);
}

/** Looks again and again; the real thing takes real time. */
export async function until(holds: () => boolean | Promise<boolean>, msMax = 20_000): Promise<void> {
  const endMs = performance.now() + msMax;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error('it did not come to that in time');
    await new Promise((again) => setTimeout(again, 5));
  }
}
