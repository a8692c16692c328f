import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Every program that the user has, where the machine has it: what a small server comes with, and nothing that compiles. */
const TOOLS = `
  awk basename bash bwrap cat chmod cp curl cut date dirname env expr false find git grep gzip head id kill ln ls mkdir
  mktemp mv node npm npx ps readlink rg rm rmdir sed seq sh sleep sort systemctl systemd-notify tail tar tee test touch
  tr true uname uniq wc which xargs
`
  .trim()
  .split(/\s+/);

/** What a command printed, in the order in which it came, and how it ended. */
export interface Typed {
  readonly output: string;
  readonly exitCode: number | null;
  readonly ms: number;
}

/**
 * Somebody with an empty home, a directory of their own for global packages, and a PATH of two directories: that one's
 * `bin`, and `tools`, links to the system's Node, npm and a few dozen programs (`TOOLS`). What the machine has besides,
 * such as its compilers, is not found by name; it is not hidden from a program that names its whole path.
 */
export interface FreshUser extends Disposable {
  readonly base: string;
  readonly env: Readonly<Record<string, string>>;
  /** Types a line into a shell. @param msMax Then it is killed. */
  type(line: string, msMax?: number): Promise<Typed>;
}

/** @param cacheFrom Packages that npm has on this machine need not be fetched again. Default: the new home's own, empty. */
export function makeFreshUser({ cacheFrom }: { readonly cacheFrom?: string } = {}): FreshUser {
  const base = mkdtempSync(join(tmpdir(), 'kairosd-user-'));
  for (const name of ['home', 'prefix', 'tools']) mkdirSync(join(base, name));
  linkTools(join(base, 'tools'));
  const env = {
    HOME: join(base, 'home'),
    PATH: [join(base, 'prefix', 'bin'), join(base, 'tools')].join(delimiter),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    npm_config_prefix: join(base, 'prefix'),
    ...registryOf(),
    ...(cacheFrom === undefined ? {} : { npm_config_cache: cacheFrom }),
  };
  return {
    base,
    env,
    async type(line, msMax = 240_000) {
      const startedMs = performance.now();
      const child = spawn('sh', ['-c', line], { cwd: env.HOME, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const cut = setTimeout(() => child.kill('SIGKILL'), msMax);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
      }
      await once(child, 'exit');
      clearTimeout(cut);
      return { output, exitCode: child.exitCode, ms: performance.now() - startedMs };
    },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

function linkTools(directory: string): void {
  const folders = systemPath();
  for (const tool of TOOLS) {
    const path = folders.map((folder) => join(folder, tool)).find(isProgram);
    if (path !== undefined) symlinkSync(path, join(directory, tool));
  }
}

/** Where the machine's own node and npm are, without what this checkout adds. */
function systemPath(): string[] {
  const all = (process.env['PATH'] ?? '').split(delimiter);
  return all.filter((directory) => directory !== '' && !directory.includes('node_modules'));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How this machine reaches its registry: the only thing that the new user takes over from whoever runs this. */
function registryOf(): Record<string, string> {
  const asked = (name: string): string =>
    execFileSync('npm', ['config', 'get', name], { encoding: 'utf8', cwd: tmpdir() }).trim();
  const known = Object.fromEntries(['registry', 'cafile'].map((name) => [`npm_config_${name}`, asked(name)]));
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  return {
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== '' && value !== 'null')),
    ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
  };
}

/** What packages take on the disk, not counting the pinned Node. */
export function packagesMib(nodeModules: string): number {
  let blocks = 0;
  for (const entry of readdirSync(nodeModules, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!/node_modules\/node-(?:bin-)?(?:linux|darwin)-/.test(path)) blocks += lstatSync(path).blocks;
  }
  return Math.round((blocks * 512) / 1_048_576);
}
