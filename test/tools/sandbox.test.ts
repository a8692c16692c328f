import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fetchOptions, shellOptions } from '../../src/tools/exec-options.ts';
import { readGitArgs, splitWords } from '../../src/tools/git-args.ts';
import { overrulingSettings } from '../../src/tools/git-neutral.ts';
import { changesSince, quarantine, surveyWorkspace } from '../../src/tools/guard.ts';
import { bubblewrapArgs } from '../../src/tools/sandbox-bubblewrap.ts';
import { sandboxProfile } from '../../src/tools/sandbox-exec.ts';
import type { Confinement } from '../../src/tools/confinement.ts';
import { ExecWorld, whyNoSandbox } from './exec-world.ts';

const CONFINEMENT: Confinement = {
  workspace: '/work/app',
  writable: true,
  guard: { readOnly: ['/work/app/.git', '/work/app/pkg/.npmrc'], fixed: ['/work/app/pkg'] },
  network: false,
  cwd: '/work/app',
  env: { PATH: '/usr/bin' },
};
const HOST = {
  program: '/usr/bin/bwrap',
  sealed: true,
  system: [
    { path: '/usr', link: undefined },
    { path: '/bin', link: 'usr/bin' },
  ],
  readable: ['/opt/node/bin'],
  hidden: ['/work/app/.kairos', '/elsewhere/.kairos'],
  resolvConf: '/run/resolv.conf',
};

describe('the sandbox', () => {
  test('comes up here, and says how long that took', async (context) => {
    const reason = await whyNoSandbox();
    context.skip(reason !== undefined, reason ?? '');
    using world = new ExecWorld();
    expect(await world.sandbox()).toMatchObject({ kind: 'bubblewrap', startMs: expect.any(Number) as number });
  });

  test('that is missing, broken or forbidden is none, with the reason [SANDBOX-NONE]', async (context) => {
    context.skip(process.platform !== 'linux', 'bubblewrap is for Linux');
    using world = new ExecWorld();
    const folder = join(world.root, 'bin');
    mkdirSync(folder);
    expect(await world.sandbox({ searchPath: folder })).toMatchObject({
      kind: 'none',
      reason: 'bubblewrap (bwrap) is not installed',
    });
    writeFileSync(
      join(folder, 'bwrap'),
      '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n',
    );
    chmodSync(join(folder, 'bwrap'), 0o755);
    expect(await world.sandbox({ searchPath: folder })).toMatchObject({
      kind: 'none',
      reason: 'bubblewrap does not work here: bwrap: No permissions to create new namespace',
    });
    // One that only pretends: it runs the command, but not what was asked.
    writeFileSync(join(folder, 'bwrap'), '#!/bin/sh\nexit 0\n');
    expect((await world.sandbox({ searchPath: folder })).kind).toBe('none');
    expect(await world.sandbox({ platform: 'freebsd' })).toMatchObject({
      kind: 'none',
      reason: 'there is none for freebsd',
    });
  });

  test('of an older bubblewrap goes without what that does not know', async (context) => {
    context.skip(process.platform !== 'linux', 'bubblewrap is for Linux');
    using world = new ExecWorld();
    const folder = join(world.root, 'bin');
    mkdirSync(folder);
    const path = join(folder, 'bwrap');
    writeFileSync(
      path,
      '#!/bin/sh\nfor a; do [ "$a" = --disable-userns ] && { echo "bwrap: Unknown option $a" >&2; exit 1; }; done\nexit 7\n',
    );
    chmodSync(path, 0o755);
    const sandbox = await world.sandbox({ searchPath: folder });
    expect(sandbox.kind).toBe('bubblewrap');
    expect(sandbox.wrap(['true'], CONFINEMENT).args).not.toContain('--disable-userns');
  });

  test('binds the workspace, keeps the protected read-only, and shares nothing else [SANDBOX-PROTECTED]', () => {
    const line = bubblewrapArgs(HOST, ['sh', '-c', 'x'], CONFINEMENT).join(' ');
    expect(line).toContain(
      '--bind /work/app /work/app --bind /work/app/pkg /work/app/pkg --ro-bind /work/app/.git /work/app/.git --ro-bind /work/app/pkg/.npmrc /work/app/pkg/.npmrc',
    );
    expect(line).toContain('--tmpfs /work/app/.kairos --remount-ro /work/app/.kairos');
    expect(line).not.toContain('/elsewhere');
    expect(line).toContain('--unshare-net');
    expect(line).not.toContain('resolv.conf');
    expect(line.endsWith('--remount-ro /dev --remount-ro / --chdir /work/app -- sh -c x')).toBe(true);
    const reading = bubblewrapArgs(HOST, ['sh'], { ...CONFINEMENT, writable: false, network: true }).join(' ');
    expect(reading).toContain('--ro-bind /work/app /work/app');
    expect(reading).not.toMatch(/ --bind |--unshare-net/);
    expect(reading).toContain('--ro-bind /run/resolv.conf /etc/resolv.conf');
  });

  test('has a profile for macOS [SANDBOX-PROTECTED]', () => {
    expect(sandboxProfile(['/opt/node/bin'], ['/Users/me/.kairos'], { ...CONFINEMENT, workspace: '/Users/me/a "b"' }))
      .toMatchInlineSnapshot(`
      "(version 1)
      (deny default)
      (allow process-exec process-fork)
      (allow signal process-info* (target same-sandbox))
      (allow sysctl-read)
      (allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
      (allow file-read-metadata)
      (allow file-read* (literal "/") (subpath "/usr") (subpath "/bin") (subpath "/sbin") (subpath "/System") (subpath "/Library") (subpath "/opt/homebrew") (subpath "/private/etc") (subpath "/private/var/db") (subpath "/dev") (subpath "/opt/node/bin") (subpath "/Users/me/a \\"b\\"") (subpath "/private/tmp"))
      (allow file-write* (subpath "/private/tmp") (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty"))
      (allow file-write* (subpath "/Users/me/a \\"b\\""))
      (deny file-write* (subpath "/work/app/.git") (subpath "/work/app/pkg/.npmrc"))
      (deny file-write-unlink (literal "/work/app/pkg"))
      (deny file-read* file-write* (subpath "/Users/me/.kairos"))
      (deny network*)
      "
    `);
  });
});

describe('what is guarded in a workspace', () => {
  test('is found at any depth, with what leads to it, and not in packages of others [SANDBOX-PROTECTED]', async () => {
    using world = new ExecWorld();
    for (const path of [
      '.git/config',
      '.envrc',
      'a/b/.npmrc',
      '.github/workflows/ci.yml',
      '.github/ISSUE_TEMPLATE.md',
      'node_modules/x/.npmrc',
      'library/x.ts',
      'src/x.ts',
    ])
      world.put(path, 'x');
    const survey = await surveyWorkspace(world.workspace, []);
    if ('tooLarge' in survey) throw new Error(survey.tooLarge);
    const relative = (paths: readonly string[]): string[] =>
      paths.map((path) => path.slice(world.workspace.length + 1));
    expect(relative(survey.guard.readOnly)).toEqual(['.envrc', '.git', '.github/workflows', 'a/b/.npmrc']);
    expect(relative(survey.guard.fixed)).toEqual(['.github', 'a', 'a/b']);
  });

  test('is too much from a limit on, and then nothing may write [SANDBOX-PROTECTED]', async () => {
    using world = new ExecWorld();
    for (let index = 0; index < 2_000; index += 1) world.put(`.env${index}/.envrc`.replace('.env', 'd'), '');
    expect(await surveyWorkspace(world.workspace, [])).toEqual({
      tooLarge: 'it holds more than 2000 protected files and directories',
    });
    expect(await world.shell('echo x > y', { writes: true })).toMatchObject({
      isError: true,
      text: expect.stringContaining('Nothing was run') as string,
    });
    expect(readdirSync(world.workspace)).not.toContain('y');
  });

  test('new entries are told from changed ones, and only moved as a whole', async () => {
    using world = new ExecWorld();
    world.put('.envrc', 'a');
    const survey = await surveyWorkspace(world.workspace, []);
    if ('tooLarge' in survey) throw new Error(survey.tooLarge);
    world.put('.envrc', 'changed');
    world.put('.vscode/tasks.json', '{}');
    expect(await changesSince(survey)).toEqual({ created: ['.vscode'], changed: ['.envrc'], partly: false });
    const folder = join(world.home, 'artifacts', 'quarantine');
    expect(await quarantine(world.workspace, ['.vscode'], folder)).toEqual({ moved: ['.vscode'], left: [] });
    world.put('.vscode/tasks.json', 'again');
    expect(await quarantine(world.workspace, ['.vscode'], folder)).toEqual({ moved: [], left: ['.vscode'] });
    expect(readFileSync(join(folder, '.vscode/tasks.json'), 'utf8')).toBe('{}');
  });
});

describe('the arguments of git', () => {
  test('as one line are split as a shell would, or not at all', () => {
    const word = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        expect(splitWords(words.map((one) => `'${one}'`).join(' '))).toEqual(words);
      }),
    );
    expect(splitWords(`log --format="a \\"b\\" c" a\\ b 'x y'z`)).toEqual(['log', '--format=a "b" c', 'a b', 'x yz']);
    expect(splitWords(`commit -m ''`)).toEqual(['commit', '-m', '']);
  });

  test.each([
    ['log', '--patch'],
    ['diff', '--text'],
    ['log', '--filter=blob:none'],
    ['branch', '--show-current'],
    ['status', '--ignored'],
    ['diff', '--stat'],
    ['branch', '--remotes'],
    ['log', '-S', 'x'],
    ['commit', '-sm', 'x'],
    ['log', '--', '--ext-diff'],
  ])('of everyday use are taken: %s %s %s', (...args) => expect(readGitArgs(args)).not.toHaveProperty('refused'));

  test('are overruled setting by setting, whatever the key looks like [TOOL-GIT-NEUTRAL]', () => {
    const keys = [
      'filter.a=b.clean\ncat',
      'diff.x y.textconv\nx',
      'alias.l\n!id',
      'remote.o.uploadpack\nx',
      'user.name\nme',
      'core.autocrlf\ntrue',
      'include.path\nx',
      'branch.main.remote\norigin',
      'filter.a.required\ntrue',
      'submodule.m.update\n!x',
      'credential.https://x.helper\nx',
      'core.bare',
    ];
    const settings = overrulingSettings(`${keys.join('\0')}\0`)?.filter(([key]) =>
      keys.some((one) => one.startsWith(`${key}\n`)),
    );
    expect(settings).toEqual([
      ['filter.a=b.clean', ''],
      ['diff.x y.textconv', 'cat'],
      ['alias.l', ''],
      ['remote.o.uploadpack', ''],
      ['filter.a.required', 'false'],
      ['submodule.m.update', 'none'],
      ['credential.https://x.helper', ''],
    ]);
    expect(
      overrulingSettings(Array.from({ length: 501 }, (_, index) => `filter.f${index}.clean\nx\0`).join('')),
    ).toBeUndefined();
  });
});

describe('the options', () => {
  test('have defaults that keep the network off', () => {
    expect(shellOptions.parse(undefined)).toEqual({
      enabled: true,
      network: false,
      timeout: 120_000,
      outputBytes: 1_048_576,
      readable: [],
    });
    expect(fetchOptions.parse(undefined)).toEqual({ allow: [], maxBytes: 2_097_152, timeout: 30_000 });
  });

  test.each([
    { shell: { readable: ['/'] } },
    { shell: { readable: ['relative'] } },
    { shell: { readable: ['/a/../b'] } },
    { shell: { netwrok: true } },
    { fetch: { allow: ['*'] } },
    { fetch: { allow: ['https://x.org'] } },
    { fetch: { allow: ['*.*.org'] } },
  ])('refuse %j', ({ shell, fetch }) => {
    expect((shell === undefined ? fetchOptions.safeParse(fetch) : shellOptions.safeParse(shell)).success).toBe(false);
  });
});
