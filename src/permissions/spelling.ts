/**
 * One name of a path as the most forgiving file system would compare it: case, compatibility forms, code points that
 * HFS+ and APFS ignore, and the trailing dots and spaces that FAT drops are all taken away. Two names that any file
 * system takes for the same are the same here; the reverse is not promised, so it may be used to protect, never to allow.
 */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase().replace(TAIL, '');
  return name
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(TAIL, '');
}

/** A path without empty parts, `.` and `..`, read as text: nothing on the disk is followed. Absolute in, absolute out. */
export function tidyPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The names a path is made of. */
export function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Is `path` this place or below it? Both tidy and absolute. */
export function isWithin(path: string, place: string): boolean {
  if (place === '/') return true;
  return path === place || (path.startsWith(place) && path[place.length] === '/');
}

/** The same, for places that are to be protected: any spelling counts. */
export function isWithinFolded(path: string, place: string): boolean {
  return isWithin(foldPath(path), foldPath(place));
}

/** A path with each of its names folded. */
function foldPath(path: string): string {
  return path.split('/').map(foldName).join('/');
}

const PLAIN = /^[\x20-\x7e]*$/;
/** Not of names that are nothing else: `.` and `..` are not here, `...` is a name of its own. */
const TAIL = /(?<=[^. ])[. ]+$/;
