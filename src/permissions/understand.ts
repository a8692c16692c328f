import type { Json } from '../core/agent.ts';
import type { Assessment } from './call.ts';

type Fields = Readonly<Record<string, Json>>;

/**
 * The input of a call as an object of known keys; undefined when it is not understood: a wanted key that is missing or
 * not a text, or a key nobody knows that could carry a path, a command or a message (numbers and booleans cannot).
 */
export function understand(
  input: Json,
  wanted: readonly string[],
  optional: readonly string[] = [],
): Fields | undefined {
  if (!isFields(input)) return undefined;
  if (wanted.some((key) => typeof input[key] !== 'string')) return undefined;
  const known = new Set([...wanted, ...optional]);
  const strangers = Object.entries(input).filter(([key]) => !known.has(key));
  return strangers.every(([, value]) => value === null || typeof value === 'number' || typeof value === 'boolean')
    ? input
    : undefined;
}

/** An object, not an array. */
export function isFields(input: Json): input is Fields {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** A text of the input; `''` where there is none. */
export function textOf(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === 'string' ? value : '';
}

/** Nothing is known of it, so everything is feared. */
export function notUnderstood(what: string): Assessment {
  return { risk: 'HIGH', reason: what, writes: true, readsOutside: true, readsSecrets: true, sends: true };
}

const HARMLESS = { writes: false, readsOutside: false, readsSecrets: false, sends: false } as const;

/** An assessment that names only what is out of the ordinary. */
export function assessed(
  risk: Assessment['risk'],
  reason: string,
  does: Partial<Omit<Assessment, 'risk' | 'reason'>> = {},
): Assessment {
  return { risk, reason, ...HARMLESS, ...does };
}
