import { BUILTIN_READERS, QUIET_PROGRAMS } from './builtins.ts';
import { ARCHIVE_PROGRAMS, readTarList } from './programs-archives.ts';
import { FILE_PROGRAMS } from './programs-files.ts';
import { familyOf, RAISED } from './risky.ts';
import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeField, judgeText } from './scene.ts';
import { mentions } from './mentions.ts';
import { onlyTells } from './phrases.ts';
import { readAwk } from './awk.ts';
import { readFind } from './find.ts';
import { readFlags } from './flags.ts';
import { readGit } from './git.ts';
import { readJq } from './jq.ts';
import { readSed } from './sed.ts';
import { SEARCH_READERS } from './programs-search.ts';
import { SUBCOMMANDS } from './subcommands.ts';
import { SYSTEM_PROGRAMS, VERSIONED } from './programs-system.ts';
import { TEXT_PROGRAMS } from './programs-text.ts';
import { WRAPPER_READERS } from './wrappers.ts';
import { WRITER_READERS } from './writers.ts';
import type { Field } from './field.ts';
import type { Family } from './risky.ts';
import type { Note, Notes } from './notes.ts';
import type { Call, Program, Programs, Reader, Readers } from './program.ts';
import type { Scene } from './scene.ts';

/** What running these words means besides the words themselves. */
export interface Means {
  /** The git tool keeps a checkout's configuration from running anything. */
  readonly neutralised: boolean;
  /** Judges a script given as text. */
  readonly script: (text: string, scene: Scene) => Notes;
}

/** Judges one program with its words. */
export function invoke(fields: readonly Field[], scene: Scene, means: Means): Notes {
  const [first, ...args] = fields;
  if (first === undefined) return [medium('runs nothing')];
  if (args.length > WORDS_MAX) return [high('has more words than can be looked at')];
  if (scene.depth > NESTING_MAX) return [high('is nested deeper than can be seen')];
  if (first.opaque !== undefined || first.patternAt >= 0 || !first.plain)
    return [high(`which program ${shown(first.text)} is cannot be seen`), ...mentions(args, scene)];
  const name = nameOf(first.text);
  const deeper = { ...scene, depth: scene.depth + 1 };
  const call: Call = {
    name,
    args,
    scene,
    inner: (words) => (words.length === 0 ? NOTHING : invoke(words, deeper, means)),
    script: (text) => means.script(text, deeper),
  };
  if (name.includes('/')) return runsFile(first, call);
  return judgeCall(call, means);
}

const WORDS_MAX = 1_024;
const NESTING_MAX = 8;

const PROGRAMS: Programs = {
  ...TEXT_PROGRAMS,
  ...FILE_PROGRAMS,
  ...ARCHIVE_PROGRAMS,
  ...SYSTEM_PROGRAMS,
  ...QUIET_PROGRAMS,
};
const READERS: Readers = {
  ...BUILTIN_READERS,
  ...SEARCH_READERS,
  ...WRITER_READERS,
  ...WRAPPER_READERS,
  sed: readSed,
  awk: readAwk,
  gawk: readAwk,
  mawk: readAwk,
  nawk: readAwk,
  jq: readJq,
  find: readFind,
};

/** `/usr/bin/cat` is `cat`; any other place could hold anything. */
function nameOf(text: string): string {
  return /^(?:\/usr)?\/bin\/([\w.+[-]+)$/.exec(text)?.[1] ?? text;
}

function judgeCall(call: Call, means: Means): Notes {
  const { name, args } = call;
  const [only] = args;
  const alone = args.length === 1 && only?.plain === true && only.patternAt < 0;
  if (alone && /^--(?:version|help)$/.test(only.text) && (VERSIONED.has(name) || Object.hasOwn(PROGRAMS, name)))
    return NOTHING;
  if (alone && SHORT_VERSIONS.has(`${name} ${only.text}`)) return NOTHING;
  if (onlyTells(name, args)) return NOTHING;
  if (name === 'git') return readGit(call, means.neutralised);
  const listed = name === 'tar' ? readTarList(call) : undefined;
  if (listed !== undefined) return listed;
  const reader = own<Reader>(READERS, name);
  if (reader !== undefined) return reader(call);
  const program = own<Program>(PROGRAMS, name);
  if (program !== undefined) return readFlags(program, call);
  const family = familyOf(name);
  return family === undefined ? unknown(call) : judgeFamily(family, call);
}

const SHORT_VERSIONS = new Set([
  'node -v',
  'npm -v',
  'python -V',
  'python3 -V',
  'perl -v',
  'make -v',
  'java -version',
  'ruby -v',
  'ssh -V',
]);

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function unknown({ name, args, scene }: Call): Notes {
  return [high(`${shown(name)} is not a known program`, { writes: true }), ...mentions(args, scene)];
}

function judgeFamily(family: Family, call: Call): Notes {
  const { name, args, scene } = call;
  const { does, sends, readsOutside, readsSecrets, writes } = family;
  const more = { sends, readsOutside, readsSecrets, writes };
  const notes: Note[] = [{ risk: family.risk, reason: `runs ${name}, which ${does}`, ...more }];
  if (
    RAISED.has(name) ||
    (args.some(({ text }) => text.startsWith('-C')) && /^(?:mapfile|readarray|compgen)$/.test(name))
  )
    notes.push(high(`${name} decides what runs, or holds keys`));
  if (family.risk === 'HIGH')
    return [...notes, ...(does.includes('rights') ? inside(call) : NOTHING), ...mentions(args, scene)];
  if (scene.surroundings.shellNetwork)
    notes.push(medium(`runs ${name}, which may use the network`, { sends: true, readsOutside: true }));
  const wanted = args.find(({ text }) => !text.startsWith('-'))?.text;
  const allowed = own(SUBCOMMANDS, name);
  if (allowed !== undefined && (wanted === undefined ? name !== 'make' : !allowed.includes(wanted)))
    notes.push(
      high(`\`${name} ${shown(wanted ?? '')}\` may reach the network or run what it fetches`, {
        sends: true,
        readsOutside: true,
      }),
    );
  if (args.length === 0 && allowed === undefined && INTERPRETERS.test(name))
    notes.push(high(`${name} runs whatever it is sent`));
  // In another directory it is other code than that of the workspace.
  const foreign = writes === true ? judgeText('.', 'execute', scene).filter(({ risk }) => risk === 'HIGH') : NOTHING;
  return [...notes, ...foreign, ...touched(call)];
}

const INTERPRETERS = /^(?:node|nodejs|deno|bun|python|pypy|ruby|irb|perl|php|lua|tclsh|expect|Rscript|R$|osascript)/;

/** `sudo rm …` is at least as bad as `rm …`. */
function inside(call: Call): Notes {
  const index = call.args.findIndex(({ text }) => !/^-|=/.test(text));
  return index < 0 ? NOTHING : call.inner(call.args.slice(index));
}

/** Whatever looks like a path may be written by a program that is not seen through. */
function touched({ args, scene }: Call): Notes {
  const blind = args.flatMap(({ opaque: reason }) => (reason === undefined ? NOTHING : [medium(reason)]));
  return [...blind, ...mentions(args, scene)];
}

function runsFile(field: Field, call: Call): Notes {
  return [
    medium(`runs the program ${shown(field.text)}`, { writes: true }),
    ...judgeField(field, 'execute', call.scene),
    ...touched(call),
  ];
}
