import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { isAlive } from '../../src/cli/client.ts';

const GUARDIAN = join(import.meta.dirname, '../../src/service/guardian.ts');

/** A process with a guardian that bears so long a silence; `body` runs in it. */
function guarded(silentMsMax: number, body: string) {
  const program = `import { startGuardian } from ${JSON.stringify(GUARDIAN)};
    const line = startGuardian(${silentMsMax});
    await line.send(['READY=1']);
    console.log('ready');
    ${body}`;
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const SILENT_MS = 6_000;

describe('the guardian', () => {
  test('kills a process whose loop turns no more [SERVICE-GUARDIAN]', async (context: TestContext) => {
    needBash(context);
    const child = guarded(1_000, `setTimeout(() => { for (;;); }, 10);`);
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([code, signal]).toEqual([null, 'SIGKILL']);
  });

  test('kills one that has closed its line and does not end [SERVICE-GUARDIAN]', async (context: TestContext) => {
    needBash(context);
    context.skip(!existsSync('/proc/self/fd'), 'there is no /proc to find the line in');
    const child = guarded(
      1_000,
      `const { closeSync, readdirSync, readlinkSync } = await import('node:fs');
      const isSocket = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; } };
      for (const fd of readdirSync('/proc/self/fd').map(Number)) if (fd > 2 && isSocket(fd)) closeSync(fd);
      for (;;);`,
    );
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([code, signal]).toEqual([null, 'SIGKILL']);
  });

  test('leaves one alone that says that all is well, and ends with it [SERVICE-GUARDIAN]', async (context: TestContext) => {
    needBash(context);
    // It lives for longer than one silence may be, and a machine that has no time for it for seconds is no silence yet.
    const child = guarded(
      SILENT_MS,
      `const timer = setInterval(() => void line.send(['WATCHDOG=1']), 100);
      setTimeout(() => clearInterval(timer), ${SILENT_MS * 1.5});`,
    );
    await once(child.stdout, 'data');
    const guard = childOf(child.pid ?? 0);
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    await expect.poll(() => guard === undefined || !isAlive(guard)).toBe(true);
  });
});

function childOf(pid: number): number | undefined {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? Number(readFileSync(path, 'utf8').trim().split(' ')[0]) : undefined;
}

function needBash(context: TestContext): void {
  context.skip(!existsSync('/bin/bash'), 'there is no /bin/bash, which macOS always has');
}
