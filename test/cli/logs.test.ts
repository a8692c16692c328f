import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { logPathOf, openLogFile, type LogFile } from '../../src/daemon/log-file.ts';
import { ROOT } from '../repository.ts';
import { cleanEnv, kairos, newHome } from './kairos.ts';

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

function line(number: number, level: keyof typeof LEVELS = 'info', part = 'http'): string {
  const time = new Date(Date.UTC(2026, 10, 2, 12) + number * 1_000).toISOString();
  return `${JSON.stringify({ level: LEVELS[level], time, part, number, pad: 'x'.repeat(200), msg: 'taken' })}\n`;
}

function logIn(home: string): LogFile {
  mkdirSync(home, { recursive: true });
  const log = openLogFile({ path: logPathOf(home), maxBytes: 65_536, files: 20 });
  if (log === undefined) throw new Error('the log could not be opened');
  return log;
}

const numbersOf = (stdout: string): number[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => (JSON.parse(text) as { number: number }).number);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe('kairos logs', () => {
  test('shows the newest lines over all files, filtered, without a daemon [CARE-LOGS]', async () => {
    const home = newHome();
    {
      await using log = logIn(home);
      for (const number of range(0, 2_000)) {
        log.write(line(number, number % 100 === 0 ? 'warn' : 'info', number % 2 === 0 ? 'http' : 'worker'));
        if (number % 100 === 0) await log.drained();
      }
    }
    const newest = await kairos(home, ['logs', '--json', '--limit', '900']);
    expect(numbersOf(newest.stdout)).toEqual(range(1_100, 2_000));
    const warned = await kairos(home, ['logs', '--json', '--level', 'warn']);
    expect(numbersOf(warned.stdout)).toEqual(range(0, 20).map((number) => number * 100));
    const some = await kairos(home, ['logs', '--json', '--part', 'worker', '--since', '2026-11-02T12:33:00Z']);
    expect(numbersOf(some.stdout)).toEqual([1_981, 1_983, 1_985, 1_987, 1_989, 1_991, 1_993, 1_995, 1_997, 1_999]);
    const read = await kairos(home, ['logs', '--limit', '1']);
    expect(read.stdout).toMatch(/^12:33:19 info {2}taken {2}part=worker {2}number=1999/);
    expect(await kairos(home, ['logs', '--since', 'yesterdayish'])).toMatchObject({ code: 2 });
  });

  test('says where the log would be when there is none', async () => {
    const home = newHome();
    mkdirSync(home);
    const none = await kairos(home, ['logs']);
    expect([none.code, none.stdout]).toEqual([0, '']);
    expect(none.stderr).toContain(logPathOf(home));
  });

  test('follows across the turning of files and misses no line [CARE-LOGS]', async () => {
    const home = newHome();
    await using log = logIn(home);
    for (const number of range(0, 10)) log.write(line(number));
    await log.drained();
    const child = spawn(join(ROOT, 'bin/kairos'), ['logs', '-f', '--json', '--limit', '5'], {
      env: cleanEnv(home),
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const seen: number[] = [];
    const all = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on('line', (text) => {
      seen.push((JSON.parse(text) as { number: number }).number);
      if (seen.length === 5) void writeOn(log);
      if (seen.at(-1) === 2_999) all.resolve();
    });
    await all.promise;
    child.kill('SIGINT');
    await once(child, 'exit');
    expect(seen).toEqual(range(5, 3_000));
  });
});

/** Some ten files within a second or two. */
async function writeOn(log: LogFile): Promise<void> {
  for (const number of range(10, 3_000)) {
    log.write(line(number));
    if (number % 20 === 0) {
      await log.drained();
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
  }
}
