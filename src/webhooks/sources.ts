import { KairosError, messageOf } from '../core/errors.ts';
import type { Trust } from '../core/event.ts';
import { SOURCE_KINDS } from './kinds.ts';
import type { SourceOptions } from './options.ts';
import type { SourceKindName, Verifier } from './source.ts';

/** A source with its keys, ready to check deliveries. */
export interface Source {
  readonly name: string;
  readonly kind: SourceKindName;
  readonly trust: Trust;
  readonly verifier: Verifier;
}

export interface ResolvedSources {
  readonly byName: ReadonlyMap<string, Source>;
  /** What the owner should know and can live with. Holds no secret. */
  readonly warnings: readonly string[];
}

/** The value of a secret by the name of its variable; undefined when there is none. */
export type SecretOf = (name: string) => string | undefined;

/** Shorter secrets can be guessed from one recorded delivery. Senders' own examples have 8; they work, with a warning. */
const SECRET_CHARS_ADVISED = 16;

/** Where a secret is looked for when `secretEnv` does not say; the same name with `_PREVIOUS` holds the one being replaced. */
const DEFAULT_VARIABLE: Partial<Record<SourceKindName, string>> = {
  github: 'GITHUB_WEBHOOK_SECRET',
  slack: 'SLACK_SIGNING_SECRET',
  telegram: 'TELEGRAM_WEBHOOK_SECRET',
  gitlab: 'GITLAB_WEBHOOK_SECRET',
};

/**
 * Gives each configured source its secrets. With no `sources:` at all, `github` exists as soon as its secret does.
 *
 * @throws {KairosError} `CONFIG_INVALID` when a configured source has no secret (all of them are named, with their
 *   variables), or when a secret is malformed.
 */
export function resolveSources(options: readonly SourceOptions[] | undefined, secretOf: SecretOf): ResolvedSources {
  const configured = options ?? [GITHUB].filter((one) => secretsOf(one, secretOf).length > 0);
  const bare = configured.filter((one) => secretsOf(one, secretOf).length === 0);
  if (bare.length > 0) {
    const missing = bare.map((one) => `source "${one.name}" expects its secret in ${variablesOf(one)[0]}`);
    const message = `${missing.join('; ')}; got none. Write it to secrets.env in the home`;
    throw new KairosError('CONFIG_INVALID', message, { sources: bare.map(({ name }) => name) });
  }
  return {
    byName: new Map(configured.map((one) => [one.name, prepare(one, secretOf)])),
    warnings: configured.flatMap((one) => warningsOf(one, secretOf)),
  };
}

/** The variables a source's secrets may be in, in order. */
export function variablesOf({ kind, name, secretEnv }: SourceOptions): readonly string[] {
  if (secretEnv !== undefined) return typeof secretEnv === 'string' ? [secretEnv] : secretEnv;
  const variable = DEFAULT_VARIABLE[kind] ?? `${name.toUpperCase().replaceAll('-', '_')}_SECRET`;
  return [variable, `${variable}_PREVIOUS`];
}

const GITHUB: SourceOptions = { name: 'github', kind: 'github', trust: 'outside' };

function secretsOf(options: SourceOptions, secretOf: SecretOf): string[] {
  const secrets = variablesOf(options).map((variable) => secretOf(variable) ?? '');
  return [...new Set(secrets.filter((secret) => secret !== ''))];
}

function prepare(options: SourceOptions, secretOf: SecretOf): Source {
  const { name, kind, trust } = options;
  try {
    return { name, kind, trust, verifier: SOURCE_KINDS[kind].prepare(secretsOf(options, secretOf)) };
  } catch (error) {
    const message = `source "${name}" (${variablesOf(options).join(', ')}): ${messageOf(error)}`;
    throw new KairosError('CONFIG_INVALID', message, { source: name }, error);
  }
}

function warningsOf(options: SourceOptions, secretOf: SecretOf): string[] {
  return variablesOf(options).flatMap((variable) => {
    const { length } = secretOf(variable) ?? '';
    if (length === 0 || length >= SECRET_CHARS_ADVISED) return [];
    return `the secret of source "${options.name}" in ${variable} has ${length} characters; use at least ${SECRET_CHARS_ADVISED} random ones`;
  });
}
