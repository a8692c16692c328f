import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../tools/confinement.ts';

/** A program that can read what is named here, and do nothing else. */
export interface Jail {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface JailOptions {
  /** What lies under Node's own permission model: without one (`none`), links that lead out and signals are open. */
  readonly sandbox: Sandbox;
  /** The Node that runs us. */
  readonly nodePath: string;
  /** Directories it may read. Those that aren't there are left out. */
  readonly readable: readonly string[];
  /** The module it runs. */
  readonly module: string;
  readonly timeZone: string;
  readonly heapMb: number;
}

/** Enough for a hundred topics and the facts of 64 MiB of transcripts. */
export const JAIL_HEAP_MB = 512;

/**
 * How to start a module so that it can read the given directories and its own source, and nothing else: no writes, no
 * processes, no threads, no network, no add-ons (Node's permission model), no `node:sqlite` (which that model does not
 * bound), an environment of its own, and, where there is a sandbox of the system, that around it: then it sees no other
 * files and no other processes at all. It is spoken to over its standard input and output.
 */
export function jailOf(options: JailOptions): Jail {
  const { sandbox, nodePath, module, timeZone, heapMb } = options;
  const readable = [
    ...new Set(
      [...options.readable, ...ownSource(module)].filter((path) => existsSync(path)).map((path) => realpathSync(path)),
    ),
  ];
  const env = { TZ: timeZone, LANG: 'C.UTF-8' };
  const argv: [string, ...string[]] = [
    realpathSync(nodePath),
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    '--no-experimental-sqlite',
    '--no-addons',
    '--disable-sigusr1',
    '--no-warnings',
    `--max-old-space-size=${heapMb}`,
    realpathSync(module),
  ];
  return sandbox.wrap(argv, {
    workspace: undefined,
    writable: false,
    guard: { readOnly: [], fixed: [] },
    network: false,
    cwd: '/',
    env,
    more: readable.map((path) => ({ path, writable: false })),
  });
}

/** Our source (or build), and of the packages only those that are used in there. */
function ownSource(module: string): string[] {
  const source = dirname(import.meta.dirname);
  return [source, join(dirname(source), 'package.json'), module, packageOf('zod'), packageOf('yaml')];
}

/** The directory of a package, wherever it is installed. */
function packageOf(name: string): string {
  const entry = fileURLToPath(import.meta.resolve(name));
  const mark = `${sep}node_modules${sep}${name}${sep}`;
  return entry.slice(0, entry.lastIndexOf(mark) + mark.length - 1);
}
