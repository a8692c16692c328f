import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isAlive } from '../../src/cli/client.ts';

test('a process that has ended is gone, also while nobody has waited for it [CLI-EXIT-CODES]', async (context) => {
  context.skip(process.platform !== 'linux', 'only Linux tells a zombie from a process');
  // The first cat ends with its input; the second has taken the place of the shell by then, and never waits for a child.
  const script = 'cat <&3 & echo $!; exec cat';
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
  const ended = once(parent, 'exit');
  const [pid] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
  while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim() !== 'cat') await turn();
  (parent.stdio[3] as Writable).end();
  while (isAlive(Number(pid.toString()))) await turn();
  expect(() => process.kill(Number(pid.toString()), 0)).not.toThrow();
  expect(isAlive(parent.pid ?? 0)).toBe(true);
  parent.stdin?.end();
  await ended;
  expect(isAlive(parent.pid ?? 0)).toBe(false);
});
