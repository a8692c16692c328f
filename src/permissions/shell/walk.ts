import { parse } from 'unbash';
import { changeDirectory } from './directory.ts';
import { judgeAssignments } from './assignments.ts';
import { obeyed } from './builtins.ts';
import { judgeRedirects } from './redirects.ts';
import { printsNames, withNames } from './given.ts';
import { judgeTest } from './tests.ts';
import { high, medium, NOTHING, shown } from './notes.ts';
import { COMMANDS_MAX } from './scene.ts';
import { fieldsOf, substitutionsIn } from './words.ts';
import { invoke } from './invocation.ts';
import { precheck } from './precheck.ts';
import type {
  AndOr,
  ArithmeticFor,
  Case,
  Command,
  CompoundList,
  For,
  Function as FunctionNode,
  If,
  ParsedScript,
  Pipeline,
  Statement,
  Subshell,
  SyntaxNode,
  Word,
} from 'unbash';
import type { Field } from './field.ts';
import type { Means } from './invocation.ts';
import type { Note, Notes } from './notes.ts';
import type { Scene } from './scene.ts';

type Places = Scene['places'];

/** What a part does, and where the shell may be afterwards. */
interface Outcome {
  readonly notes: Notes;
  readonly ok: Places;
  readonly failed: Places;
}

/** Judges a script given as text: the whole command, or one inside `bash -c`. */
export function judgeSource(source: string, scene: Scene): Notes {
  const { notes, parse: goOn } = precheck(source);
  return goOn ? [...notes, ...judgeScript(parse(source), scene, source)] : notes;
}

/** What `invocation.ts` needs for programs that run text. */
export const MEANS: Means = { neutralised: false, script: judgeSource };

const DEPTH_MAX = 24;
const REPLAYS_MAX = 32;
const RUN_MAX = 512;

function judgeScript(script: ParsedScript, scene: Scene, source: string): Notes {
  const errors = script.errors ?? [];
  const broken = errors.length === 0 ? NOTHING : [high(`cannot be parsed: ${shown(errors[0]?.message ?? '')}`)];
  return [...broken, ...walkList(script.commands, scene, script.source ?? source).notes];
}

/** A script inside a word has its own positions only when it was unescaped. */
function judgeInner(source: string) {
  return (script: ParsedScript, scene: Scene): Notes => judgeScript(script, scene, source);
}

function walkList(statements: readonly Statement[], scene: Scene, source: string): Outcome {
  if (scene.depth > DEPTH_MAX) return stay([high('is nested deeper than can be seen')], scene);
  const notes: Note[] = [];
  let { places } = scene;
  let ok = places;
  let before: Statement | undefined;
  for (const statement of statements) {
    if (scene.meter.commands > RUN_MAX)
      return stay([...notes, high('has more commands than can be seen through')], scene);
    if (before !== undefined && source.slice(before.end, statement.pos).includes('\n'))
      notes.push(medium('is several lines of commands'));
    before = statement;
    const outcome = walk(statement.command, { ...scene, places }, source);
    notes.push(...outcome.notes);
    if (statement.background === true) notes.push(medium('goes on in the background'));
    else {
      ok = outcome.ok;
      places = union(outcome.ok, outcome.failed);
    }
  }
  return { notes, ok, failed: places };
}

function walk(node: SyntaxNode, scene: Scene, source: string): Outcome {
  const inner = { ...scene, depth: scene.depth + 1 };
  switch (node.type) {
    case 'Command':
      return walkCommand(node, scene, source);
    case 'Pipeline':
      return walkPipeline(node, scene, source);
    case 'AndOr':
      return walkAndOr(node, scene, source);
    case 'BraceGroup':
      return walkList(node.body.commands, inner, source);
    case 'Subshell':
      return stay([...judgeParentheses(node), ...walkList(node.body.commands, inner, source).notes], scene);
    case 'If':
      return walkIf(node, inner, source);
    case 'For':
      return walkFor(node, inner, source);
    case 'While': {
      const { notes, ...after } = walkLoop([node.clause, node.body], inner, source);
      return { ...after, notes: [medium('may go on for ever'), ...notes] };
    }
    case 'Case':
      return walkCase(node, inner, source);
    case 'Redirected': {
      const redirects = judgeRedirects(node.redirects, scene, judgeInner(source));
      const fed = fedAnew(node.redirects) ? withNames(scene, undefined) : scene;
      const { notes, ...after } = walk(node.command, fed, source);
      return { ...after, notes: [...redirects, ...notes] };
    }
    case 'TestCommand':
      return stay([...judgeTest(node.expression, scene), ...substitutionsIn(node, scene, judgeInner(source))], scene);
    case 'ArithmeticCommand':
      return stay([...judgeArithmetic(node.body), ...substitutionsIn(node, scene, judgeInner(source))], scene);
    default:
      return walkOdd(node, inner, source);
  }
}

/** Forms that are rare and never harmless. */
function walkOdd(node: SyntaxNode, scene: Scene, source: string): Outcome {
  if (node.type === 'Function')
    return stay(
      [
        medium(`gives ${shown(node.name.text)} a meaning of its own`),
        ...callsItself(node, source),
        ...walkBody(node.body, scene, source),
      ],
      scene,
    );
  if (node.type === 'Coproc')
    return stay([high('starts a process beside the shell'), ...walkBody(node.body, scene, source)], scene);
  if (node.type === 'Select')
    return stay(
      [medium('asks for a choice'), ...walkLoop([node.body], forget(scene, node.name.value), source).notes],
      scene,
    );
  if (node.type === 'ArithmeticFor') return walkArithmeticFor(node, scene, source);
  return stay([high(`has a part that is not understood: ${node.type}`)], scene);
}

/** A function that starts itself again fills the machine. */
function callsItself({ name, body }: FunctionNode, source: string): Notes {
  const again = source
    .slice(body.pos, body.end)
    .split(/[^\w:.-]+/)
    .includes(name.value);
  return again ? [high(`${shown(name.text)} calls itself`)] : NOTHING;
}

function walkBody(node: SyntaxNode, scene: Scene, source: string): Notes {
  return node.type === 'CompoundList' ? walkList(node.commands, scene, source).notes : walk(node, scene, source).notes;
}

function walkArithmeticFor(node: ArithmeticFor, scene: Scene, source: string): Outcome {
  const heads = [node.initialize, node.test, node.update].filter((part) => part !== undefined);
  const inside = heads.flatMap((part) => substitutionsIn(part, scene, judgeInner(source)));
  const { notes, ...after } = walkLoop([node.body], scene, source);
  return { ...after, notes: [medium('counts with variables, which may hold anything'), ...inside, ...notes] };
}

/** The one use of parentheses around plain commands is to come back from a `cd`. */
function judgeParentheses({ body }: Subshell): Notes {
  const [first] = body.commands;
  const command = first?.command.type === 'AndOr' ? first.command.commands[0] : first?.command;
  return command?.type === 'Command' && command.name?.text === 'cd'
    ? NOTHING
    : [medium('runs commands in a shell of their own')];
}

function walkPipeline({ commands, prefixes }: Pipeline, scene: Scene, source: string): Outcome {
  const [first] = commands;
  if (commands.length === 1 && first !== undefined) {
    const outcome = walk(first, scene, source);
    const negated = prefixes.some(({ type }) => type === 'Negation');
    return negated ? { ...outcome, ok: outcome.failed, failed: outcome.ok } : outcome;
  }
  const notes: Note[] = [];
  let names: boolean | undefined;
  for (const command of commands) {
    const found = walk(command, withNames(scene, names), source).notes;
    names = printsNames(command, found, names);
    notes.push(...found);
  }
  return stay(notes, scene);
}

function walkAndOr({ commands, operators }: AndOr, scene: Scene, source: string): Outcome {
  const notes: Note[] = [];
  let ok = scene.places;
  let failed: Places = [];
  commands.forEach((command, index) => {
    const operator = operators[index - 1];
    const from = operator === '||' ? failed : ok;
    const places = from.length === 0 ? union(ok, failed) : from;
    const outcome = walk(command, { ...scene, places }, source);
    notes.push(...outcome.notes);
    if (operator === '||') ok = union(ok, outcome.ok);
    else ok = outcome.ok;
    failed = operator === '||' ? outcome.failed : union(failed, outcome.failed);
  });
  return { notes, ok, failed: union(ok, failed) };
}

function walkIf(node: If, scene: Scene, source: string): Outcome {
  const lists = [
    node.clause,
    node.then,
    ...node.elif.flatMap(({ clause, then }) => [clause, then]),
    ...(node.else === undefined ? [] : [node.else]),
  ];
  return walkBranches(lists, scene, source);
}

/** Any of the lists may run, after any of the ones before. */
function walkBranches(lists: readonly CompoundList[], scene: Scene, source: string): Outcome {
  const notes: Note[] = [];
  let { places } = scene;
  for (const list of lists) {
    const outcome = walkList(list.commands, { ...scene, places }, source);
    notes.push(...outcome.notes);
    places = union(places, union(outcome.ok, outcome.failed));
  }
  return { notes, ok: places, failed: places };
}

function walkLoop(lists: readonly CompoundList[], scene: Scene, source: string): Outcome {
  const outcome = walkBranches(lists, scene, source);
  const moved = outcome.ok.length > scene.places.length;
  return moved ? { ...outcome, notes: [...outcome.notes, medium('changes the directory in a loop')] } : outcome;
}

function walkCase(node: Case, scene: Scene, source: string): Outcome {
  const words = [node.word, ...node.items.flatMap(({ pattern }) => pattern)];
  if (words.length > RUN_MAX) return stay([high('has more cases than can be looked at')], scene);
  const seen = words.flatMap((word) => [
    ...substitutionsIn(word, scene, judgeInner(source)),
    ...hidden(fieldsOf(word, scene)),
  ]);
  const { notes, ...after } = walkBranches(
    node.items.map(({ body }) => body),
    scene,
    source,
  );
  return { ...after, notes: [...seen, ...notes] };
}

function hidden(fields: readonly Field[]): Notes {
  return fields.flatMap(({ opaque: reason, harmless }) =>
    reason === undefined || harmless === true ? NOTHING : [medium(reason)],
  );
}

/** The body is judged once for every value, as long as they are known and few. */
function walkFor(node: For, scene: Scene, source: string): Outcome {
  const words: readonly Word[] = node.wordlist ?? [];
  const inside = words.flatMap((word) => substitutionsIn(word, scene, judgeInner(source)));
  const values = words.flatMap((word) => fieldsOf(word, scene));
  const known = node.wordlist !== undefined && values.every(({ opaque: reason }) => reason === undefined);
  const { meter } = scene;
  if (obeyed(node.name.value)) {
    const { notes, ...after } = walkLoop([node.body], forget(scene, node.name.value), source);
    return { ...after, notes: [...inside, high(`sets ${shown(node.name.value)}, which programs obey`), ...notes] };
  }
  const few = known && values.length > 0 && (meter.replays += values.length) <= REPLAYS_MAX;
  if (!few) {
    const { notes, ...after } = walkLoop([node.body], forget(scene, node.name.value), source);
    return { ...after, notes: [...inside, ...notes] };
  }
  const counted = meter.commands;
  const runs = values.map((value) => {
    meter.commands = counted;
    return walkLoop(
      [node.body],
      { ...scene, variables: new Map([...scene.variables, [node.name.value, value]]) },
      source,
    );
  });
  const places = runs.reduce<Places>((all, { ok, failed }) => union(all, union(ok, failed)), scene.places);
  return { notes: [...inside, ...runs.flatMap(({ notes }) => notes)], ok: places, failed: places };
}

function forget(scene: Scene, name: string): Scene {
  const variables = new Map(scene.variables);
  variables.set(name, { text: `$${name}`, patternAt: -1, opaque: `$${name} may be anything`, plain: false });
  return { ...scene, variables };
}

function walkCommand(node: Command, scene: Scene, source: string): Outcome {
  const { meter } = scene;
  meter.commands += 1;
  if (scene.names === true && fedAnew(node.redirects)) return walkCommand(node, withNames(scene, undefined), source);
  const notes: Note[] = meter.commands === COMMANDS_MAX ? [medium('has more commands than a person would read')] : [];
  notes.push(...judgeAssignments(node), ...substitutionsIn(node, scene, judgeInner(source)));
  notes.push(...judgeRedirects(node.redirects, scene, () => NOTHING));
  if (node.name === undefined) return stay(notes, scene);
  if (node.args.length > 4_096) return stay([...notes, high('has more words than can be looked at')], scene);
  const args = node.args.flatMap((argument) =>
    argument.type === 'Word' ? fieldsOf(argument, scene) : [assigned(argument.text)],
  );
  const names = fieldsOf(node.name, scene);
  if (node.name.text === 'cd') {
    const moved = changeDirectory(args, scene);
    return { notes: [...notes, ...moved.notes], ok: moved.places, failed: scene.places };
  }
  return stay([...notes, ...invoke([...names, ...args], scene, MEANS)], scene);
}

/** What comes in is not what the pipe brings. */
function fedAnew(redirects: Command['redirects']): boolean {
  return redirects.some((redirect) => redirect.type !== 'Redirect' || redirect.operator.startsWith('<'));
}

/** `declare A=b`: seen as text, which its reader looks at. */
function assigned(text: string): Field {
  return { text, patternAt: -1, plain: false };
}

function judgeArithmetic(body: string): Notes {
  // Where `((` is only two parentheses, what looks like a comparison writes a file.
  return /^[\d\s+*/%()!^~?:=-]*$/.test(body)
    ? NOTHING
    : [medium('computes with variables, which may hold anything, or compares in a way that another shell writes')];
}

function stay(notes: Notes, { places }: Scene): Outcome {
  return { notes, ok: places, failed: places };
}

function union(a: Places, b: Places): Places {
  if (a === b || b.length === 0) return a;
  return [...new Set([...a, ...b])];
}
