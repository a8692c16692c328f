import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Surroundings } from '../../src/permissions/call.ts';
import { resolvePath } from '../../src/tools/resolve.ts';

/** A real directory tree with an owner's home, kairosd's home in it, and workspaces; and the surroundings to judge in it. */
export interface Place extends Disposable {
  readonly root: string;
  readonly workspace: string;
  readonly userHome: string;
  readonly surroundings: Surroundings;
  /** Writes a file under the root, with the directories it needs. @returns Its path. */
  file(path: string, text?: string): string;
  link(path: string, target: string): string;
  hardLink(path: string, target: string): string;
}

export function makePlace(more: Partial<Surroundings> = {}): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-permissions-')));
  const workspace = join(root, 'work', 'app');
  const userHome = join(root, 'people', 'ada');
  const home = join(userHome, '.kairos');
  const foreign = join(root, 'work', 'foreign');
  for (const path of [workspace, home, foreign]) mkdirSync(path, { recursive: true });
  const at = (path: string): string => {
    const whole = join(root, path);
    mkdirSync(dirname(whole), { recursive: true });
    return whole;
  };
  return {
    root,
    workspace,
    userHome,
    surroundings: {
      workspaces: [
        { name: 'app', path: workspace, trust: 'owner' },
        { name: 'foreign', path: foreign, trust: 'outside' },
      ],
      cwd: workspace,
      home,
      userHome,
      platform: 'linux',
      sandbox: 'bubblewrap',
      shellNetwork: false,
      fetchHosts: ['docs.example.org', '*.wiki.example', 'example.com:8443'],
      channels: ['telegram'],
      resolve: resolvePath,
      ...more,
    },
    file: (path, text = 'x\n') => {
      writeFileSync(at(path), text);
      return join(root, path);
    },
    link: (path, target) => {
      symlinkSync(target, at(path));
      return join(root, path);
    },
    hardLink: (path, target) => {
      linkSync(target, at(path));
      return join(root, path);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
