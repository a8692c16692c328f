import { high, shown } from './notes.ts';
import { judgeText } from './scene.ts';
import type { Field } from './field.ts';
import type { Note, Notes } from './notes.ts';
import type { Scene } from './scene.ts';

const WORDS_MAX = 32;
const NAMES = /^(?:id_\w+|credentials?|authorized_keys|crontab|sudoers|shadow)$/;

/**
 * What could be touched by words that are not seen through: every piece that looks like a path is taken as written, and
 * as read. Only what a person must settle is noted, so an ordinary path changes nothing.
 */
export function mentions(args: readonly Field[], scene: Scene): Notes {
  const notes: Note[] = [];
  const pieces = new Set(args.flatMap(({ text }) => piecesOf(text)));
  let judged = 0;
  for (const piece of pieces) {
    if (/^[a-z][a-z0-9+.-]*:\/\/[^/]|^ext::|^\/dev\/(?:tcp|udp)\//i.test(piece))
      notes.push(high(`is pointed at ${shown(piece)}`, { sends: true, readsOutside: true }));
    else if (looksLikePath(piece)) {
      judged += 1;
      if (judged > WORDS_MAX) return [...notes, high('names more files than can be looked at')];
      notes.push(...judgePiece(piece, scene));
    }
  }
  return notes;
}

/** Inside a word a path may stand behind quotes, brackets, signs, or a flag it is attached to. */
function piecesOf(text: string): readonly string[] {
  return text
    .slice(0, 16_384)
    .split(/[\s'"`;|&<>(){}=,]+/)
    .map((piece) => /^-\w((?:\.{0,2}\/|~|\.\w)[\s\S]*)$/.exec(piece)?.[1] ?? piece)
    .filter((piece) => piece !== '' && piece !== '/' && !/^\.{1,3}\/?(?:\.\.\.)?$/.test(piece));
}

function looksLikePath(piece: string): boolean {
  return /[/~]|^\.|\.\w+$/.test(piece) || NAMES.test(piece);
}

function judgePiece(piece: string, scene: Scene): Notes {
  const path = piece.startsWith('~/') ? `${scene.surroundings.userHome}${piece.slice(1)}` : piece;
  const written = judgeText(path, 'write', scene).filter(({ risk }) => risk === 'HIGH');
  if (written.length === 0) return written;
  // What the system brings can be named safely: nothing in a sandbox writes there.
  const read = judgeText(path, 'read', scene).filter(({ risk }) => risk !== 'LOW');
  return read.length === 0 && path.startsWith('/')
    ? []
    : [...written.slice(0, 1), ...read.filter(({ risk }) => risk === 'HIGH').slice(0, 1)];
}
