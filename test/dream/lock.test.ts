import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takeLock } from '../../src/ledger/lock.ts';
import { folder } from '../ledger/make.ts';

async function racer(home: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'race-for-lock.ts'), [home]);
  await once(child, 'message');
  return child;
}

async function tell(child: ChildProcess, word: string): Promise<unknown> {
  const answered = once(child, 'message');
  child.send(word);
  return (await answered)[0] as unknown;
}

describe('the lock of dreams', () => {
  test('of two processes that race for it a thousand times exactly one has it [DREAM-ONE-AT-A-TIME]', async () => {
    using home = folder();
    const [one, other] = [await racer(home.path), await racer(home.path)];
    const wins = { one: 0, other: 0 };
    for (let round = 0; round < 1_000; round += 1) {
      const said = await Promise.all([tell(one, 'go'), tell(other, 'go')]);
      expect(said.toSorted()).toEqual(['held', 'mine']);
      wins[said[0] === 'mine' ? 'one' : 'other'] += 1;
      await Promise.all([tell(one, 'let go'), tell(other, 'let go')]);
    }
    expect(wins.one + wins.other).toBe(1_000);
    one.kill('SIGKILL');
    other.kill('SIGKILL');
  });

  test('is free at once after kill -9, and says who has it until then [DREAM-ONE-AT-A-TIME]', async () => {
    using home = folder();
    const holder = await racer(home.path);
    expect(await tell(holder, 'go')).toBe('mine');
    expect(takeLock(home.path, 'dream.lock', 'me')).toEqual({ heldBy: `pid ${holder.pid}` });
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
    const taken = takeLock(home.path, 'dream.lock', 'me');
    expect(taken).not.toHaveProperty('heldBy');
    // The same process is not let in twice either, and its second try takes nothing from the first.
    expect(takeLock(home.path, 'dream.lock', 'me again')).toEqual({ heldBy: 'me' });
    if (Symbol.dispose in taken) taken[Symbol.dispose]();
    expect(existsSync(join(home.path, 'dream.lock.txt'))).toBe(false);
  });
});
