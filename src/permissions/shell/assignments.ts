import { high, medium, NOTHING, shown } from './notes.ts';
import { obeyed } from './builtins.ts';
import type { Command } from 'unbash';
import type { Notes } from './notes.ts';

const LOCALE = /^(?:C|POSIX|[Cc]\.(?:UTF-8|utf8)|[a-z]{2}_[A-Z]{2}(?:\.(?:UTF-8|utf8))?)$/;

/** Variables that only change how output looks, with the values they may have. */
const HARMLESS: ReadonlyMap<string, RegExp> = new Map([
  ['LC_ALL', LOCALE],
  ['LANG', LOCALE],
  ['LC_CTYPE', LOCALE],
  ['LC_COLLATE', LOCALE],
  ['LC_NUMERIC', LOCALE],
  ['LC_TIME', LOCALE],
  ['LC_MESSAGES', LOCALE],
  ['TZ', /^(?:UTC|GMT|[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+|[A-Z]{3}[+-]?\d{0,2})$/],
  ['NO_COLOR', /^[01]?$/],
  ['CLICOLOR', /^[01]$/],
  ['COLUMNS', /^\d{1,4}$/],
]);

/** `NAME=value` before a command, or alone. */
export function judgeAssignments({ prefix, name }: Command): Notes {
  return prefix.flatMap((part) => {
    if (part.type !== 'Assignment') return NOTHING;
    const { value } = part;
    const literal =
      value.type === 'Word' && value.parts === undefined && value.text === value.value ? value.text : undefined;
    if (obeyed(part.name)) return [high(`sets ${shown(part.name)}, which programs obey`)];
    const shape = HARMLESS.get(part.name);
    const fine =
      name !== undefined &&
      shape !== undefined &&
      literal !== undefined &&
      part.append !== true &&
      part.index === undefined &&
      shape.test(literal);
    return fine ? NOTHING : [medium(`sets the variable ${shown(part.name)}`)];
  });
}
