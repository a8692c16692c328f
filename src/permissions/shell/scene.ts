import { judgePath } from '../paths.ts';
import { tidyPath } from '../spelling.ts';
import { high, medium } from './notes.ts';
import { patternDangers, sampleOf } from './patterns.ts';
import type { Surroundings } from '../call.ts';
import type { Field } from './field.ts';
import type { Note, Notes } from './notes.ts';

/** `look`: only that it is there, its size, its times; never what is in it. */
export type Touch = 'look' | 'read' | 'write' | 'execute';

/** Where a part of a command runs, and what is known by then. */
export interface Scene {
  readonly surroundings: Surroundings;
  /** Directories it may run in, absolute; several when a `cd` may have failed. */
  readonly places: readonly (string | undefined)[];
  /** Variables of `for` whose value is known. */
  readonly variables: ReadonlyMap<string, Field>;
  /** What comes in are names of files of the workspace, one a line. */
  readonly names?: boolean | undefined;
  /** How deep in substitutions and compounds. */
  readonly depth: number;
  readonly meter: Meter;
}

/** Counts over one whole command line, so that no line costs more than a moment. */
export interface Meter {
  commands: number;
  paths: number;
  /** How often the directory was changed. */
  moves: number;
  /** How often bodies of loops were judged anew for another value. */
  replays: number;
  readonly judged: Map<string, Notes>;
}

const PATHS_MAX = 64;
/** Every part of a path is looked for on the disk. */
const PATH_PARTS_MAX = 64;
const PATH_LENGTH_MAX = 1_024;
/** No file-name pattern of a person is longer. */
const PATTERN_MAX = 256;
/** More simple commands than a person would read before allowing them. */
export const COMMANDS_MAX = 40;

/** The scene at the beginning of a line. */
export function openScene(surroundings: Surroundings): Scene {
  return {
    surroundings,
    places: [surroundings.cwd],
    variables: new Map(),
    depth: 0,
    meter: { commands: 0, paths: 0, moves: 0, replays: 0, judged: new Map() },
  };
}

/** What touching a path would mean, in every directory the command may be in. */
export function judgeField(field: Field, touch: Touch, scene: Scene): Notes {
  if (field.stream === true && touch === 'read') return [];
  if (field.opaque !== undefined) return judgeBlind(field, field.opaque, touch, scene);
  if (field.patternAt < 0) return judgeText(field.text, touch, scene);
  if (field.text.length > PATTERN_MAX) return [high('has a pattern longer than can be seen through')];
  if (BEHIND.test(field.text)) return [high('would read whatever runs', { readsSecrets: true })];
  const dangers = patternDangers(field, touch === 'write');
  return [
    ...dangers.notes,
    ...judgeText(sampleOf(field), touch, scene),
    ...dangers.names.flatMap((name) => judgeText(name, touch, scene)),
  ];
}

/** Even of a word that is only partly known the end may say enough: `$x/.env`. */
function judgeBlind({ text }: Field, reason: string, touch: Touch, scene: Scene): Notes {
  if (touch === 'write' || touch === 'execute') return [high(reason, { writes: true })];
  if (BEHIND.test(text)) return [high(`${reason}, and it lies in a running process`, { readsSecrets: true })];
  const sample = text.replace(/^~[\w+-]+/, '/home/x').replaceAll(/\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|\$\w+/g, 'x');
  return [medium(reason), ...judgeText(sample, touch, scene).filter(({ risk }) => risk === 'HIGH')];
}

/** The same for a path that is fully known. */
export function judgeText(path: string, touch: Touch, scene: Scene): Notes {
  if (path.length > PATH_LENGTH_MAX || path.split('/').length > PATH_PARTS_MAX)
    return [high('has a path longer than can be looked at')];
  return scene.places.flatMap((place) => {
    const key = `${touch}\0${place ?? ''}\0${path}`;
    const known = scene.meter.judged.get(key);
    if (known !== undefined) return known;
    if (scene.meter.paths >= PATHS_MAX) return [high('names more files than can be looked at')];
    scene.meter.paths += 1;
    const notes = judgeAt(path, touch, { ...scene.surroundings, cwd: place });
    scene.meter.judged.set(key, notes);
    return notes;
  });
}

function judgeAt(path: string, touch: Touch, surroundings: Surroundings): Notes {
  // After quotes are gone a `~` is a name like any other: the shell has already replaced the ones it means.
  const written = /^[~$]/.test(path) ? `./${path}` : path;
  if ((touch === 'look' || touch === 'read') && MACHINE.has(path)) return [];
  if (touch === 'read' && HANGS.has(tidyPath(written))) return [medium(`${path} never ends`)];
  const found = judgePath(written, touch === 'look' ? 'read' : touch, surroundings);
  const { reason, readsOutside } = found;
  if (touch === 'look' && found.readsSecrets) return [medium(reason)];
  const note: Note = {
    risk: found.risk,
    reason,
    readsOutside: readsOutside && touch !== 'write',
    readsSecrets: found.readsSecrets,
    writes: touch === 'write' && !path.startsWith('/dev/'),
  };
  if (note.risk === 'LOW' && touch !== 'write' && BEHIND.test(written))
    return [{ ...note, risk: 'MEDIUM', reason: `${path} shows the machine, not a file` }];
  return note.risk === 'LOW' && !readsOutside && note.writes !== true ? [] : [note];
}

/** What the kernel tells of the machine, written out in full. */
const MACHINE = new Set(['/proc/cpuinfo', '/proc/meminfo', '/proc/version', '/proc/uptime', '/proc/loadavg']);
const HANGS = new Set(['/dev/zero', '/dev/random', '/dev/urandom', '/dev/tty']);
const BEHIND = /^\/+(?:\.?\/+)*(?:proc|sys)(?:\/|$)/;
