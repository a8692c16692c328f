import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ToolContext } from '../core/agent.ts';
import type { Guard } from './confinement.ts';
import { configEnvironment } from './environment.ts';
import { execute, type Execution, type ProcessPorts } from './execute.ts';
import type { ShellOptions } from './exec-options.ts';
import type { GitCall } from './git-args.ts';
import { overrulingSettings } from './git-neutral.ts';
import type { Repository } from './git-repository.ts';

/** Looking into a configuration takes no longer. */
const LISTING_MS = 10_000;
const LISTING_BYTES_MAX = 1_048_576;
const AGENT = { name: 'kairosd', email: 'kairosd@localhost' };

/** Where `-C` leads, if it leads nowhere outside. */
export async function directoryOf(
  workspace: string,
  { directory }: GitCall,
): Promise<string | { readonly refused: string }> {
  if (directory === undefined) return workspace;
  const path = await realpath(resolve(workspace, directory)).catch(() => undefined);
  if (path !== undefined && (path === workspace || path.startsWith(`${workspace}/`))) return path;
  return { refused: `-C needs a directory in the workspace, got ${JSON.stringify(directory.slice(0, 200))}` };
}

type Place = Omit<Execution, 'argv'> & { readonly env: Record<string, string> };

/** The surroundings of every git of a call. Naming the repository keeps `core.worktree` and the like from leading elsewhere. */
export function placeOf(repository: Repository | undefined, cwd: string, writable: boolean): Place {
  if (repository === undefined) return { writable, cwd, guard: { readOnly: [], fixed: [] }, env: {} };
  const { gitDir, workTree, more } = repository;
  return {
    writable,
    cwd,
    guard: guardOf([gitDir, ...more]),
    env: { GIT_DIR: gitDir, GIT_WORK_TREE: workTree },
    more: more.map((path) => ({ path, writable })),
  };
}

/** Of a repository that git may write: what decides which programs run. */
function guardOf(folders: readonly string[]): Guard {
  const names = ['config', 'config.worktree', 'hooks'];
  const readOnly = folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .filter((path) => existsSync(path));
  return { readOnly, fixed: [] };
}

/**
 * What overrules the configuration that git reads there. It is asked of git itself, so that includes and conditions count
 * as they will.
 */
export async function settingsFor(
  place: Place,
  { workspace, signal }: Pick<ToolContext, 'workspace' | 'signal'>,
  options: ShellOptions,
  ports: ProcessPorts,
): Promise<{ readonly env: Record<string, string> } | { readonly refused: string }> {
  const execution = {
    ...place,
    argv: ['git', '--no-pager', 'config', '--null', '--list'] as const,
    errorsDropped: true,
  };
  const limits = { ...options, timeout: Math.min(options.timeout, LISTING_MS), outputBytes: LISTING_BYTES_MAX };
  const { exitCode, raw, outputBytes, error } = await execute(execution, workspace, limits, ports, signal);
  if (exitCode !== 0) {
    return {
      refused: `git could not read the configuration of this repository (${error ?? `exit status ${exitCode}`})`,
    };
  }
  const listing = raw.toString('utf8');
  // A key that is cut, or cannot be said again, could not be overruled.
  const whole = outputBytes < LISTING_BYTES_MAX && Buffer.from(listing).equals(raw);
  const settings = whole ? overrulingSettings(listing) : undefined;
  if (settings === undefined)
    return { refused: 'the configuration of this repository is too large or no text, and cannot be made safe' };
  return { env: { ...configEnvironment(settings), ...identity(listing) } };
}

/** Who commits, unless the repository says. The owner's own settings are not there. */
function identity(listing: string): Record<string, string> {
  const has = (name: string): boolean => `\0${listing}`.includes(`\0user.${name}\n`);
  return {
    ...(has('name') ? {} : { GIT_AUTHOR_NAME: AGENT.name, GIT_COMMITTER_NAME: AGENT.name }),
    ...(has('email') ? {} : { GIT_AUTHOR_EMAIL: AGENT.email, GIT_COMMITTER_EMAIL: AGENT.email }),
  };
}
