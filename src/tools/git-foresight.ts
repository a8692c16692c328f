import { basename, join, normalize, relative } from 'node:path';
import type { Json, Workspace } from '../core/agent.ts';
import { protectedBy } from '../permissions/protected-names.ts';
import { execute, listed, type ProcessPorts } from './execute.ts';
import type { ShellOptions } from './exec-options.ts';
import { readGitArgs, splitWords, type GitCall } from './git-args.ts';
import { directoryOf, placeOf, settingsFor } from './git-place.ts';
import { findRepository } from './git-repository.ts';

/** Says which protected files a call of the tool `git` would change; undefined: none. Reads only. */
type Foresee = (args: Json, workspace: Workspace | undefined, signal: AbortSignal) => Promise<string | undefined>;

/** They bring what other commits hold, or take away what is there. The others that do are HIGH anyway. */
const BRINGING = new Set(
  'checkout switch restore merge cherry-pick revert stash worktree rm mv sparse-checkout'.split(' '),
);
/** What they bring is what a commit changed, not what it holds. */
const PICKING = new Set(['cherry-pick', 'revert', 'stash']);
const REVISIONS_MAX = 8;
const LOOKING_MS = 10_000;
const NAMES_BYTES_MAX = 4_194_304;

/**
 * Looks ahead: which protected files would switching, merging, restoring, stashing, moving or removing change? Their names
 * stand in commits, not in the words of the call. Rather too many than too few: what is limited to paths without `--`
 * counts as the whole.
 */
export function createForesight(options: ShellOptions, ports: ProcessPorts): Foresee {
  const limits = { ...options, timeout: Math.min(options.timeout, LOOKING_MS), outputBytes: NAMES_BYTES_MAX };
  return async (args, workspace, signal) => {
    const call = callOf(args);
    if (call === undefined || workspace === undefined || !BRINGING.has(call.subcommand)) return undefined;
    const cwd = await directoryOf(workspace.path, call);
    if (typeof cwd !== 'string') return undefined;
    const repository = await findRepository(workspace.path, cwd);
    if (repository === undefined || 'refused' in repository) return undefined;
    const place = placeOf(repository, cwd, false);
    const settings = await settingsFor(place, { workspace, signal }, options, ports);
    if ('refused' in settings) return undefined;
    const ask: Ask = async (argv) => {
      const execution = {
        ...place,
        env: { ...place.env, ...settings.env },
        argv: ['git', '--no-pager', ...argv] as const,
        errorsDropped: true,
      };
      const { exitCode, raw, outputBytes } = await execute(execution, workspace, limits, ports, signal);
      if (outputBytes > NAMES_BYTES_MAX) throw new TooMuch();
      return exitCode === 0 ? raw.toString('utf8') : undefined;
    };
    try {
      const names = await namesTouched(call, ask, relative(repository.workTree, cwd));
      const inside = relative(workspace.path, repository.workTree);
      const touched = [...new Set(names)].filter((name) => protectedBy(`/${join(inside, name)}`) !== undefined);
      return touched.length === 0
        ? undefined
        : `\`git ${call.subcommand}\` would change what is protected: ${listed(touched.slice(0, 5))}${touched.length > 5 ? ' and more' : ''}`;
    } catch (error) {
      if (error instanceof TooMuch) return `\`git ${call.subcommand}\` would change more files than can be looked at`;
      throw error;
    }
  };
}

/** The output of a git that only looks; undefined when it could not answer. */
type Ask = (argv: readonly string[]) => Promise<string | undefined>;

class TooMuch extends Error {}

function callOf(args: Json): GitCall | undefined {
  const words = typeof args === 'string' ? splitWords(args) : args;
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) return undefined;
  const call = readGitArgs(words);
  return 'refused' in call ? undefined : call;
}

/** Relative to the top of the repository. */
async function namesTouched({ subcommand, rest }: GitCall, ask: Ask, prefix: string): Promise<string[]> {
  const end = rest.indexOf('--');
  const words = end < 0 ? rest : rest.slice(0, end);
  const paths = end < 0 ? [] : rest.slice(end);
  const operands = words.filter((word) => !word.startsWith('-') || word === '-');
  if (subcommand === 'rm') return listFiles([...operands, ...paths.slice(1)], ask);
  if (subcommand === 'mv') return moved([...operands, ...paths.slice(1)], ask, prefix);
  if (subcommand === 'sparse-checkout') return listFiles([':/'], ask);
  if (subcommand === 'stash') return stashed(words, ask);
  const revisions = await revisionsIn(words, ask);
  if (subcommand === 'worktree') return operands[0] === 'add' ? wholeTrees(revisions, ask) : [];
  const brought = await Promise.all(revisions.map(async (one) => difference(subcommand, one, paths, ask)));
  const overwrites =
    subcommand === 'restore' ||
    revisions.length === 0 ||
    words.some((word) => /^(?:-f$|--f|--dis|--merge|-m)/.test(word));
  return [
    ...brought.flat(),
    ...(overwrites && !PICKING.has(subcommand) && subcommand !== 'merge' ? await unsaved(paths, ask) : []),
  ];
}

async function listFiles(pathspecs: readonly string[], ask: Ask): Promise<string[]> {
  return split(await ask(['ls-files', '-z', '--full-name', '--', ...pathspecs]));
}

/** What is moved, and what it is called afterwards. */
async function moved(operands: readonly string[], ask: Ask, prefix: string): Promise<string[]> {
  const target = normalize(join(prefix, operands.at(-1) ?? ''));
  const sources = operands.slice(0, -1);
  const files = await listFiles(sources, ask);
  const parts = files.flatMap((file) => file.split('/').map((_, at, all) => all.slice(at).join('/')));
  return [
    ...files,
    target,
    ...parts.map((part) => join(target, part)),
    ...sources.map((one) => join(target, basename(one))),
  ];
}

/** Pushing takes away what is not committed; popping and applying bring it back. */
async function stashed(words: readonly string[], ask: Ask): Promise<string[]> {
  const [verb = 'push', ...rest] = words;
  if (['list', 'show', 'drop', 'clear', 'create', 'store'].includes(verb)) return [];
  if (!['pop', 'apply', 'branch'].includes(verb)) {
    const others = words.some((word) => /^-[a-z]*[ua]|^--(?:incl|all)/.test(word));
    return [
      ...(await unsaved([], ask)),
      ...(others ? split(await ask(['ls-files', '-z', '--others', '--full-name', ':/'])) : []),
    ];
  }
  const [given] = rest.filter((word) => !word.startsWith('-')).slice(verb === 'branch' ? 1 : 0);
  const stash = given === undefined ? 'stash@{0}' : /^\d+$/.test(given) ? `stash@{${given}}` : given;
  const others = split(await ask(['ls-tree', '-r', '-z', '--name-only', '--full-tree', `${stash}^3`]));
  const base = verb === 'branch' ? await difference('checkout', `${stash}^1`, [], ask) : [];
  return [...split(await ask(['diff', ...NAMES, `${stash}^1`, stash])), ...others, ...base];
}

const NAMES = [
  '--name-only',
  '-z',
  '--no-renames',
  '--no-relative',
  '--no-ext-diff',
  '--no-textconv',
  '--ignore-submodules=all',
];

async function difference(subcommand: string, revision: string, paths: readonly string[], ask: Ask): Promise<string[]> {
  if (PICKING.has(subcommand)) {
    const argv = ['log', '--format=', '-m', '--root', ...(revision.includes('..') ? [] : ['-1']), ...NAMES, revision];
    return split(await ask(argv));
  }
  const pair = subcommand === 'merge' ? [`HEAD...${revision}`] : ['HEAD', revision];
  const found = await ask(['diff', ...NAMES, ...pair, ...paths]);
  // Without a commit of ours, or one in common, all of theirs is new.
  return found === undefined ? wholeTrees([revision], ask) : split(found);
}

async function wholeTrees(revisions: readonly string[], ask: Ask): Promise<string[]> {
  const trees = revisions.length === 0 ? ['HEAD'] : revisions;
  const listings = await Promise.all(
    trees.map(async (one) => ask(['ls-tree', '-r', '-z', '--name-only', '--full-tree', one])),
  );
  return listings.flatMap(split);
}

/** Changed in the working tree or in the index. */
async function unsaved(paths: readonly string[], ask: Ask): Promise<string[]> {
  const [inTree, inIndex] = [
    await ask(['diff', ...NAMES, ...paths]),
    await ask(['diff', '--cached', ...NAMES, ...paths]),
  ];
  return [...split(inTree), ...split(inIndex)];
}

/** What of the words is a commit, also behind an option, and also as the branch of a remote that git would guess. */
async function revisionsIn(words: readonly string[], ask: Ask): Promise<string[]> {
  const texts = words.flatMap((word) => {
    if (word === '-') return ['@{-1}'];
    if (!word.startsWith('-')) return [word];
    return [/^--[a-z-]+=(.+)$/.exec(word)?.[1] ?? /^-[a-zA-Z](.+)$/.exec(word)?.[1] ?? ''];
  });
  const found: string[] = [];
  for (const text of [...new Set(texts)].filter((one) => one !== '' && !one.startsWith('-'))) {
    if (found.length >= REVISIONS_MAX) throw new TooMuch();
    const range = text.includes('..') && (await ask(['rev-parse', '--quiet', '--revs-only', text])) !== undefined;
    const known = await ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${text}^{commit}`]);
    if (known !== undefined || range) found.push(known?.trim() ?? text);
    else
      found.push(
        ...split(
          (await ask(['for-each-ref', '--format=%(objectname)', `refs/remotes/*/${text}`]))?.replaceAll('\n', '\0'),
        ),
      );
  }
  return found;
}

function split(output: string | undefined): string[] {
  return (output ?? '').split('\0').filter((name) => name !== '');
}
