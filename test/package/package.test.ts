import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFreshUser, packagesMib } from '../../proof/lib/fresh-user.ts';
import { packProgram } from '../../scripts/package.ts';
import { ROOT } from '../repository.ts';

/** All that may be in the package, by its first two names. */
const TOP_LEVEL = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'bin',
  'dist',
  'docs',
  'launchd',
  'man',
  'package.json',
  'systemd',
];
const TARBALL_BYTES_MAX = 2_097_152;
/** Issue 6: production dependencies without the pinned Node. */
const PACKAGES_MIB_MAX = 130;

const base = mkdtempSync(join(tmpdir(), 'kairosd package-'));
let files: string[] = [];
let tarball = '';

beforeAll(async () => {
  tarball = await packProgram(base);
  execFileSync('tar', ['-xzf', tarball, '-C', base]);
  files = readdirSync(join(base, 'package'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(base, 'package').length + 1))
    .toSorted();
}, 60_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('the package', () => {
  test('holds what an installation needs and nothing else [PACKAGE-CONTENTS]', () => {
    expect(readdirSync(join(base, 'package')).toSorted()).toEqual(TOP_LEVEL);
    expect(readdirSync(join(base, 'package', 'bin')).toSorted()).toEqual(['kairos', 'launch', 'node', 'service']);
    expect(files.filter((path) => /\.(?:test|spec)\.|\.tsx?$|\.map$|\.env$|\.db$|\.tgz$/.test(path))).toEqual([]);
    expect(statSync(tarball).size).toBeLessThan(TARBALL_BYTES_MAX);
  });

  test('mirrors the source, file for file', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(join(ROOT, 'src').length + 1)
          .replace(/\.ts$/, '.js'),
      );
    expect(files.filter((path) => path.startsWith('dist/')).map((path) => path.slice(5))).toEqual(sources.toSorted());
  });

  test('tells nothing of the machine it was made on [PACKAGE-CONTENTS]', () => {
    const told = [ROOT, base, homedir() === '/' ? ROOT : `${homedir()}/`, hostname()].filter((text) => text.length > 5);
    const telling = files.filter((path) => {
      const text = readFileSync(join(base, 'package', path), 'utf8');
      return told.some((one) => text.includes(one)) || /-----BEGIN [A-Z ]*PRIVATE KEY/.test(text);
    });
    expect(telling).toEqual([]);
  });

  test('names every package with its exact version, and no script', () => {
    const manifest = JSON.parse(readFileSync(join(base, 'package', 'package.json'), 'utf8')) as Record<string, object>;
    const packages = { ...manifest['dependencies'], ...manifest['optionalDependencies'] };
    expect(Object.values(packages).filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
    expect([manifest['scripts'], manifest['devDependencies'], manifest['private']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('can be made twice, byte for byte the same program [PACKAGE-SAME]', async () => {
    const again = join(base, 'again');
    mkdirSync(again);
    execFileSync('tar', ['-xzf', await packProgram(again), '-C', again]);
    const differ = files.filter(
      (path) => !readFileSync(join(base, 'package', path)).equals(readFileSync(join(again, 'package', path))),
    );
    expect(differ).toEqual([]);
  });

  test('without its build it says so instead of failing somewhere inside', () => {
    const plain = join(base, 'plain');
    execFileSync('cp', ['-r', join(base, 'package'), plain]);
    rmSync(join(plain, 'dist'), { recursive: true });
    expect(() => execFileSync('sh', [join(plain, 'bin', 'launch')], { stdio: 'pipe' })).toThrow(
      /packed without npm run pack/,
    );
  });
});

describe('a fresh user with nothing but Node and npm', () => {
  test('installs it, and gets a signed webhook, without TypeScript [PACKAGE-INSTALL]', async () => {
    // The registry is asked only for what npm does not have on this machine.
    const cacheFrom = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8', cwd: tmpdir() }).trim();
    using user = makeFreshUser({ cacheFrom });
    const installed = await user.type(`npm install --global --prefer-offline '${tarball}'`, 150_000);
    expect(installed).toMatchObject({ exitCode: 0 });
    const program = join(user.base, 'prefix', 'lib', 'node_modules', 'kairosd');
    expect(existsSync(join(program, 'node_modules', 'typescript'))).toBe(false);
    expect(packagesMib(join(program, 'node_modules'))).toBeLessThan(PACKAGES_MIB_MAX);
    const { version } = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as { version: string };
    expect((await user.type('kairos --version')).output.trim()).toBe(version);
    // Node would refuse to read a type: the switch that lets it is off.
    const session = await user.type(`export NODE_OPTIONS=--no-experimental-strip-types
      kairos init --yes --port 0 && kairos webhook add github >/dev/null || exit 1
      kairos start >start.log 2>&1 & daemon=$!
      for _ in $(seq 100); do [ -f .kairos/run.json ] && break; sleep 0.1; done
      kairos webhook test github && kairos events; status=$?
      kairos doctor
      kairos stop; wait $daemon || status=1
      cat start.log; exit $status`);
    expect(session, session.output).toMatchObject({ exitCode: 0 });
    expect(session.output).toMatch(/push: answered 202 → e2/);
    expect(session.output).toMatch(/runtime +Node 26\.\d+\.\d+, as pinned/);
    expect((await user.type('kairos completion bash')).output).toContain('_kairos()');
  }, 240_000);
});
