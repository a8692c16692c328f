import { readFlags } from './flags.ts';
import { medium, NOTHING, shown } from './notes.ts';
import type { Notes } from './notes.ts';
import type { Call, Program } from './program.ts';

/** awk: the program is read as well. What runs commands, opens files or pipes, or shows the environment does not pass. */
export function readAwk(call: Call): Notes {
  const program: Program = {
    flags: '-F:text -v:text --field-separator:text --assign:text',
    operands: 'text read*',
    least: 1,
    sharp: true,
    check: ({ operands }) => {
      const [text, ...files] = operands;
      if (text === undefined || text.opaque !== undefined) return NOTHING;
      // An operand with a `=` sets a variable, one with spaces or quotes is hardly a file.
      const odd = files.find((file) => !/^[\w./@+,*?[\]=:~-]+$/.test(file.text));
      const notes = odd === undefined ? NOTHING : [medium(`awk is given ${shown(odd.text)}, which is hardly a file`)];
      const refused = refusedIn(text.text);
      return refused === undefined ? notes : [...notes, medium(`in the awk program, ${refused}`, { writes: true })];
    },
  };
  return readFlags(program, call);
}

const PROGRAM_MAX = 4_096;
const STATEMENTS = new Set(
  'if else while for do in next nextfile exit break continue delete return print printf BEGIN END'.split(' '),
);
const FUNCTIONS = new Set(
  (
    'length substr index split sub gsub gensub match sprintf tolower toupper int sqrt exp log sin cos atan2 rand srand ' +
    'strftime systime mktime asort asorti if while for print printf'
  ).split(' '),
);
/** They reach out of the text: processes, files, the environment, the list of files. */
const REACHING = new Set(
  'system getline close fflush ENVIRON PROCINFO ARGV ARGC ARGIND SYMTAB FUNCTAB function func extension switch eval'.split(
    ' ',
  ),
);

/** What in a program keeps it from being let through; undefined: nothing. */
function refusedIn(source: string): string | undefined {
  if (source.length > PROGRAM_MAX) return 'there is more than can be read';
  const state: State = { braces: 0, parens: 0, operand: false };
  let at = 0;
  while (at < source.length) {
    const token = nextToken(source, at, state.operand);
    if (token === undefined) return `${shown(source.slice(at, at + 20))} is not understood`;
    const refused = judgeToken(token, source.slice(at + token.length), state);
    if (refused !== undefined) return refused;
    at += token.length;
  }
  return state.braces === 0 && state.parens === 0 ? undefined : 'brackets do not match';
}

interface State {
  braces: number;
  parens: number;
  /** The last token ended a value: a slash now divides, otherwise it opens a pattern. */
  operand: boolean;
}

const SPACE = /[ \t\n;]+|#[^\n]*|\\\n/y;
const TEXT = /"(?:[^"\\\n]|\\[^\n])*"/y;
const PATTERN = /\/(?:[^/\\\n[\]]|\\[^\n]|\[\^?\]?(?:[^\]\\\n/]|\\[^\n])*\])*\//y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
const WORD = /[A-Za-z_]\w*/y;
const SIGN = /\|\||&&|\+\+|--|\*\*|[-+*/%^=!<>]=|[-+*/%^=!<>~?:,(){}[\]$|@]/y;

function nextToken(source: string, at: number, operand: boolean): string | undefined {
  const slash = source[at] === '/';
  for (const shape of slash ? [operand ? SIGN : PATTERN] : [SPACE, TEXT, NUMBER, WORD, SIGN]) {
    shape.lastIndex = at;
    const found = shape.exec(source);
    if (found !== null) return found[0];
  }
  return undefined;
}

function judgeToken(token: string, rest: string, state: State): string | undefined {
  const first = token[0] ?? '';
  if (/[ \t\n;#\\]/.test(first)) {
    // A line that is continued goes on with what it was in.
    if (/[\n;]/.test(token) && !token.startsWith('\\')) state.operand = false;
    return undefined;
  }
  if (/[A-Za-z_]/.test(first)) return judgeWord(token, rest, state);
  // `/=` opens a pattern to some and divides to others.
  if (first === '/' && !state.operand && token.startsWith('/=')) return 'a slash has two meanings';
  // Without a value before it a slash opens a pattern, be it the empty one.
  if (/["\d.]/.test(first) || (first === '/' && token.length > 1 && !state.operand)) {
    state.operand = true;
    return undefined;
  }
  return judgeSign(token, rest, state);
}

function judgeWord(word: string, rest: string, state: State): string | undefined {
  if (REACHING.has(word)) return `\`${word}\` reaches out of the text`;
  // Some take a whole statement in the brackets of `for`: there `>` would write.
  if (/^printf?$/.test(word) && state.parens > 0) return `\`${word}\` stands within brackets`;
  if (rest.startsWith('(') && !FUNCTIONS.has(word)) return `\`${word}(\` is not a known function`;
  // `length /x/` is read in two ways.
  if (/^[ \t]*\//.test(rest) && FUNCTIONS.has(word) && !STATEMENTS.has(word))
    return `the slash after ${word} has two meanings`;
  state.operand = !STATEMENTS.has(word);
  return undefined;
}

function judgeSign(sign: string, rest: string, state: State): string | undefined {
  if (sign === '|') return 'a pipe runs a command';
  if (sign === '@') return '`@` loads or calls something';
  if (sign === '>' && (rest.startsWith('>') || (state.braces > 0 && state.parens === 0))) return '`>` writes a file';
  if (sign === '(' || sign === '[') state.parens += 1;
  if (sign === ')' || sign === ']') state.parens -= 1;
  if (sign === '{') state.braces += 1;
  if (sign === '}') state.braces -= 1;
  if (state.parens < 0 || state.braces < 0 || (/[{}]/.test(sign) && state.parens !== 0)) return 'brackets do not match';
  if (/^(?:\)|\+\+|--)$/.test(sign) && /^\s*\//.test(rest)) {
    // Behind these a slash may begin a pattern or divide: only when no second one follows is there no doubt.
    if (/^\s*\/[^\n]*\//.test(rest)) return 'a slash has two meanings';
    state.operand = true;
    return undefined;
  }
  state.operand = sign === ')' || sign === ']';
  return undefined;
}
