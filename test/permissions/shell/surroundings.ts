import { posix } from 'node:path';
import type { ResolvedPath, Surroundings } from '../../../src/permissions/call.ts';

/** Where the imagined run works. */
const WORKSPACE = '/home/me/src/app';

const FOLDERS = new Set(['/', '/home', '/home/me', '/home/me/src', WORKSPACE, '/tmp', '/etc', '/usr', '/usr/bin']);
const INSIDE = new Set(['src', 'src/deep', 'docs', 'test', 'build', 'dist', 'sub', '.git', '.git/hooks', '.github']);

/** A machine with one workspace, in a sandbox without network, where every path is what it says. */
export function imagined(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    workspaces: [{ name: 'app', path: WORKSPACE, trust: 'owner' }],
    cwd: WORKSPACE,
    home: '/home/me/.kairos',
    userHome: '/home/me',
    platform: 'linux',
    sandbox: 'bubblewrap',
    shellNetwork: false,
    fetchHosts: [],
    resolve,
    ...changes,
  };
}

function resolve(path: string): ResolvedPath {
  const canonical = posix.normalize(path).replace(/(?<=.)\/$/, '');
  const inside = canonical.startsWith(`${WORKSPACE}/`) ? canonical.slice(WORKSPACE.length + 1) : '';
  return {
    canonical,
    exists: !/^[^.].*\/\.[^/]+$/.test(inside),
    links: 1,
    directory: FOLDERS.has(canonical) || INSIDE.has(inside),
  };
}
