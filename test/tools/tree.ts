import {
  existsSync,
  realpathSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of a tree, as it should be or is. */
export type Leaf = { readonly bytes: string; readonly mode: number } | { readonly link: string };

/** Every file and link below a directory, with its bytes (latin1) and permissions; directories only as far as files need them. */
export function readLeaves(root: string): Record<string, Leaf> {
  const leaves: Record<string, Leaf> = {};
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(root, name);
    const stats = lstatSync(path);
    if (name.split('/').includes('.git')) continue;
    if (stats.isSymbolicLink()) leaves[name] = { link: readlinkSync(path) };
    else if (stats.isFile()) leaves[name] = { bytes: readFileSync(path, 'latin1'), mode: stats.mode & 0o777 };
  }
  return leaves;
}

/** Puts a file or link there, whatever was in its way. */
export function putLeaf(root: string, name: string, leaf: Leaf): void {
  const path = join(root, name);
  const names = name.split('/');
  for (let depth = 1; depth < names.length; depth += 1) {
    const parent = join(root, ...names.slice(0, depth));
    const stats = lstatSync(parent, { throwIfNoEntry: false });
    if (stats === undefined) break;
    if (!stats.isDirectory()) rmSync(parent);
  }
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  if ('link' in leaf) symlinkSync(leaf.link, path);
  else {
    writeFileSync(path, Buffer.from(leaf.bytes, 'latin1'));
    chmodSync(path, leaf.mode);
  }
}

/** Removes what is at a path, if its directory is one of the tree. */
export function removeLeaf(root: string, name: string): void {
  const parent = dirname(join(root, name));
  if (existsSync(parent) && realpathSync(parent) === parent) rmSync(join(root, name), { recursive: true, force: true });
}
