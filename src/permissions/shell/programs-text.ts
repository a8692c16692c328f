import { high, medium, NOTHING } from './notes.ts';
import { judgeField } from './scene.ts';
import type { Program, Programs } from './program.ts';

const DIGEST: Program = {
  flags: '-bctwz --binary --check --tag --text --zero --ignore-missing --quiet --status --strict --warn',
  operands: 'read*',
};

const DUMP: Program = { flags: '-bcCdovx -n:count -s:count', operands: 'read*' };

/** Programs that take text in and give text out. Left out on purpose: what writes (`-o`), runs (`--compress-program`), or reads a list of files. */
export const TEXT_PROGRAMS: Programs = {
  cat: {
    flags:
      '-AbeEnstTuv --number --number-nonblank --show-all --show-ends --show-nonprinting --show-tabs --squeeze-blank',
    operands: 'read*',
  },
  tac: { flags: '-br -s:text --before --regex --separator:text', operands: 'read*' },
  rev: { operands: 'read*' },
  head: {
    flags: '-qvz -n:count -c:count --lines:count --bytes:count --quiet --silent --verbose --zero-terminated',
    operands: 'read*',
    dashNumber: true,
  },
  tail: {
    flags:
      '-qvzfFr -n:count -c:count --lines:count --bytes:count --follow --retry --quiet --silent --verbose ' +
      '--zero-terminated --sleep-interval:small -s:small',
    operands: 'read*',
    dashNumber: true,
    check: ({ flags, operands }) =>
      operands.length === 0 && ['-f', '-F', '--follow'].some((flag) => flags.has(flag))
        ? [medium('tail waits for more of what nobody writes')]
        : NOTHING,
  },
  wc: { flags: '-clmLw --bytes --chars --lines --words --max-line-length --total:word', operands: 'read*' },
  nl: {
    flags:
      '-p -b:text -d:text -f:text -h:text -i:count -l:count -n:word -s:text -v:count -w:small --body-numbering:text ' +
      '--number-format:word --number-width:small --number-separator:text --starting-line-number:count',
    operands: 'read*',
  },
  cut: {
    flags:
      '-snz -b:text -c:text -d:text -f:text --bytes:text --characters:text --delimiter:text --fields:text ' +
      '--complement --only-delimited --output-delimiter:text --zero-terminated',
    operands: 'read*',
  },
  tr: {
    flags: '-cCdst --complement --delete --squeeze-repeats --truncate-set1',
    operands: 'set set',
    least: 1,
  },
  sort: {
    flags:
      '-bcCdfghiMmnRrsuVz -k:text -t:text -o:write -T:write --output:write --temporary-directory:write ' +
      '--key:text --field-separator:text --numeric-sort --general-numeric-sort --human-numeric-sort --version-sort ' +
      '--month-sort --random-sort --reverse --unique --stable --ignore-case --ignore-leading-blanks --ignore-nonprinting ' +
      '--dictionary-order --check?word --merge --zero-terminated --debug --sort:word --parallel:small',
    operands: 'read*',
    sharp: true,
  },
  uniq: {
    flags:
      '-cdDiuz -f:count -s:count -w:count --count --repeated --unique --ignore-case --all-repeated?word --group?word ' +
      '--skip-fields:count --skip-chars:count --check-chars:count --zero-terminated',
    operands: 'read',
    sharp: true,
    ordered: true,
  },
  comm: {
    flags: '-123z --check-order --nocheck-order --output-delimiter:text --total --zero-terminated',
    operands: 'read read',
    least: 2,
  },
  join: {
    flags:
      '-iz -a:small -e:text -j:small -o:text -t:text -v:small -1:small -2:small --header --check-order --nocheck-order',
    operands: 'read read',
    least: 2,
  },
  paste: { flags: '-sz -d:text --delimiters:text --serial --zero-terminated', operands: 'read*' },
  column: {
    flags:
      '-txne -c:small -s:text -o:text -N:text -R:text -H:text -W:text --table --separator:text --output-separator:text ' +
      '--output-width:small --table-columns:text --table-right:text --table-hide:text --fillrows',
    operands: 'read*',
  },
  fold: { flags: '-bs -w:small --bytes --spaces --width:small', operands: 'read*', dashNumber: true },
  fmt: {
    flags: '-cstu -w:small -g:small -p:text --width:small --goal:small --split-only --uniform-spacing',
    operands: 'read*',
    dashNumber: true,
  },
  expand: { flags: '-i -t:text --initial --tabs:text', operands: 'read*', dashNumber: true },
  unexpand: { flags: '-a -t:text --all --first-only --tabs:text', operands: 'read*' },
  tsort: { operands: 'read' },
  shuf: {
    flags: '-erz -n:count -i:text --echo --repeat --head-count:count --input-range:text -o:write --output:write',
    operands: 'read*',
    sharp: true,
  },
  numfmt: {
    flags:
      '-z -d:text --to:word --from:word --suffix:text --padding:count --format:text --field:text --delimiter:text ' +
      '--header?count --round:word --invalid:word --grouping --to-unit:count --from-unit:count',
    operands: 'text*',
    negatives: true,
  },
  iconv: { flags: '-cl -f:word -t:word --from-code:word --to-code:word --list', operands: 'read*', sharp: true },
  base64: { flags: '-dD -w:count --decode --wrap:count --ignore-garbage', operands: 'read', sharp: true },
  base32: { flags: '-d -w:count --decode --wrap:count', operands: 'read', sharp: true },
  od: {
    flags:
      '-abcdfilosxv -A:word -j:count -N:count -t:word --address-radix:word --skip-bytes:count --read-bytes:count ' +
      '--format:word --output-duplicates --width?count',
    operands: 'read*',
  },
  xxd: {
    flags: '-abeEiupC -c:small -g:small -l:count -s:count',
    operands: 'read',
    sharp: true,
    ordered: true,
  },
  hexdump: DUMP,
  hd: DUMP,
  strings: {
    flags: '-af -n:count -t:word -e:word --all --bytes:count --radix:word --encoding:word',
    operands: 'read*',
    dashNumber: true,
    check: (_seen, { args }) =>
      args.some(({ text }) => /^[@*?[]/.test(text)) ? [medium('strings takes more flags from a file')] : NOTHING,
  },
  md5sum: DIGEST,
  sha1sum: DIGEST,
  sha224sum: DIGEST,
  sha256sum: DIGEST,
  sha384sum: DIGEST,
  sha512sum: DIGEST,
  b2sum: DIGEST,
  cksum: { flags: '-a:word --algorithm:word', operands: 'read*' },
  sum: { flags: '-rs', operands: 'read*' },
  shasum: { flags: '-bctp0 -a:small --check --algorithm:small', operands: 'read*' },
  md5: { flags: '-qr -s:text', operands: 'read*' },
  diff: {
    flags:
      '-abBcdeEinNpqrstTuwyZ -C:small -U:small -W:small -I:text -x:text -F:text -L:text --brief --recursive ' +
      '--side-by-side --ignore-case --ignore-all-space --ignore-space-change --ignore-blank-lines ' +
      '--ignore-trailing-space --ignore-tab-expansion --ignore-matching-lines:text --strip-trailing-cr --text ' +
      '--new-file --minimal --report-identical-files --suppress-common-lines --left-column --unified?small ' +
      '--context?small --width:small --label:text --exclude:text --color?word --normal --show-c-function --expand-tabs ' +
      '--no-dereference --speed-large-files',
    operands: 'read read',
    least: 2,
    sharp: true,
    check: ({ flags, operands }, { scene }) => {
      if (!flags.has('-r') && !flags.has('--recursive')) return NOTHING;
      const outside = operands.some((field) => judgeField(field, 'read', scene).some(({ risk }) => risk !== 'LOW'));
      return outside
        ? [high('diff would compare everything below a place outside the workspace', { readsSecrets: true })]
        : SEARCHES_ALL;
    },
  },
  sdiff: { flags: '-abBdEilstW -w:small --width:small', operands: 'read read', least: 2, sharp: true },
  cmp: {
    flags: '-bls -i:text -n:count --print-bytes --verbose --silent --quiet --bytes:count --ignore-initial:text',
    operands: 'read read text text',
    least: 2,
    sharp: true,
  },
  bc: { flags: '-lqs' },
  expr: { operands: 'text*', least: 1, negatives: true },
  factor: { operands: 'count*' },
  seq: {
    flags: '-w -s:text -f:text --equal-width --separator:text --format:text',
    operands: 'count*',
    least: 1,
    negatives: true,
    check: ({ operands }) =>
      operands.every(({ text }) => /^[-+]?\d{1,6}(?:\.\d{1,4})?$/.test(text))
        ? NOTHING
        : [medium('seq may count for very long')],
  },
};

/** Hidden files are read as well, and what they hold is printed. No note of risk: only a mark. */
const SEARCHES_ALL = [{ risk: 'LOW', reason: 'reads every file below', readsSecrets: true } as const];
