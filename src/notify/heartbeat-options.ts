import { z } from 'zod';
import { durationOption } from '../core/units.ts';

const EVERY_MS = 300_000;
const TIMEOUT_MS = 10_000;

/**
 * `heartbeat:` in config.yaml: an address outside that is called as long as all is well, so that somebody else notices when
 * this machine is gone. Off without the section. The address is the only secret there is, so it may stay out of the file.
 */
export const heartbeatOptions = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL such as https://example.org/ping/1234' })
      .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), 'must not hold a user name or password')
      .optional()
      .meta({ description: 'The address to call; with /fail behind it when something is wrong.' }),
    urlEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable such as HEARTBEAT_URL')
      .optional()
      .meta({ description: 'Name of the address in secrets.env or the environment, instead of url.' }),
    every: durationOption(EVERY_MS, { minMs: 30_000, maxMs: 86_400_000 }).meta({
      description: 'How often it is called; up to a tenth earlier, never later.',
    }),
    timeout: durationOption(TIMEOUT_MS, { minMs: 1_000, maxMs: 25_000 }).meta({
      description: 'How long a call may take.',
    }),
  })
  .refine(({ url, urlEnv }) => (url === undefined) !== (urlEnv === undefined), 'must have either url or urlEnv')
  .optional()
  .meta({ description: 'A dead man’s switch: an outside address is called while all is well. Off without it.' });

export type HeartbeatOptions = NonNullable<z.output<typeof heartbeatOptions>>;
