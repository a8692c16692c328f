/** A call of git as it will be made. */
export interface GitCall {
  /** `-C`: where in the workspace. */
  readonly directory: string | undefined;
  readonly subcommand: string;
  readonly rest: readonly string[];
}

/** A longer list is a mistake, or belongs into a file. */
export const ARGUMENTS_MAX = 500;

/**
 * The subcommands there are: built into git, ended by themselves, running nothing of somebody else's. No alias can take
 * their names. Which of them write, the gate says.
 */
const SUBCOMMANDS = new Set(
  `add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore check-mailmap
  check-ref-format checkout cherry cherry-pick clean clone commit commit-tree config count-objects describe diff diff-files
  diff-index diff-tree fetch for-each-ref format-patch fsck gc grep hash-object init interpret-trailers log ls-files
  ls-remote ls-tree merge merge-base merge-file merge-tree mktree mv name-rev notes pack-refs patch-id pull push range-diff
  read-tree rebase reflog remote replace reset restore rev-list rev-parse revert rm shortlog show show-branch show-ref
  sparse-checkout stash status stripspace switch symbolic-ref tag update-index update-ref var verify-commit verify-tag version
  whatchanged worktree write-tree`.split(/\s+/),
);

/** Their output goes through diff drivers and converters unless told otherwise. */
const DIFFING = new Set([
  'diff',
  'log',
  'show',
  'whatchanged',
  'diff-tree',
  'diff-index',
  'diff-files',
  'format-patch',
]);
const CONVERTING = new Set(['grep', 'blame', 'annotate']);
/** They ask git in a submodule, which has a configuration of its own. */
const LOOKING_INTO_SUBMODULES = new Set(['status', 'diff', 'diff-index', 'diff-files']);

/** Options that name a program, need a person, or go into submodules. Git takes any beginning of them. */
const REFUSED = [
  'ext-diff',
  'textconv',
  'filters',
  'open-files-in-pager',
  'exec',
  'upload-pack',
  'receive-pack',
  'template',
  'separate-git-dir',
  'show-signature',
  'gpg-sign',
  'recurse-submodules',
  'submodule',
  'interactive',
  'edit',
  'edit-description',
  'config',
  'remote-submodules',
  'ignore-submodules',
  'strategy',
  'remote',
  'tool',
];
/** Options that are spelled as a beginning of one of those, and mean something else. */
const ALLOWED = new Set(['text', 'filter']);
/** The same in one letter, also behind others, where it means that; what only needs an editor or a key fails by itself. */
const REFUSED_SHORT: Readonly<Record<string, RegExp>> = {
  grep: /^-[a-zA-Z]*O/,
  'ls-remote': /^-[a-zA-Z]*u/,
  clone: /^-[a-zA-Z]*[uc]/,
  rebase: /^-[a-zA-Z]*[xis]/,
  bisect: /^(run|view|visualize)$/,
  add: /^-[a-zA-Z]*[ie]/,
  merge: /^-[a-zA-Z]*s/,
  pull: /^-[a-zA-Z]*s/,
  clean: /^-[a-zA-Z]*i/,
  config: /^-e/,
};

/**
 * Reads the arguments of a call: `-C DIR` and `--no-pager` may stand before the subcommand, nothing else of git's own
 * options; no option that runs a program.
 *
 * @returns In words, what is not possible.
 */
export function readGitArgs(args: readonly string[]): GitCall | { readonly refused: string } {
  if (args.length > ARGUMENTS_MAX)
    return { refused: `expected at most ${ARGUMENTS_MAX} arguments, got ${args.length}` };
  const [first, ...others] = args[0] === 'git' ? args.slice(1) : args;
  if (first === '--no-pager') return readGitArgs(others);
  if (first === '-C') {
    const [directory, ...behind] = others;
    const inner = readGitArgs(behind);
    if (directory === undefined || 'refused' in inner)
      return 'refused' in inner ? inner : { refused: '-C needs a directory' };
    if (inner.directory !== undefined) return { refused: 'expected -C once, got it twice' };
    return { ...inner, directory };
  }
  const subcommand = first === '--version' ? 'version' : (first ?? '');
  if (subcommand.startsWith('-'))
    return { refused: `git takes only -C and --no-pager before its subcommand here, got ${subcommand}` };
  if (!SUBCOMMANDS.has(subcommand))
    return { refused: `expected one of git's own subcommands, got ${JSON.stringify(subcommand)}` };
  const wrong = optionsOf(others).find((option) => isRefused(subcommand, option));
  if (wrong !== undefined)
    return { refused: `git ${subcommand} is not run with ${wrong} here: it can start a program, or needs a person` };
  return { directory: undefined, subcommand, rest: others };
}

/** The whole command line behind `git`. */
export function gitArguments({ subcommand, rest }: GitCall): string[] {
  const added = [
    ...(DIFFING.has(subcommand) ? ['--no-ext-diff', '--no-textconv'] : []),
    ...(CONVERTING.has(subcommand) ? ['--no-textconv'] : []),
    ...(LOOKING_INTO_SUBMODULES.has(subcommand) ? ['--ignore-submodules=all'] : []),
  ];
  return ['--no-pager', '--no-optional-locks', '--no-replace-objects', subcommand, ...added, ...rest];
}

/**
 * A command line as words, for a model that wrote one string. Quotes as in a shell; whatever a shell would do more with
 * (variables, substitutions, patterns stay patterns of git) is refused or taken as it is.
 *
 * @returns undefined when it is not plain words.
 */
export function splitWords(text: string): string[] | undefined {
  const found: string[] = [];
  let at = 0;
  while (at < text.length) {
    const gap = /^\s+/.exec(text.slice(at));
    at += gap?.[0].length ?? 0;
    if (at >= text.length) break;
    let word = '';
    let piece = WORD_PIECE.exec(text.slice(at));
    if (piece === null) return undefined;
    while (piece !== null) {
      word += piece[1] ?? piece[2]?.replaceAll(/\\(["\\])/g, '$1') ?? piece[3]?.slice(1) ?? piece[0];
      at += piece[0].length;
      piece = WORD_PIECE.exec(text.slice(at));
    }
    if (at < text.length && !/\s/.test(text[at] ?? '')) return undefined;
    found.push(word);
  }
  return found;
}

/** '…' as it is, "…" without variables, \x, or plain characters. */
const WORD_PIECE = /^(?:'([^']*)'|"((?:[^"\\$`]|\\["\\])*)"|(\\[^\n])|[^\s'"\\$`;&|<>()]+)/;

/** What stands before `--`, where options end. */
function optionsOf(rest: readonly string[]): readonly string[] {
  const end = rest.indexOf('--');
  return end < 0 ? rest : rest.slice(0, end);
}

function isRefused(subcommand: string, argument: string): boolean {
  if (REFUSED_SHORT[subcommand]?.test(argument)) return true;
  const name = /^--([a-z][a-z-]*)/.exec(argument)?.[1];
  if (name === undefined || ALLOWED.has(name)) return false;
  return REFUSED.some((refused) => refused.startsWith(name));
}
