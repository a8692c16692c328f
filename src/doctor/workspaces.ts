import { existsSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { resolveWorkspaces } from '../agent/workspaces.ts';
import { isModelOn } from '../agent/options.ts';
import { ok, readConfigFor, skip, warn, type Check, type DoctorPorts, type Found } from './check.ts';

/** The directories the agent works in are there, and are no more than what it is meant to see. */
export const workspaces: Check = {
  name: 'workspaces',
  about: 'The directories the agent works in are there, and are no more than they should be.',
  async look(ports) {
    const { userHome } = ports;
    if (userHome === undefined) return [];
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const given = config.workspaces ?? [];
    if (given.length === 0) {
      const modelOn = isModelOn((name) => ports.secrets().of(name));
      return modelOn ? [ok('none: the agent can read no files (workspaces: in config.yaml)')] : [];
    }
    const found = resolveWorkspaces(given, userHome);
    const wide = found.workspaces.flatMap(({ name, path }) => tooWide(name, path, ports));
    const troubles = [...found.problems.map(missing), ...wide];
    return troubles.length > 0 ? troubles : [ok(found.workspaces.map(({ name }) => name).join(', '))];
  },
};

function missing(problem: string): Found {
  const fix = problem.endsWith('not a directory')
    ? 'Name the directory around it under workspaces: in config.yaml.'
    : 'Make the directory, let this user read it, or correct its path under workspaces: in config.yaml.';
  return warn(problem, 'The agent works without it: runs that name it have no files.', fix);
}

function tooWide(name: string, path: string, { home, userHome = '' }: DoctorPorts): Found[] {
  const fix = 'Name the directories of single projects under workspaces: in config.yaml instead.';
  if (path === realPath(userHome)) {
    const why = 'Everything of yours is then one workspace, keys and settings of other programs among it.';
    return [warn(`${name} is your whole home directory`, why, fix)];
  }
  if (!`${realPath(home)}${sep}`.startsWith(path.endsWith(sep) ? path : `${path}${sep}`)) return [];
  const why = 'The home of kairosd stays out of its reach all the same; what else lies there does not.';
  return [warn(`${name} contains the home of kairosd (${home})`, why, fix)];
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
