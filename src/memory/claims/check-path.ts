import { basename, isAbsolute, join, normalize, sep } from 'node:path';
import { stale, unverifiable, verified, type Judgement, type Place } from './claim.ts';
import type { Sight } from './sight.ts';
import type { Tree } from './tree.ts';

/** Directories that paths begin with at the root: such a path is meant from there, not as the end of a longer one. */
const ROOTS = new Set(
  'src lib libs test tests spec specs __tests__ docs doc scripts script bin cmd internal pkg packages apps app web server client api frontend backend config configs tools examples example include public static assets bench benchmarks deploy infra e2e .github .ci ci crates modules services core db migrations proto build dist'.split(
    ' ',
  ),
);

/** Whether a file or directory is there, and if not, where one of its name is. */
export function checkPath(path: string, line: number | undefined, place: Place, sight: Sight): Judgement {
  if (/[*?{[]/.test(path)) return checkGlob(path, place, sight);
  const found = resolvePath(path, place, sight);
  if (found === undefined) {
    const moved = sight.aside(() => elsewhere(path, sight.list(place.path)));
    if (moved !== undefined) sight.kind(join(place.path, moved));
    else sight.list(place.path);
    return moved === undefined
      ? stale(`${path} is not there`)
      : stale(`${path} is not there; there is ${moved}`, moved);
  }
  if (line !== undefined && found.kind === 'file') {
    const lines = (sight.text(found.path) ?? '').split('\n').length;
    if (line > lines) return stale(`${path} has only ${lines} lines`);
  }
  return verified(`${path} is a ${found.kind === 'file' ? 'file' : 'directory'}`);
}

/** Where a path of a text leads: as it is, from the root of the place, or as the end of a longer path. */
export function resolvePath(
  path: string,
  place: Place,
  sight: Sight,
): { readonly path: string; readonly kind: string } | undefined {
  const exact = exactPath(path, place, sight);
  if (exact !== undefined) return exact;
  if (isAbsolute(path) || path.startsWith('~') || path.startsWith('..') || path.startsWith('./')) return undefined;
  const ending = path.replace(/\/+$/, '');
  const end = endings(ending, sight.list(place.path)).find((each) => isShorthand(ending, each, place));
  if (end === undefined) return undefined;
  const kind = sight.kind(join(place.path, end));
  return kind === undefined || (path.endsWith('/') && kind !== 'directory')
    ? undefined
    : { path: join(place.path, end), kind };
}

function exactPath(
  path: string,
  place: Place,
  sight: Sight,
): { readonly path: string; readonly kind: string } | undefined {
  const full = isAbsolute(path) ? normalize(path) : normalize(join(place.path, path));
  // What lies outside is none of the place's.
  if (full !== place.path && !full.startsWith(place.path + sep)) return undefined;
  const whole = full.replace(/\/+$/, '');
  const kind = sight.kind(whole);
  if (kind !== undefined && !(path.endsWith('/') && kind !== 'directory')) return { path: whole, kind };
  return undefined;
}

function endings(path: string, tree: Tree): readonly string[] {
  return (tree.byName.get(basename(path)) ?? []).filter((each) => each === path || each.endsWith(`/${path}`));
}

/** `transform/dedupe.py` may stand for `src/pipeline/transform/dedupe.py`; `src/a.ts` never for `old/src/a.ts`: that one has moved. */
function isShorthand(path: string, full: string, place: Place): boolean {
  if (!path.includes('/')) return true;
  const first = path.slice(0, path.indexOf('/'));
  if (ROOTS.has(first)) return false;
  const prefix = full.slice(0, -path.length - 1);
  // A Python package that went under `src/` has moved.
  return !(/\.pyi?$/.test(path) && !prefix.includes('/')) && first.toLowerCase() !== basename(place.path).toLowerCase();
}

/** Where the same name is now, the place most like the old one first. */
function elsewhere(path: string, tree: Tree): string | undefined {
  const name = basename(path.replace(/\/+$/, ''));
  const parts = new Set(path.split('/'));
  const alike = (each: string): number => each.split('/').filter((part) => parts.has(part)).length;
  const same = (tree.byName.get(name) ?? []).filter((each) => each !== path.replace(/\/+$/, ''));
  return same.toSorted((one, other) => alike(other) - alike(one) || one.length - other.length)[0];
}

function checkGlob(pattern: string, place: Place, sight: Sight): Judgement {
  const expression = globExpression(pattern.replace(/^\.\//, ''));
  if (expression === undefined) return unverifiable(`${pattern} is no pattern that can be read`);
  const tree = sight.list(place.path);
  const found = [...tree.files, ...tree.directories].find((path) => expression.test(path));
  return found === undefined ? stale(`nothing fits ${pattern}`) : verified(`${found} fits ${pattern}`);
}

/** A pattern without `/` holds at every depth. */
function globExpression(pattern: string): RegExp | undefined {
  if (pattern.length > 300) return undefined;
  let source = '';
  let depth = 0;
  for (const token of pattern.matchAll(/\*\*\/|\*\*|\*|\?|\{|\}|,|\[[^\]/]+\]|[\s\S]/g)) {
    const sign = token[0];
    if (sign === '**/') source += '(?:[^/]+/)*';
    else if (sign === '**') source += '.*';
    else if (sign === '*') source += '[^/]*';
    else if (sign === '?') source += '[^/]';
    else if (sign === '{') [source, depth] = [`${source}(?:`, depth + 1];
    else if (sign === '}' && depth > 0) [source, depth] = [`${source})`, depth - 1];
    else if (sign === ',' && depth > 0) source += '|';
    else source += RegExp.escape(sign);
  }
  if (depth > 0) return undefined;
  return new RegExp(`^${pattern.includes('/') ? '' : '(?:.*/)?'}${source}/?$`);
}
