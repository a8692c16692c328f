import { chmodSync, linkSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { configJsonSchema } from '../daemon/config.ts';
import { KAIROS_MD, SECRETS_ENV } from './home-files.ts';
import { replaceFile, writePart } from './replace-file.ts';
import { writeSecrets } from './secrets-file.ts';

/** What a home got, and what it had. */
export interface Made {
  readonly created: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Makes a home. What exists is kept as it is. Each file is there whole or not at all, and secrets come before the
 * configuration that needs them: stopped anywhere in between, a daemon starts with what there is.
 *
 * @throws {KairosError} `HOME_UNUSABLE`.
 */
export function writeHome(home: string, config: string, secrets: Readonly<Record<string, string>>): Made {
  const files = { 'secrets.env': SECRETS_ENV, 'KAIROS.md': KAIROS_MD, 'config.yaml': config };
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    // An empty directory somebody made for us; one with things in it may be a mistake, and is not ours to close.
    if (readdirSync(home).length === 0) chmodSync(home, 0o700);
    const created = new Set<string>();
    for (const [name, text] of Object.entries(files)) {
      if (writeNew(join(home, name), text)) created.add(name);
      if (name === 'secrets.env' && Object.keys(secrets).length > 0) writeSecrets(home, secrets);
    }
    // Ours, not the owner's: it follows the version.
    replaceFile(join(home, 'config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`, 0o600);
    const names = ['config.yaml', 'KAIROS.md', 'secrets.env'];
    return { created: names.filter((name) => created.has(name)), kept: names.filter((name) => !created.has(name)) };
  } catch (error) {
    throw new KairosError('HOME_UNUSABLE', `the home ${home} can't be made or written`, { home }, error);
  }
}

/** Puts a new text into config.yaml, whole or not at all; its mode stays, and a link stays a link. @throws {KairosError} `HOME_UNUSABLE`. */
export function replaceConfig(home: string, text: string): void {
  const path = join(home, 'config.yaml');
  try {
    const real = realpathSync(path);
    replaceFile(real, text, statSync(real).mode & 0o777);
  } catch (error) {
    throw new KairosError('HOME_UNUSABLE', `${path} can't be written`, { home }, error);
  }
}

/** @returns false when the file was there already; it is never touched. */
function writeNew(path: string, text: string): boolean {
  const part = writePart(path, text, 0o600);
  try {
    linkSync(part, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(part, { force: true });
  }
}
