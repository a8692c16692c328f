import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import { judgeGiven } from './given.ts';
import type { Field } from './field.ts';
import { literal, opaque } from './field.ts';
import type { Notes } from './notes.ts';
import type { Call } from './program.ts';

/** find: tests and printing pass; what deletes, writes or runs is judged by what it does. */
export function readFind(call: Call): Notes {
  const { args, scene } = call;
  let index = 0;
  while (/^-(?:[HLP]|O[0-3])$/.test(args[index]?.text ?? '')) index += 1;
  const paths: Field[] = [];
  for (; index < args.length; index += 1) {
    const field = args[index];
    if (field === undefined || field.opaque !== undefined || /^[-(!,)]/.test(field.text)) break;
    paths.push(field);
  }
  if (paths.length === 0) paths.push(literal('.'));
  const notes = paths.flatMap((path) =>
    path.patternAt === 0
      ? [medium(`what find gets in place of ${shown(path.text)} may be an expression`)]
      : judgeField(path, 'look', scene),
  );
  return [...notes, ...readExpression(call, index, paths)];
}

const TESTS = new Set(
  (
    '-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -type -xtype -size -mtime -atime -ctime ' +
    '-mmin -amin -cmin -maxdepth -mindepth -perm -user -group -uid -gid -links -inum -fstype -lname -ilname -used -printf'
  ).split(' '),
);
const FILES = new Set(['-newer', '-anewer', '-cnewer', '-samefile']);
const WORDS = new Set(
  (
    '-print -print0 -ls -prune -quit -empty -true -false -readable -writable -executable -not -and -a -o -or -depth -d ' +
    '-xdev -mount -follow -nouser -nogroup -daystart -noleaf -ignore_readdir_race -nowarn -warn ( ) ! ,'
  ).split(' '),
);

function readExpression(call: Call, from: number, paths: readonly Field[]): Notes {
  const notes: Notes[number][] = [];
  const { args } = call;
  for (let index = from; index < args.length; index += 1) {
    const field = args[index];
    if (field === undefined) break;
    const { text } = field;
    if (field.opaque !== undefined || field.patternAt >= 0)
      notes.push(medium(field.opaque ?? `${shown(text)} may become anything`));
    else if (WORDS.has(text)) continue;
    else if (TESTS.has(text)) notes.push(...judgeValue(args[(index += 1)], text));
    else if (/^-newer[aBcmt]t$/.test(text)) notes.push(...judgeValue(args[(index += 1)], text));
    else if (FILES.has(text) || /^-newer[aBcm][aBcm]$/.test(text)) {
      const value = args[(index += 1)];
      notes.push(
        ...(value === undefined ? [medium(`${text} is given nothing`)] : judgeField(value, 'look', call.scene)),
      );
    } else if (/^-(?:exec|ok)(?:dir)?$/.test(text)) {
      const end = endOfCommand(args, index + 1);
      const words = args.slice(index + 1, end);
      const telling = text === '-exec' && words.at(-1)?.text === '{}' ? judgeGiven(words, call) : undefined;
      notes.push(...(telling ?? runsBlindly(text, words, call)));
      if (paths.some((path) => judgeField(path, 'read', call.scene).some(({ risk }) => risk !== 'LOW')))
        notes.push(high('find would run something on files outside the workspace'));
      index = end;
    } else notes.push(...judgeAction(text, args[index + 1], paths, call));
  }
  return notes;
}

function runsBlindly(text: string, words: readonly Field[], call: Call): Notes {
  return [
    medium(`\`find ${text}\` runs another program`, { writes: true }),
    ...call.inner(
      words.map((word) => (word.text.includes('{}') ? opaque(word.text, 'what find gives cannot be seen') : word)),
    ),
  ];
}

function judgeValue(value: Field | undefined, test: string): Notes {
  if (value === undefined) return [medium(`${test} is given nothing`)];
  if (value.opaque !== undefined) return [medium(value.opaque)];
  return value.patternAt < 0
    ? NOTHING
    : [medium(`${shown(value.text)} becomes whatever files there are: put it in quotes`)];
}

function judgeAction(text: string, next: Field | undefined, paths: readonly Field[], call: Call): Notes {
  if (text === '-delete')
    return [
      high('`find -delete` deletes whatever it finds', { writes: true }),
      ...paths.flatMap((path) => judgeField(path, 'write', call.scene)),
    ];
  if (/^-(?:fprint0?|fls|fprintf)$/.test(text))
    return [
      medium(`\`find ${text}\` writes a file`, { writes: true }),
      ...(next === undefined ? NOTHING : judgeField(next, 'write', call.scene)),
    ];
  return [medium(`it is not known what \`find ${shown(text)}\` does`)];
}

function endOfCommand(args: readonly Field[], from: number): number {
  let index = from;
  while (
    index < args.length &&
    args[index]?.text !== ';' &&
    !(args[index]?.text === '+' && args[index - 1]?.text === '{}')
  )
    index += 1;
  return index;
}
