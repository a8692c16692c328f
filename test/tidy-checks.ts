import { parseSync } from 'oxc-parser';
import { posix } from 'node:path';

/** A source file as the checks see it. */
export interface SourceFile {
  /** Relative to the repository, with `/`: `src/core/errors.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `static` is there as soon as the file is; `lazy` is an `import()` or the file of a worker (`new URL('./…')`). */
  readonly kind: 'static' | 'lazy';
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Where in a file, in words that an editor can follow, and what is wrong there. */
type Finding = string;

/** Rooms and the rooms each may import; its own is always allowed. */
export type LayerTable = Readonly<Record<string, readonly string[]>>;

/** Imports across rooms that the table does not allow, and rooms that the table does not know. */
export function checkLayers(file: SourceFile, table: LayerTable): Finding[] {
  const room = roomOf(file.path);
  const allowed = table[room];
  if (allowed === undefined) return [`${file.path}: the room "${room}" is not in the layer table`];
  return importsOf(file).flatMap(({ specifier, line }) => {
    if (!specifier.startsWith('.')) return [];
    const target = resolveImport(file.path, specifier);
    if (target === 'package.json') return []; // The version has one home.
    if (!target.startsWith('src/')) return [`${file.path}:${line}: src imports only src and packages, not ${target}`];
    const other = roomOf(target);
    if (other === room || allowed.includes(other)) return [];
    return [`${file.path}:${line}: ${room} may not import ${other} (${specifier})`];
  });
}

/** Relative imports without `.ts`, Node's own modules without `node:`, and imports that nobody can read. */
export function checkSpecifiers(file: SourceFile): Finding[] {
  return importsOf(file).flatMap(({ specifier, line }) => {
    const at = `${file.path}:${line}`;
    if (specifier === '') return [`${at}: import() of a computed name; write the name out`];
    if (specifier.startsWith('.')) return /\.(ts|json)$/.test(specifier) ? [] : [`${at}: write ${specifier} with .ts`];
    if (specifier.startsWith('/') || specifier.startsWith('#'))
      return [`${at}: imports are relative, not ${specifier}`];
    return NODE_MODULE.test(specifier) ? [`${at}: write node:${specifier}`] : [];
  });
}

const NODE_MODULE =
  /^(assert|buffer|child_process|crypto|dns|events|fs|http|https|module|net|os|path|process|stream|tls|tty|url|util|v8|vm|worker_threads|zlib)(\/|$)/;

/** Cycles between files over static imports, each once: `a.ts → b.ts → a.ts`. */
export function checkCycles(files: readonly SourceFile[]): Finding[] {
  const known = new Set(files.map((file) => file.path));
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ kind, specifier }) => kind === 'static' && specifier.startsWith('.'))
        .map(({ specifier }) => resolveImport(file.path, specifier))
        .filter((target) => known.has(target)),
    ]),
  );
  const found: Finding[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) found.push(`cycle: ${[...trail.slice(seenAt), path].join(' → ')}`);
    if (seenAt >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

/** The real clock, real randomness, the environment and the console, which a file must be given instead. */
export function checkWorld(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  const say = (node: Node, what: string): void => {
    found.push(`${file.path}:${lineOf(file.text, node.start)}: ${what} belongs to the daemon; have it passed in`);
  };
  walk(programOf(file), (node) => {
    if (node.type === 'MemberExpression') {
      const name = memberName(node);
      if (WORLD_MEMBERS.has(name)) say(node, name);
      else if (name.startsWith('console.')) say(node, 'console');
    }
    if ((node.type === 'NewExpression' || node.type === 'CallExpression') && nameOf(node['callee']) === 'Date') {
      const given = node['arguments'] as unknown[];
      if (given.length === 0 || node.type === 'CallExpression') say(node, 'the present date');
    }
    // `const { env } = process` and `const { now } = Date`
    if (node.type === 'VariableDeclarator' && (node['id'] as Node).type === 'ObjectPattern') {
      const from = nameOf(node['init']);
      if (from === 'process' || from === 'Date' || from === 'Math' || from === 'console')
        say(node, `a part of ${from}`);
    }
  });
  for (const { specifier, line } of importsOf(file)) {
    if (/^node:(process|console)$/.test(specifier))
      found.push(`${file.path}:${line}: ${specifier} belongs to the daemon`);
  }
  return found;
}

const WORLD_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'process.env',
  'process.hrtime',
  'performance.now',
  'Temporal.Now',
]);

/** Files and functions that no longer fit a head. */
export function checkSizes(file: SourceFile, linesMax = 400, functionLinesMax = 70): Finding[] {
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
  const found = lines > linesMax ? [`${file.path}: ${lines} lines, at most ${linesMax}`] : [];
  walk(programOf(file), (node) => {
    if (!FUNCTIONS.has(node.type)) return;
    const first = lineOf(file.text, node.start);
    const length = lineOf(file.text, node.end) - first + 1;
    if (length > functionLinesMax)
      found.push(`${file.path}:${first}: a function of ${length} lines, at most ${functionLinesMax}`);
  });
  return found;
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** `any` and comments that switch a check off, unless the same line says why. */
export function checkEscapes(file: SourceFile): Finding[] {
  const { program, comments } = parse(file);
  const lines = file.text.split('\n');
  const found: Finding[] = [];
  for (const comment of comments) {
    const line = lineOf(file.text, comment.start);
    if (TYPE_ESCAPE.test(comment.value) && !TYPE_ESCAPE_WITH_REASON.test(comment.value)) {
      found.push(`${file.path}:${line}: say why, after the directive`);
    }
    if (LINT_ESCAPE.test(comment.value) && !LINT_ESCAPE_WITH_REASON.test(comment.value)) {
      found.push(`${file.path}:${line}: name the rule and say why (… -- reason)`);
    }
  }
  walk(program, (node) => {
    if (node.type !== 'TSAnyKeyword') return;
    const line = lineOf(file.text, node.start);
    if (!/\/\/ .{10,}/.test(lines[line - 1] ?? ''))
      found.push(`${file.path}:${line}: any, without a reason on the line`);
  });
  return found;
}

const TYPE_ESCAPE = /^\s*@ts-(ignore|nocheck|expect-error)/;
const TYPE_ESCAPE_WITH_REASON = /^\s*@ts-expect-error\W+\w.{9,}/s;
const LINT_ESCAPE = /^\s*(eslint|oxlint)-disable/;
const LINT_ESCAPE_WITH_REASON = /^\s*(eslint|oxlint)-disable\S*\s+[^\s-]\S*.* -- .{10,}/s;

/** Tests that patch modules, that hide others, or that are skipped without saying why. */
export function checkTestHabits(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  const say = (node: Node, what: string): void => {
    found.push(`${file.path}:${lineOf(file.text, node.start)}: ${what}`);
  };
  walk(programOf(file), (node) => {
    if (node.type === 'MemberExpression') {
      const name = memberName(node);
      if (/^vi\.(mock|doMock|hoisted|stubGlobal|stubEnv|useFakeTimers)$/.test(name))
        say(node, `${name}: pass a fake in instead`);
      if (/^(test|it|describe)\.only$/.test(name)) say(node, `${name} hides the other tests`);
      if (/^(test|it|describe)\.(skip|skipIf|runIf|todo|fails)$/.test(name)) {
        say(node, `${name} says no reason; use context.skip(condition, 'the reason')`);
      }
    }
    if (node.type === 'CallExpression' && /^\w+\.skip$/.test(memberName(node['callee'] as Node))) {
      const given = node['arguments'] as Node[];
      if (given.length === 0 || given.at(-1)?.['value'] === true)
        say(node, "skip(condition, 'the reason') needs a reason");
    }
  });
  return found;
}

/** Paths of somebody's machine, and of package hosts, that have no business in a repository. */
export function checkMachinePaths(file: SourceFile, rootPath: string): Finding[] {
  // A root such as /app is a word that any text may hold.
  const ownRoot = rootPath.split('/').length > 2 ? [`${rootPath}/`, `"${rootPath}"`, `'${rootPath}'`] : [];
  return file.text.split('\n').flatMap((line, index) => {
    const hit = ownRoot.find((path) => line.includes(path)) ?? MACHINE_PATH.exec(line)?.[0];
    return hit === undefined ? [] : [`${file.path}:${index + 1}: ${hit} exists on one machine only`];
  });
}

// "you", "me" and "user" are nobody: examples may use them.
const MACHINE_PATH =
  /(?<![\w.])\/(?:home|Users)\/(?!(?:you|me|user|kairos|\w*[<$*{])\b)[a-z][\w-]*\/|"resolved": "https?:[^"]*/;

/** The requirement ids that a file's titles cite in brackets: the first argument of a call, or a `title` property. */
export function citedIds(file: SourceFile): { readonly id: string; readonly line: number }[] {
  const found: { id: string; line: number }[] = [];
  walk(programOf(file), (node) => {
    const named = node.type === 'Property' && nameOf(node['key']) === 'title' ? node['value'] : undefined;
    const title = titleOf(
      (node.type === 'CallExpression' ? (node['arguments'] as Node[])[0] : named) as Node | undefined,
    );
    for (const [, ids = ''] of title.matchAll(CITATION)) {
      for (const id of ids.split(/[ ,]+/)) found.push({ id, line: lineOf(file.text, node.start) });
    }
  });
  return found;
}

const CITATION = /\[([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+(?:[ ,]+[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)*)\]/g;

function titleOf(node: Node | undefined): string {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type !== 'TemplateLiteral') return '';
  return (node['quasis'] as { value: { raw: string } }[]).map((part) => part.value.raw).join('…');
}

/** The room of a file: `core` for `src/core/errors.ts`. */
export function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function importsOf(file: SourceFile): Import[] {
  const { program, module } = parse(file);
  const found: Import[] = [];
  const add = (specifier: string, start: number, kind: Import['kind']): void => {
    found.push({ specifier, line: lineOf(file.text, start), kind });
  };
  for (const one of module.staticImports) add(one.moduleRequest.value, one.start, 'static');
  for (const one of module.staticExports) {
    const request = one.entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request) add(request.value, one.start, 'static');
  }
  walk(program, (node) => {
    if (node.type === 'ImportExpression') add(titleOf(node['source'] as Node), node.start, 'lazy');
    if (node.type === 'NewExpression' && nameOf(node['callee']) === 'URL') {
      const target = titleOf((node['arguments'] as Node[])[0]);
      if (/^\.\.?\/.*\.ts$/.test(target)) add(target, node.start, 'lazy');
    }
  });
  return found;
}

function resolveImport(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

const parsed = new WeakMap<SourceFile, ReturnType<typeof parseSync>>();

/** The file as a tree. A file that does not parse is a failure of its own, never "nothing found". */
function parse(file: SourceFile): ReturnType<typeof parseSync> {
  const known = parsed.get(file);
  if (known) return known;
  const result = parseSync(file.path, file.text, { sourceType: 'module' });
  const error = result.errors[0];
  if (error) throw new Error(`${file.path} does not parse: ${error.message}`);
  parsed.set(file, result);
  return result;
}

function programOf(file: SourceFile): unknown {
  return parse(file).program;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, visit);
  if (!isNode(value)) return;
  visit(value);
  for (const each of Object.values(value)) if (typeof each === 'object' && each !== null) walk(each, visit);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function nameOf(value: unknown): string {
  if (!isNode(value)) return '';
  if (value.type === 'Identifier') return value['name'] as string;
  return value.type === 'MemberExpression' ? memberName(value) : '';
}

/** `process.env` for that expression, also behind `globalThis.`; '' for one with a computed object. */
function memberName(node: Node): string {
  if (node.type !== 'MemberExpression') return '';
  const property = node['property'] as Node;
  const key = property.type === 'Literal' ? String(property['value']) : nameOf(property);
  return `${nameOf(node['object'])}.${key}`.replace(/^globalThis\./, '');
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
