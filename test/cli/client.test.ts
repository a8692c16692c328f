import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isAlive } from '../../src/cli/client.ts';

test('a process that has ended is gone, also while nobody has waited for it [CLI-EXIT-CODES]', async (context) => {
  context.skip(process.platform !== 'linux', 'only Linux tells a zombie from a process');
  // `true` is left to cat, which waits for its input and never for a child.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(parent, 'exit');
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
  while (isAlive(Number(pid.toString()))) await turn();
  expect(() => process.kill(Number(pid.toString()), 0)).not.toThrow();
  expect(isAlive(parent.pid ?? 0)).toBe(true);
  parent.stdin.end();
  await ended;
  expect(isAlive(parent.pid ?? 0)).toBe(false);
});
