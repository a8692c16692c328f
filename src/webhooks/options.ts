import { z } from 'zod';

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
  z.strictObject({ kind: z.literal('github'), ...outside }),
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
