import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** A file whole or not at all: written beside its place, flushed, then put there. */
export function replaceFile(path: string, text: string, mode: number): void {
  renameSync(writePart(path, text, mode), path);
}

/** @returns The path of what was written and flushed beside its place. What lay there of an earlier try is gone. */
export function writePart(path: string, text: string, mode: number): string {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  const file = openSync(part, 'wx', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(part, mode);
  return part;
}
