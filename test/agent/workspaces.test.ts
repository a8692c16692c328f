import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveWorkspaces, workspaceOf, workspacesOptions } from '../../src/agent/workspaces.ts';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kairosd-workspaces-')));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function repository(name: string, config: string, head = 'ref: refs/heads/topic\n'): string {
  const path = join(root, name);
  mkdirSync(join(path, '.git'), { recursive: true });
  writeFileSync(join(path, '.git', 'HEAD'), head);
  writeFileSync(join(path, '.git', 'config'), config);
  return path;
}

function resolved(...paths: string[]) {
  return resolveWorkspaces(workspacesOptions.parse(paths.map((path) => ({ path }))), root);
}

describe('workspaces', () => {
  test('are canonical, and those that are missing are named', () => {
    mkdirSync(join(root, 'app'));
    symlinkSync(join(root, 'app'), join(root, 'link'));
    const { workspaces, problems } = resolved('~/link', join(root, 'gone'));
    expect(workspaces).toEqual([{ name: 'link', path: join(root, 'app'), trust: 'owner' }]);
    expect(problems).toEqual([expect.stringContaining('gone is not there')]);
  });

  test('a relative path and a name that is given twice are refused', () => {
    expect(workspacesOptions.safeParse([{ path: 'src/app' }]).success).toBe(false);
    expect(workspacesOptions.safeParse([{ path: '/a/app' }, { path: '/b/app' }]).success).toBe(false);
    expect(workspacesOptions.safeParse([{ path: '/a/app' }, { path: '/b/app', name: 'other' }]).success).toBe(true);
  });

  test("a checkout of somebody else's branch is not trusted [TAINT-CHECKOUT]", () => {
    const own = repository('own', '[branch "topic"]\n\tremote = origin\n\tmerge = refs/heads/topic\n');
    const pull = repository(
      'pull',
      '[branch "topic"]\n\tremote = origin\n\tmerge = refs/pull/12/head\n[branch "main"]\n',
    );
    const fork = repository(
      'fork',
      '[branch "topic"]\n\tremote = https://github.com/stranger/app.git\n\tmerge = refs/heads/x\n',
    );
    const other = repository('other', '[branch "elsewhere"]\n\tmerge = refs/pull/1/head\n');
    expect(resolved(own, pull, fork, other).workspaces.map(({ trust }) => trust)).toEqual([
      'owner',
      'outside',
      'outside',
      'owner',
    ]);
  });

  test('the innermost workspace holds a path', () => {
    mkdirSync(join(root, 'app', 'inner'), { recursive: true });
    const { workspaces } = resolved(join(root, 'app'), join(root, 'app', 'inner'));
    expect(workspaceOf(workspaces, join(root, 'app', 'inner', 'x'))?.name).toBe('inner');
    expect(workspaceOf(workspaces, join(root, 'app'))?.name).toBe('app');
    expect(workspaceOf(workspaces, join(root, 'application'))).toBeUndefined();
  });
});
