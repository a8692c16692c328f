import { z } from 'zod';
import { KairosError, messageOf } from '../core/errors.ts';
import type { Trust } from '../core/event.ts';
import { SOURCE_KINDS } from './kinds.ts';
import { pollOptions } from './poll-options.ts';
import { reconcileOptions } from './reconcile-options.ts';
import type { SourceKindName, Verifier } from './source.ts';

const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of a variable such as ALERTS_SECRET')
  .meta({ description: 'Name of the variable in secrets.env or the environment; never the secret itself.' });

const shared = {
  name: z
    .string()
    .regex(/^[a-z0-9_-]{1,64}$/, 'must be 1 to 64 of a-z, 0-9, "_" and "-"')
    .meta({ description: 'Unique name; deliveries come to /webhooks/<name>.' }),
  secretEnv: z
    .union([envName, z.array(envName).min(1).max(8)])
    .optional()
    .meta({ description: 'Where the secret is; several for rotation, each is accepted. Default: see the kind.' }),
};

// What these carry was written by other people, whoever owns the line.
const outside = {
  ...shared,
  trust: z.literal('outside').default('outside').meta({ description: 'Texts of this source are by outsiders.' }),
};

// A script of the owner's own may speak for the owner.
const ownable = {
  ...shared,
  trust: z.enum(['outside', 'owner']).default('outside').meta({ description: 'Who stands behind the texts.' }),
};

/** One entry of `sources:` in config.yaml. Unknown keys are errors. */
export const sourceOptions = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('github'),
    ...outside,
    poll: pollOptions.optional(),
    reconcile: reconcileOptions.optional(),
  }),
  z.strictObject({ kind: z.literal('standard'), ...ownable }),
  z.strictObject({ kind: z.literal('slack'), ...outside }),
  z.strictObject({ kind: z.literal('telegram'), ...outside }),
  z.strictObject({ kind: z.literal('gitlab'), ...outside }),
  z.strictObject({ kind: z.literal('bearer'), ...ownable }),
]);

export type SourceOptions = z.output<typeof sourceOptions>;

/** `sources:` in config.yaml: at most 64. Left out: `github`, as soon as its secret is there; `[]`: none. */
export const sourcesOptions = z
  .array(sourceOptions)
  .max(64)
  .superRefine((sources, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of sources.entries()) {
      const message = `must be unique, got ${JSON.stringify(name)} a second time`;
      if (seen.has(name)) context.addIssue({ code: 'custom', message, path: [index, 'name'] });
      seen.add(name);
    }
  })
  .optional()
  .meta({ description: 'Who may send webhooks, and how it proves who it is.' });

/** A source with its keys, ready to check deliveries. */
export interface PreparedSource {
  readonly name: string;
  readonly kind: SourceKindName;
  readonly trust: Trust;
  readonly verifier: Verifier;
  /** Its sender is asked as well, so the same happening may come by two roads. */
  readonly polled: boolean;
}

export interface ResolvedSources {
  readonly byName: ReadonlyMap<string, PreparedSource>;
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
 * A source that polls needs no secret; without one it takes no webhooks (401).
 *
 * @throws {KairosError} `SECRET_MISSING` when a configured source has no secret (all of them are named, with their
 *   variables); `CONFIG_INVALID` when a secret is malformed.
 */
export function resolveSources(options: readonly SourceOptions[] | undefined, secretOf: SecretOf): ResolvedSources {
  const configured = options ?? [GITHUB].filter((one) => secretsOf(one, secretOf).length > 0);
  const bare = configured.filter((one) => secretsOf(one, secretOf).length === 0 && !polls(one));
  if (bare.length > 0) {
    const missing = bare.map((one) => `source "${one.name}" expects its secret in ${variablesOf(one)[0]}`);
    throw new KairosError('SECRET_MISSING', `${missing.join('; ')}; got none`, {
      sources: bare.map(({ name }) => name),
    });
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

function polls(options: SourceOptions): boolean {
  return options.kind === 'github' && options.poll !== undefined;
}

/** Of a source without a secret: nothing is signed as it should be. */
const REFUSES_ALL: Verifier = { begin: () => undefined };

function prepare(options: SourceOptions, secretOf: SecretOf): PreparedSource {
  const { name, kind, trust } = options;
  const secrets = secretsOf(options, secretOf);
  try {
    const verifier = secrets.length === 0 ? REFUSES_ALL : SOURCE_KINDS[kind].prepare(secrets);
    return { name, kind, trust, verifier, polled: polls(options) };
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
