import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { readIfThere } from '../daemon/secrets.ts';
import { replaceFile } from './replace-file.ts';

/**
 * Sets secrets in `secrets.env`, leaving every other line as it is. Whole or not at all: written beside it, flushed, then
 * put in its place; 0600. Values must not need quotes (hex, base64).
 *
 * @throws {KairosError} `HOME_UNUSABLE`.
 */
export function writeSecrets(home: string, values: Readonly<Record<string, string>>): void {
  const path = join(home, 'secrets.env');
  try {
    const lines = (readIfThere(path) ?? '').replace(/\n$/, '').split('\n');
    const kept = lines.filter((line) => !Object.keys(values).includes(nameIn(line)));
    const added = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const text = [...kept, ...added].join('\n').replace(/^\n+/, '');
    replaceFile(path, `${text}\n`, 0o600);
  } catch (error) {
    throw new KairosError('HOME_UNUSABLE', `${path} can't be written`, {}, error);
  }
}

function nameIn(line: string): string {
  return /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1] ?? '';
}
