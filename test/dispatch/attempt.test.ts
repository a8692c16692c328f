import { expect, test } from 'vitest';
import type { Outcome } from '../../src/core/job.ts';
import { runAttempt } from '../../src/dispatch/attempt.ts';
import { FakeClock } from '../fakes/clock.ts';
import { event, folder, job, ledgerIn, present, recordingLog, steadyRandom } from '../ledger/make.ts';

/** One attempt of a command on a real ledger. @returns the events it led to. */
async function endsOf(outcome: Outcome, isBehind: boolean): Promise<unknown[]> {
  using home = folder();
  const clock = new FakeClock();
  await using ledger = await ledgerIn(home.path, { clock });
  await ledger.events.append(event('d1', { jobs: [job({ kind: 'command', origin: 'slow' })] }));
  const taken = await ledger.work.claimWork(1, 'foreground', clock.wallMs(), 60_000);
  const command = async (): Promise<Outcome> => {
    await clock.advance(42_000);
    return outcome;
  };
  const options = { store: ledger.jobs, handlers: { command }, clock, random: steadyRandom, log: recordingLog() };
  await runAttempt(present(taken, 'a job'), { ...options, isBehind: () => isBehind }, new AbortController().signal);
  const ends = ledger.events
    .list({ limit: 10 })
    .filter(({ source, type }) => `${source} ${type}` === 'kairosd job-finished');
  return ends.map(({ id }) => JSON.parse(Buffer.from(ledger.events.body(id) ?? []).toString('utf8')));
}

test('the end of what went on behind is an event, recorded with its end [BLOCKING-END-IS-AN-EVENT]', async () => {
  const facts = { job: 'j1', kind: 'command', origin: 'slow', seconds: 42 };
  expect(await endsOf({ kind: 'succeeded', effects: [] }, true)).toEqual([{ ...facts, succeeded: true, error: null }]);
  expect(await endsOf({ kind: 'failed', error: 'no' }, true)).toEqual([{ ...facts, succeeded: false, error: 'no' }]);
});

test('what ended in front, or will be tried again, is none [BLOCKING-END-IS-AN-EVENT]', async () => {
  expect(await endsOf({ kind: 'succeeded', effects: [] }, false)).toEqual([]);
  expect(await endsOf({ kind: 'retry', error: 'later' }, true)).toEqual([]);
});

test('what is laid aside has not ended, and a failure that says its own last words has no others [JOB-WAITING]', async () => {
  const untilMs = new FakeClock().wallMs() + 3_600_000;
  expect(await endsOf({ kind: 'waiting', reason: 'sleeps', untilMs, effects: [] }, true)).toEqual([]);
  using home = folder();
  const clock = new FakeClock();
  await using ledger = await ledgerIn(home.path, { clock });
  await ledger.events.append(event('d1', { jobs: [job({ kind: 'command' })] }));
  const taken = present(await ledger.work.claimWork(1, 'foreground', clock.wallMs(), 60_000));
  const command = async (): Promise<Outcome> => ({ kind: 'failed', error: 'no', effects: [] });
  const options = { store: ledger.jobs, handlers: { command }, clock, random: steadyRandom, log: recordingLog() };
  await runAttempt(taken, options, new AbortController().signal);
  expect(ledger.jobs.find(1)).toMatchObject({ state: 'failed', error: 'no' });
  expect(ledger.messages.list({ limit: 5 })).toEqual([]);
});
