import { z } from 'zod';
import { durationOption, parseDurationMs } from '../core/units.ts';
import type { QuietHours } from './quiet.ts';
import type { WindowRule } from './window.ts';

/** The `budget:` section, read. */
export interface BudgetOptions {
  /** How long proactive work may hold the foreground. */
  readonly blockingMs: number;
  /** Every one of them holds for proactive messages. */
  readonly windows: readonly WindowRule[];
  readonly quietHours: QuietHours | undefined;
  /** How long a message may wait before it expires. */
  readonly messageTtlMs: number;
  /** The windows of urgent messages, instead of `windows`. */
  readonly urgentWindows: readonly WindowRule[];
  /** How long after the owner was heard on a channel only that one is used for proactive messages; 0: never. */
  readonly presenceMs: number;
  readonly money: {
    readonly perDayUsdMax: number;
    readonly perRunUsdMax: number;
    /** The share of the day that only what the owner asks for may use. */
    readonly ownerShare: number;
  };
}

const DAY_MS = 86_400_000;

const windowRule = z
  .strictObject({
    per: durationOption(15_000, { minMs: 1_000, maxMs: 7 * DAY_MS })
      .unwrap()
      .meta({ description: 'Length of the sliding window, such as 15s or 1h.' }),
    max: z.int().min(1).max(1_000).meta({ description: 'How many messages it may hold.' }),
  })
  .transform((rule): WindowRule => ({ perMs: rule.per, max: rule.max }));

const windowRules = z.array(windowRule).min(1, 'must hold at least one window such as { per: 15s, max: 2 }').max(8);

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "22:00"')
  .meta({ description: 'Local time of day such as "22:00" (quoted).' });

const quietHours = z
  .union(
    [
      z.literal('off'),
      z.literal(false),
      z
        .strictObject({ from: timeOfDay, to: timeOfDay })
        .refine((hours) => hours.from !== hours.to, 'from and to must differ; write off for no quiet hours'),
    ],
    'must be off, or { from: "22:00", to: "07:00" }',
  )
  .prefault('off')
  .transform((hours): QuietHours | undefined => (typeof hours === 'object' ? hours : undefined))
  .meta({ description: 'Hours without proactive messages, in the configured time zone. Default off.' });

const PRESENCE_MS = 300_000;

/** `presence: 5m | off`, as milliseconds; 0 for off. */
const presence = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    if (value === 'off') return 0;
    const ms = parseDurationMs(String(value));
    if (ms !== undefined && ms >= 10_000 && ms <= DAY_MS) return ms;
    const message = `must be a duration from 10s to 1d such as 5m, or off, got ${JSON.stringify(value)}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .prefault(PRESENCE_MS)
  .meta({
    description:
      'How long after you were heard on a channel proactive messages go only there; `off`: always everywhere.',
  });

const usd = (defaultUsd: number, description: string) =>
  z.number().min(0).max(100_000).default(defaultUsd).meta({ description });

/** Schema of `budget:`; defaults are those of the public surface. */
export const budgetOptions = z
  .strictObject({
    blocking: durationOption(15_000, { minMs: 100, maxMs: 600_000 }),
    windows: windowRules
      .prefault([
        { per: '15s', max: 2 },
        { per: '1h', max: 6 },
      ])
      .meta({ description: 'Sliding windows for proactive messages; all of them hold.' }),
    quietHours,
    messageTtl: durationOption(DAY_MS / 2, { minMs: 60_000, maxMs: 30 * DAY_MS }),
    urgent: z
      .strictObject({
        windows: windowRules
          .prefault([{ per: '1h', max: 4 }])
          .meta({ description: 'Windows of urgent messages, instead of the ordinary ones.' }),
      })
      .prefault({}),
    presence,
    money: z
      .strictObject({
        perDay: usd(5, 'US dollars a day.'),
        perRun: usd(1, 'US dollars a run.'),
        ownerShare: z
          .number()
          .min(0)
          .max(1)
          .default(0.1)
          .meta({ description: 'Share of the day, 0 to 1, that is kept for what you ask for yourself.' }),
      })
      .prefault({}),
  })
  .transform((section): BudgetOptions => ({
    blockingMs: section.blocking,
    windows: section.windows,
    quietHours: section.quietHours,
    messageTtlMs: section.messageTtl,
    urgentWindows: section.urgent.windows,
    presenceMs: section.presence,
    money: {
      perDayUsdMax: section.money.perDay,
      perRunUsdMax: section.money.perRun,
      ownerShare: section.money.ownerShare,
    },
  }));
