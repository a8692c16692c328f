import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, sep } from 'node:path';
import { z } from 'zod';
import type { Workspace } from '../core/agent.ts';

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

const section = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(4_096)
    .refine(
      (path) => isAbsolute(path) || path === '~' || path.startsWith('~/'),
      'must be an absolute path, or begin with ~/',
    )
    .meta({ description: 'Directory the agent may read and, as the gate allows, change. Absolute, or from ~/.' }),
  name: z
    .string()
    .regex(NAME, 'must be 1 to 64 of A-Z, a-z, 0-9, _, . and -')
    .optional()
    .meta({ description: 'What schedules and subscriptions call it. Default: the last part of the path.' }),
  trust: z
    .enum(['owner', 'outside'])
    .default('owner')
    .meta({ description: "outside: somebody else's checkout; what a run reads there is treated like a web page." }),
});

/** One entry of `workspaces:`. */
export type WorkspaceOptions = z.output<typeof section>;

/** Schema of `workspaces:`. Default: none; then the agent can read no files. */
export const workspacesOptions = z
  .array(section)
  .max(64)
  .prefault([])
  .superRefine((sections, context) => {
    const names = sections.map(workspaceName);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue;
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `must differ from the other names, got ${name} twice`,
      });
    }
  });

export interface ResolvedWorkspaces {
  readonly workspaces: readonly Workspace[];
  /** Those that are no directories, in words. */
  readonly problems: readonly string[];
}

/** The workspaces as they are on the disk now: canonical, those that are missing left out and named. */
export function resolveWorkspaces(sections: readonly WorkspaceOptions[], userHome: string): ResolvedWorkspaces {
  const workspaces: Workspace[] = [];
  const problems: string[] = [];
  for (const options of sections) {
    const given = options.path.startsWith('~') ? join(userHome, options.path.slice(1)) : options.path;
    try {
      const path = realpathSync(given);
      if (!statSync(path).isDirectory()) problems.push(`workspace ${given} is not a directory`);
      else
        workspaces.push({
          name: workspaceName(options),
          path,
          trust: options.trust === 'owner' ? trustOf(path) : 'outside',
        });
    } catch {
      problems.push(`workspace ${given} is not there, or can't be read`);
    }
  }
  return { workspaces, problems };
}

/** The workspace that holds a canonical path, the innermost one. */
export function workspaceOf(workspaces: readonly Workspace[], path: string): Workspace | undefined {
  return workspaces
    .filter((workspace) => path === workspace.path || path.startsWith(workspace.path + sep))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
}

/**
 * A checkout of somebody else's branch is not the owner's word, even in the owner's repository: a branch that was fetched from
 * a pull request, or from an address instead of a remote with a name, is `outside`. A detached head can't be told.
 */
function trustOf(path: string): Workspace['trust'] {
  try {
    const branch = /^ref: refs\/heads\/(.+)$/m.exec(readFileSync(join(path, '.git', 'HEAD'), 'utf8'))?.[1];
    if (branch === undefined) return 'owner';
    return isForeign(sectionOf(readFileSync(join(path, '.git', 'config'), 'utf8'), branch)) ? 'outside' : 'owner';
  } catch {
    // No repository, or a linked worktree: nothing to go by.
    return 'owner';
  }
}

function sectionOf(config: string, branch: string): string {
  const start = config.indexOf(`[branch "${branch}"]`);
  if (start === -1) return '';
  const end = config.indexOf('\n[', start);
  return config.slice(start, end === -1 ? undefined : end);
}

function isForeign(branch: string): boolean {
  const remote = /^\s*remote\s*=\s*(.+?)\s*$/m.exec(branch)?.[1] ?? '';
  const merge = /^\s*merge\s*=\s*(.+?)\s*$/m.exec(branch)?.[1] ?? '';
  return /[:/]/.test(remote) || /^refs\/(pull|merge-requests)\//.test(merge);
}

/** What a workspace is called: as configured, else the last part of its path. */
export function workspaceName({ name, path }: Pick<WorkspaceOptions, 'name' | 'path'>): string {
  return name ?? basename(path.replace(/\/+$/, ''));
}
