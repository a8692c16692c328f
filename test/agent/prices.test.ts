import { describe, expect, test } from 'vitest';
import type { Usage } from '../../src/core/agent.ts';
import { modelsOptions, isModelOn } from '../../src/agent/options.ts';
import { PRICE_LIST, PRICES_CHECKED, PRICES_SOURCE } from '../../src/agent/price-list.ts';
import {
  affordableOutputTokens,
  costMicroUsd,
  estimateInputTokens,
  isPriced,
  reserveMicroUsd,
  type Prices,
} from '../../src/agent/prices.ts';
import { request } from './make-model.ts';

const PRICES: Prices = { own: {}, cacheTtl: '5m' };
const usage = (given: Partial<Usage> = {}): Usage => ({
  inputTokens: 0,
  outputTokens: 0,
  cacheWriteTokens: 0,
  cacheReadTokens: 0,
  ...given,
});
const MILLION = usage({ inputTokens: 1e6, outputTokens: 1e6, cacheWriteTokens: 1e6, cacheReadTokens: 1e6 });

describe('the list of prices', () => {
  test('says when and where it was read, and every price of it is above 0 and in order [MODEL-PRICES]', () => {
    expect(PRICES_CHECKED).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(PRICES_SOURCE).toMatch(/^https:/);
    for (const { bands } of Object.values(PRICE_LIST)) {
      expect(bands.at(-1)).not.toHaveProperty('promptTokensMax');
      for (const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } of bands) {
        expect(cacheRead).toBeGreaterThan(0);
        expect([cacheRead, input, cacheWrite5m, cacheWrite1h, output]).toEqual(
          [cacheRead, input, cacheWrite5m, cacheWrite1h, output].toSorted((a, b) => a - b),
        );
      }
    }
  });

  test.each([
    ['claude-opus-5-5', 4 + 20 + 5 + 0.2],
    ['claude-sonnet-5-5', 2 + 10 + 2.5 + 0.1],
    ['claude-fable-5-1', 10 + 50 + 12.5 + 0.25],
    ['claude-opus-5', 5 + 25 + 6.25 + 0.5],
    ['claude-haiku-4-5-20251001', 1 + 5 + 1.25 + 0.1],
  ])('a million of each kind of token of %s costs %d dollars [MODEL-PRICES]', (model, dollars) => {
    expect(costMicroUsd(model, MILLION, PRICES)).toBe(Math.round(dollars * 1e6));
  });

  test('the price of a long prompt holds for all of it, output included [MODEL-PRICES]', () => {
    const cost = (tokens: number) =>
      costMicroUsd('claude-haiku-5-5', usage({ cacheReadTokens: tokens, outputTokens: 1_000 }), PRICES);
    expect(cost(100_000)).toBe(1_000 + 500);
    expect(cost(100_001)).toBe(5_001 + 2_500);
  });

  test('an hour in the cache costs more to write', () => {
    const write = usage({ cacheWriteTokens: 1e6 });
    expect(costMicroUsd('claude-opus-5-5', write, { ...PRICES, cacheTtl: '1h' })).toBe(8_000_000);
  });

  test('a fraction of a micro-dollar is a whole one, and three tenths are not one too many', () => {
    expect(costMicroUsd('claude-haiku-5-5', usage({ inputTokens: 1 }), PRICES)).toBe(1);
    expect(costMicroUsd('claude-haiku-5-5', usage({ inputTokens: 30 }), PRICES)).toBe(3);
  });

  test.each(['qwen3-coder:30b', 'claude-opus-9', 'constructor', '__proto__', ''])(
    'the model %j is unknown, which is an error, never free [MODEL-PRICES]',
    (model) => {
      expect(isPriced(model, PRICES)).toBe(false);
      expect(() => costMicroUsd(model, MILLION, PRICES)).toThrow(expect.objectContaining({ code: 'MODEL_UNKNOWN' }));
    },
  );

  test('the owner may name a price, 0 for a model at home', () => {
    const own = {
      'qwen3-coder:30b': { input: 0, output: 0 },
      'claude-opus-5-5': { input: 1, output: 2, cacheWrite: 3 },
    };
    expect(costMicroUsd('qwen3-coder:30b', MILLION, { own, cacheTtl: '1h' })).toBe(0);
    expect(costMicroUsd('claude-opus-5-5', MILLION, { own, cacheTtl: '1h' })).toBe((1 + 2 + 3 + 1) * 1e6);
  });
});

describe('what is reserved', () => {
  const long = request({
    system: 'ä'.repeat(30_000),
    tools: [{ name: 'a', description: 'b'.repeat(3_000), inputSchema: { type: 'object' } }],
    turns: [{ role: 'user', blocks: [{ kind: 'tool-result', id: 't', text: 'c'.repeat(30_000), isError: false }] }],
  });

  test('is the whole input at the price of writing the cache, and all the output [MONEY-RESERVE]', () => {
    const tokens = estimateInputTokens(long);
    expect(tokens).toBeGreaterThan((60_000 + 3_000 + 30_000) / 3);
    expect(reserveMicroUsd(long, PRICES)).toBe(tokens * 5 + 1_000 * 20);
  });

  test('can be made to fit by a shorter reply, to the token', () => {
    const whole = reserveMicroUsd(long, PRICES);
    expect(affordableOutputTokens(long, whole, PRICES)).toBe(1_000);
    const fitting = affordableOutputTokens(long, whole - 10_001, PRICES);
    expect(reserveMicroUsd({ ...long, outputTokensMax: fitting }, PRICES)).toBeLessThanOrEqual(whole - 10_001);
    expect(fitting).toBe(499);
    expect(affordableOutputTokens(long, 100, PRICES)).toBe(0);
  });

  test('is found in under a millisecond for a long conversation', () => {
    const turns = Array.from({ length: 200 }, () => ({
      role: 'user' as const,
      blocks: [{ kind: 'text' as const, text: 'x'.repeat(2_000) }],
    }));
    expect(estimateInputTokens(request({ turns }))).toBeGreaterThan(130_000);
  });
});

describe('models:', () => {
  test('defaults are those of the contract', () => {
    expect(modelsOptions.parse(undefined)).toEqual({
      lead: 'claude-opus-5-5',
      worker: 'claude-sonnet-5-5',
      fast: 'claude-haiku-5-5',
      fallback: undefined,
      prices: {},
      outputTokens: { lead: 16_000, worker: 16_000, fast: 2_000 },
      cacheTtl: '5m',
    });
  });

  test.each([
    [{ lead: '' }, 'lead'],
    [{ lead: 'a b' }, 'lead'],
    [{ leed: 'a' }, ''],
    [{ prices: { a: { input: -1, output: 0 } } }, 'prices.a.input'],
    [{ prices: { a: { input: 1 } } }, 'prices.a.output'],
    [{ cacheTtl: '10m' }, 'cacheTtl'],
    [{ outputTokens: { lead: 10 } }, 'outputTokens.lead'],
  ])('%j is refused at its place', (section, path) => {
    const result = modelsOptions.safeParse(section);
    expect(result.error?.issues[0]?.path.join('.')).toBe(path);
  });

  test('there is a model when there is a key or an address', () => {
    const on = (env: Record<string, string>) => isModelOn((name) => env[name]);
    expect(on({})).toBe(false);
    expect(on({ ANTHROPIC_API_KEY: '' })).toBe(false);
    expect(on({ ANTHROPIC_API_KEY: 'k' })).toBe(true);
    expect(on({ ANTHROPIC_BASE_URL: 'http://localhost:11434' })).toBe(true);
  });
});
