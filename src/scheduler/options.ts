import { z } from 'zod';
import { durationValue, formatDuration, isTimeZone } from '../core/units.ts';
import { checkCron } from './cron.ts';

const HOUR_MS = 3_600_000;
/** Shorter than the ticker looks by itself (15 s), but no shorter than a run is worth. */
const EVERY_MS_MIN = 10_000;

const cron = z
  .string()
  .min(1)
  .max(200)
  .superRefine((text, context) => {
    const wrong = checkCron(text);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: `${wrong}, got ${JSON.stringify(text)}` });
  });

const at = z
  .string()
  .max(64)
  .refine((text) => isInstant(text) || isLocal(text), {
    error: 'must be an instant such as 2026-12-24T18:00:00Z, or a local date and time such as 2026-12-24T18:00',
  });

const argument = z
  .string()
  .max(8_000)
  .refine((value) => !value.includes('\0'), { error: 'must not hold a NUL' });

const fields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_" and "-"')
    .meta({ description: 'Unique name; shown wherever its jobs are.' }),
  cron: cron.optional().meta({ description: 'Five fields, or six with seconds first. One of cron, every and at.' }),
  every: durationValue({ minMs: EVERY_MS_MIN, maxMs: 366 * 24 * HOUR_MS })
    .optional()
    .meta({ description: 'Every so often, counted from 1970 in UTC: 1h is every full hour.' }),
  at: at.optional().meta({ description: 'Once: an instant, or a local date and time.' }),
  timezone: z
    .string()
    .refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' })
    .optional()
    .meta({ description: 'IANA time zone of cron and of a local at. Default: the timezone of the configuration.' }),
  catchUp: z
    .enum(['skip', 'once', 'all'])
    .default('once')
    .meta({ description: 'What becomes of runs that were missed: none of them, the newest one, or all.' }),
  catchUpMax: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'The most runs made up for with all. Default 24.' }),
  jitter: durationValue({ minMs: 0, maxMs: 6 * HOUR_MS })
    .optional()
    .meta({ description: 'Each run comes later by an amount below this that the name decides. Default none.' }),
  overlap: z
    .literal('skip')
    .default('skip')
    .meta({ description: 'A run that is due while the one before has not ended is left out, and shown as missed.' }),
  do: z.enum(['digest', 'notify', 'command', 'agent']).meta({ description: 'What is done.' }),
  topic: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'What messages belong together. Default: the name.' }),
  text: z.string().min(1).max(2_000).optional().meta({ description: 'What is told.' }),
  argv: z
    .array(argument)
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'The program and its arguments, each as it is: there is no shell.' }),
  timeout: durationValue({ minMs: 1_000, maxMs: 24 * HOUR_MS })
    .optional()
    .meta({ description: 'How long the command may take. Default 10m.' }),
  cwd: z.string().min(1).max(1_000).optional().meta({ description: 'Where the command runs. Default: the home.' }),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), argument)
    .optional()
    .meta({
      description: 'Added to PATH, HOME, LANG and TZ, which is all that the command sees. No place for secrets.',
    }),
  label: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and "-"')
    .refine((label) => label !== 'any', { error: 'leave it out for any host' })
    .optional()
    .meta({
      description:
        'What the host that runs the command must have, such as macos or gpu (kairos worker --labels); brain: the daemon itself. Default: any worker that takes what asks for no label, else the daemon.',
    }),
  secretsEnv: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/))
    .min(1)
    .max(20)
    .optional()
    .meta({
      description:
        'Names from secrets.env that this command gets in its environment, and no others. They travel to a worker only sealed (KAIROS_WORKER_KEY).',
    }),
  retries: z
    .int()
    .min(0)
    .max(4)
    .optional()
    .meta({ description: 'How often a command that failed is tried again. Default 0: the owner is told at once.' }),
  prompt: z.string().min(1).max(8_000).optional().meta({ description: 'What the agent is asked.' }),
  workspace: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Where the agent works: a name of workspaces. Default: the first.' }),
});

type Fields = z.output<typeof fields>;

/** One entry of `schedules:` in config.yaml. Unknown keys are errors. */
const scheduleOptions = fields.superRefine((value, context) => {
  for (const { key, message } of [...timingMisfits(value), ...actionMisfits(value)])
    context.addIssue({ code: 'custom', message, path: [key] });
});

export type Schedule = z.output<typeof scheduleOptions>;

/** `schedules:` in config.yaml: at most 20 000, each with a name of its own. Default none. */
export const schedulesOptions = z
  .array(scheduleOptions)
  .max(20_000)
  .superRefine((schedules, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of schedules.entries()) {
      if (seen.has(name)) {
        const message = `must be unique, got ${JSON.stringify(name)} a second time`;
        context.addIssue({ code: 'custom', message, path: [index, 'name'] });
      }
      seen.add(name);
    }
  })
  .prefault([])
  .meta({ description: 'What happens by the clock.' });

/** Whether a text is an instant: it has an offset or a Z. */
export function isInstant(text: string): boolean {
  return parses(() => Temporal.Instant.from(text));
}

interface Misfit {
  readonly key: keyof Fields;
  readonly message: string;
}

function timingMisfits(value: Fields): Misfit[] {
  const found: Misfit[] = [];
  const timings = (['cron', 'every', 'at'] as const).filter((key) => value[key] !== undefined);
  if (timings.length !== 1) {
    const got = timings.length === 0 ? 'none' : timings.join(' and ');
    found.push({ key: timings[1] ?? 'name', message: `needs exactly one of cron, every and at, got ${got}` });
  }
  const absolute =
    value.every !== undefined ? 'every' : value.at !== undefined && isInstant(value.at) ? 'an at with its offset' : '';
  if (value.timezone !== undefined && absolute !== '')
    found.push({ key: 'timezone', message: `has no effect with ${absolute}` });
  if (value.catchUpMax !== undefined && value.catchUp !== 'all')
    found.push({
      key: 'catchUpMax',
      message: `has no effect with catchUp: ${value.catchUp}; it belongs to catchUp: all`,
    });
  if (value.every !== undefined && value.jitter !== undefined && value.jitter >= value.every)
    found.push({ key: 'jitter', message: `must be below every (${formatDuration(value.every)})` });
  return found;
}

const OWN = {
  digest: [],
  notify: ['topic', 'text'],
  command: ['argv', 'timeout', 'cwd', 'env', 'label', 'secretsEnv', 'retries'],
  agent: ['prompt', 'workspace'],
} as const satisfies Record<Fields['do'], readonly (keyof Fields)[]>;

const REQUIRED = { notify: 'text', command: 'argv', agent: 'prompt' } as const;

/** What does not go together. A key that would have no effect is an error too: its writer expected one. */
function actionMisfits(value: Fields): Misfit[] {
  const found: Misfit[] = [];
  const required = value.do === 'digest' ? undefined : REQUIRED[value.do];
  if (required !== undefined && value[required] === undefined)
    found.push({ key: required, message: `is required with do: ${value.do}` });
  for (const [action, keys] of Object.entries(OWN)) {
    if (action === value.do) continue;
    for (const key of keys) {
      if (value[key] !== undefined)
        found.push({ key, message: `has no effect with do: ${value.do}; it belongs to do: ${action}` });
    }
  }
  return found;
}

function isLocal(value: string): boolean {
  return /[T ]\d/i.test(value) && parses(() => Temporal.PlainDateTime.from(value));
}

function parses(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
