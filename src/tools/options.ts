import { z } from 'zod';
import { fetchOptions, shellOptions } from './exec-options.ts';

/** Schema of `tools:`. */
export const toolsOptions = z.strictObject({ shell: shellOptions, fetch: fetchOptions }).prefault({});
