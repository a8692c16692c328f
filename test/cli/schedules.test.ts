import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kairos, newHome, startDaemon } from './kairos.ts';

type Json = Record<string, unknown>;

const CONFIG = `
schedules:
  - { name: morning, cron: "0 8 * * mon-fri", do: digest }
  - { name: good, every: 24h, do: command, argv: [sh, -c, "echo fine"] }
  - { name: bad, every: 24h, do: command, argv: [sh, -c, "exit 3"] }
  - { name: slow, every: 24h, do: command, argv: [sh, -c, "while [ ! -e done ]; do sleep 0.05; done"] }
  - { name: think, every: 24h, do: agent, prompt: What now? }
  - { name: gone, at: "2026-01-01T00:00", do: notify, text: hi }
`;

/** A home with these schedules, whose daemon runs. */
async function startWithSchedules(): Promise<string> {
  const home = newHome();
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'config.yaml'), CONFIG, { mode: 0o600 });
  await startDaemon(home);
  return home;
}

describe('kairos schedules and kairos run', () => {
  test('show what is due in words, run it, wait for the end and say how it ended [CLI-SCHEDULES]', async () => {
    const home = await startWithSchedules();
    const json = async (...argv: string[]): Promise<Json> =>
      JSON.parse((await kairos(home, [...argv, '--json'])).stdout) as Json;

    const good = await kairos(home, ['run', 'good']);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toMatch(/^good: j1 succeeded in \S+\nOutput: artifacts\/runs\/good-j1-1\.txt\n$/);
    expect(readFileSync(join(home, 'artifacts/runs/good-j1-1.txt'), 'utf8')).toContain('fine');
    const bad = await kairos(home, ['run', 'bad']);
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringContaining('the command exited with 3') as string });
    expect(await json('run', 'morning')).toMatchObject({
      event: { source: 'schedule', type: 'morning', action: 'asked' },
      job: { kind: 'digest-report', state: 'succeeded' },
      run: { ended: 'returned', succeeded: true },
    });
    expect((await kairos(home, ['run', 'think'])).stdout).toContain('waits: waiting for a model');
    expect(await kairos(home, ['run', 'nope'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no schedule "nope"') as string,
    });

    const { stdout } = await kairos(home, ['schedules']);
    expect(stdout).toMatch(/morning +digest +At 08:00, Monday through Friday \(Europe\/Berlin\) .* ok +–/);
    expect(stdout).toMatch(/bad .* exit 3 +–/);
    expect(stdout).toMatch(/gone +notify +Once at 2026-01-01 00:00 +never again +– +2026-01-01 00:00/);
    expect(await json('schedules', '--limit', '2')).toMatchObject({
      items: [{ name: 'morning' }, { name: 'good', lastRun: { jobId: 'j1', exitCode: 0, succeeded: true } }],
      next: 'good',
    });
    const gone = await kairos(home, ['schedules', 'gone']);
    expect(gone.stdout).toContain('2026-01-01 00:00: its time had passed when it was first seen');
    expect(await json('budget')).toMatchObject({ work: [{ origin: 'good', runs: 1, background: 0 }] });
    expect((await kairos(home, ['status'])).stdout).toMatch(/Missed +1 run of 1 schedule in the last 24 h/);
  });

  test('a run that takes long is left running: it is seen, and not begun twice [CLI-SCHEDULES HTTP-STATUS-WORK]', async () => {
    const home = await startWithSchedules();
    const running = kairos(home, ['run', 'slow']);
    let status: Json = {};
    for (let looks = 0; looks < 50 && (status['running'] as Json[] | undefined)?.[0] === undefined; looks += 1)
      status = JSON.parse((await kairos(home, ['status', '--json'])).stdout) as Json;
    expect(status).toMatchObject({
      running: [{ jobId: 'j1', kind: 'command', origin: 'slow', lane: 'foreground' }],
      nextSchedule: { at: expect.any(String) as string },
      polling: null,
      heartbeat: false,
    });
    expect((await kairos(home, ['budget'])).stdout).toMatch(/Foreground +j1 for \S+, you asked for it/);
    expect(await kairos(home, ['run', 'slow'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is under way already') as string,
    });
    writeFileSync(join(home, 'done'), '');
    expect(await running).toMatchObject({ code: 0, stdout: expect.stringContaining('slow: j1 succeeded') as string });
  });
});
