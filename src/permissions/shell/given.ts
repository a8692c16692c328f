import { literal } from './field.ts';
import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Call } from './program.ts';
import type { Scene } from './scene.ts';
import type { Command, SyntaxNode } from 'unbash';

/**
 * A program that is given names of files by another one (`find -exec`, `xargs`). Only those pass that tell about files, or
 * search in them as a search of the whole tree would; and none of which a strange name could make run or write anything.
 *
 * @param words The program and its words, with the word `{}` where the names go; without one they go to the end.
 * @returns Notes about it as if it were given one file of the workspace; undefined: it is none of these.
 */
export function judgeGiven(words: readonly Field[], call: Call): Notes | undefined {
  const [program, ...rest] = words;
  if (program === undefined || !program.plain || program.opaque !== undefined) return undefined;
  if (rest.some(({ text, opaque, patternAt }) => opaque !== undefined || patternAt >= 0 || /.\{\}|\{\}./.test(text)))
    return undefined;
  const searches = SEARCHING.test(program.text);
  if (!searches && !TELLING.has(program.text)) return undefined;
  // Without a pattern of its own the first name would become one.
  if (searches && (rest[0] === undefined || !hasPattern(rest))) return undefined;
  const placed = rest.map((word) => (word.text === '{}' ? SAMPLE : word));
  const notes = call.inner([program, ...placed, ...(placed.includes(SAMPLE) ? [] : [SAMPLE])]);
  return searches ? [...notes, { risk: 'LOW', reason: 'reads what is found', readsSecrets: true }] : notes;
}

const TELLING = new Set('wc ls stat basename dirname du echo md5sum sha1sum sha256sum sha512sum cksum'.split(' '));
const SEARCHING = /^[ef]?grep$/;
const SAMPLE = literal('./x');

/** Its first word that is no flag stands before the names. */
function hasPattern(rest: readonly Field[]): boolean {
  const first = rest.findIndex(({ text }) => !text.startsWith('-'));
  return first >= 0 && rest[first]?.text !== '{}';
}

const XARGS_FLAG = /^(?:-[0rt]+|--null|--no-run-if-empty|-[nLP]\d{1,4}|-I\{\}|-d\\n)$/;

/** `xargs wc -l` behind a list of files of the workspace. undefined: it is not that. */
export function judgeXargs(call: Call): Notes | undefined {
  const { args } = call;
  let index = 0;
  for (;;) {
    const text = args[index]?.text ?? '';
    if (XARGS_FLAG.test(text)) index += 1;
    else if (/^-[nLP]$/.test(text) && /^\d{1,4}$/.test(args[index + 1]?.text ?? '')) index += 2;
    else if ((text === '-I' && args[index + 1]?.text === '{}') || (text === '-d' && args[index + 1]?.text === '\\n'))
      index += 2;
    else break;
  }
  const placed = args.slice(0, index).some(({ text }) => text.startsWith('-I'));
  const words = args.slice(index);
  if (words.length === 0 || placed !== words.some(({ text }) => text === '{}')) return undefined;
  // Words that are only printed may be any.
  if (call.scene.names !== true && !/^(?:echo|basename|dirname)$/.test(words[0]?.text ?? '')) return undefined;
  return judgeGiven(words, call);
}

/**
 * Whether what a command of a pipeline prints are names of files of the workspace.
 *
 * @param notes What was found about it.
 * @param before Whether it was given such names itself.
 */
export function printsNames(node: SyntaxNode, notes: Notes, before: boolean | undefined): boolean {
  if (node.type !== 'Command' || notes.some(({ risk, readsOutside }) => risk !== 'LOW' || readsOutside === true))
    return false;
  const words = wordsOf(node);
  if (words === undefined || !node.redirects.every(silences)) return false;
  const [name = '', ...args] = words;
  if (before === undefined) return (PRINTERS[name]?.(args) ?? false) && !args.some((text) => text.includes('label'));
  return before && (FILTERS[name]?.(args) ?? false);
}

/** `2>/dev/null` */
function silences(redirect: Command['redirects'][number]): boolean {
  return (
    redirect.type === 'Redirect' &&
    redirect.operator === '>' &&
    redirect.target?.text === '/dev/null' &&
    redirect.descriptor?.type === 'FileDescriptor' &&
    redirect.descriptor.value === 2
  );
}

/** Of another kind of command nothing is known. */
function wordsOf({ name, args, prefix }: Command): readonly string[] | undefined {
  if (name === undefined || prefix.length > 0) return undefined;
  const words = [name, ...args].map((word) => (word.type === 'Word' ? word.value : undefined));
  return words.every((word) => word !== undefined) ? words : undefined;
}

type Shape = (args: readonly string[]) => boolean;

const listing: Shape = (args) => args.some((text) => /^(?:-[A-Za-z]*l[A-Za-z]*|--files-with-matches)$/.test(text));

/** The first of a pipeline. */
const PRINTERS: Readonly<Record<string, Shape>> = {
  find: (args) => !args.some((text) => /^-(?:printf|ls|exec|ok|quit)/.test(text)),
  fd: () => true,
  ls: (args) => !args.some((text) => /^-[A-Za-z]*[lsigonRmQ]/.test(text)),
  rg: (args) => args.includes('--files') || listing(args),
  grep: listing,
  git: ([first, ...args]) =>
    (first === 'ls-files' && !args.some((text) => /^-[stv]|^--(?:stage|eol)/.test(text))) ||
    (first === 'diff' && args.includes('--name-only')),
};

const flagsOnly: Shape = (args) => args.every((text) => /^-|^\d{1,6}$/.test(text) && !/^-[ko]|^--/.test(text));

/** What leaves out or sorts whole lines of what it is sent. */
const FILTERS: Readonly<Record<string, Shape>> = {
  sort: flagsOnly,
  uniq: (args) => args.length === 0,
  head: flagsOnly,
  tail: flagsOnly,
  grep: (args) =>
    args.filter((text) => !/^-[viEFwx]+$/.test(text)).length === 1 && !args.some((text) => /^-[^viEFwx]/.test(text)),
};

/** What the next command of a pipeline is judged with. */
export function withNames(scene: Scene, names: boolean | undefined): Scene {
  return names === scene.names ? scene : { ...scene, names };
}
