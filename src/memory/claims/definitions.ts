import { languageOf, strip, type Language } from './languages.ts';

/** Where a name gets its meaning. */
export interface Definition {
  /** From 1. */
  readonly line: number;
  /** `top`: for the whole file; `borrowed`: the same, made by another module; `member`: of a class, type or object; `local`: a variable inside a function. */
  readonly rank: 'top' | 'borrowed' | 'member' | 'local';
  /** What it is a member of. */
  readonly owner?: string | undefined;
  /** A constant's number, text or truth value. */
  readonly literal?: string | undefined;
}

/** What is known of one file of source code. */
export interface SourceFacts {
  readonly definitions: ReadonlyMap<string, readonly Definition[]>;
  /** Names it hands on from elsewhere. */
  readonly handedOn: ReadonlySet<string>;
  /** Every name in it, comments left out. */
  readonly names: ReadonlySet<string>;
  /** Names it only brings in. */
  readonly imported: ReadonlySet<string>;
  readonly lines: number;
  /** Definitions are all found: a name without one is not defined there. */
  readonly sure: boolean;
}

interface Open {
  readonly name: string;
  readonly indent: number;
  /** Holds members; a function does not. */
  readonly holds: boolean;
}

const NAME = /[A-Za-z_$][\w$]*/g;
const LITERAL =
  /[=:]\s*(-?\d[\d_]*(?:\.\d+)?|"[^"]*"|'[^']*'|`[^`$]*`|true|false|True|False)\s*(?:[;,)]|as\b|$|#|\/\/)/;
const LINE_CHARS_MAX = 2_000;

/** Reads the definitions out of source text by its shape, without a parser: line by line, by indentation. */
export function readSource(path: string, text: string): SourceFacts {
  const language = languageOf(path);
  const code = strip(text, language);
  const lines = code.split('\n');
  const definitions = new Map<string, Definition[]>();
  const open: Open[] = [];
  let group: string | undefined;
  for (const [index, full] of lines.entries()) {
    const line = full.length > LINE_CHARS_MAX ? full.slice(0, LINE_CHARS_MAX) : full;
    if (line.trim() === '') continue;
    const indent = indentOf(line);
    while (open.length > 0 && indent <= (open.at(-1)?.indent ?? 0) && !/^\s*[)\]}>{]/.test(line)) open.pop();
    const add = (name: string, rank: Definition['rank'], owner?: string): void => {
      const literal = unquote(LITERAL.exec(line.slice(line.indexOf(name) + name.length))?.[1]);
      const known = definitions.get(name) ?? [];
      known.push({
        line: index + 1,
        rank,
        ...(owner === undefined ? {} : { owner }),
        ...(literal === undefined ? {} : { literal }),
      });
      definitions.set(name, known);
    };
    group = readGroup(line, group, language, add);
    readLine(line, indent, language, open, add);
  }
  return {
    definitions,
    ...readNames(code, language),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    sure: language?.sure === true,
  };
}

type Add = (name: string, rank: Definition['rank'], owner?: string) => void;

/** Go's `const ( … )`. */
function readGroup(
  line: string,
  group: string | undefined,
  language: Language | undefined,
  add: Add,
): string | undefined {
  if (language?.name !== 'go') return undefined;
  if (/^(?:const|var|type)\s*\($/.test(line.trim())) return 'open';
  if (group === undefined || line.startsWith(')')) return undefined;
  const name =
    /^\t([A-Za-z_]\w*)(?:\s*$|\s*,|\s+[\w.*[\]]+\s*$|\s+(?:[\w.*[\]]+\s+)?=|\s+(?:struct|interface|func)\b)/.exec(
      line,
    )?.[1];
  if (name !== undefined) add(name, 'top');
  return group;
}

function readLine(line: string, indent: number, language: Language | undefined, open: Open[], add: Add): void {
  if (language === undefined) return;
  const container = open.at(-1);
  const owner = container?.holds === true ? container.name : undefined;
  for (const { pattern, opens, rank } of language.rules) {
    const found = pattern.exec(line);
    const name = found?.groups?.['name'];
    if (found === null || name === undefined || (rank === 'member' && NO_NAMES.has(name))) continue;
    const stated = found.groups?.['owner'];
    if (opens === 'block') {
      // `impl Renderer for Html`: not a definition of Html, but what follows belongs to it.
      open.push({ name, indent, holds: true });
      return;
    }
    if (rank === 'borrowed') add(name, 'borrowed');
    else if (stated !== undefined) add(name, 'top', stated);
    else if (rank === 'member') {
      if (owner === undefined) continue;
      add(name, 'member', owner);
    } else if (rank === 'variable')
      add(name, owner !== undefined ? 'member' : rankOf(indent > 0 && inFunction(open, language), opens), owner);
    else add(name, 'top', owner);
    if (opens === 'holder') open.push({ name, indent, holds: true });
    else if (opens === 'body') open.push({ name, indent, holds: false });
    return;
  }
}

/** A function inside a function is worth remembering; a variable there is not. */
function rankOf(inside: boolean, opens: string | undefined): Definition['rank'] {
  if (!inside) return 'top';
  return opens === 'body' ? 'member' : 'local';
}

function inFunction(open: readonly Open[], language: Language): boolean {
  return language.indented || open.some(({ holds }) => !holds);
}

function readNames(code: string, language: Language | undefined): Pick<SourceFacts, 'names' | 'imported' | 'handedOn'> {
  const names = new Set<string>(code.match(NAME));
  const imported = new Set<string>();
  const handedOn = new Set<string>();
  if (language?.name === 'script') {
    for (const found of code.matchAll(
      /\bimport\s+(?:type\s+)?([^;'"]*?)\s+from\s*['"]|\b(?:const|let|var)\s+(\{[^}]*\}|\w+)\s*=\s*(?:await\s+)?(?:require|import)\s*\(/g,
    ))
      for (const name of (found[1] ?? found[2] ?? '').match(NAME) ?? []) imported.add(name);
    for (const found of code.matchAll(
      /\bexport\s+(?:type\s+)?\{([^}]*)\}|\bmodule\.exports\s*=\s*\{([^}]*)\}|\bexport\s+default\s+(\w+)\s*;?\s*$|\bexport\s+\*\s+as\s+(\w+)/gm,
    ))
      for (const name of found.slice(1).join(' ').match(NAME) ?? []) handedOn.add(name);
  } else if (language?.name === 'python') {
    for (const found of code.matchAll(/^\s*(?:from\s+\S+\s+)?import\s+(\([^)]*\)|[^\n]*)/gm))
      for (const name of (found[1] ?? '').match(NAME) ?? []) {
        imported.add(name);
        handedOn.add(name);
      }
  } else if (language?.name === 'rust') {
    for (const found of code.matchAll(/^\s*(pub\s+)?use\s+([^;]*);/gm))
      for (const name of (found[2] ?? '').match(NAME) ?? []) (found[1] === undefined ? imported : handedOn).add(name);
  }
  return { names, imported, handedOn };
}

const NO_NAMES = new Set(
  'if for while switch catch return function await new else do try throw typeof delete void in of case default yield super match loop elif with print assert lambda'.split(
    ' ',
  ),
);

function unquote(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return /^["'`]/.test(text) ? text.slice(1, -1) : text.replaceAll('_', '');
}

function indentOf(line: string): number {
  let width = 0;
  for (const sign of line) {
    if (sign === ' ') width += 1;
    else if (sign === '\t') width += 4;
    else break;
  }
  return width;
}
