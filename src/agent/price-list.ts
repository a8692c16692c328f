/** US dollars per million tokens. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
}

export interface ListedPrice {
  /** By length of the prompt (input, cache writes and reads together), shortest first; the last one has no bound. */
  readonly bands: readonly (Rates & { readonly promptTokensMax?: number })[];
  /** Where it was read, when not on the page below. */
  readonly source?: string;
}

/** When the list was last compared with its source. */
export const PRICES_CHECKED = '2026-11-22';
export const PRICES_SOURCE = 'https://platform.claude.com/docs/en/about-claude/pricing';

/**
 * What the published models cost, standard speed, one region. A model that is not here is an error, never free: its price
 * goes under `models.prices`. A price that changes is changed here, with the date above.
 */
export const PRICE_LIST: Readonly<Record<string, ListedPrice>> = {
  // The page was not at hand for this one; the provider's resellers quote it as the list price of November 2026.
  'claude-fable-5-2': {
    ...flat(8, 40, { write5m: 10, write1h: 16, read: 0.2 }),
    source: 'https://docs.laozhang.ai/en/announcements/claude-fable-5-2-2026-11.md',
  },
  'claude-fable-5-1': flat(10, 50, { write5m: 12.5, write1h: 20, read: 0.25 }),
  'claude-mythos-5-1': flat(10, 50, { write5m: 12.5, write1h: 20, read: 0.25 }),
  'claude-fable-5': flat(10, 50, { write5m: 12.5, write1h: 20, read: 1 }),
  'claude-mythos-5': flat(10, 50, { write5m: 12.5, write1h: 20, read: 1 }),
  'claude-opus-5-5': {
    ...flat(4, 20, { write5m: 5, write1h: 8, read: 0.2 }),
    source: 'https://platform.claude.com/docs/en/models/opus-5-5/overview',
  },
  'claude-opus-5': flat(5, 25, { write5m: 6.25, write1h: 10, read: 0.5 }),
  'claude-opus-4-8': flat(5, 25, { write5m: 6.25, write1h: 10, read: 0.5 }),
  'claude-opus-4-7': flat(5, 25, { write5m: 6.25, write1h: 10, read: 0.5 }),
  'claude-opus-4-6': flat(5, 25, { write5m: 6.25, write1h: 10, read: 0.5 }),
  'claude-opus-4-5': flat(5, 25, { write5m: 6.25, write1h: 10, read: 0.5 }),
  // Reading the cache costs half of what it did since 2026-10-07.
  'claude-sonnet-5-5': {
    ...flat(2, 10, { write5m: 2.5, write1h: 4, read: 0.1 }),
    source: 'https://platform.claude.com/docs/en/models/sonnet-5-5/overview',
  },
  'claude-sonnet-5': flat(2, 10, { write5m: 2.5, write1h: 4, read: 0.2 }),
  'claude-sonnet-4-6': flat(3, 15, { write5m: 3.75, write1h: 6, read: 0.3 }),
  'claude-sonnet-4-5': flat(3, 15, { write5m: 3.75, write1h: 6, read: 0.3 }),
  'claude-haiku-5-5': {
    bands: [
      {
        promptTokensMax: 100_000,
        input: 0.1,
        output: 0.5,
        cacheWrite5m: 0.125,
        cacheWrite1h: 0.2,
        cacheRead: 0.01,
      },
      { input: 0.5, output: 2.5, cacheWrite5m: 0.625, cacheWrite1h: 1, cacheRead: 0.05 },
    ],
    source: 'https://platform.claude.com/docs/en/models/haiku-5-5/overview',
  },
  'claude-haiku-4-5': flat(1, 5, { write5m: 1.25, write1h: 2, read: 0.1 }),
};

interface CacheRates {
  readonly write5m: number;
  readonly write1h: number;
  readonly read: number;
}

function flat(input: number, output: number, { write5m, write1h, read }: CacheRates): ListedPrice {
  return { bands: [{ input, output, cacheWrite5m: write5m, cacheWrite1h: write1h, cacheRead: read }] };
}
