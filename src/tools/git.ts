import { z } from 'zod';
import type { Tool, ToolContext, ToolResult } from '../core/agent.ts';
import { defineTool, failure } from './define.ts';
import { describeProcess, execute, listed, tidyUp, type ExecPorts } from './execute.ts';
import type { ShellOptions } from './exec-options.ts';
import { ARGUMENTS_MAX, gitArguments, readGitArgs, splitWords } from './git-args.ts';
import { directoryOf, placeOf, settingsFor } from './git-place.ts';
import { findRepository, type Repository } from './git-repository.ts';
import type { Guard } from './confinement.ts';
import { changesSince, surveyWorkspace, type Survey } from './guard.ts';

/** They make a repository, so the one around must not be named to them. */
const NEW = new Set(['init', 'clone']);
/** They put files of the repository's history, or of a patch, into the working tree. */
const CHANGES_TREE = new Set(
  `am apply bisect checkout cherry-pick clean clone init merge mv pull read-tree rebase reset restore revert rm
  sparse-checkout stash switch worktree`.split(/\s+/),
);

const argument = z
  .string()
  .max(65_536)
  .refine((text) => !text.includes('\0'), { error: 'must not hold a NUL' });

/**
 * The tool `git`: one of git's own subcommands, without a shell, on a repository of the workspace. Nothing that a checkout or
 * its configuration names is run: no hook, filter, pager, alias, driver, helper or monitor. The repository is read-only
 * unless the gate found that the call writes; its configuration and hooks always are.
 */
export function gitTool(options: ShellOptions, ports: ExecPorts): Tool {
  return defineTool({
    name: 'git',
    description:
      'Runs git in the workspace: status, log, diff, show, blame, add, commit, switch and so on, without hooks, aliases, ' +
      'filters and pagers. `args` are what stands behind `git`, one string each; -C DIR may come first. ' +
      'Its configuration cannot be changed with it.',
    input: z.strictObject({
      args: z
        .union([z.array(argument).min(1).max(ARGUMENTS_MAX), argument.transform(asWords)], {
          error: 'must be up to 500 words, or one line of plain words, quoted as in a shell, without $ ` ; & | < > ( )',
        })
        .describe('The arguments behind `git`, such as ["log", "--oneline", "-20"].'),
    }),
    run: async ({ args }, context) => run(args, context, options, ports),
  });
}

function asWords(text: string, context: z.core.$RefinementCtx<string>): string[] {
  const words = splitWords(text);
  if (words !== undefined && words.length > 0 && words.length <= ARGUMENTS_MAX) return words;
  context.addIssue({ code: 'custom', message: 'must be plain words' });
  return z.NEVER;
}

async function run(
  args: readonly string[],
  context: ToolContext,
  options: ShellOptions,
  ports: ExecPorts,
): Promise<ToolResult> {
  const { workspace, signal, callId } = context;
  if (workspace === undefined)
    return failure('git needs a workspace, and this run has none (workspaces: in config.yaml)');
  const call = readGitArgs(args);
  if ('refused' in call) return failure(call.refused);
  const writable = ports.mayWrite(callId);
  const cwd = await directoryOf(workspace.path, call);
  if (typeof cwd !== 'string') return failure(cwd.refused);
  const repository = await findRepository(workspace.path, cwd);
  if (repository !== undefined && 'refused' in repository) return failure(repository.refused);
  if (!writable && call.rest.some((word) => /^--outp?u?t?(=|$)/.test(word))) {
    return failure('git was taken for reading only, so --output is not possible');
  }
  const place = placeOf(NEW.has(call.subcommand) ? undefined : repository, cwd, writable);
  const settings = await settingsFor(place, context, options, ports);
  if ('refused' in settings) return failure(settings.refused);
  const survey = writable ? await surveyWorkspace(workspace.path, ports.outside) : undefined;
  const before = survey === undefined || 'tooLarge' in survey ? undefined : survey;
  const keeps = !CHANGES_TREE.has(call.subcommand);
  const guard = keeps ? widened(place.guard, before, repository) : place.guard;
  const env = { ...place.env, ...settings.env };
  const result = await execute(
    { ...place, guard, argv: ['git', ...gitArguments(call)], env },
    workspace,
    options,
    ports,
    signal,
  );
  const remarks = keeps && before !== undefined ? await tidyUp(before, context, ports) : await changedBy(before);
  return describeProcess(result, options, [...remarks, ...(writable ? [] : explain(result.text))]);
}

/** What git writes besides the working tree (`config --file`, `archive --output`) is no road to a protected file. */
function widened(guard: Guard, before: Survey | undefined, repository: Repository | undefined): Guard {
  if (before === undefined) return guard;
  const own = repository?.gitDir ?? '';
  const others = before.guard.readOnly.filter((path) => path !== own && !own.startsWith(`${path}/`));
  return { readOnly: [...others, ...guard.readOnly].toSorted(), fixed: before.guard.fixed };
}

/** What git itself puts into the working tree stays, but is told: a branch may bring settings that programs obey. */
async function changedBy(before: Survey | undefined): Promise<string[]> {
  if (before === undefined) return [];
  const { created, changed } = await changesSince(before);
  const touched = [...created, ...changed].filter((path) => path !== '.git');
  return touched.length === 0 ? [] : [`protected files that this changed: ${listed(touched)}`];
}

function explain(text: string): string[] {
  return /Read-only file system/.test(text)
    ? ['This call was taken for one that only reads, so the repository was read-only for it']
    : [];
}
