import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockHome } from '../../src/ledger/lock.ts';
import { folder } from './make.ts';

async function holder(home: string) {
  const program = join(import.meta.dirname, 'hold-home.ts');
  const child = spawn(process.execPath, ['--expose-gc', program, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async killNine() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('the lock of a home', () => {
  test('is held by one process, and whoever comes second hears by whom [DAEMON-SECOND-START-EXIT-4]', async () => {
    using home = folder();
    const other = await holder(home.path);
    try {
      expect(() => lockHome(home.path, 'me')).toThrow(
        expect.objectContaining({ code: 'HOME_HELD', message: expect.stringContaining('pid 4711, since noon') }),
      );
      expect(readFileSync(join(home.path, 'lock.txt'), 'utf8')).toBe('pid 4711, since noon\n');
    } finally {
      await other.killNine();
    }
  });

  test('is free right after kill -9, whatever lock.txt says [DAEMON-STALE-HOLDER]', async () => {
    using home = folder();
    const other = await holder(home.path);
    await other.killNine();
    expect(existsSync(join(home.path, 'lock.txt'))).toBe(true);
    {
      using _lock = lockHome(home.path, 'pid 4711, since one');
      expect(readFileSync(join(home.path, 'lock.txt'), 'utf8')).toBe('pid 4711, since one\n');
    }
    expect(existsSync(join(home.path, 'lock.txt'))).toBe(false);
  });

  test('is not given away by a second try of the same process', async () => {
    using home = folder();
    using _lock = lockHome(home.path, 'me');
    expect(() => lockHome(home.path, 'me again')).toThrow(expect.objectContaining({ code: 'HOME_HELD' }));
    // Another process would now get in if that try had let the lock go.
    const script = `import { lockHome } from ${JSON.stringify(join(import.meta.dirname, '../../src/ledger/lock.ts'))};
      try { lockHome(${JSON.stringify(home.path)}, 'thief'); console.log('got in'); } catch (error) { console.log(error.code); }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(child.stdout, 'data');
    expect(String(said).trim()).toBe('HOME_HELD');
  });

  test('that is in nobody’s way, and no lock, is not taken for somebody', () => {
    using home = folder();
    writeFileSync(
      join(home.path, 'lock.db'),
      'this is no database, but it is long enough to be looked at as one'.repeat(20),
    );
    expect(() => lockHome(home.path, 'me')).toThrow(expect.objectContaining({ code: 'HOME_UNUSABLE' }));
    expect(() => lockHome(join(home.path, 'missing'), 'me')).toThrow(
      expect.objectContaining({ code: 'HOME_UNUSABLE' }),
    );
  });

  test('is taken again after it was given back', () => {
    using home = folder();
    lockHome(home.path, 'first')[Symbol.dispose]();
    using _lock = lockHome(home.path, 'second');
    expect(readFileSync(join(home.path, 'lock.txt'), 'utf8')).toBe('second\n');
  });
});
