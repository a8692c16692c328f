import { z } from 'zod';
import { durationOption } from '../core/units.ts';
import { parsePath } from './path.ts';
import { parseTemplate } from './template.ts';

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()]);
const bound = z.union([z.number(), z.string().min(1).max(100)]);
const piece = z.string().min(1).max(1_000);

const operators = z
  .strictObject({
    is: scalar.optional().meta({ description: 'Equal to this.' }),
    not: z
      .union([scalar, z.array(scalar).min(1).max(100)])
      .optional()
      .meta({ description: 'Equal to none of these.' }),
    in: z.array(scalar).min(1).max(100).optional().meta({ description: 'Equal to one of these.' }),
    exists: z.boolean().optional().meta({ description: 'Whether the field is there at all (null is there).' }),
    contains: scalar.optional().meta({ description: 'A text with this in it, or a list with this element.' }),
    startsWith: piece.optional(),
    endsWith: piece.optional(),
    gt: bound.optional().meta({ description: 'Above; numbers with numbers, texts (ISO times) with texts.' }),
    gte: bound.optional(),
    lt: bound.optional(),
    lte: bound.optional(),
    matches: z.string().min(1).max(200).optional().meta({ description: 'Glob over the whole text: * any, ? one.' }),
  })
  .refine((value) => Object.keys(value).length > 0, {
    message: 'must name at least one operator such as is, not or contains',
  });

const condition = z.union([scalar, z.array(scalar).min(1).max(100), operators], {
  error:
    'must be a value, a list of values, or operators (is, not, in, exists, contains, startsWith, endsWith, gt, gte, lt, lte, matches)',
});

const glob = z.string().min(1).max(200);
const globs = z.union([glob, z.array(glob).min(1).max(100)]);
const template = z
  .string()
  .min(1)
  .max(2_000)
  .superRefine((text, context) => {
    const parsed = parseTemplate(text);
    if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
  });

const where = z
  .record(z.string().min(1).max(200), condition)
  .superRefine((conditions, context) => {
    if (Object.keys(conditions).length > 50)
      context.addIssue({ code: 'custom', message: 'must have at most 50 conditions' });
    for (const path of Object.keys(conditions)) {
      if (parsePath(path) !== undefined) continue;
      const message = `must be a path such as workflow_run.conclusion or labels[].name, got ${JSON.stringify(path)}`;
      context.addIssue({ code: 'custom', message, path: [path] });
    }
  })
  .meta({ description: 'Path into the payload → condition; all must hold.' });

const fields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_" and "-"')
    .meta({ description: 'Unique name; shown wherever its jobs are.' }),
  source: z.string().min(1).max(64).meta({ description: 'Name of the source.' }),
  event: globs.optional().meta({ description: 'Event type or types; * allowed; any when left out.' }),
  action: globs.optional().meta({ description: 'Action or actions; * allowed; any (or none) when left out.' }),
  repository: globs.optional().meta({ description: 'owner/name or owner/*, case ignored.' }),
  author: globs.optional().meta({ description: 'Login of who did it, case ignored; * allowed.' }),
  where: where.optional(),
  do: z.enum(['log', 'notify', 'digest', 'resolve', 'agent']).meta({ description: 'What follows.' }),
  topic: template
    .optional()
    .meta({ description: 'What belongs together. Default: the pull request, issue, branch or repository.' }),
  text: template.optional().meta({ description: 'What is told. Default: one line that fits the event.' }),
  prompt: z.string().min(1).max(8_000).optional().meta({
    description:
      'What the agent is asked, word for word: fields are not filled in, so that outside text never becomes an instruction.',
  }),
  workspace: z.string().min(1).max(64).optional().meta({
    description:
      'Where the agent works: a name of workspaces. Default: the one named like the repository, else the first.',
  }),
  urgent: z.boolean().default(false).meta({ description: 'Goes past quiet hours and the windows.' }),
});

/** One entry of `subscriptions:` in config.yaml. Unknown keys are errors. */
export const subscriptionOptions = fields.superRefine((value, context) => {
  for (const { key, message } of misfits(value)) context.addIssue({ code: 'custom', message, path: [key] });
});

export type Subscription = z.output<typeof subscriptionOptions>;
export type Scalar = z.output<typeof scalar>;
export type Operators = z.output<typeof operators>;
export type Condition = z.output<typeof condition>;

/** `subscriptions:` in config.yaml: at most 500, each with a name of its own. Default none. */
export const subscriptionsOptions = z
  .array(subscriptionOptions)
  .max(500)
  .superRefine((subscriptions, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of subscriptions.entries()) {
      if (seen.has(name)) {
        const message = `must be unique, got ${JSON.stringify(name)} a second time`;
        context.addIssue({ code: 'custom', message, path: [index, 'name'] });
      }
      seen.add(name);
    }
  })
  .prefault([])
  .meta({ description: 'What events lead to.' });

/** `storm:` in config.yaml: from how many matched events of one source in which time on they are put together. */
export const stormOptions = z
  .strictObject({
    per: durationOption(60_000, { minMs: 1_000, maxMs: 3_600_000 }),
    events: z.int().min(1).max(1_000).default(60),
  })
  .prefault({});

/** What does not go together. A key that would have no effect is an error too: its writer expected one. */
function misfits(value: z.output<typeof fields>): { key: string; message: string }[] {
  const found: { key: string; message: string }[] = [];
  if (value.do === 'agent' && value.prompt === undefined)
    found.push({ key: 'prompt', message: 'is required with do: agent' });
  if (value.do === 'agent' && value.text !== undefined)
    found.push({ key: 'text', message: 'has no effect with do: agent; use prompt' });
  if (value.do !== 'agent' && value.prompt !== undefined)
    found.push({ key: 'prompt', message: `has no effect with do: ${value.do}; it belongs to do: agent` });
  if (value.do !== 'agent' && value.workspace !== undefined)
    found.push({ key: 'workspace', message: `has no effect with do: ${value.do}; it belongs to do: agent` });
  if (value.do === 'resolve' && value.topic === undefined)
    found.push({
      key: 'topic',
      message: 'is required with do: resolve; it must render as the topic of the alert it takes back',
    });
  if (value.do !== 'notify' && value.urgent)
    found.push({ key: 'urgent', message: `has no effect with do: ${value.do}; it belongs to do: notify` });
  return found;
}
