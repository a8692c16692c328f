import { z } from 'zod';
import { sizeOption } from '../core/units.ts';

/** `journal:` in config.yaml: how large the log of one day may grow before it goes on in an overflow file. */
export const journalOptions = z
  .strictObject({ maxBytes: sizeOption(1_048_576, { minBytes: 4_096, maxBytes: 1_073_741_824 }) })
  .prefault({});
