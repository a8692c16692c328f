import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jailOf } from '../../src/dream/jail.ts';
import type { Sandbox } from '../../src/tools/confinement.ts';
import { openSandbox } from '../../src/tools/sandbox.ts';
import { systemClock } from '../../src/daemon/system.ts';
import { folder } from '../ledger/make.ts';

interface Probed {
  readonly outcomes: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
  readonly descriptors: readonly number[];
  readonly pid: number;
}

const bare: Sandbox = {
  kind: 'none',
  path: '',
  home: '/nonexistent',
  wrap: ([program, ...args], { env }) => ({ program, args, env }),
};

/** Without a sandbox of the system these stay open; nothing else does. */
const OPEN_WITHOUT = [
  'read a link that leads out',
  'read through a linked directory',
  'signal the parent',
  'kill another process',
];

const home = folder();
const memory = join(home.path, 'memory');
const server = createServer((socket) => socket.end());
let sandbox: Sandbox;
let port = 0;

beforeAll(async () => {
  mkdirSync(memory);
  mkdirSync(join(home.path, 'private'));
  writeFileSync(join(memory, 'MEMORY.md'), '# Memory\n');
  writeFileSync(join(home.path, 'secrets.env'), 'TOKEN=outside-secret');
  writeFileSync(join(home.path, 'memory-of-mine.md'), 'outside-secret');
  writeFileSync(join(home.path, 'private', 'diary.md'), 'outside-secret');
  symlinkSync(join(home.path, 'secrets.env'), join(memory, 'link.md'));
  symlinkSync(join(home.path, 'private'), join(memory, 'linked'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  sandbox = await openSandbox({
    platform: process.platform,
    clock: systemClock,
    nodePath: process.execPath,
    searchPath: process.env['PATH'] ?? '',
    hidden: [home.path],
    readable: [],
  });
});

afterAll(() => {
  server.close();
  home[Symbol.dispose]();
});

async function probe(within: Sandbox): Promise<Probed & { readonly victimLives: boolean }> {
  // A descriptor that a careless parent leaves open must not be there.
  openSync(join(home.path, 'secrets.env'), 'r');
  const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const jail = jailOf({
    sandbox: within,
    nodePath: process.execPath,
    readable: [memory, join(home.path, 'sessions')],
    module: join(import.meta.dirname, 'jail-probe.ts'),
    timeZone: 'UTC',
    heapMb: 128,
  });
  const child = spawn(jail.program, jail.args, { cwd: '/', env: jail.env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(
    JSON.stringify({
      memory,
      outside: join(home.path, 'secrets.env'),
      sibling: join(home.path, 'memory-of-mine.md'),
      link: join(memory, 'link.md'),
      linkedFolder: join(memory, 'linked', 'diary.md'),
      parentPid: process.pid,
      victimPid: victim.pid,
      port,
    }),
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child, 'close');
  const victimLives = victim.exitCode === null && victim.signalCode === null && !(await gone(victim));
  victim.kill('SIGKILL');
  return { ...(JSON.parse(said) as Probed), victimLives };
}

/** A killed process says so within a turn or two of the loop. */
async function gone(child: ReturnType<typeof spawn>): Promise<boolean> {
  for (let turn = 0; turn < 50 && child.signalCode === null; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return child.signalCode !== null;
}

function done({ outcomes }: Probed): string[] {
  return Object.entries(outcomes)
    .filter(([name, outcome]) => !['read inside', '(uncaught)'].includes(name) && !outcome.startsWith('refused'))
    .map(([name, outcome]) => `${name}: ${outcome}`);
}

describe('the jail of a dream', () => {
  test('with bubblewrap refuses every way out [DREAM-JAIL]', async ({ skip }) => {
    if (sandbox.kind !== 'bubblewrap') skip(`there is no bubblewrap: ${sandbox.reason ?? ''}`);
    const probed = await probe(sandbox);
    expect(probed.outcomes['read inside']).toBe('did: # Memory\n');
    expect(done(probed)).toEqual([]);
    expect(probed.victimLives).toBe(true);
    expect(probed.environment).toEqual(['LANG', 'PWD', 'TZ']);
    expect(probed.descriptors).toEqual([]);
    // It is in a process namespace of its own.
    expect(probed.pid).toBeLessThan(10);
    expect(readFileSync(join(memory, 'MEMORY.md'), 'utf8')).toBe('# Memory\n');
    expect(readdirSync(memory).toSorted()).toEqual(['MEMORY.md', 'link.md', 'linked']);
  });

  test('without one leaves open what Node does not refuse, and only that [DREAM-JAIL]', async () => {
    const probed = await probe(bare);
    expect(done(probed).map((each) => each.split(':')[0])).toEqual(OPEN_WITHOUT);
    expect(probed.outcomes['read inside']).toBe('did: # Memory\n');
    expect(probed.environment).toEqual(['LANG', 'TZ']);
    expect(probed.descriptors).toEqual([]);
    expect(existsSync(join(memory, 'probe.md'))).toBe(false);
    expect(readFileSync(join(memory, 'MEMORY.md'), 'utf8')).toBe('# Memory\n');
  });
});
