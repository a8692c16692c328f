import { high, medium, NOTHING, shown } from './notes.ts';
import { tidyPath } from '../spelling.ts';
import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Scene } from './scene.ts';

const PLACES_MAX = 4;
const MOVES_MAX = 16;
const PATH_LENGTH_MAX = 1_024;

/** Where the shell is after `cd`. Going somewhere does nothing by itself; what follows is judged from there. */
export function changeDirectory(
  args: readonly Field[],
  scene: Scene,
): { readonly notes: Notes; readonly places: Scene['places'] } {
  const [target, extra] = args[0]?.text === '--' ? args.slice(1) : args;
  if (extra !== undefined) return lost('cd with more than a directory');
  const path = target === undefined ? scene.surroundings.userHome : target.text;
  if (
    target !== undefined &&
    (target.opaque !== undefined || target.patternAt >= 0 || path === '' || path.startsWith('-'))
  )
    return lost(`where cd ${shown(path)} leads cannot be seen`);
  scene.meter.moves += 1;
  if (scene.meter.moves > MOVES_MAX || path.length > PATH_LENGTH_MAX)
    return { notes: [high('changes the directory more often than can be followed')], places: [undefined] };
  const places: (string | undefined)[] = [];
  for (const place of scene.places) {
    if (place === undefined && !path.startsWith('/')) return lost('a relative path, and the run has no workspace');
    const written = path.startsWith('/') ? path : `${place ?? ''}/${path}`;
    const tidy = tidyPath(written);
    const found = scene.surroundings.resolve(tidy);
    const link =
      found.unclear !== undefined ||
      (found.canonical !== tidy && scene.surroundings.resolve(place ?? '/').canonical === place);
    // Behind a link `..` means one thing to the shell and another to programs.
    if (link && !linksOfSystem(tidy)) return lost(`cd ${shown(path)} goes through a link`);
    places.push(tidy);
  }
  return places.length > PLACES_MAX ? lost('may be in too many directories') : { notes: NOTHING, places };
}

function lost(reason: string): { readonly notes: Notes; readonly places: Scene['places'] } {
  return { notes: [medium(reason)], places: [undefined] };
}

/** macOS: `/tmp`, `/var` and `/etc` are links that everybody knows. */
function linksOfSystem(path: string): boolean {
  return /^\/(?:tmp|var|etc)(?:\/|$)/.test(path);
}
