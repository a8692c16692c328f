import { z } from 'zod';
import type { RunFacts } from './call.ts';

/** What is done with a MEDIUM call: run it and tell in log and digest, let the fast model settle it, or ask. */
export type MediumRule = 'flag' | 'classify' | 'ask';

/** By who began the run. */
export type PermissionPolicy = Readonly<Record<RunFacts['source'], MediumRule>>;

/** The policy without a word of configuration. */
export const DEFAULT_POLICY: PermissionPolicy = { owner: 'flag', schedule: 'flag', outside: 'classify' };

const rule = (source: RunFacts['source'], whose: string) =>
  z
    .enum(['flag', 'classify', 'ask'])
    .default(DEFAULT_POLICY[source])
    .meta({
      description: `MEDIUM calls of runs ${whose}: flag (run, tell in log and digest), classify (the fast model settles it, else ask) or ask. Default ${DEFAULT_POLICY[source]}.`,
    });

/** Shapes of the two keys, for the schema of `agent:` to spread. */
export const permissionKeys = {
  policy: z
    .strictObject({
      owner: rule('owner', 'the owner began'),
      schedule: rule('schedule', 'a schedule began'),
      outside: rule('outside', 'an event from outside began'),
    })
    .prefault({}),
  afk: z
    .union([z.boolean(), z.enum(['on', 'off'])], 'must be on or off')
    .prefault(false)
    .transform((value) => value === true || value === 'on')
    .meta({ description: 'The owner is away: MEDIUM calls wait for an answer as well. Default off.' }),
};
