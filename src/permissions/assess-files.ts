import type { Json } from '../core/agent.ts';
import type { Assessment, Surroundings } from './call.ts';
import { judgePath } from './paths.ts';
import { assessed, notUnderstood, textOf, understand } from './understand.ts';

/** `read {path, offset?, limit?}` */
export function assessRead(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['path']);
  if (fields === undefined) return notUnderstood('expected {path} with a text');
  return { ...judgePath(textOf(fields, 'path'), 'read', surroundings), writes: false, sends: false };
}

/** `write {path, content}`. A write in a workspace is kept for undo, so it is MEDIUM; what is not kept is HIGH. */
export function assessWrite(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['path', 'content']);
  if (fields === undefined) return notUnderstood('expected {path, content} with texts');
  return { ...judgePath(textOf(fields, 'path'), 'write', surroundings), writes: true, sends: false };
}

/** `edit {path, old, new}` */
export function assessEdit(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['path', 'old', 'new']);
  if (fields === undefined) return notUnderstood('expected {path, old, new} with texts');
  const path = textOf(fields, 'path');
  const read = judgePath(path, 'read', surroundings);
  const write = judgePath(path, 'write', surroundings);
  return { ...write, readsSecrets: read.readsSecrets, readsOutside: read.readsOutside, writes: true, sends: false };
}

/** `glob {pattern, path?}`: names only, below the part of the pattern that has no wildcard. */
export function assessGlob(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['pattern'], ['path']);
  if (fields === undefined) return notUnderstood('expected {pattern} with a text');
  const { base, rest } = splitPattern(textOf(fields, 'pattern'));
  if (CLIMBS.test(rest)) return assessed('HIGH', 'the pattern leads out of where it begins', { readsOutside: true });
  const path = textOf(fields, 'path');
  const start = path === '' || /^[/~$]/.test(base) ? base : `${path}/${base}`;
  return { ...judgePath(start === '' ? '.' : start, 'read', surroundings), writes: false, sends: false };
}

/**
 * `grep {pattern, path?}`. Its tool leaves out what `secretBy` names when it walks a directory, as glob's results are
 * names only; a secret that is named itself is judged here.
 */
export function assessGrep(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['pattern'], ['path', 'glob']);
  if (fields === undefined) return notUnderstood('expected {pattern, path?} with texts');
  const path = textOf(fields, 'path');
  return { ...judgePath(path === '' ? '.' : path, 'read', surroundings), writes: false, sends: false };
}

const WILDCARD = /[*?[\]{}()!@+\\|]/;
/** `..` behind a wildcard, or another beginning inside braces. */
const CLIMBS = /(^|[/{,(|\\])\.{2}([/},)|\\]|$)|[{,(|]\s*[/~$]|\\/;

function splitPattern(pattern: string): { readonly base: string; readonly rest: string } {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => WILDCARD.test(part));
  if (first === -1) return { base: pattern, rest: '' };
  const base = parts.slice(0, first).join('/');
  return { base: base === '' && pattern.startsWith('/') ? '/' : base, rest: parts.slice(first).join('/') };
}
