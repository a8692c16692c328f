import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainRepository, plainSettings } from '../../src/tools/plain-repository.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-plain-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const init = (): void => void execFileSync('git', ['init', '--quiet', folder]);
const git = (...words: string[]): void => void execFileSync('git', ['-C', folder, ...words]);

describe('a repository', () => {
  test('as git makes it names no program, also asked from below, and after ordinary use [PERM-RED-TEAM]', () => {
    init();
    git('remote', 'add', 'origin', 'https://git.example/app.git');
    git('config', 'user.name', 'Ada');
    git('config', 'branch.main.remote', 'origin');
    mkdirSync(join(folder, 'src'));
    expect(plainRepository(folder)).toBe(true);
    expect(plainRepository(join(folder, 'src'))).toBe(true);
  });

  test.each([
    ['a filter', 'filter.x.clean'],
    ['a diff driver', 'diff.x.textconv'],
    ['a file monitor', 'core.fsmonitor'],
    ['a signing program', 'gpg.program'],
    ['a format', 'pretty.mine'],
    ['an alias', 'alias.st'],
    ['another file', 'include.path'],
    ['another tree', 'core.worktree'],
    ['a promisor', 'remote.origin.promisor'],
  ])('with %s is not plain [PERM-RED-TEAM]', (_what, key) => {
    init();
    git('config', key, 'x');
    expect(plainRepository(folder)).toBe(false);
  });

  test('that is a link, a pointer, a bare one, or has submodules or settings per worktree is not plain [PERM-RED-TEAM]', () => {
    init();
    mkdirSync(join(folder, 'sub', 'objects'), { recursive: true });
    mkdirSync(join(folder, 'sub', 'refs'));
    writeFileSync(join(folder, 'sub', 'HEAD'), 'ref: refs/heads/main\n');
    expect(plainRepository(join(folder, 'sub'))).toBe(false);
    mkdirSync(join(folder, 'linked'));
    symlinkSync(join(folder, '.git'), join(folder, 'linked', '.git'));
    expect(plainRepository(join(folder, 'linked'))).toBe(false);
    mkdirSync(join(folder, 'pointed'));
    writeFileSync(join(folder, 'pointed', '.git'), 'gitdir: ../.git\n');
    expect(plainRepository(join(folder, 'pointed'))).toBe(false);
    writeFileSync(join(folder, '.git', 'config.worktree'), '');
    expect(plainRepository(folder)).toBe(false);
    rmSync(join(folder, '.git', 'config.worktree'));
    mkdirSync(join(folder, '.git', 'modules'));
    expect(plainRepository(folder)).toBe(false);
  });

  test('with settings too long to read is not plain [PERM-RED-TEAM]', () => {
    init();
    appendFileSync(join(folder, '.git', 'config'), `# ${'x'.repeat(20_000)}\n`);
    expect(plainRepository(folder)).toBe(false);
  });
});

test('settings count in the form git writes them only [PERM-RED-TEAM]', () => {
  expect(plainSettings('[core]\n\tbare = false\n; note\n[branch "a/b"]\n\tmerge = refs/heads/a/b\n')).toBe(true);
  for (const odd of [
    '[core] fsmonitor = x\n',
    '[core]\n\tbare = false \\\n\tfsmonitor = x\n',
    '[core "x"] [core]\n',
    'bare = false\n',
    '[core]\n\tbare = false\n[CORE]\n\tfsMonitor = x\n',
    '[diff "x"]\n\tcommand = x\n',
  ])
    expect([odd, plainSettings(odd)]).toEqual([odd, false]);
});
