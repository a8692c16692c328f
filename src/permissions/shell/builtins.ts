import { readFlags } from './flags.ts';
import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Call, Programs, Readers } from './program.ts';

/** Programs that do nothing but answer. */
export const QUIET_PROGRAMS: Programs = {
  true: {},
  false: {},
  ':': {},
  exit: { operands: 'small' },
  return: { operands: 'small' },
  break: { operands: 'small' },
  continue: { operands: 'small' },
  type: { flags: '-afptP', operands: 'word*', least: 1 },
};

/** Commands of the shell itself. What changes the meaning of later words is never harmless. */
export const BUILTIN_READERS: Readers = {
  echo: readEcho,
  printf: readPrintf,
  test: (call) => readTest(call.args, call),
  '[': (call) =>
    call.args.at(-1)?.text === ']'
      ? readTest(call.args.slice(0, -1), call)
      : [medium('a test without its closing bracket')],
  command: readCommandBuiltin,
  set: ({ args }) =>
    args.length > 0 &&
    args.every(({ text, plain }, index) => plain && (/^-[eux]*o?$/.test(text) || (index > 0 && text === 'pipefail')))
      ? NOTHING
      : [medium('set changes, or shows, what the shell knows', { readsSecrets: true })],
  eval: ({ args, script }) => [
    high('eval runs text as a command'),
    ...(args.every((field) => field.opaque === undefined) ? script(args.map(({ text }) => text).join(' ')) : NOTHING),
  ],
  exec: ({ args, inner }) => [high('exec replaces the shell'), ...inner(args)],
  source: readSource,
  '.': readSource,
  export: readDeclaration,
  declare: readDeclaration,
  typeset: readDeclaration,
  local: readDeclaration,
  readonly: readDeclaration,
};

/** Names of variables that programs obey: what they run, load, or where they look. */
export function obeyed(name: string): boolean {
  return OBEYED.test(name);
}

const OBEYED =
  /^(?:PATH|IFS|ENV|BASH.*|SHELLOPTS|PS4|PROMPT_COMMAND|CDPATH|LD_.*|DYLD_.*|GIT_.*|SSH_.*|.*PAGER|.*EDITOR|VISUAL|BROWSER|LESS.*|NODE_(?!ENV$).*|NPM_.*|npm_.*|PYTHON.*|PERL.*|RUBY.*|GEM_.*|JAVA_.*|_JAVA.*|JDK_.*|RIPGREP.*|GREP_.*|TERMINFO.*|GCONV_PATH|LOCPATH|NLSPATH|MAKEFLAGS|CC|CXX|CFLAGS|LDFLAGS|RUST.*|CARGO.*|GO.*|.*_COMMAND|.*_PRELOAD|.*_OPTIONS|.*_OPTS|.*OPT|HOME|SHELL|TMPDIR|XDG_.*|OPENSSL_.*|SSL_.*|CURL_.*|.*PROXY|.*proxy|HIST.*|INPUTRC|TAR_OPTIONS|GZIP|RSYNC_.*|DOCKER_.*|KUBECONFIG|AWS_.*|KAIROS_.*|ANTHROPIC_.*)$/;

function readEcho({ args, scene }: Call): Notes {
  return args.flatMap((field) => {
    if (field.opaque !== undefined) return field.harmless === true ? NOTHING : [medium(field.opaque)];
    return field.patternAt < 0 ? NOTHING : judgeField(field, 'look', scene);
  });
}

function readPrintf(call: Call): Notes {
  const [format, ...rest] = call.args;
  if (format === undefined) return [medium('printf without a format')];
  if (format.text === '--') return readPrintf({ ...call, args: rest });
  if (format.text.startsWith('-') || format.patternAt >= 0)
    return [high(`\`printf ${shown(format.text)}\` may set a variable`)];
  if (/%[^%a-zA-Z]*n/.test(format.text.replaceAll('%%', '')))
    return [high(`\`printf ${shown(format.text)}\` sets a variable, whose index is computed`)];
  // A width taken from an argument can fill the memory.
  const wide = /\d{5,}|\*/.test(format.text.replaceAll('%%', '')) && format.text.includes('%');
  return [
    ...(wide ? [medium('printf may print without end')] : NOTHING),
    ...readEcho({ ...call, args: [format, ...rest] }),
  ];
}

const FILE_TESTS = /^-[abcdefghkprsuwxGLNOS]$/;
const TEXT_TESTS = /^-[nzt]$/;
const NUMBER_TESTS = /^-(?:eq|ne|lt|le|gt|ge)$/;
const TEXT_RELATIONS = /^(?:=|==|!=|<|>|=~)$/;

/** The words of `test` and `[`. Left out on purpose: `-v` and `-R`, which evaluate an index. */
function readTest(args: readonly Field[], call: Call): Notes {
  const notes: Notes[number][] = [];
  for (let index = 0; index < args.length; index += 1) {
    const field = args[index];
    const next = args[index + 1];
    if (field === undefined) break;
    if (field.opaque !== undefined && field.harmless !== true) notes.push(medium(field.opaque));
    if (field.patternAt >= 0)
      notes.push(medium(`what the test gets in place of ${shown(field.text)} depends on which files there are`));
    const unary = next !== undefined && !relation(next.text);
    if (FILE_TESTS.test(field.text) && unary && !/^-[ao]$/.test(field.text))
      notes.push(...judgeField(next, 'look', call.scene));
    else if (/^-(?:nt|ot|ef)$/.test(field.text) && next !== undefined)
      notes.push(...judgeField(next, 'look', call.scene));
    else if (/^-[A-Za-z]+$/.test(field.text) && !knownTest(field.text) && unary)
      notes.push(high(`it is not known what the test ${shown(field.text)} evaluates`));
  }
  return notes;
}

function relation(text: string): boolean {
  return TEXT_RELATIONS.test(text) || NUMBER_TESTS.test(text) || /^-(?:nt|ot|ef)$/.test(text);
}

function knownTest(text: string): boolean {
  return FILE_TESTS.test(text) || TEXT_TESTS.test(text) || relation(text) || text === '-o' || text === '-a';
}

/** `[[ left operator right ]]`: arithmetic relations evaluate what they are given, so only numbers pass. */
export function judgeRelation(operator: string, words: readonly Field[], call: Pick<Call, 'scene'>): Notes {
  const opaqueNotes = words.flatMap((field) =>
    field.opaque === undefined || field.harmless === true ? NOTHING : [medium(field.opaque)],
  );
  // A shell that does not know `[[` takes these for redirections.
  if (operator === '<' || operator === '>')
    return [medium(`where [[ is not known, ${operator} opens a file`), ...opaqueNotes];
  if (TEXT_TESTS.test(operator) || TEXT_RELATIONS.test(operator)) return opaqueNotes;
  if (NUMBER_TESTS.test(operator))
    return words.every(({ text, opaque }) => opaque === undefined && /^-?\d{1,15}$/.test(text))
      ? NOTHING
      : [
          words.some(({ opaque: reason }) => reason !== undefined)
            ? medium(`${operator} evaluates its words`)
            : high(`${operator} evaluates text that is no number`),
          ...opaqueNotes,
        ];
  if (FILE_TESTS.test(operator) || /^-(?:nt|ot|ef)$/.test(operator))
    return words.flatMap((field) => judgeField(field, 'look', call.scene));
  return [high(`the test ${shown(operator)} evaluates its word`), ...opaqueNotes];
}

function readCommandBuiltin(call: Call): Notes {
  const [flag] = call.args;
  if (flag?.text === '-v' || flag?.text === '-V') return readFlags({ flags: '-vV', operands: 'word*', least: 1 }, call);
  return [
    medium('command runs a program past what the shell would'),
    ...call.inner(call.args.filter(({ text }) => text !== '-p')),
  ];
}

function readSource({ args, scene }: Call): Notes {
  const [file] = args;
  const judged = file === undefined ? NOTHING : judgeField(file, 'execute', scene);
  return [high('reads a file into the shell as commands'), ...judged];
}

function readDeclaration({ name, args }: Call): Notes {
  const risky = args.find(({ text }) => obeyed(text.replace(/\+?=[\s\S]*$/, '')));
  if (risky !== undefined) return [high(`${name} sets ${shown(risky.text)}, which programs obey`)];
  if (args.some(({ text }) => /^-[a-z]*[inF]/.test(text))) return [high(`${name} evaluates what it is given`)];
  return [medium(`${name} changes what later words mean`, args.length === 0 ? { readsSecrets: true } : {})];
}
