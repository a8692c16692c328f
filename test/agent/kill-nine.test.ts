import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { turnsOf } from '../../src/agent/prompt.ts';
import { event, folder, job, ledgerIn } from '../ledger/make.ts';
import { FakeClock } from '../fakes/clock.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { recordingLog, steadyRandom } from '../ledger/make.ts';
import { faultsOf } from './run-world.ts';

/** Starts the process, waits for a word of it, and kills it with SIGKILL. */
async function until(word: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-run.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  for await (const line of lines) if (line === word) child.kill('SIGKILL');
  await exited;
}

async function homeWithJob(): Promise<Disposable & { readonly path: string }> {
  const home = folder();
  const options = {
    home: home.path,
    platform: process.platform,
    retention: { events: 9e9, bodies: 9e9 },
    messageTtlMs: () => 9e7,
  };
  const clock = new FakeClock(Date.now());
  const ports = { clock, log: recordingLog(), random: steadyRandom };
  const ledger = await openLedger({ ...options, modelIsOn: () => true }, ports);
  const draft = job({ kind: 'agent', origin: 'say', reactive: true, topic: '', text: 'push it' });
  await ledger.events.append(
    event('d', { source: 'say', trust: 'owner', receivedAtMs: clock.wallMs(), jobs: [draft] }),
  );
  await ledger[Symbol.asyncDispose]();
  return home;
}

/** What is in the ledger and on the disk afterwards. */
async function outcome(home: string) {
  await using ledger = await ledgerIn(home, { clock: new FakeClock(Date.now()) });
  const items = ledger.sessions.items(1, 100);
  const made = existsSync(join(home, 'made')) ? readFileSync(join(home, 'made'), 'utf8') : '';
  return {
    made,
    state: ledger.jobs.find(1)?.state,
    messages: ledger.messages.list({ limit: 9 }).map(({ text }) => text),
    results: items.filter(({ kind }) => kind === 'tool_result').map(({ text }) => text),
    users: items.filter(({ kind }) => kind === 'user').length,
    faults: faultsOf(turnsOf(items, 'lead')),
    spent: ledger.spend.run(1),
    ofSession: ledger.sessions.find(1)?.spentMicroUsd,
    open: ledger.spend.open(),
  };
}

describe('kill -9', () => {
  test('in the middle of a call: it is reported as interrupted, and made once [AGENT-INTERRUPTED-REPORTED]', async () => {
    using home = await homeWithJob();
    await until('here', [home.path, 'tool']);
    await until('succeeded', [home.path, 'done']);
    expect(await outcome(home.path)).toMatchObject({
      made: 'c1\n',
      state: 'succeeded',
      messages: ['the end'],
      results: [expect.stringContaining('Interrupted')],
      users: 1,
      faults: [],
      spent: 200,
      ofSession: 200,
      open: 0,
    });
  }, 60_000);

  test('in the middle of a stream: it is asked again, and what was reserved counts as spent [AGENT-ONE-TRANSACTION]', async () => {
    using home = await homeWithJob();
    await until('here', [home.path, 'stream']);
    await until('succeeded', [home.path, 'done']);
    expect(await outcome(home.path)).toMatchObject({
      made: 'c1\n',
      state: 'succeeded',
      messages: ['the end'],
      results: ['pushed'],
      users: 1,
      faults: [],
      spent: 700,
      ofSession: 200,
      open: 0,
    });
  }, 60_000);

  test('in the middle of an approval: it waits on, and the answer counts [AGENT-RESUME]', async () => {
    using home = await homeWithJob();
    await until('here', [home.path, 'approval', 'asking']);
    expect(await outcome(home.path)).toMatchObject({ made: '', messages: [expect.stringContaining('May I? push')] });
    {
      await using ledger = await ledgerIn(home.path, { clock: new FakeClock(Date.now()) });
      await ledger.approvals.decide(1, 'allowed', { by: 'cli' }, Date.now());
    }
    await until('succeeded', [home.path, 'done', 'asking']);
    expect(await outcome(home.path)).toMatchObject({
      made: 'c1\n',
      state: 'succeeded',
      results: ['pushed'],
      faults: [],
      spent: 200,
    });
  }, 60_000);
});
