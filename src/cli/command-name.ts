import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative, sep } from 'node:path';
import type { Env } from '../daemon/home.ts';

/** From a checkout, and from the published package, whose `dist/` lies as deep as `src/`. */
const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'kairos');

/**
 * What this person has to type for `kairos`, so that what we advise works when it is copied: `npx kairos` for who ran us
 * through npm; `kairos` when that is on PATH; else the launcher, as seen from the working directory.
 *
 * Not `npx` for everybody: outside the checkout npx would fetch whatever package of that name a registry has.
 *
 * @param launcher For tests.
 */
export function commandName(env: Env, directory: string, launcher = LAUNCHER): string {
  // npm puts its own directories on PATH: what is found there is gone in the next terminal.
  if (env['npm_lifecycle_event'] || env['npm_config_user_agent']) return 'npx kairos';
  if (isOnPath(env['PATH'] ?? '')) return 'kairos';
  const path = relative(realpathSync(directory), launcher);
  return quoted(path.startsWith('..') || isAbsolute(path) ? launcher : path);
}

/** Our own advice with `kairos …` put as it has to be typed. Not for texts from outside. */
export function asTyped(text: string, command: string): string {
  return command === 'kairos' ? text : text.replaceAll(/(?<![\w./-])kairos (?=[a-z])/g, `${command} `);
}

function isOnPath(path: string): boolean {
  return path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, 'kairos'), constants.X_OK);
      return isAbsolute(directory);
    } catch {
      return false;
    }
  });
}

function quoted(path: string): string {
  const runnable = path.includes(sep) ? path : `.${sep}${path}`;
  return /^[\w./+@-]+$/.test(runnable) ? runnable : `'${runnable.replaceAll("'", String.raw`'\''`)}'`;
}
