import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { systemClock } from '../../src/daemon/system.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { schedulesOptions } from '../../src/scheduler/options.ts';
import { remoteCommandHandler, remoteCommands } from '../../src/scheduler/remote-command.ts';
import { folder, NOON_MS } from '../ledger/make.ts';

const never = new AbortController().signal;
const SECRET = 'a-very-secret-value';
const SECRETS: Readonly<Record<string, string>> = { DEPLOY_TOKEN: SECRET, OTHER_TOKEN: 'another-secret-value' };

const job: Job = {
  id: 7,
  kind: 'command',
  origin: 'deploy',
  reactive: false,
  urgent: false,
  topic: 'deploy',
  text: 'deploy',
  state: 'running',
  lane: 'background',
  attempts: 1,
  eventId: null,
  eventCount: 1,
  createdAtMs: NOON_MS,
  dueAtMs: NOON_MS,
  startedAtMs: NOON_MS,
  endedAtMs: null,
  error: null,
};

function brain(home: string, entry: Record<string, unknown>, sealed = true) {
  const [schedule] = schedulesOptions.parse([{ name: 'deploy', every: '1h', do: 'command', ...entry }]);
  return remoteCommands(
    {
      find: (name) => (name === 'deploy' ? schedule : undefined),
      secretOf: (name) => SECRETS[name],
      redact: (text) => text,
      home,
      clock: systemClock,
    },
    sealed,
  );
}

async function roundTrip(entry: Record<string, unknown>) {
  using home = folder();
  using directory = folder();
  const commands = brain(home.path, entry);
  const packed = commands.pack(job);
  if ('refused' in packed) throw new Error(packed.refused);
  const handler = remoteCommandHandler({
    clock: systemClock,
    redactorOf: (secrets) => createRedactor(secrets).redact,
    directory: directory.path,
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const result = await handler({ token: '0'.repeat(32), payload: packed.payload }, never);
  const judged = await commands.judge(job, { result, startedAtMs: NOON_MS, tookMs: 1_500 }, 'mac-mini');
  const path = judged.run?.outputPath;
  const output = path === null || path === undefined ? null : readFileSync(join(home.path, path), 'utf8');
  return {
    ...judged,
    output,
    payload: packed.payload,
    left: existsSync(join(directory.path, `output-${'0'.repeat(32)}.txt`)),
  };
}

describe('a command on another host', () => {
  test('comes back with its output, a run and a line that says where it was', async () => {
    const { outcome, run, output, left } = await roundTrip({ argv: ['/bin/sh', '-c', 'echo hello; pwd'] });
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      effects: [{ line: { text: expect.stringMatching(/^deploy: done in 1.5s|2s on mac-mini, output in/) } }],
    });
    expect(run).toMatchObject({ jobId: 7, attempt: 1, ended: 'exited', succeeded: true, exitCode: 0 });
    expect(output).toMatch(/^hello\n/);
    expect(left).toBe(false);
  });

  test('that fails is told with its last words', async () => {
    const { outcome } = await roundTrip({ argv: ['/bin/sh', '-c', 'echo no such thing; exit 3'] });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/exited with 3 on mac-mini.*\nno such thing/s),
    });
  });

  test('gets the secrets that it names and no others, and what it prints of them does not come back [SCALE-SECRETS]', async () => {
    const { output, payload } = await roundTrip({ argv: ['/bin/sh', '-c', 'env'], secretsEnv: ['DEPLOY_TOKEN'] });
    expect(payload).toMatchObject({ secrets: { DEPLOY_TOKEN: SECRET } });
    expect(JSON.stringify(payload)).not.toContain('another-secret');
    expect(output).toContain('DEPLOY_TOKEN=');
    expect(output).not.toContain(SECRET);
  });

  test('that names secrets does not travel in the open, nor without them [SCALE-SECRETS]', () => {
    using home = folder();
    const named = { argv: ['true'], secretsEnv: ['DEPLOY_TOKEN'] };
    expect(brain(home.path, named, false).pack(job)).toMatchObject({
      refused: expect.stringContaining('KAIROS_WORKER_KEY'),
    });
    expect(brain(home.path, { ...named, secretsEnv: ['GONE'] }).pack(job)).toMatchObject({
      refused: expect.stringContaining('GONE'),
    });
  });

  test('prints at most a quarter of a megabyte that comes back', async () => {
    const { output } = await roundTrip({ argv: ['/bin/sh', '-c', 'yes 0123456789 | head -c 600000'] });
    expect(output?.length).toBeLessThan(263_000);
    expect(output).toContain('bytes were not kept');
  });
});
