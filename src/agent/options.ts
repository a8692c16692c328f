import { z } from 'zod';
import type { CacheTtl, OwnPrice } from './prices.ts';

/** What a model is used for: `lead` talks and decides, `worker` does delegated work, `fast` judges small things. */
export type Role = 'lead' | 'worker' | 'fast';

/** The `models:` section, read. */
export interface ModelsOptions {
  readonly lead: string;
  readonly worker: string;
  readonly fast: string;
  /** Asked instead when the API has been overloaded three times in a row. */
  readonly fallback: string | undefined;
  readonly prices: Readonly<Record<string, OwnPrice>>;
  /** The most a reply may hold, thinking included. */
  readonly outputTokens: Readonly<Record<Role, number>>;
  readonly cacheTtl: CacheTtl;
}

const name = (byDefault: string, purpose: string) =>
  z
    .string()
    .regex(/^\S{1,200}$/, 'must be the name of a model without spaces, such as claude-opus-5-5 or qwen3-coder:30b')
    .default(byDefault)
    .meta({ description: purpose });

const usd = (description: string) => z.number().min(0).max(10_000).meta({ description });

const price = z
  .strictObject({
    input: usd('Input.'),
    output: usd('Output.'),
    cacheWrite: usd('Writing to the prompt cache. Default: 1.25 times the input for 5m, twice for 1h.').optional(),
    cacheRead: usd('Reading from it. Default: as input.').optional(),
  })
  .meta({ description: 'US dollars per million tokens; 0 for a model of your own.' });

const tokens = (byDefault: number, description: string) =>
  z.int().min(256).max(128_000).default(byDefault).meta({ description });

/** Schema of `models:`; defaults are those of the public surface. */
export const modelsOptions = z
  .strictObject({
    lead: name('claude-opus-5-5', 'Talks with you and decides.'),
    worker: name('claude-sonnet-5-5', 'Does delegated work.'),
    fast: name('claude-haiku-5-5', 'Judges small things, such as whether a call is harmless.'),
    fallback: z
      .string()
      .regex(/^\S{1,200}$/, 'must be the name of a model without spaces')
      .optional()
      .meta({ description: 'Asked instead while the API says that it is overloaded. Default: none.' }),
    prices: z
      .record(z.string().min(1).max(200), price)
      .default({})
      .meta({ description: 'Prices by model, before the published ones. A model without a price is refused.' }),
    outputTokens: z
      .strictObject({
        lead: tokens(16_000, 'Tokens a reply of the lead may have, thinking included.'),
        worker: tokens(16_000, 'The same for workers.'),
        fast: tokens(2_000, 'The same for the fast model.'),
      })
      .prefault({}),
    cacheTtl: z
      .enum(['5m', '1h'])
      .default('5m')
      .meta({ description: 'How long the API keeps prompts. 1h costs more to write and pays from wake to wake.' }),
  })
  .prefault({})
  .transform((section): ModelsOptions => ({ ...section, fallback: section.fallback }));

/** Whether there is a model at all: without one the daemon works by its rules alone, and nothing costs anything. */
export function isModelOn(secretOf: (name: string) => string | undefined): boolean {
  return [secretOf('ANTHROPIC_API_KEY'), secretOf('ANTHROPIC_BASE_URL')].some((value) => (value ?? '') !== '');
}
