import type { Program, Programs } from './program.ts';

const FD: Program = {
  flags:
    '-HIasipgFL0u1q -e:word -t:word -d:small -E:text -c:word -S:text --hidden --no-ignore --no-ignore-vcs --glob --regex ' +
    '--fixed-strings --absolute-path --relative-path --full-path --follow --case-sensitive --ignore-case --print0 ' +
    '--extension:word --type:word --exclude:text --color:word --max-depth:small --min-depth:small --exact-depth:small ' +
    '--max-results:count --size:text --changed-within:text --changed-before:text --prune --quiet --strip-cwd-prefix',
  operands: 'text look*',
  sharp: true,
  here: true,
};

const EXA: Program = {
  flags:
    '-1lGxRTFardDhibgHSmuU -L:small --tree --all --long --oneline --grid --recurse --header --git-ignore --group-directories-first',
  operands: 'look*',
  here: true,
};

/** Programs that tell about files, or where things are. Left out on purpose: `tree -o` and `-R`, `file -C` and `-z`, `fd -x` and `-l`. */
export const FILE_PROGRAMS: Programs = {
  ls: {
    flags:
      '-aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1 -I:text -w:small --all --almost-all --author --classify?word --color?word ' +
      '--colour?word --directory --dereference --escape --file-type --format:word --full-time --group-directories-first ' +
      '--hide:text --human-readable --hyperlink?word --ignore:text --ignore-backups --indicator-style:word --inode ' +
      '--literal --no-group --numeric-uid-gid --quote-name --quoting-style:word --recursive --reverse --show-control-chars ' +
      '--si --size --sort:word --time:word --time-style:text --width:small --zero --block-size:word --context',
    operands: 'look*',
    here: true,
  },
  stat: {
    flags: '-Lft -c:text --dereference --file-system --format:text --printf:text --terse',
    operands: 'look*',
    least: 1,
  },
  file: {
    flags: '-bhiIkLNrv0 --brief --dereference --no-dereference --mime --mime-type --mime-encoding --keep-going --raw',
    operands: 'read*',
    least: 1,
    sharp: true,
  },
  du: {
    flags:
      '-0abchHkLlmPsSxgn -d:small -B:word -t:count -I:text --all --apparent-size --block-size:word --bytes --count-links ' +
      '--dereference --exclude:text --human-readable --inodes --max-depth:small --null --one-file-system --separate-dirs ' +
      '--si --summarize --threshold:count --time?word --time-style:text --total',
    operands: 'look*',
    here: true,
  },
  df: {
    flags:
      '-ahHiklmP -T -t:word -x:word -B:word --all --block-size:word --exclude-type:word --human-readable --inodes --local ' +
      '--output?word --portability --print-type --si --total --type:word',
    operands: 'look*',
  },
  tree: {
    flags:
      '-aAcCdDfFghiJlnNpqrsStuUvxXQ -L:small -P:text -I:text -H:text -T:text --dirsfirst --du --noreport --prune ' +
      '--gitignore --matchdirs --ignore-case --filelimit:count --charset:word --si --inodes --device --timefmt:text ' +
      '--sort:word --metafirst --filesfirst --nolinks -o:write',
    operands: 'look*',
    sharp: true,
    detached: true,
    here: true,
  },
  readlink: {
    flags:
      '-efmnqsvz --canonicalize --canonicalize-existing --canonicalize-missing --no-newline --quiet --silent --verbose --zero',
    operands: 'look*',
    least: 1,
  },
  realpath: {
    flags:
      '-eLmPqsz --canonicalize-existing --canonicalize-missing --logical --physical --quiet --strip --no-symlinks --zero ' +
      '--relative-to:look --relative-base:look',
    operands: 'look*',
  },
  basename: { flags: '-az -s:text --multiple --suffix:text --zero', operands: 'name*', least: 1 },
  dirname: { flags: '-z --zero', operands: 'name*', least: 1 },
  pwd: { flags: '-LP --logical --physical' },
  which: { flags: '-as --all', operands: 'word*', least: 1 },
  whereis: { flags: '-bms', operands: 'word*', least: 1 },
  tokei: { flags: '-fsh', operands: 'look*', here: true },
  scc: { flags: '-wc', operands: 'look*', here: true },
  exa: EXA,
  eza: EXA,
  fd: FD,
  fdfind: FD,
};
