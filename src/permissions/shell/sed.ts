import { literal } from './field.ts';
import { mentions } from './mentions.ts';
import { readFlags } from './flags.ts';
import { medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Call, Program } from './program.ts';

/** sed: the script is read as well. Only what prints, deletes or replaces in the stream passes: no `w`, `r`, `e`, `-i`, `-f`. */
export function readSed(call: Call): Notes {
  const kept = call.args.filter(({ text }) => !IN_PLACE.test(text));
  if (kept.length === call.args.length) return readStream(call);
  const found = readStream({ ...call, args: kept });
  // With an ordinary script it is known what is written: the files it is given.
  if (found.some(({ risk }) => risk !== 'LOW')) return readStream(call);
  return [medium('sed -i changes files', { writes: true }), ...changed(kept, call)];
}

const IN_PLACE = /^(?:-i(?:\.\w{1,8})?|--in-place(?:=\.\w{1,8})?)$/;

function changed(args: readonly Field[], { scene }: Call): Notes {
  const values = new Set(valuesOf(args));
  const operands = args.filter((field) => !field.text.startsWith('-') && !values.has(field));
  return operands.slice(values.size > 0 ? 0 : 1).flatMap((field) => judgeField(field, 'write', scene));
}

function readStream(call: Call): Notes {
  const scripts: Field[] = [];
  const base: Program = {
    flags: `${FLAGS} -e:text --expression:text`,
    operands: 'text*',
    sharp: true,
    check: ({ flags }) => {
      for (const flag of ['-e', '--expression']) if (flags.has(flag)) scripts.push(...valuesOf(call.args));
      return NOTHING;
    },
  };
  const first = readFlags(base, call);
  if (first.some(({ risk }) => risk !== 'LOW') && scripts.length === 0) return readWhole(call, first);
  if (scripts.length === 0) return readWhole(call, NOTHING);
  const program: Program = { ...base, operands: 'read*', check: () => NOTHING };
  return [...readFlags(program, call), ...judgeScript(scripts.map(({ text }) => text).join('\n'), call)];
}

const FLAGS =
  '-nErsuz -l:small --quiet --silent --regexp-extended --separate --unbuffered --null-data --posix --debug --line-length:small --sandbox';

/** Without `-e` the first operand is the script, the rest are files. */
function readWhole(call: Call, notes: Notes): Notes {
  let script: Field | undefined;
  const program: Program = {
    flags: FLAGS,
    operands: 'text read*',
    least: 1,
    sharp: true,
    check: ({ operands }) => {
      [script] = operands;
      return NOTHING;
    },
  };
  const found = readFlags(program, call);
  if (script === undefined || script.opaque !== undefined)
    return [...notes, ...found, medium('its script is not seen')];
  return [...found, ...judgeScript(script.text, call)];
}

/** The values of every `-e`, whether bundled, attached or next. */
function valuesOf(args: readonly Field[]): readonly Field[] {
  const values: Field[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const field = args[index];
    if (field === undefined || field.text === '--') break;
    const attached = /^(?:-[nErsuz]*e|--expression=)([\s\S]*)$/.exec(field.text)?.[1];
    const split = field.text === '--expression';
    if (attached === undefined && !split) continue;
    const value = attached === undefined || attached === '' ? args[(index += 1)] : { ...field, text: attached };
    if (value !== undefined) values.push(value);
  }
  return values;
}

function judgeScript(script: string, call: Call): Notes {
  const verdict = readScript(script, true);
  // Older programs end a pattern at the first delimiter even inside brackets: then it must be harmless that way too.
  const simple = verdict === 'fine' ? readScript(script, false) : verdict;
  if (simple === 'fine' || (verdict === 'fine' && simple === 'malformed')) return NOTHING;
  const apart = literal(script.replaceAll(/[wWrR](?=[./~])/g, ' '));
  return [
    medium(`the sed script ${shown(script)} may read, write or run something`, { writes: true }),
    ...mentions([literal(script), apart, ...call.args], call.scene),
  ];
}

/** `malformed`: every sed stops at it before it does anything. */
type Verdict = 'fine' | 'refused' | 'malformed';

const SCRIPT_MAX = 4_096;
const LABEL_MAX = 64;
const COMMANDS = new Set('pPdDqQ=nNgGhHxlFz'.split(''));

/** Reads a script command by command. */
function readScript(script: string, brackets: boolean): Verdict {
  if (script.length > SCRIPT_MAX || script.trim() === '') return 'refused';
  let at = 0;
  while (at < script.length) {
    at = skip(script, at, /[\s;]/y);
    if (at >= script.length) return 'fine';
    if (script[at] === '#') {
      const end = script.indexOf('\n', at);
      if (end < 0) return 'fine';
      at = end + 1;
      continue;
    }
    const after = readCommand(script, at, brackets);
    if (typeof after === 'string') return after;
    at = after;
  }
  return 'fine';
}

/** Reads one command with its addresses; answers where it ended, or why it is not let through. */
function readCommand(script: string, from: number, brackets: boolean): number | Verdict {
  let at = readAddress(script, from, brackets);
  if (at < 0) return 'refused';
  at = skip(script, at, /[ \t]/y);
  if (script[at] === ',') {
    at = skip(script, at + 1, /[ \t]/y);
    const end = readAddress(script, at, brackets);
    if (end <= at) return 'refused';
    at = skip(script, end, /[ \t]/y);
  }
  at = skip(script, at, /[ \t!]/y);
  const command = script[at];
  if (command === undefined) return 'refused';
  if (command === '{' || command === '}') return at + 1;
  if (command === 's' || command === 'y') return readReplace(script, at, brackets);
  if (command === ':' || command === 'b' || command === 't' || command === 'T') {
    const label = /^[ \t]*[\w.-]*/.exec(script.slice(at + 1, at + 1 + LABEL_MAX))?.[0] ?? '';
    return ended(script, at + 1 + label.length);
  }
  if (!COMMANDS.has(command)) return 'refused';
  const count = 'qQl'.includes(command) ? skip(script, at + 1, /[ \t]*\d{0,3}/y) : at + 1;
  return ended(script, count);
}

/** A command ends at a semicolon, a line end or a brace; anything else would be read differently by different programs. */
function ended(script: string, at: number): number | Verdict {
  const next = skip(script, at, /[ \t]/y);
  return next >= script.length || ';\n}'.includes(script[next] ?? '') ? next : 'refused';
}

/** A number, `$`, `/pattern/` with its flags, `first~step`, `+n`. Answers where it ended, -1 when it cannot be read. */
function readAddress(script: string, at: number, brackets: boolean): number {
  const char = script[at] ?? '';
  if (char === '$') return at + 1;
  if (/[\d+~]/.test(char)) return skip(script, at, /[+~]?\d{1,9}(?:~\d{1,9})?/y);
  if (char !== '/' && char !== '\\') return at;
  const open = char === '/' ? at : at + 1;
  const end = delimited(script, open, brackets);
  return end < 0 ? -1 : skip(script, end, /[IM]/y);
}

function readReplace(script: string, at: number, brackets: boolean): number | Verdict {
  const delimiter = script[at + 1] ?? '';
  if (delimiter === '' || /[\s\\\w;{}]/.test(delimiter)) return 'refused';
  const middle = delimited(script, at + 1, brackets && script[at] === 's');
  if (middle < 0) return 'refused';
  const end = delimited(script, middle - 1, false);
  if (end < 0) return 'malformed';
  const flags = script[at] === 's' ? skip(script, end, /[gpiIMm\d]{0,8}/y) : end;
  const next = skip(script, flags, /[ \t]/y);
  if (next < script.length && /[\])*$^/\\(+?.,|[]/.test(script[next] ?? '')) return brackets ? 'refused' : 'malformed';
  return ended(script, next);
}

/** Where the text ends that begins after the delimiter at `open`; -1: nowhere. */
function delimited(script: string, open: number, brackets: boolean): number {
  const delimiter = script[open];
  let inside = false;
  let opened = 0;
  for (let at = open + 1; at < script.length; at += 1) {
    const char = script[at];
    if (char === '\n') return -1;
    if (inside) {
      if (char === ']' && at > opened) inside = false;
      continue;
    }
    if (char === '\\') at += 1;
    else if (char === delimiter) return at + 1;
    else if (brackets && char === '[') {
      inside = true;
      opened = at + (script[at + 1] === '^' ? 2 : 1);
    }
  }
  return -1;
}

function skip(text: string, from: number, what: RegExp): number {
  let at = from;
  for (;;) {
    what.lastIndex = at;
    const match = what.exec(text);
    if (match === null || match[0] === '') return at;
    at += match[0].length;
  }
}
