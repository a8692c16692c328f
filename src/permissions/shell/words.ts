import { forEachChild } from 'unbash';
import { opaque } from './field.ts';
import { high, medium, NOTHING, shown } from './notes.ts';
import type { ParsedScript, SyntaxNode, Word, WordPart } from 'unbash';
import type { Field } from './field.ts';
import type { Note, Notes } from './notes.ts';
import type { Scene } from './scene.ts';

/** Judges a script that stands inside a word. */
export type JudgeScript = (script: ParsedScript, scene: Scene) => Notes;

/** The words a program would get for one written word; several for `{a,b}`. */
export function fieldsOf(word: Word, scene: Scene): readonly Field[] {
  const { parts, text } = word;
  if (parts === undefined) return [wholeField(word, scene)];
  if (parts.some(({ type }) => type === 'BraceExpansion')) return bracesOf(text);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && isStream(only))
    return [{ ...opaque(only.text, `${shown(only.text)} runs a command`), stream: true }];
  return [joinedField(word, parts, scene)];
}

/** `<(sort a.txt)`: reads files and gives text, as a file would. */
function isStream(node: SyntaxNode): boolean {
  if (node.type !== 'ProcessSubstitution' || !node.text.startsWith('<(') || node.script === undefined) return false;
  const [statement, more] = node.script.commands;
  if (statement === undefined || more !== undefined || statement.background === true) return false;
  const { command } = statement;
  const commands = command.type === 'Pipeline' ? command.commands : [command];
  return commands.every(
    ({ type, ...rest }) => type === 'Command' && 'name' in rest && STREAMS.has(rest.name?.text ?? ''),
  );
}

const STREAMS = new Set('cat sort uniq cut grep head tail tr sed awk jq'.split(' '));

/** What commands inside a node would do, wherever in it they stand. */
export function substitutionsIn(node: SyntaxNode, scene: Scene, judge: JudgeScript): Notes {
  const notes: Note[] = [];
  search(node, scene, judge, notes, 0);
  return notes.length === 0 ? NOTHING : notes;
}

const DEPTH_MAX = 48;

function search(node: SyntaxNode, scene: Scene, judge: JudgeScript, notes: Note[], depth: number): void {
  if (depth > DEPTH_MAX) {
    notes.push(high('is nested deeper than can be seen'));
    return;
  }
  if ('script' in node) {
    if (!isStream(node)) notes.push(medium('the output of a command becomes part of another'));
    if (node.script === undefined) notes.push(high('has a part that cannot be parsed'));
    else notes.push(...judge(node.script, { ...scene, depth: scene.depth + 1 }));
    return;
  }
  forEachChild(node, (child) => search(child, scene, judge, notes, depth + 1));
}

/** A word without quotes and expansions; perhaps with backslashes. */
function wholeField({ text, value }: Word, scene: Scene): Field {
  const field = joinUnquoted({ text: '', patternAt: -1, plain: text === value }, text, value);
  return withTilde(field, text, scene);
}

function joinedField(word: Word, parts: readonly WordPart[], scene: Scene): Field {
  let field: Field = { text: '', patternAt: -1, plain: false };
  for (const part of parts) field = joinPart(field, part, scene);
  return withTilde(field, word.text, scene);
}

function joinPart(field: Field, part: WordPart, scene: Scene): Field {
  switch (part.type) {
    case 'Literal':
      return joinUnquoted(field, part.text, part.value);
    case 'SingleQuoted':
      return joinText(field, part.value);
    case 'Glob':
      return joinPattern(field, part.value);
    case 'DoubleQuoted':
      return part.parts.reduce(
        (joined, child) =>
          child.type === 'Literal' ? joinText(joined, child.value) : joinExpansion(joined, child, scene, true),
        field,
      );
    case 'AnsiCQuoted':
      // Other escapes can spell any character; the usual ones are a tab and a line end.
      return /^\$'(?:[^\\']|\\[tn])*'$/.test(part.text)
        ? joinText(field, part.value)
        : blind(field, part.text, 'hides its characters');
    default:
      return joinExpansion(field, part, scene, false);
  }
}

function joinExpansion(field: Field, part: WordPart, scene: Scene, quoted: boolean): Field {
  const name = nameIn(part);
  if (name !== undefined) return joinVariable(field, name, scene, quoted);
  if (part.type === 'ArithmeticExpansion' && /^\$\(\([\d\s+*/%()<>=!&|^~?:-]*\)\)$/.test(part.text))
    return {
      ...blind(field, part.text, 'is only known when it is computed'),
      harmless: field.opaque === undefined || field.harmless,
    };
  if (part.type === 'CommandExpansion') return blind(field, part.text, 'is the output of a command');
  if (part.type === 'ProcessSubstitution') return blind(field, part.text, 'runs a command');
  if (part.type === 'ParameterExpansion') return blind(field, part.text, 'computes what it stands for');
  return blind(field, part.text, 'cannot be seen through');
}

/** A plain `$name` or `${name}`. */
function nameIn(part: WordPart): string | undefined {
  if (part.type === 'SimpleExpansion') return /^\$(\w+|[?#$!])$/.exec(part.text)?.[1];
  if (part.type === 'ParameterExpansion') return /^\$\{(\w+)\}$/.exec(part.text)?.[1];
  return undefined;
}

const HARMLESS = new Set(
  '? # $ USER LOGNAME SHELL PATH LANG LC_ALL TZ TERM HOSTNAME UID EUID SHLVL RANDOM SECONDS LINENO BASH_VERSION OSTYPE HOSTTYPE MACHTYPE PPID COLUMNS LINES'.split(
    ' ',
  ),
);

function joinVariable(field: Field, name: string, scene: Scene, quoted: boolean): Field {
  const known = scene.variables.get(name) ?? standing(name, scene);
  if (known === undefined) {
    const blinded = blind(field, `$${name}`, 'may be anything');
    return HARMLESS.has(name) ? { ...blinded, harmless: field.opaque === undefined || field.harmless } : blinded;
  }
  if (known.opaque !== undefined) return blind(field, `$${name}`, 'may be anything');
  if (known.patternAt >= 0)
    return {
      ...joinPattern(joinText(field, known.text.slice(0, known.patternAt)), known.text.slice(known.patternAt)),
      plain: false,
    };
  if (!quoted && /[\s*?[\\]/.test(known.text)) return blind(field, `$${name}`, 'becomes several words');
  return joinText(field, known.text);
}

/** What the shell itself keeps: where it is and whose home it is. */
function standing(name: string, { surroundings, places }: Scene): Field | undefined {
  const text = name === 'HOME' ? surroundings.userHome : name === 'PWD' && places.length === 1 ? places[0] : undefined;
  return text === undefined ? undefined : { text, patternAt: -1, plain: false };
}

/** Unquoted text: what matches file names in it, or expands, was to be a part of its own; what still looks so is not trusted. */
function joinUnquoted(field: Field, raw: string, value: string): Field {
  const bare = raw.replaceAll(/\\[\s\S]/g, '');
  if (/\{[^}]*(?:,|\.\.)/.test(bare) || /[$`]/.test(bare.replace(/\$$/, '')))
    return blind(field, raw, 'cannot be seen through');
  if (/[*?]|\[/.test(bare) && bare !== '[' && bare !== '[[') return joinPattern(field, value);
  return joinText(field, value);
}

function joinText(field: Field, text: string): Field {
  return { ...field, text: field.text + text };
}

function joinPattern(field: Field, text: string): Field {
  const at = Math.max(0, text.search(/[*?[]/));
  return {
    ...field,
    text: field.text + text,
    patternAt: field.patternAt < 0 ? field.text.length + at : field.patternAt,
    plain: false,
  };
}

function blind(field: Field, text: string, why: string): Field {
  return { ...field, text: field.text + text, opaque: field.opaque ?? `${shown(text)} ${why}`, harmless: false };
}

/** `~` and `~/…` are the owner's home; `~name`, `~+` and `~-` are somewhere else. Also behind `=`, where the shell looks too. */
function withTilde(field: Field, raw: string, { surroundings }: Scene): Field {
  if (/^[A-Za-z_]\w*=(?:[^'"]*:)?~/.test(raw)) return blind(field, raw, 'holds a home directory');
  if (!raw.startsWith('~')) return field;
  if (/^~(?:\/|$)/.test(raw) && /^~(?:\/|$)/.test(field.text)) {
    const grown = surroundings.userHome.length - 1;
    return {
      ...field,
      text: surroundings.userHome + field.text.slice(1),
      patternAt: field.patternAt < 0 ? -1 : field.patternAt + grown,
      plain: false,
    };
  }
  return blind(field, raw, "is another user's home");
}

const BRACE_FIELDS_MAX = 32;

/** `src/{a,b}.ts`, `{1..3}`: the words they become, when all is plain text. */
function bracesOf(raw: string): readonly Field[] {
  const blindly = [opaque(raw, `${shown(raw)} becomes several words`)];
  if (raw.length > 512 || !/^[\w./,{}+@%:=*?-]*$/.test(raw) || raw.includes('=~')) return blindly;
  let texts = [''];
  for (const [piece] of raw.matchAll(/\{[^{}]*\}|[^{}]+|[{}]/g)) {
    const choices = piece.startsWith('{') ? choicesOf(piece) : piece === '}' ? undefined : [piece];
    if (choices === undefined || choices.length * texts.length > BRACE_FIELDS_MAX) return blindly;
    texts = texts.flatMap((text) => choices.map((choice) => text + choice));
  }
  return texts.map((text) => ({ text, patternAt: text.search(/[*?]/), plain: false }));
}

function choicesOf(piece: string): readonly string[] | undefined {
  const inside = piece.slice(1, -1);
  const range = /^(\d{1,3})\.\.(\d{1,3})$/.exec(inside);
  if (range === null) return inside.includes(',') && !inside.includes('..') ? inside.split(',') : undefined;
  const [first, last] = [Number(range[1]), Number(range[2])];
  if (last < first || last - first >= BRACE_FIELDS_MAX || /^0\d/.test(inside)) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}
