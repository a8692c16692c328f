import { z } from 'zod';
import { durationOption, sizeOption } from '../core/units.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const GIB = 1_073_741_824;

/**
 * `backup:` in config.yaml: the daily backup. On by default, because it costs seconds and some space, and because the day on
 * which one is missed is too late to switch it on. It is no defence against a lost disk: for that, `directory` or a copy of it
 * must lie elsewhere.
 */
export const backupOptions = z
  .strictObject({
    enabled: z.boolean().default(true).meta({ description: 'Whether a backup is made every day.' }),
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day such as "03:30"' })
      .default('03:30')
      .meta({ description: 'When, as local time. A day that was missed is made up for soon after the next start.' }),
    directory: z
      .string()
      .min(1)
      .max(1_024)
      .default('backups')
      .meta({ description: 'Where backups lie; relative to the home. Another disk is better.' }),
    keep: z
      .int()
      .min(1)
      .max(365)
      .default(7)
      .meta({ description: 'How many daily backups are kept. Only files that kairosd named itself are ever removed.' }),
    homeMaxBytes: sizeOption(4 * GIB, { minBytes: 1_048_576, maxBytes: 1_024 * GIB }),
    deadline: durationOption(2 * HOUR_MS, { minMs: MINUTE_MS, maxMs: 24 * HOUR_MS }),
  })
  .prefault({})
  .meta({ description: 'The daily backup of the home, made by the running daemon.' });

export type BackupOptions = z.output<typeof backupOptions>;
