import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './daemon.ts';

/** How a command inside ended. */
export interface Said {
  readonly status: number;
  readonly out: string;
}

/** A machine of its own: systemd is its process 1, it has no network but loopback, and nothing it writes outlives it. */
export interface Container extends AsyncDisposable {
  /** Runs a shell script as root inside. */
  sh(script: string, deadlineMs?: number): Said;
}

const BOOT_MS_MAX = 30_000;
/** Whatever happens to us, the machine is gone by then. */
const LIFE_SECONDS = 900;

/** Why no machine can be had here; undefined: one can. */
export function whyNoContainer(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const missing = ['systemd-nspawn', 'nsenter', 'unshare'].filter((name) => spawnSync('which', [name]).status !== 0);
  return missing.length === 0
    ? undefined
    : `${missing.join(', ')} is not installed (apt-get install systemd-container)`;
}

/**
 * Boots this very system in a container, its root an overlay in memory over ours. The checkout is at its own place, read-only.
 *
 * @throws when it does not come up in 30 s, with what it said.
 */
export async function bootContainer(): Promise<Container> {
  const place = mkdtempSync(join(tmpdir(), 'kairos-machine-'));
  const script = [
    'set -e',
    'mount --make-rprivate /',
    'mount -t tmpfs tmpfs "$1"',
    'mkdir "$1/upper" "$1/work" "$1/root"',
    'mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"',
    'rm -f "$1/root/etc/machine-id"; : >"$1/root/etc/machine-id"',
    `exec systemd-nspawn -D "$1/root" --boot --register=no --keep-unit --private-network --console=pipe --bind-ro="$2" -M kairos-proof-$$ --kill-signal=SIGRTMIN+3`,
  ].join('\n');
  const args = ['--kill-after=10', String(LIFE_SECONDS), 'unshare', '--mount', 'sh', '-c', script, 'sh', place, ROOT];
  const child = spawn('timeout', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const clear = async (leader: number | undefined): Promise<void> => {
    if (leader !== undefined) spawnSync('kill', ['-s', 'RTMIN+3', String(leader)]);
    else child.kill('SIGTERM');
    await Promise.race([ended, sleep(15_000).then(() => child.kill('SIGKILL'))]);
    rmSync(place, { recursive: true, force: true });
  };
  const endMs = performance.now() + BOOT_MS_MAX;
  for (; performance.now() < endMs && child.exitCode === null; await sleep(100)) {
    const leader = leaderBelow(child);
    if (leader === undefined || !/^(running|degraded)/.test(enter(leader, 'systemctl is-system-running', 5_000).out))
      continue;
    enter(leader, 'ip link set lo up || ifconfig lo up', 5_000);
    return { sh: (text, ms = 60_000) => enter(leader, text, ms), [Symbol.asyncDispose]: () => clear(leader) };
  }
  await clear(undefined);
  throw new Error(`the container did not come up: ${said.slice(-1_000)}`);
}

/** Process 1 of the container: a child of systemd-nspawn, which took the place of `timeout`'s child. */
function leaderBelow({ pid }: ChildProcess): number | undefined {
  const nspawn = childrenOf(pid ?? 0).find((one) => nameOf(one) === 'systemd-nspawn');
  return nspawn === undefined ? undefined : childrenOf(nspawn).find((one) => nameOf(one) === 'systemd');
}

function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks).flatMap((task) => {
    const path = join(tasks, task, 'children');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  });
}

function nameOf(pid: number): string {
  const path = `/proc/${pid}/comm`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

function enter(leader: number, script: string, deadlineMs: number): Said {
  const { status, stdout, stderr } = spawnSync('nsenter', ['-t', String(leader), '-a', 'sh', '-c', script], {
    encoding: 'utf8',
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LC_ALL: 'C' },
    maxBuffer: 16 * 1_048_576,
  });
  return { status: status ?? -1, out: `${stdout ?? ''}${stderr ?? ''}`.trim() };
}
