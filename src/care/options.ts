import { z } from 'zod';
import { durationOption, parseBytes } from '../core/units.ts';

const MIB = 1_048_576;
const MEMORY_BYTES_MIN = 64 * MIB;
const MEMORY_BYTES_MAX = 1_024 * 1_024 * MIB;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Schema of `care:`: when the daemon begins to worry about itself, and how often it may start itself anew. */
export const careOptions = z
  .strictObject({
    memory: z
      .union([z.number(), z.string()])
      .transform((value, context) => {
        const bytes = parseBytes(String(value));
        if (bytes !== undefined && bytes >= MEMORY_BYTES_MIN && bytes <= MEMORY_BYTES_MAX) return bytes;
        const got = JSON.stringify(value);
        context.addIssue({ code: 'custom', message: `must be a size from 64MB to 1024GB such as 512MB, got ${got}` });
        return z.NEVER;
      })
      .optional()
      .meta({
        description:
          'Memory of the daemon itself, such as 1GB. Default: what its control group allows, else a quarter of the machine, 2 GB at most.',
      }),
    sustained: durationOption(MINUTE_MS, { minMs: 1_000, maxMs: HOUR_MS }).meta({
      description: 'Memory must be too much for this long before anything is done about it.',
    }),
    restartEvery: durationOption(HOUR_MS, { minMs: MINUTE_MS, maxMs: 24 * HOUR_MS }).meta({
      description: 'It starts itself anew at most this often; when that does not help, you are told instead.',
    }),
    quiet: durationOption(30 * MINUTE_MS, { minMs: MINUTE_MS, maxMs: 24 * HOUR_MS }).meta({
      description: 'A run of the agent that shows no sign of life for this long is cut off and tried again.',
    }),
    artifacts: durationOption(90 * 24 * HOUR_MS, { minMs: 24 * HOUR_MS, maxMs: 3_650 * 24 * HOUR_MS }).meta({
      description: 'How long outputs of commands, long results of tools and records for undoing runs are kept.',
    }),
  })
  .prefault({});

/** Schema of `log:`: the daemon's own log in the home. */
export const logOptions = z
  .strictObject({
    maxBytes: z
      .union([z.number(), z.string()])
      .transform((value, context) => {
        const bytes = parseBytes(String(value));
        if (bytes !== undefined && bytes >= 65_536 && bytes <= 1_024 * MIB) return bytes;
        const got = JSON.stringify(value);
        context.addIssue({ code: 'custom', message: `must be a size from 64KB to 1GB such as 10MB, got ${got}` });
        return z.NEVER;
      })
      .prefault(10 * MIB)
      .meta({ description: 'A file of the log is put aside when it is this long. Default 10MB.' }),
    files: z
      .int()
      .min(0)
      .max(100)
      .default(5)
      .meta({ description: 'Files of the log, the newest included; 0: none is written, only stderr.' }),
  })
  .prefault({});

export type LogOptions = z.output<typeof logOptions>;
