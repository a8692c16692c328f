import { mkdtempSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FileAccess } from '../../src/tools/held.ts';

/** A directory of this test's own, canonical, gone afterwards. */
export function temporaryDirectory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-tools-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A directory with these files. */
export function workspaceOf(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content, { mode: 0o644 });
  }
  return path;
}

/** The gate of a test: everything in these directories, and what else it is told. */
export function accessTo(directories: readonly string[], more: Partial<FileAccess> = {}): FileAccess {
  return {
    allowed: (canonical) => directories.some((one) => canonical === one || canonical.startsWith(`${one}/`)),
    trustOf: () => 'tool',
    userHome: '/nonexistent',
    ...more,
  };
}
