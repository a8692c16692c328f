import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { KairosError } from '../core/errors.ts';

/** Environment variables, passed in. */
export type Env = Readonly<Record<string, string | undefined>>;

/** `KAIROS_HOME`, else what systemd gives (`STATE_DIRECTORY`), else `~/.kairos`. */
export function homeOf(env: Env): string {
  const named = env['KAIROS_HOME'] || env['STATE_DIRECTORY']?.split(':', 1)[0];
  return named ? resolve(named) : join(homedir(), '.kairos');
}

/** Makes the home if it is not there, readable for its owner alone. @throws {KairosError} `HOME_UNUSABLE`. */
export function makeHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new KairosError('HOME_UNUSABLE', `the home ${home} can't be made or written`, { home }, cause);
  }
}
