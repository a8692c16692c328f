import type { Program } from './program.ts';

/** When a subcommand, given only these flags, runs nothing that a checkout's configuration names. */
export type GitNeed =
  /** Always: it looks at references, the index or settings only. */
  | 'nothing'
  /** When the configuration that could make it run something is overridden. */
  | 'neutral';

export interface GitCommand extends Program {
  readonly need: GitNeed;
}

const COMMITS =
  '-n:count -i -E -F -P --oneline --graph --all --decorate?word --no-decorate --max-count:count --skip:count --since:text ' +
  '--after:text --until:text --before:text --author:text --committer:text --grep:text --all-match --invert-grep ' +
  '--regexp-ignore-case --extended-regexp --fixed-strings --perl-regexp --merges --no-merges --first-parent ' +
  '--abbrev-commit --no-abbrev-commit --abbrev?small --date:text --relative-date --reverse --topo-order --date-order ' +
  '--author-date-order --branches?text --tags?text --remotes?text --no-color --color?word --left-right --cherry-pick ' +
  '--ancestry-path --count --walk-reflogs -g --simplify-by-decoration --full-history --follow --no-walk --boundary ' +
  '--no-notes --parents --children --source --pretty?text --format:text --no-show-signature --no-mailmap --mailmap ' +
  '--show-pulls --no-patch -s --ignore-missing';

const CHANGES =
  '-p -u -w -b -M -C -R -a -z -U:small -S:text -G:text --patch --stat?text --numstat --shortstat --summary --dirstat?text ' +
  '--name-only --name-status --raw --cached --staged --merge-base --unified:small --minimal --patience --histogram ' +
  '--diff-algorithm:word --word-diff?word --color-words --no-renames --find-renames?word --find-copies?word --check ' +
  '--full-index --binary --ignore-all-space --ignore-space-change --ignore-space-at-eol --ignore-cr-at-eol ' +
  '--ignore-blank-lines --function-context -W --inter-hunk-context:small --diff-filter:word --pickaxe-regex ' +
  '--pickaxe-all --relative?text --text --exit-code --quiet -q --no-ext-diff --no-textconv --no-prefix --compact-summary ' +
  '--no-color --color?word --patch-with-stat -m -c --cc --submodule?word --ignore-submodules?word --skip-to:text';

const SHOWN: GitCommand = {
  need: 'neutral',
  flags: `${COMMITS} ${CHANGES} -L:text`,
  operands: 'text*',
  dashNumber: true,
};

/**
 * What git is asked that only reads. Why some run programs of a checkout: `status` and `diff` ask `core.fsmonitor` and the
 * clean filters, a patch asks `diff.*.command` and `diff.*.textconv`, `log.showSignature` asks `gpg.program`, `grep` and
 * `blame` ask textconv. A clean filter cannot be switched off by name, so `status` and `diff` need a runner that does.
 */
export const GIT_COMMANDS: Readonly<Record<string, GitCommand>> = {
  'rev-parse': {
    need: 'nothing',
    flags:
      '-q --short?small --abbrev-ref?word --verify --quiet --symbolic --symbolic-full-name --show-toplevel --show-prefix ' +
      '--show-cdup --git-dir --absolute-git-dir --git-common-dir --is-inside-work-tree --is-inside-git-dir ' +
      '--is-bare-repository --is-shallow-repository --all --branches?text --tags?text --remotes?text --show-object-format ' +
      '--show-superproject-working-tree',
    operands: 'text*',
  },
  'ls-files': {
    need: 'nothing',
    flags:
      '-z -c -s -t -v --cached --stage --full-name --error-unmatch --abbrev?small --eol --deduplicate --exclude:text -x:text',
    operands: 'text*',
  },
  'ls-tree': {
    need: 'nothing',
    flags: '-r -d -t -l -z --long --name-only --name-status --full-name --full-tree --abbrev?small --object-only',
    operands: 'text*',
    least: 1,
  },
  branch: {
    need: 'nothing',
    flags:
      '-a -r -v -l -i --all --remotes --list --show-current --verbose --merged --no-merged --contains:text ' +
      '--no-contains:text --points-at:text --sort:text --no-color --color?word --no-column --ignore-case --abbrev?small',
    operands: 'text*',
  },
  tag: {
    need: 'nothing',
    flags:
      '-l -n -i --list --contains:text --no-contains:text --points-at:text --merged --no-merged --sort:text --no-color ' +
      '--no-column --ignore-case',
    operands: 'text*',
  },
  remote: { need: 'nothing', flags: '-v --verbose', operands: 'text text' },
  describe: {
    need: 'nothing',
    flags:
      '--tags --all --long --always --contains --exact-match --first-parent --abbrev?small --candidates:small --match:text --exclude:text',
    operands: 'text*',
  },
  'rev-list': { need: 'nothing', flags: COMMITS, operands: 'text*', least: 1, dashNumber: true },
  shortlog: {
    need: 'nothing',
    flags: `${COMMITS} -s -n -e -c --summary --numbered --email`,
    operands: 'text*',
  },
  'merge-base': {
    need: 'nothing',
    flags: '-a --all --is-ancestor --independent --octopus --fork-point',
    operands: 'text*',
    least: 1,
  },
  'name-rev': { need: 'nothing', flags: '--tags --name-only --always --all', operands: 'text*' },
  'symbolic-ref': { need: 'nothing', flags: '-q --short --quiet', operands: 'text', least: 1 },
  'for-each-ref': {
    need: 'nothing',
    flags: '--count:count --sort:text --points-at:text --merged?text --no-merged?text --contains?text --ignore-case',
    operands: 'text*',
  },
  'show-ref': {
    need: 'nothing',
    flags: '-q -d -s --heads --tags --branches --verify --quiet --head --hash?small',
    operands: 'text*',
  },
  'count-objects': { need: 'nothing', flags: '-v -H --verbose --human-readable' },
  'check-ignore': {
    need: 'nothing',
    flags: '-v -n -q --verbose --non-matching --no-index',
    operands: 'text*',
    least: 1,
  },
  worktree: { need: 'nothing', flags: '-v -z --porcelain --verbose', operands: 'text', least: 1 },
  version: { need: 'nothing', flags: '--build-options' },
  'cat-file': { need: 'nothing', flags: '-t -s -e -p', operands: 'text text', least: 1 },
  stash: { need: 'neutral', flags: COMMITS, operands: 'text text', least: 1 },
  reflog: { need: 'neutral', flags: COMMITS, operands: 'text*', dashNumber: true },
  cherry: { need: 'nothing', flags: '-v --verbose --abbrev?small', operands: 'text text text' },
  whatchanged: SHOWN,
  log: SHOWN,
  show: SHOWN,
  diff: { ...SHOWN, flags: CHANGES },
  'diff-tree': { ...SHOWN, flags: `${CHANGES} -r -t --root --no-commit-id` },
  status: {
    need: 'neutral',
    flags:
      '-s -b -v -z -u?word --short --branch --porcelain?word --long --verbose --show-stash --ahead-behind --no-ahead-behind ' +
      '--untracked-files?word --ignored?word --ignore-submodules?word --no-renames --renames --column?text --no-column',
    operands: 'text*',
  },
  blame: {
    need: 'neutral',
    flags:
      '-L:text -w -M -C -s -e -l -t -n -f -p --porcelain --line-porcelain --show-email --show-name --show-number --since:text ' +
      '--date:text --reverse --first-parent --abbrev?small --ignore-rev:text --no-progress --no-textconv',
    operands: 'text*',
    least: 1,
  },
  grep: {
    need: 'neutral',
    flags:
      '-n -i -I -w -v -h -H -E -G -F -P -l -L -c -p -W -q -z -a -e:text -A:count -B:count -C:count -m:count --line-number ' +
      '--ignore-case --word-regexp --invert-match --extended-regexp --fixed-strings --perl-regexp --files-with-matches ' +
      '--name-only --files-without-match --count --heading --break --show-function --function-context --cached --untracked ' +
      '--no-index-less --column --only-matching -o --no-color --color?word --max-depth:small --context:count --all-match ' +
      '--and --or --not --no-textconv --max-count:count --quiet',
    operands: 'text*',
    least: 1,
  },
};
