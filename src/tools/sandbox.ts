import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../core/ports.ts';
import type { Sandbox } from './confinement.ts';
import { runProcess } from './process.ts';
import { bubblewrapArgs } from './sandbox-bubblewrap.ts';
import { sandboxProfile } from './sandbox-exec.ts';

export interface SandboxOptions {
  /** `linux`, `darwin`. */
  readonly platform: string;
  readonly clock: Clock;
  /** The Node that runs us: commands may use it. */
  readonly nodePath: string;
  /** Directories in which the sandbox's own program is looked for, `:` between them. */
  readonly searchPath: string;
  /** Home of kairosd: never there, whatever lies around it. */
  readonly hidden: readonly string[];
  /** More directories that commands may read (`tools.shell.readable`). */
  readonly readable: readonly string[];
}

const PROBE_MS = 10_000;
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

/**
 * Finds out, by running something in it, what this machine can confine a process with: bubblewrap on Linux, sandbox-exec
 * on macOS. Never throws: without one, `reason` says why, `wrap` changes nothing, and every shell command is HIGH.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = candidateOf(options);
  if (sandbox.kind === 'none') return sandbox;
  const attempts: Sandbox[] = [sandbox, ...(sandbox.kind === 'bubblewrap' ? [bubblewrap(options, false)] : [])];
  let reason = '';
  for (const attempt of attempts) {
    const probed = await probe(attempt, options.clock);
    if ('startMs' in probed) return { ...attempt, startMs: probed.startMs };
    reason = probed.reason;
  }
  return none(options, reason);
}

function candidateOf(options: SandboxOptions): Sandbox {
  if (options.platform === 'linux') {
    return programIn(options.searchPath, 'bwrap') === undefined
      ? none(options, 'bubblewrap (bwrap) is not installed')
      : bubblewrap(options, true);
  }
  if (options.platform === 'darwin') return sandboxExec(options);
  return none(options, `there is none for ${options.platform}`);
}

/** @param sealed With no further user namespaces inside; needs bubblewrap 0.8. */
function bubblewrap(options: SandboxOptions, sealed: boolean): Sandbox {
  const nodeFolder = dirname(realpathSync(options.nodePath));
  const host = {
    program: programIn(options.searchPath, 'bwrap') ?? 'bwrap',
    sealed,
    system: systemFolders(),
    readable: [
      nodeFolder,
      ...options.readable.filter((path) => kindOf(path) !== 'none').map((path) => realpathSync(path)),
    ],
    hidden: options.hidden,
    resolvConf: canonical('/etc/resolv.conf'),
  };
  return {
    kind: 'bubblewrap',
    path: [...SYSTEM_PATH, nodeFolder].join(':'),
    home: '/run/home',
    wrap: (argv, confinement) => ({
      program: host.program,
      args: bubblewrapArgs(host, argv, confinement),
      env: confinement.env,
    }),
  };
}

function sandboxExec(options: SandboxOptions): Sandbox {
  const nodeFolder = dirname(options.nodePath);
  return {
    kind: 'sandbox-exec',
    path: [...SYSTEM_PATH, '/opt/homebrew/bin', nodeFolder].join(':'),
    home: '/private/tmp',
    wrap: (argv, confinement) => ({
      program: '/usr/bin/sandbox-exec',
      args: ['-p', sandboxProfile([nodeFolder, ...options.readable], options.hidden, confinement), '--', ...argv],
      env: confinement.env,
    }),
  };
}

function none({ nodePath }: SandboxOptions, reason: string): Sandbox {
  return {
    kind: 'none',
    reason,
    path: [...SYSTEM_PATH, dirname(nodePath)].join(':'),
    home: '/nonexistent',
    wrap: ([program, ...args], { env }) => ({ program, args, env }),
  };
}

/** Whether a process comes up in it, in how many milliseconds; else what stands in the way. */
async function probe(
  sandbox: Sandbox,
  clock: Clock,
): Promise<{ readonly startMs: number } | { readonly reason: string }> {
  const env = { PATH: sandbox.path, LANG: 'C' };
  const wrapped = sandbox.wrap(['/bin/sh', '-c', 'exit 7'], {
    workspace: undefined,
    writable: false,
    guard: { readOnly: [], fixed: [] },
    network: false,
    cwd: '/',
    env,
  });
  const options = { ...wrapped, cwd: '/', timeoutMs: PROBE_MS, outputBytesMax: 4_096 };
  const result = await runProcess(options, new AbortController().signal, clock);
  if (result.exitCode === 7) return { startMs: result.durationMs };
  const said = result.text.trim().split('\n', 1)[0] ?? '';
  return { reason: `${sandbox.kind} does not work here: ${said || (result.error ?? `it ended with ${result.ended}`)}` };
}

/** `/usr` and what stands beside it: a link into it on newer systems, a directory of its own on older ones. */
function systemFolders(): { readonly path: string; readonly link: string | undefined }[] {
  return ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap((path) => {
    const kind = kindOf(path);
    if (kind === 'none') return [];
    return [{ path, link: kind === 'link' ? readlinkSync(path) : undefined }];
  });
}

function kindOf(path: string): 'link' | 'other' | 'none' {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'none';
  return found.isSymbolicLink() ? 'link' : 'other';
}

function canonical(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** A program by its name; undefined when no directory has it. */
function programIn(searchPath: string, name: string): string | undefined {
  return searchPath
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => `${folder}/${name}`)
    .find((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
}
