import { z } from 'zod';
import { durationOption, sizeOption } from '../core/units.ts';
import type { MemoryLimits } from '../memory/limits.ts';

/** The `dream:` section, read. */
export interface DreamOptions {
  readonly enabled: boolean;
  /** From one dream that came to its end to the next. */
  readonly minMs: number;
  /** Sessions that ended since. */
  readonly sessionsMin: number;
  /** For the index and for each topic. */
  readonly limits: Pick<MemoryLimits, 'linesMax' | 'bytesMax'>;
  /** The share of a topic's facts, and of its bytes, that may stop being current in one dream. */
  readonly shrinkCap: number;
  /** How long the foreground must have been idle. */
  readonly idleMs: number;
  /** `auto`: the fast model helps where there is one; `off`: never. */
  readonly model: 'auto' | 'off';
  /** Questions to the model on one local day. */
  readonly questionsPerDayMax: number;
  /** A dream that takes longer is ended. */
  readonly deadlineMs: number;
}

/** The window of the night in which a dream need not wait for an idle foreground. */
export interface NightWindow {
  readonly from: string;
  readonly to: string;
}

/** The `nightshift:` section, read. */
export interface NightshiftOptions extends NightWindow {
  /** Relative to the home. */
  readonly file: string;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Schema of `dream:`; defaults are those of the public surface. */
export const dreamOptions = z
  .strictObject({
    enabled: z.boolean().default(true).meta({ description: 'Whether memory is tended at all; false: never.' }),
    minHours: z
      .number()
      .min(0)
      .max(8_784)
      .default(24)
      .meta({ description: 'Hours from one dream to the next. `kairos dream --now` does not wait for them.' }),
    minSessions: z
      .int()
      .min(0)
      .max(10_000)
      .default(5)
      .meta({ description: 'Sessions that must have ended since the last dream.' }),
    maxLines: z
      .int()
      .min(20)
      .max(2_000)
      .default(200)
      .meta({ description: 'Lines the index may have, and each topic.' }),
    maxBytes: sizeOption(25_600, { minBytes: 2_048, maxBytes: 262_144 }),
    shrinkCap: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: 'Share of a topic, 0 to 1, that may stop being current in one dream.' }),
    idle: durationOption(30 * MINUTE_MS, { minMs: 0, maxMs: 24 * HOUR_MS }),
    model: z
      .enum(['auto', 'off'])
      .default('auto')
      .meta({ description: 'auto: the fast model helps to merge, where there is one; off: rules alone.' }),
    questionsPerDay: z
      .int()
      .min(0)
      .max(1_000)
      .default(40)
      .meta({ description: 'Questions a day that dreams may put to the model.' }),
    deadline: durationOption(10 * MINUTE_MS, { minMs: 5_000, maxMs: HOUR_MS }),
  })
  .prefault({})
  .transform((section): DreamOptions => ({
    enabled: section.enabled,
    minMs: section.minHours * HOUR_MS,
    sessionsMin: section.minSessions,
    limits: { linesMax: section.maxLines, bytesMax: section.maxBytes },
    shrinkCap: section.shrinkCap,
    idleMs: section.idle,
    model: section.model,
    questionsPerDayMax: section.questionsPerDay,
    deadlineMs: section.deadline,
  }));

const timeOfDay = (byDefault: string) =>
  z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, `must be a time of day such as "${byDefault}"`)
    .default(byDefault)
    .meta({ description: `Local time of day such as "${byDefault}" (quoted).` });

/** Schema of `nightshift:`. */
export const nightshiftOptions = z
  .strictObject({
    from: timeOfDay('01:00'),
    to: timeOfDay('06:00'),
    file: z
      .string()
      .min(1)
      .max(400)
      .default('tasks.md')
      .meta({ description: 'The tasks of the night, relative to the home.' }),
  })
  .refine((window) => window.from !== window.to, 'from and to must differ')
  .prefault({})
  .transform((section): NightshiftOptions => section);
