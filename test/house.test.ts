import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { ERRORS } from '../src/core/errors.ts';
import { readText, ROOT } from './repository.ts';

const run = promisify(execFile);
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the launcher', () => {
  test('runs the exact Node of package.json [HOUSE-LAUNCHER]', async () => {
    const pinned = JSON.parse(readText('package.json')) as { optionalDependencies: Record<string, string> };
    const { stdout } = await run(join(ROOT, 'bin/node'), ['-p', 'process.versions.node']);
    expect(new Set(Object.values(pinned.optionalDependencies))).toEqual(new Set([stdout.trim()]));
  });

  test.each([
    ['a shell', (launcher: string) => ['sh', launcher]],
    ["the machine's own Node", (launcher: string) => ['node', launcher]],
  ])('started by %s it passes on arguments and exit code [HOUSE-LAUNCHER]', async (_, start) => {
    const launcher = copyLauncher(`
      console.log(JSON.stringify([process.versions.node, ...process.argv.slice(2)]));
      process.exitCode = 5;`);
    const [command, ...given] = [...start(launcher), 'say', 'two words', '$HOME', ''];
    const ended = await run(command, given).catch((error: unknown) => error as { code: number; stdout: string });
    expect(ended).toMatchObject({ code: 5 });
    const pinned = execFileSync(join(ROOT, 'bin/node'), ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
    expect(JSON.parse(ended.stdout)).toEqual([pinned, 'say', 'two words', '$HOME', '']);
  });

  test('works through a symbolic link, as npm installs it [HOUSE-LAUNCHER]', async () => {
    const launcher = copyLauncher(`console.log('here');`);
    const link = join(launcher, '..', '..', 'linked-kairos');
    symlinkSync(launcher, link);
    await expect(run(link)).resolves.toMatchObject({ stdout: 'here\n' });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    "passes %s on under the machine's own Node [HOUSE-LAUNCHER]",
    async (signal) => {
      const launcher = copyLauncher(`
      process.on('${signal}', () => process.exit(42));
      setInterval(() => {}, 1000);
      console.log('ready');`);
      const child = spawn('node', [launcher], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(code).toBe(42);
    },
  );

  test('says what to do when the pinned Node is not installed [HOUSE-LAUNCHER]', async () => {
    const folder = makeFolder();
    cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
    const ended = await run(join(folder, 'bin/node'), ['-v']).catch((error: unknown) => error);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining("Run 'npm ci'") as string });
  });
});

describe('docs/errors.md', () => {
  const page = readText('docs/errors.md');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \| (.+) \|$/gm)];

  test('lists each error code with its status, its retry and what to do [HOUSE-ERRORS-LISTED]', () => {
    const told = rows.map(([, code, status, retry, hint]) => ({
      code,
      status: Number(status),
      retry: retry === 'yes',
      hint,
    }));
    expect(told).toEqual(Object.entries(ERRORS).map(([code, kind]) => ({ code, ...kind })));
  });

  test('has as many codes as anybody should have to know', () => {
    expect(rows.length).toBeLessThanOrEqual(40);
  });
});

describe('the setup script', () => {
  test('names what it cannot install and why, and lets the tests go on', async () => {
    await expect(run('sh', [setupScript], { env: { PATH: bareLinux() } })).resolves.toMatchObject({
      stdout: Object.values(TOOLS)
        .map(
          (name) =>
            `setup-system: ${name} is missing and was not installed: this Linux has no apt-get; tests that need it are skipped.\n`,
        )
        .join(''),
      stderr: '',
    });
  });

  test('fails instead where nothing may be skipped', async () => {
    const ended = run('sh', [setupScript], { env: { PATH: bareLinux(), CI: 'true' } });
    await expect(ended).rejects.toMatchObject({ code: 1 });
  });

  test('says nothing when all is there', async () => {
    const path = bareLinux(present());
    await expect(run('sh', [setupScript], { env: { PATH: path } })).resolves.toMatchObject({ stdout: '', stderr: '' });
  });

  test('updates the package lists before it installs, and only what is missing', async () => {
    const path = bareLinux({ ...present('fiu-run'), id: 'echo 0', 'apt-get': installer });
    await expect(run('sh', [setupScript], { env: { PATH: path } })).resolves.toMatchObject({
      stdout: 'setup-system: installing fiu-utils\n',
      stderr: '',
    });
    const asked = readFileSync(join(path, 'asked'), 'utf8').trim().split('\n');
    expect(asked.map((line) => line.replace(/^.*? (?=update|install)/, ''))).toEqual([
      'update',
      'install -y --no-install-recommends fiu-utils',
    ]);
  });

  test('passes on what the package manager complains of', async () => {
    const failing = 'echo Reading; echo "E: No network" >&2; exit 100';
    const path = bareLinux({ ...present('fiu-run'), id: 'echo 0', 'apt-get': failing });
    const { stdout } = await run('sh', [setupScript], { env: { PATH: path } });
    expect(stdout).toContain('fiu-utils is missing and was not installed: apt-get failed (No network);');
  });

  /** What the script looks for, and the package of Debian that has it. */
  const TOOLS: Readonly<Record<string, string>> = {
    strace: 'strace',
    'fiu-run': 'fiu-utils',
    bwrap: 'bubblewrap',
    rg: 'ripgrep',
    'redis-server': 'redis-server',
    'systemd-analyze': 'systemd',
    python3: 'python3',
    zsh: 'zsh',
    fish: 'fish',
    mandoc: 'mandoc',
    groff: 'groff',
    openssl: 'openssl',
  };
  /** All of them stand there but one. */
  const present = (but = ''): Record<string, string> =>
    Object.fromEntries(Object.keys(TOOLS).flatMap((name) => (name === but ? [] : [[name, '']])));
  /** Writes down what it was asked, and puts what it installed where it stands itself. */
  const installer = `
    here=$(dirname "$0")
    echo "$*" >>"$here/asked"
    case "$*" in *install*) cp "$here/strace" "$here/fiu-run" ;; esac`;
  const setupScript = join(ROOT, 'test/setup-system.sh');
});

describe('the reader of test reports', () => {
  test('counts what passed and failed', async () => {
    await expect(resultOf(['passed', 'passed'])).resolves.toMatchObject({ code: 0, last: '2 passed, 0 failed' });
    await expect(resultOf(['passed', 'failed'])).resolves.toMatchObject({ code: 1, last: '1 passed, 1 failed' });
  });

  test('takes a skipped test, a broken file, a broken run and an empty run for failures', async () => {
    await expect(resultOf(['passed', 'skipped'])).resolves.toMatchObject({ code: 1, last: '1 passed, 1 failed' });
    await expect(resultOf(['passed'], { status: 'failed' })).resolves.toMatchObject({
      code: 1,
      last: '1 passed, 1 failed',
    });
    await expect(resultOf(['passed'], { success: false })).resolves.toMatchObject({
      code: 1,
      last: '1 passed, 1 failed',
    });
    await expect(resultOf([])).resolves.toMatchObject({ code: 1, last: '0 passed, 0 failed' });
  });

  async function resultOf(
    states: readonly string[],
    { status = 'passed', success = !states.includes('failed') } = {},
  ): Promise<{ code: number; last: string | undefined }> {
    const path = join(makeFolder(), 'report.json');
    const testResults = [
      {
        name: 'a.test.ts',
        status: 'passed',
        assertionResults: states.map((state) => ({ fullName: 'a', status: state })),
      },
      { name: 'b.test.ts', status, message: 'it does not load', assertionResults: [] },
    ];
    writeFileSync(path, JSON.stringify({ success, testResults }));
    const ended = await run(process.execPath, [join(ROOT, 'scripts/test-result.ts'), path]).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: unknown) => error as { code: number; stdout: string },
    );
    return { code: ended.code, last: ended.stdout.trim().split('\n').at(-1) };
  }
});

/** A copy of `bin/` beside a program of the test's own, with the installed packages in reach. */
function copyLauncher(program: string): string {
  const folder = makeFolder();
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'dist/cli/main.js'), program);
  return join(folder, 'bin/kairos');
}

/** A PATH with the few programs that any Linux has, on whatever machine this is, and the scripts of a test. */
function bareLinux(scripts: Readonly<Record<string, string>> = {}): string {
  const folder = makeFolder();
  const programs = { uname: 'echo Linux', ...scripts };
  for (const name of ['sh', 'env', 'tr', 'id', 'grep', 'tail', 'mktemp', 'rm', 'cp', 'dirname']) {
    if (name in programs) continue;
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(folder, name));
  }
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return folder;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-house-'));
  folders.push(folder);
  return folder;
}
