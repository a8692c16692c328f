import { literal, opaque } from './field.ts';
import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import type { Field } from './field.ts';
import type { Note, Notes } from './notes.ts';
import type { Call, Readers } from './program.ts';

/** Programs that change files: MEDIUM where everything they touch is seen and ordinary, HIGH otherwise. */
export const WRITER_READERS: Readers = {
  cp: (call) => readCopy(call, 'read'),
  install: (call) => readCopy(call, 'read'),
  ln: (call) => readCopy(call, 'write'),
  mv: (call) => readCopy(call, 'write'),
  rm: readRemove,
  rmdir: readTargets,
  unlink: readTargets,
  shred: (call) => [high('shred destroys what it is given', { writes: true }), ...readTargets(call)],
  srm: (call) => [high('srm destroys what it is given', { writes: true }), ...readTargets(call)],
  mkdir: readTargets,
  touch: readTargets,
  truncate: readTargets,
  tee: readTargets,
  sponge: readTargets,
  chmod: readMode,
  patch: (call) => [high('patch writes whatever files the patch names', { writes: true }), ...readTargets(call)],
  dd: readDd,
};

/** Every word that is no flag, and every value of a flag, is taken for a file that is written. */
function readTargets(call: Call): Notes {
  const notes: Note[] = [medium(`${call.name} changes files`, { writes: true })];
  for (const field of [...operandsOf(call.args), ...valuesOf(call.args)])
    notes.push(...judgeField(field, 'write', call.scene));
  return notes;
}

/** The last word is where it goes, and when that is a directory, what arises in it. */
function readCopy(call: Call, source: 'read' | 'write'): Notes {
  const values = valuesOf(call.args);
  const operands = operandsOf(call.args);
  const target = values.length > 0 ? undefined : operands.at(-1);
  const sources = target === undefined ? operands : operands.slice(0, -1);
  const notes: Note[] = [medium(`${call.name} changes files`, { writes: true })];
  if (sources.some(({ patternAt }) => patternAt >= 0))
    notes.push(medium('a pattern decides which files', { writes: true }));
  for (const field of sources) {
    notes.push(...judgeField(field, source, call.scene));
    // A link to a secret, or a copy of one, can be read later under a name that says nothing.
    if (call.name === 'ln') notes.push(...judgeField(field, 'read', call.scene));
  }
  // `-t DIR` puts the target before the sources: which is which is not looked into.
  if (call.args.some(({ text }) => /^-[A-Za-z]*t$|^--t/.test(text)))
    notes.push(...operands.flatMap((field) => judgeField(field, 'write', call.scene)));
  for (const place of [...values, ...(target === undefined ? [] : [target])])
    notes.push(...arising(place, sources).flatMap((field) => judgeField(field, 'write', call.scene)));
  return notes;
}

/** `cp a b dir` makes `dir/a` and `dir/b`; whether `dir` is a directory only the disk knows, so both are judged. */
function arising(place: Field, sources: readonly Field[]): readonly Field[] {
  if (place.opaque !== undefined || place.patternAt >= 0) return [opaque(place.text, 'where it writes cannot be seen')];
  const names = sources
    .map(({ text }) => text.replace(/\/+$/, '').replace(/^.*\//, ''))
    .filter((name) => !/^\.{0,2}$/.test(name));
  const inside = names.map((name) => literal(`${place.text.replace(/\/+$/, '')}/${name}`));
  return /^(?:\.{1,2}\/?|.*\/)$/.test(place.text) && inside.length > 0 ? inside : [place, ...inside];
}

function readRemove(call: Call): Notes {
  const { args } = call;
  const operands = operandsOf(args);
  const recursive = args.some(({ text }) => /^-[A-Za-z]*[rR]|^--r/.test(text));
  const notes: Note[] = [medium(recursive ? 'rm deletes whole directories' : 'rm deletes files', { writes: true })];
  if (operands.some(({ opaque: reason }) => reason !== undefined))
    notes.push(high('what rm deletes cannot be seen', { writes: true }));
  for (const field of operands) {
    const up = /(?:^|\/)\.{1,2}\/*$/.test(field.text) || field.text.includes('..');
    if (up) notes.push(high(`rm ${shown(field.text)} reaches the directory itself or above`, { writes: true }));
    if (field.patternAt >= 0 && (recursive || field.patternAt === 0))
      notes.push(high(`rm ${shown(field.text)} deletes whatever matches`, { writes: true }));
    notes.push(...judgeField(field, 'write', call.scene));
  }
  return notes;
}

function readMode(call: Call): Notes {
  const [mode, ...rest] = operandsOf(call.args);
  const special = /s|^0?[2467]\d{3}$/.test(mode?.text ?? '');
  const wide = call.args.some(({ text }) => /^-[A-Za-z]*R|^--rec/.test(text));
  return [
    medium('chmod changes who may use files', { writes: true }),
    ...(special || wide ? [high('chmod gives rights widely', { writes: true })] : NOTHING),
    ...rest.flatMap((field) => judgeField(field, 'write', call.scene)),
  ];
}

function readDd(call: Call): Notes {
  const notes: Note[] = [medium('dd copies raw data', { writes: true })];
  for (const field of call.args) {
    const [, key = '', path = ''] = /^(\w+)=([\s\S]*)$/.exec(field.text) ?? [];
    if (field.opaque !== undefined) notes.push(high(field.opaque));
    else if (key === 'of') notes.push(...judgeField(literal(path), 'write', call.scene));
    else if (key === 'if') notes.push(...judgeField(literal(path), 'read', call.scene));
  }
  return notes;
}

function operandsOf(args: readonly Field[]): readonly Field[] {
  const end = args.findIndex(({ text }) => text === '--');
  return args.filter(
    (field, index) =>
      index !== end && (field.opaque !== undefined || (end >= 0 && index > end) || !field.text.startsWith('-')),
  );
}

/** `--target-directory=DIR`, `-tDIR`. */
function valuesOf(args: readonly Field[]): readonly Field[] {
  return args.flatMap(({ text }) => {
    const value = /^--[a-z-]+=([\s\S]+)$/.exec(text)?.[1] ?? /^-t([\s\S]+)$/.exec(text)?.[1];
    return value === undefined || !/[/.~]/.test(value) ? [] : [literal(value)];
  });
}
