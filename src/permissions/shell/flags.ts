import { mayBecomeFlag } from './field.ts';
import { medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import { mentions } from './mentions.ts';
import type { Field } from './field.ts';
import type { Note, Notes } from './notes.ts';
import type { Call, Kind, Program, SeenFlags } from './program.ts';

/** Reads the words of a call against what its program may be given; a word that is not foreseen is a note. */
export function readFlags(program: Program, call: Call): Notes {
  const table = tableOf(program);
  const state: State = { notes: [], flags: new Set(), operands: [], program, table, call };
  let index = 0;
  while (index < call.args.length) index += step(state, index);
  const found = [...state.notes, ...readOperands(state), ...(program.check?.(state, call) ?? NOTHING)];
  return found.some(({ risk }) => risk !== 'LOW') ? [...found, ...mentions(call.args, call.scene)] : found;
}

interface FlagTable {
  /** Kind of the value; null: it takes none. */
  readonly flags: ReadonlyMap<string, { readonly kind: Kind | null; readonly optional: boolean }>;
  readonly operands: readonly Kind[];
  /** The last kind of operand may come any number of times. */
  readonly open: boolean;
}

interface State extends SeenFlags {
  readonly notes: Note[];
  readonly flags: Set<string>;
  readonly operands: Field[];
  readonly program: Program;
  readonly table: FlagTable;
  readonly call: Call;
}

const tables = new WeakMap<Program, FlagTable>();

function tableOf(program: Program): FlagTable {
  const known = tables.get(program);
  if (known !== undefined) return known;
  const made = { flags: flagsOf(program.flags ?? ''), ...operandsOf(program.operands ?? '') };
  tables.set(program, made);
  return made;
}

function flagsOf(text: string): FlagTable['flags'] {
  const flags = new Map<string, { kind: Kind | null; optional: boolean }>();
  for (const entry of text.split(/\s+/).filter(Boolean)) {
    const [, name = '', mark = '', kind = ''] = /^(-[^:?]+)([:?]?)(.*)$/.exec(entry) ?? [];
    const value = { kind: mark === '' ? null : (kind as Kind), optional: mark === '?' };
    if (name.startsWith('--') || mark !== '') flags.set(name, value);
    else for (const letter of name.slice(1)) flags.set(`-${letter}`, value);
  }
  return flags;
}

function operandsOf(text: string): Pick<FlagTable, 'operands' | 'open'> {
  const kinds = text.split(' ').filter(Boolean);
  return { operands: kinds.map((kind) => kind.replace('*', '') as Kind), open: text.endsWith('*') };
}

/** Reads one word, and its value if that is the next one. Returns how many words were read. */
function step(state: State, index: number): number {
  const { call, program, operands } = state;
  const field = call.args[index];
  if (field === undefined) return 1;
  const { text } = field;
  if (
    field.opaque !== undefined ||
    (mayBecomeFlag(field) && !patternInValue(field)) ||
    !text.startsWith('-') ||
    text === '-'
  ) {
    operands.push(field);
    return 1;
  }
  if (text === '--') {
    operands.push(...call.args.slice(index + 1).map(settled));
    return call.args.length;
  }
  if (program.negatives === true && /^-[\d.]/.test(text)) operands.push(field);
  else if (program.ordered === true && operands.length > 0) refuse(state, text);
  else if (program.dashNumber === true && /^-\d{1,6}$/.test(text)) state.flags.add('-NUMBER');
  else if (text.startsWith('--')) return 1 + readLong(state, field, call.args[index + 1]);
  else return 1 + readBundle(state, text, call.args[index + 1]);
  return 1;
}

/** `--include=*.ts`: whatever it matches begins like this, and is this flag. */
function patternInValue({ text, patternAt }: Field): boolean {
  return patternAt > 0 && /^--[a-z-]+=/.test(text.slice(0, patternAt));
}

/** Behind `--` nothing becomes a flag any more. */
function settled(field: Field): Field {
  return field.patternAt === 0 ? { ...field, text: `./${field.text}`, patternAt: 2 } : field;
}

function readLong(state: State, { text, patternAt }: Field, next: Field | undefined): number {
  const cut = text.indexOf('=');
  const name = cut < 0 ? text : text.slice(0, cut);
  const flag = state.table.flags.get(name);
  if (flag === undefined) return refuse(state, name);
  state.flags.add(name);
  if (patternAt >= 0 && flag.kind !== 'text') return refuse(state, text);
  if (flag.kind === null) return cut < 0 ? 0 : refuse(state, text);
  if (cut >= 0) readValue(state, name, flag.kind, { text: text.slice(cut + 1), patternAt: -1, plain: true });
  else if (!flag.optional) return readNext(state, name, flag.kind, next);
  return 0;
}

function readBundle(state: State, text: string, next: Field | undefined): number {
  for (let at = 1; at < text.length; at += 1) {
    const name = `-${text[at]}`;
    const flag = state.table.flags.get(name);
    if (flag === undefined) return refuse(state, at === 1 ? text : name);
    state.flags.add(name);
    if (flag.kind === null) continue;
    const rest = text.slice(at + 1);
    if (rest !== '' && state.program.detached === true) return refuse(state, text);
    if (rest !== '') readValue(state, name, flag.kind, { text: rest, patternAt: -1, plain: true });
    else if (!flag.optional) return readNext(state, name, flag.kind, next);
    return 0;
  }
  return 0;
}

function readNext(state: State, name: string, kind: Kind, next: Field | undefined): number {
  if (next === undefined) return refuse(state, name);
  readValue(state, name, kind, next);
  return 1;
}

function refuse({ notes, call }: State, flag: string): number {
  notes.push(medium(`it is not known what \`${shown(`${call.name} ${flag}`)}\` does`));
  return 0;
}

function readValue(state: State, name: string, kind: Kind, field: Field): void {
  const { call, notes } = state;
  if (field.patternAt >= 0) notes.push(medium(`the value of ${name} depends on which files there are`));
  const what = `\`${call.name} ${name}\``;
  if (kind === 'write') notes.push(medium(`${what} writes a file`, { writes: true }));
  notes.push(...judgeKind(field, kind, call, what));
}

function readOperands({ operands, table, program, call, flags }: State): Notes {
  const notes: Note[] = [];
  const kinds = table.operands;
  const closed = !table.open;
  if (operands.length < (program.least ?? 0))
    notes.push(medium(`${call.name} is given too little to say what it does`));
  if (closed && operands.length > kinds.length) notes.push(medium(`${call.name} is given more than it only reads`));
  operands.forEach((field, index) => {
    const kind = kinds[index] ?? kinds.at(-1) ?? 'text';
    if (field.patternAt >= 0) notes.push(...readPattern(field, kind, closed, program, call));
    notes.push(...judgeKind(field, kind, call, call.name));
  });
  const paths = operands.length - kinds.filter((kind) => kind === 'text').length;
  if (program.here === true && paths <= 0 && !flags.has('--version'))
    notes.push(...judgeField({ text: '.', patternAt: -1, plain: true }, 'look', call.scene));
  return notes;
}

function readPattern(field: Field, kind: Kind, closed: boolean, program: Program, call: Call): Notes {
  const listed = kind === 'look' || kind === 'read' || kind === 'name' || kind === 'set';
  if (!listed)
    return [medium(`what ${call.name} gets in place of ${shown(field.text)} depends on which files there are`)];
  if (closed && kind !== 'set') return [medium(`${shown(field.text)} may be more files than ${call.name} only reads`)];
  if (mayBecomeFlag(field) && (program.sharp === true || field.text.startsWith('-')))
    return [medium(`a file that ${shown(field.text)} matches may be taken for a flag of ${call.name}`)];
  return NOTHING;
}

const SHAPES: Partial<Record<Kind, RegExp>> = {
  word: /^[\w.,:+%@=-]{0,200}$/,
  count: /^[-+]?\d{1,15}(?:\.\d{1,9})?[A-Za-z]{0,3}$/,
  small: /^\d{1,3}$/,
  delay: /^(?:\d{1,3}(?:\.\d{1,6})?s?|\.\d{1,6}s?|10m|\d(?:\.\d{1,3})?m)$/,
};

/** Judges one value by what it is to the program. */
function judgeKind(field: Field, kind: Kind, call: Call, what: string): Notes {
  if (kind === 'look' || kind === 'read' || kind === 'write')
    return field.text === '-' && kind !== 'write' ? NOTHING : judgeField(field, kind, call.scene);
  if (field.opaque !== undefined) return [medium(field.opaque)];
  const shape = SHAPES[kind];
  if (shape !== undefined && !shape.test(field.text))
    return [medium(`${what} is given ${shown(field.text)}, which is not what it takes`)];
  if (kind === 'set' && field.patternAt >= 0 && !/^\[[A-Za-z0-9:]+(?:-[A-Za-z0-9])?[A-Za-z0-9:-]*\]$/.test(field.text))
    return [medium(`what ${call.name} gets in place of ${shown(field.text)} depends on which files there are`)];
  return NOTHING;
}
