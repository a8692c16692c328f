import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { runCommand, type CommandOptions } from '../../src/scheduler/command.ts';
import { commandHandler, recorded } from '../../src/scheduler/handler.ts';
import { FakeClock } from '../fakes/clock.ts';
import { folder, ledgerIn, NOON_MS } from '../ledger/make.ts';
import { schedules } from './world.ts';

const node = process.execPath;
const redact = (text: string): string => text.replaceAll('hunter2', '[redacted]');
const never = new AbortController().signal;

async function run(argv: readonly string[], given: Partial<CommandOptions> = {}) {
  using home = folder();
  const outputPath = join(home.path, 'artifacts', 'out.txt');
  const result = await runCommand({ argv, cwd: home.path, env: {}, timeoutMs: 60_000, outputPath, ...given }, never, {
    clock: new FakeClock(),
    redact,
  });
  const file = existsSync(outputPath) ? readFileSync(outputPath, 'utf8') : undefined;
  return { ...result, file, mode: file === undefined ? 0 : statSync(outputPath).mode & 0o777 };
}

const printing = (script: string): string[] => [node, '-e', script];

describe('a command', () => {
  test('gets its arguments as they are, and no shell sees them [COMMAND-NO-SHELL]', async () => {
    const { ended, exitCode, preview } = await run([
      node,
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '$HOME',
      '; rm -rf *',
      'a b',
    ]);
    expect({ ended, exitCode }).toEqual({ ended: 'exited', exitCode: 0 });
    expect(JSON.parse(preview)).toEqual(['$HOME', '; rm -rf *', 'a b']);
  });

  test('sees the environment it is given and nothing of ours [COMMAND-NO-SECRETS]', async () => {
    const { preview } = await run(printing('console.log(Object.keys(process.env).sort().join())'), {
      env: { PATH: '/bin', LANG: 'C' },
    });
    expect(
      preview
        .trim()
        .split(',')
        .filter((name) => !name.startsWith('__')),
    ).toEqual(['LANG', 'PATH']);
  });

  test('leaves what it prints in a private file, without secrets [COMMAND-OUTPUT]', async () => {
    const { file, mode, preview, bytes } = await run(
      printing("console.log('the password is hunter2'); console.error('and that is all')"),
    );
    expect(file).toContain('the password is [redacted]\n');
    expect(file).toContain('and that is all\n');
    expect(preview).toBe(file);
    expect(bytes).toBe(40);
    expect(mode).toBe(0o600);
  });

  test('that prints nothing leaves no file', async () => {
    expect(await run(printing(''))).toMatchObject({ kept: false, file: undefined, preview: '', bytes: 0 });
  });

  test('that prints much is kept up to 10 MiB, and previewed by its two ends [COMMAND-OUTPUT]', async () => {
    const { file, preview, bytes } = await run(
      printing("process.stdout.write('first\\n' + ('x'.repeat(99) + '\\n').repeat(150_000) + 'last\\n')"),
    );
    expect(bytes).toBe(15_000_011);
    expect(file?.length).toBeLessThan(10_485_760 + 100);
    expect(file).toContain('[the rest was not kept');
    expect(preview.startsWith('first\n')).toBe(true);
    expect(preview.endsWith('last\n')).toBe(true);
    expect(preview.length).toBeLessThan(4_200);
  });

  test('says how it ended: with a code, by a signal, or not begun at all', async () => {
    expect(await run(printing('process.exit(3)'))).toMatchObject({ ended: 'exited', exitCode: 3 });
    expect(await run(printing("process.kill(process.pid, 'SIGKILL')"))).toMatchObject({
      ended: 'killed',
      exitCode: null,
      error: 'ended by SIGKILL',
    });
    expect(await run(['/nowhere/to/be/found'])).toMatchObject({
      ended: 'not-started',
      exitCode: null,
      error: expect.stringContaining('ENOENT'),
    });
    expect(await run(printing(''), { cwd: '/nowhere' })).toMatchObject({ ended: 'not-started' });
  });
});

describe('a command that takes too long', () => {
  const STUBBORN = "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)";
  const PATIENT = "console.log('ready'); setInterval(() => {}, 1000)";

  async function started(script: string, clock: FakeClock, stop: AbortSignal, home: string) {
    let seen = (): void => undefined;
    const ready = new Promise<void>((resolve) => (seen = resolve));
    const look = (text: string): string => {
      if (text.includes('ready')) seen();
      return text;
    };
    const options = {
      argv: printing(script),
      cwd: home,
      env: {},
      timeoutMs: 60_000,
      outputPath: join(home, 'out.txt'),
    };
    const ended = runCommand(options, stop, { clock, redact: look });
    await ready;
    return { ended };
  }

  test('is asked to end, at its time [COMMAND-TIMEOUT]', async () => {
    using home = folder();
    const clock = new FakeClock();
    const { ended } = await started(PATIENT, clock, never, home.path);
    await clock.advance(60_000);
    expect(await ended).toMatchObject({ ended: 'timeout', exitCode: null, error: 'ended by SIGTERM' });
  });

  test('and killed five seconds later, if it will not [COMMAND-TIMEOUT]', async () => {
    using home = folder();
    const clock = new FakeClock();
    const { ended } = await started(STUBBORN, clock, never, home.path);
    await clock.advance(60_000);
    await clock.advance(5_000);
    expect(await ended).toMatchObject({ ended: 'timeout', error: 'ended by SIGKILL' });
  });

  test('is ended by a stop of the daemon, and what it left running with it [COMMAND-TIMEOUT]', async () => {
    using home = folder();
    const stop = new AbortController();
    const child = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).on('spawn', function () { console.log('ready ' + this.pid) })`;
    const { ended } = await started(`${child}; setInterval(() => {}, 1000)`, new FakeClock(), stop.signal, home.path);
    stop.abort();
    const { preview, ...result } = await ended;
    expect(result).toMatchObject({ ended: 'aborted' });
    const grandchild = Number(/ready (\d+)/.exec(preview)?.[1]);
    await expect.poll(() => isRunning(grandchild)).toBe(false);
  });
});

describe('a command of a schedule', () => {
  const job = (given: Partial<Job>): Job => ({
    id: 7,
    kind: 'command',
    origin: 'backup',
    reactive: false,
    topic: 'backup',
    text: 'backup',
    urgent: false,
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
    ...given,
  });

  async function handle(entry: Record<string, unknown>, given: Partial<Job> = {}) {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const [schedule] = schedules([{ name: 'backup', every: '1h', do: 'command', ...entry }]);
    const find = (name: string) => (name === 'backup' ? schedule : undefined);
    const ports = {
      runs: ledger.runs,
      scheduledFor: () => NOON_MS - 60_000,
      clock: new FakeClock(NOON_MS),
      find,
      redact,
      home: home.path,
      secretOf: () => undefined,
      env: {},
    };
    const outcome = await commandHandler(ports)(job(given), never);
    return { outcome, run: ledger.runs.last('backup') };
  }

  test('has a record of its run, and a line of the daily log [SCHED-RUN-RECORD]', async () => {
    const { outcome, run: record } = await handle({ argv: printing("console.log('done')") }, { eventId: 3 });
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      effects: [
        { kind: 'journal', line: { ref: 'j7', text: 'backup: done in 0ms, output in artifacts/runs/backup-j7-1.txt' } },
      ],
    });
    expect(record).toEqual({
      id: 1,
      schedule: 'backup',
      jobId: 7,
      attempt: 1,
      scheduledForMs: NOON_MS - 60_000,
      startedAtMs: NOON_MS,
      endedAtMs: NOON_MS,
      ended: 'exited',
      succeeded: true,
      exitCode: 0,
      error: null,
      outputPath: 'artifacts/runs/backup-j7-1.txt',
    });
  });

  test('that failed has ended and not succeeded: two fields; it is not tried again unless retries say so [SCHED-RUN-RECORD]', async () => {
    const argv = printing("console.log('no space left'); process.exit(3)");
    const { outcome, run: record } = await handle({ argv });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining(
        'the command exited with 3, output in artifacts/runs/backup-j7-1.txt\nno space left',
      ),
    });
    expect(record).toMatchObject({ ended: 'exited', succeeded: false, exitCode: 3 });
    expect((await handle({ argv, retries: 2 }, { attempts: 2 })).outcome.kind).toBe('retry');
    expect((await handle({ argv, retries: 2 }, { attempts: 3 })).outcome.kind).toBe('failed');
  });

  test('that is gone from the configuration fails, and says so', async () => {
    expect((await handle({ argv: ['true'] }, { origin: 'other' })).outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining('"other"'),
    });
  });

  test('and any other kind is recorded as well, if a schedule began it [SCHED-RUN-RECORD]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const scheduledFor = (eventId: number) => (eventId === 3 ? NOON_MS : undefined);
    const ports = { runs: ledger.runs, scheduledFor, clock: new FakeClock(NOON_MS) };
    const handler = recorded(async () => ({ kind: 'retry', error: 'not now' }), ports);
    expect(await handler(job({ kind: 'notify', eventId: 4 }), never)).toMatchObject({ kind: 'retry' });
    expect(ledger.runs.last('backup')).toBeUndefined();
    await handler(job({ kind: 'notify', eventId: 3 }), never);
    expect(ledger.runs.last('backup')).toMatchObject({ ended: 'returned', succeeded: false, error: 'not now' });
    const broken = recorded(() => Promise.reject(new Error('oops')), ports);
    await expect(broken(job({ kind: 'notify', eventId: 3 }), never)).rejects.toThrow('oops');
    expect(ledger.runs.last('backup')).toMatchObject({ id: 2, ended: 'returned', succeeded: false, error: 'oops' });
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
