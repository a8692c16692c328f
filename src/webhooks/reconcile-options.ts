import { z } from 'zod';
import { durationOption } from '../core/units.ts';

const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/**
 * `reconcile:` of a GitHub source: deliveries of the last three days that never arrived are asked for again. Needs
 * `GITHUB_TOKEN` with "Webhooks: read and write" of these repositories.
 */
export const reconcileOptions = z
  .strictObject({
    repositories: z
      .array(z.string().regex(REPOSITORY, 'must be owner/repo such as octo/app'))
      .min(1)
      .max(100)
      .meta({ description: 'owner/repo of each repository whose webhook comes here.' }),
    every: durationOption(900_000, { minMs: 60_000, maxMs: 86_400_000 }),
  })
  .meta({ description: 'Ask GitHub for deliveries that were missed. See docs/webhooks.md.' });
