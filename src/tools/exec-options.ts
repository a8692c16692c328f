import { z } from 'zod';
import { durationOption, sizeOption } from '../core/units.ts';

const MIB = 1_048_576;

const absolutePath = z
  .string()
  .min(2)
  .max(1_000)
  .refine((path) => path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'), {
    error: 'must be an absolute path without ".." and not the root',
  });

/** `tools.shell` in config.yaml: commands of the agent, and its git. */
export const shellOptions = z
  .strictObject({
    enabled: z.boolean().default(true).meta({ description: 'Whether the agent has a shell at all.' }),
    network: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether its commands and git may use the network, this machine included.' }),
    timeout: durationOption(120_000, { minMs: 1_000, maxMs: 3_600_000 }),
    outputBytes: sizeOption(MIB, { minBytes: 1_024, maxBytes: 16 * MIB }),
    readable: z
      .array(absolutePath)
      .max(50)
      .default([])
      .meta({ description: 'More directories that commands may read, such as a toolchain in your home.' }),
  })
  .prefault({});

export type ShellOptions = z.output<typeof shellOptions>;

const hostPattern = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a host such as docs.example.org, or *.example.org for all below it, in lower case',
  );

/** `tools.fetch` in config.yaml: reading the web. */
export const fetchOptions = z
  .strictObject({
    allow: z
      .array(hostPattern)
      .max(500)
      .default([])
      .meta({ description: 'Hosts that may be read without asking; others need an answer of yours.' }),
    maxBytes: sizeOption(2 * MIB, { minBytes: 1_024, maxBytes: 32 * MIB }),
    timeout: durationOption(30_000, { minMs: 1_000, maxMs: 300_000 }),
  })
  .prefault({});

export type FetchOptions = z.output<typeof fetchOptions>;
