import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a command printed, in the order in which it came, and how it ended. */
export interface Typed {
  readonly output: string;
  readonly exitCode: number | null;
  readonly ms: number;
}

/** Somebody with an empty home, the system's Node and npm, and a directory of their own for global packages. Nothing else. */
export interface FreshUser extends Disposable {
  readonly base: string;
  readonly env: Readonly<Record<string, string>>;
  /** Types a line into a shell. @param msMax Then it is killed. */
  type(line: string, msMax?: number): Promise<Typed>;
}

/** @param cacheFrom Packages that npm has on this machine need not be fetched again. Default: the new home's own, empty. */
export function makeFreshUser({ cacheFrom }: { readonly cacheFrom?: string } = {}): FreshUser {
  const base = mkdtempSync(join(tmpdir(), 'kairosd-user-'));
  for (const name of ['home', 'prefix']) mkdirSync(join(base, name));
  const env = {
    HOME: join(base, 'home'),
    PATH: [join(base, 'prefix', 'bin'), systemPath()].join(':'),
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

/** Where the machine's own node and npm are, without what this checkout adds. */
function systemPath(): string {
  const all = (process.env['PATH'] ?? '').split(':');
  return all.filter((directory) => !directory.includes('node_modules')).join(':');
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
