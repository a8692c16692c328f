import { high, NOTHING } from './notes.ts';
import { judgeField, judgeText } from './scene.ts';
import { readFlags } from './flags.ts';
import type { Notes } from './notes.ts';
import type { Call, Program, Readers, SeenFlags } from './program.ts';

/** Programs that search in files. Left out on purpose: `rg --pre`, `--search-zip`, `--hostname-bin`; a pattern from a file. */
export const SEARCH_READERS: Readers = {
  grep: (call) => readSearch(GREP, call, recursesGrep),
  egrep: (call) => readSearch(GREP, call, recursesGrep),
  fgrep: (call) => readSearch(GREP, call, recursesGrep),
  rg: (call) => readSearch(RG, call, () => true),
};

const GREP: Program = {
  flags:
    '-abcEFGhHIilLnoPqrRsTUvwxyzZ -A:count -B:count -C:count -m:count -e:text -d:word -D:word --after-context:count ' +
    '--before-context:count --context:count --basic-regexp --binary-files:word --byte-offset --color?word --colour?word ' +
    '--count --dereference-recursive --exclude:text --exclude-dir:text --extended-regexp --files-with-matches ' +
    '--files-without-match --fixed-strings --ignore-case --no-ignore-case --include:text --initial-tab --invert-match ' +
    '--label:text --line-buffered --line-number --line-regexp --max-count:count --no-filename --no-messages --null ' +
    '--null-data --only-matching --perl-regexp --quiet --recursive --regexp:text --silent --text --with-filename ' +
    '--word-regexp --directories:word --group-separator:text --no-group-separator',
  dashNumber: true,
};

const RG: Program = {
  flags:
    '-.0abcFHhiIlLNnoPpqSsUuvwx -A:count -B:count -C:count -d:small -e:text -E:word -g:text -j:small -m:count -M:count ' +
    '-r:text -t:word -T:word --after-context:count --before-context:count --binary --byte-offset --case-sensitive ' +
    '--color:word --colors:text --column --context:count --context-separator:text --count --count-matches --crlf ' +
    '--encoding:word --field-context-separator:text --field-match-separator:text --files --files-with-matches ' +
    '--files-without-match --fixed-strings --follow --glob:text --glob-case-insensitive --heading --hidden --iglob:text ' +
    '--ignore-case --include-zero --invert-match --json --line-buffered --line-number --line-regexp --max-columns:count ' +
    '--max-columns-preview --max-count:count --max-depth:small --max-filesize:word --multiline --multiline-dotall ' +
    '--no-config --no-filename --no-heading --no-ignore --no-ignore-vcs --no-ignore-parent --no-line-number --no-messages ' +
    '--no-unicode --null --null-data --one-file-system --only-matching --passthru --pcre2 --pretty --quiet --regexp:text ' +
    '--replace:text --smart-case --sort:word --sortr:word --stats --text --threads:small --trim --type:word --type-list ' +
    '--type-not:word --unrestricted --vimgrep --with-filename --word-regexp',
  sharp: true,
};

/** With `-e`, or when only names are listed, every operand is a path; else the first is the pattern. */
function readSearch(base: Program, call: Call, recurses: (seen: SeenFlags) => boolean): Notes {
  const listed = call.args.some(({ text }) => PATTERN_ELSEWHERE.test(text));
  const only = call.args.some(({ text }) => text === '--files' || text === '--type-list');
  const patternFree = only || (listed && flagsOf(base, call).some((flag) => flag === '-e' || flag === '--regexp'));
  const program = variant(base, patternFree);
  return readFlags({ ...program, check: (seen) => checkDepth(seen, call, patternFree, recurses(seen)) }, call);
}

/** A first look: which flags are there. `-e` may be hidden in a bundle, or be the value of another flag. */
function flagsOf(base: Program, call: Call): readonly string[] {
  const seen: string[] = [];
  readFlags({ ...base, operands: 'text*', check: ({ flags }) => (seen.push(...flags), NOTHING) }, call);
  return seen;
}

const PATTERN_ELSEWHERE = /^-(?:[^-]*e|-regexp)/;

function variant(base: Program, patternFree: boolean): Program {
  return patternFree ? { ...base, operands: 'read*' } : { ...base, operands: 'text read*', least: 1 };
}

function recursesGrep({ flags }: SeenFlags): boolean {
  return ['-r', '-R', '-d', '--recursive', '--dereference-recursive', '--directories'].some((flag) => flags.has(flag));
}

/** Whoever searches a tree reads its hidden files too, and a tree outside the workspace holds anything. */
function checkDepth({ flags, operands }: SeenFlags, call: Call, patternFree: boolean, recurses: boolean): Notes {
  if (!recurses) return NOTHING;
  const paths = patternFree ? operands : operands.slice(1);
  const found =
    paths.length === 0
      ? judgeText('.', 'read', call.scene)
      : paths.flatMap((path) => judgeField(path, 'read', call.scene));
  if (found.some((note) => note.risk !== 'LOW'))
    return [high(`${call.name} would search everything below a place outside the workspace`, { readsSecrets: true })];
  const hidden =
    call.name !== 'rg' ||
    ['-.', '-u', '-L', '--hidden', '--unrestricted', '--follow', '--no-ignore'].some((flag) => flags.has(flag));
  return [
    ...found,
    ...(hidden ? [{ risk: 'LOW' as const, reason: 'reads hidden files too', readsSecrets: true }] : NOTHING),
  ];
}
