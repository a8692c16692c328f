import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { SourceFile } from './tidy-checks.ts';

export const ROOT = resolve(import.meta.dirname, '..');

const NOT_OURS = new Set(['node_modules', '.git', 'dist', 'coverage']);
const TEXT_BYTES_MAX = 2 * 1_048_576;

/** The text files of the repository below a folder, by path; what is installed, built or binary is left out. */
export function readTree(folder: string, pattern = /./): SourceFile[] {
  return listTree(join(ROOT, folder))
    .filter((path) => pattern.test(path) && statSync(path).size <= TEXT_BYTES_MAX)
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }))
    .filter((file) => !file.text.includes('\0'))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folders directly below one, by name. */
export function foldersOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function listTree(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: false }).filter(
    (entry) => !NOT_OURS.has(entry.name),
  );
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listTree(path);
    return entry.isFile() ? [path] : [];
  });
}
