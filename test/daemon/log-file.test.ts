import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { logPathOf, openLogFile, type LogFile } from '../../src/daemon/log-file.ts';
import { createLogger } from '../../src/daemon/logger.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { folder } from '../ledger/make.ts';

const MAX = { maxBytes: 65_536, files: 3 };
const opened = (path: string, limits = MAX): LogFile => openLogFile({ path, ...limits }) ?? expect.fail('not opened');
const numbered = (number: number): string =>
  `${JSON.stringify({ level: 30, time: '2026-11-02T12:00:00.000Z', number, text: 'x'.repeat(80) })}\n`;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const numbersIn = (path: string): number[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { number: number }).number);

describe('the log of the daemon', () => {
  test('turns by size under load, keeps lines whole and in order, and so many files [CARE-LOG-ROTATES]', async () => {
    using home = folder();
    const path = logPathOf(home.path);
    {
      await using file = opened(path, { maxBytes: 65_536, files: 50 });
      for (let number = 0; number < 20_000; number += 1) {
        file.write(numbered(number));
        if (number % 50 === 0) await turn();
        // A disk may be slow: more than 1 MiB that waits is given up, which another test is about.
        if (number % 5_000 === 0) await file.drained();
      }
    }
    const names = readdirSync(dirname(path)).toSorted();
    expect(names.length).toBeGreaterThan(20);
    const order = names.toSorted((a, b) => Number(b.split('.')[2] ?? 0) - Number(a.split('.')[2] ?? 0));
    expect(order.flatMap((name) => numbersIn(join(dirname(path), name)))).toEqual(
      Array.from({ length: 20_000 }, (_, index) => index),
    );
    for (const name of names) {
      expect(statSync(join(dirname(path), name)).mode & 0o777).toBe(0o600);
      expect(statSync(join(dirname(path), name)).size).toBeLessThan(200_000);
    }
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  test('keeps no more files than it may, and the newest lines [CARE-LOG-ROTATES]', async () => {
    using home = folder();
    const path = logPathOf(home.path);
    {
      await using file = opened(path);
      for (let number = 0; number < 5_000; number += 1) {
        file.write(numbered(number));
        if (number % 50 === 0) await turn();
      }
    }
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['kairosd.log', 'kairosd.log.1', 'kairosd.log.2']);
    expect(numbersIn(path).at(-1)).toBe(4_999);
  });

  test('goes on with the file of the process before, after a kill as well', async () => {
    using home = folder();
    const path = logPathOf(home.path);
    for (const number of [1, 2]) {
      await using file = opened(path);
      file.write(numbered(number));
    }
    expect(numbersIn(path)).toEqual([1, 2]);
  });

  test('survives a full disk: nothing is thrown, memory has a limit, and what was lost is said [CARE-LOG-ROTATES]', async ({
    skip,
  }) => {
    skip(process.platform !== 'linux', '/dev/full is Linux’s own');
    using home = folder();
    const path = logPathOf(home.path);
    mkdirSync(dirname(path));
    symlinkSync('/dev/full', path);
    await using file = opened(path, { maxBytes: 1_000_000, files: 2 });
    for (let number = 0; number < 20_000; number += 1) {
      file.write(numbered(number));
      if (number % 100 === 0) await turn();
    }
    // There is room again: the name leads to a real file, and the file that was open is full in the end.
    rmSync(path);
    const moved = { ...MAX, path };
    file.flush();
    await using again = opened(moved.path, moved);
    again.write(numbered(-1));
    await again.drained();
    expect(numbersIn(path)).toEqual([-1]);
  });

  test('says how many lines were lost when more come at once than may wait [CARE-LOG-ROTATES]', async () => {
    using home = folder();
    const path = logPathOf(home.path);
    await using file = opened(path, { maxBytes: 100_000_000, files: 2 });
    for (let number = 0; number < 20_000; number += 1) file.write(numbered(number));
    await file.drained();
    file.write(numbered(-1));
    await file.drained();
    const text = readFileSync(path, 'utf8');
    const lost = Number(/"lost":(\d+),"msg":"log lines were lost"/.exec(text)?.[1]);
    expect(lost).toBeGreaterThan(1_000);
    expect(text.trimEnd().split('\n')).toHaveLength(20_000 - lost + 2);
  });

  test('is not there when it can not be had, and that stops nobody', () => {
    using home = folder();
    expect(openLogFile({ path: join(home.path, 'missing\0', 'x'), ...MAX })).toBeUndefined();
  });

  test('holds no secret: its lines have passed the redactor [CARE-LOG-ROTATES]', async () => {
    using home = folder();
    const path = logPathOf(home.path);
    const { redact } = createRedactor([{ name: 'TOKEN', value: 'a-secret-value-of-24-chars' }]);
    {
      await using file = opened(path);
      const log = createLogger({ level: 'info', readable: true, redact, write: () => undefined, keep: file.write });
      log.info({ url: 'https://example.org/?t=a-secret-value-of-24-chars' }, 'called');
    }
    expect(readFileSync(path, 'utf8')).not.toContain('a-secret-value');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ level: 30, msg: 'called' });
  });
});
