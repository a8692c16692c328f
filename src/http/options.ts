import { z } from 'zod';

/** Where the daemon listens. Anything but loopback needs a good reason: the dashboard and the API are here as well. */
export const serverOptions = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .meta({ description: 'Address to listen on. KAIROS_HOST overrides it.' }),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(7717)
      .meta({ description: 'Port; 0 picks a free one. KAIROS_PORT overrides it.' }),
    hosts: z.array(z.string().min(1)).default([]).meta({
      description:
        'Further host names under which the API and the page may be called, such as a tunnel or the name of the machine.',
    }),
  })
  .prefault({})
  .meta({ description: 'Where the daemon listens.' });

export type ServerOptions = z.output<typeof serverOptions>;
