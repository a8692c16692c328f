import type { Usage } from '../core/agent.ts';
import { KairosError } from '../core/errors.ts';
import type { Block, ModelRequest } from './model.ts';
import { PRICE_LIST, type ListedPrice } from './price-list.ts';

export type CacheTtl = '5m' | '1h';

/** What the owner pays, in US dollars per million tokens. 0 and 0 for a model of one's own. */
export interface OwnPrice {
  readonly input: number;
  readonly output: number;
  /** Default as published: 1.25 times the input for five minutes, twice for an hour. */
  readonly cacheWrite?: number | undefined;
  /** Default: as much as other input. */
  readonly cacheRead?: number | undefined;
}

/** What decides about the price of a request. */
export interface Prices {
  /** `models.prices` of the configuration; goes before the list. */
  readonly own: Readonly<Record<string, OwnPrice>>;
  /** For how long prefixes are cached: decides what writing them costs. */
  readonly cacheTtl: CacheTtl;
}

/** `claude-haiku-4-5-20251001` is `claude-haiku-4-5` as of a day. */
const SNAPSHOT = /-20\d{6}$/;

/** A token of any of these models has hardly ever less than this many bytes of UTF-8; what is reserved for is more than is used. */
const BYTES_PER_TOKEN = 3;
/** What the API adds of its own: the instructions for tools (at most 530 tokens in its documentation) and each turn's frame. */
const OVERHEAD_TOKENS = 600;
const TURN_TOKENS = 8;

/** Whether its price is known. */
export function isPriced(model: string, prices: Prices): boolean {
  return priceOf(model, prices) !== undefined;
}

/**
 * What a request cost: whole micro-dollars, rounded up.
 *
 * @throws {KairosError} `MODEL_UNKNOWN` when nobody knows its price.
 */
export function costMicroUsd(model: string, usage: Usage, prices: Prices): number {
  const { inputTokens, cacheWriteTokens, cacheReadTokens, outputTokens } = usage;
  const promptTokens = inputTokens + cacheWriteTokens + cacheReadTokens;
  const { bands } = requirePrice(model, prices);
  const rates = bands.find(({ promptTokensMax = Infinity }) => promptTokens <= promptTokensMax) ?? bands.at(-1);
  if (rates === undefined) return 0;
  const write = prices.cacheTtl === '1h' ? rates.cacheWrite1h : rates.cacheWrite5m;
  // A dollar per million tokens is a micro-dollar a token. In whole millionths of that, so that nothing is lost to fractions.
  const millionths =
    inputTokens * millionthsOf(rates.input) +
    cacheWriteTokens * millionthsOf(write) +
    cacheReadTokens * millionthsOf(rates.cacheRead) +
    outputTokens * millionthsOf(rates.output);
  return Math.ceil(millionths / 1_000_000);
}

/**
 * The most a request will cost: all of its input as if it were written to the cache, all the output it may have.
 *
 * @throws {KairosError} `MODEL_UNKNOWN`
 */
export function reserveMicroUsd(request: ModelRequest, prices: Prices): number {
  return costMicroUsd(request.model, worstUsage(request, request.outputTokensMax), prices);
}

/** The usage a request may come to, with so much output. All the input counts as written to the cache. */
export function worstUsage(request: ModelRequest, outputTokens: number): Usage {
  return { inputTokens: 0, cacheWriteTokens: estimateInputTokens(request), cacheReadTokens: 0, outputTokens };
}

/**
 * How much output a request can have for so much money.
 *
 * @returns 0 when not even its input is affordable.
 */
export function affordableOutputTokens(request: ModelRequest, microUsd: number, prices: Prices): number {
  const inputMicroUsd = costMicroUsd(request.model, worstUsage(request, 0), prices);
  const millionMicroUsd = costMicroUsd(request.model, worstUsage(request, 1_000_000), prices) - inputMicroUsd;
  const leftMicroUsd = microUsd - inputMicroUsd;
  if (leftMicroUsd < 0) return 0;
  if (millionMicroUsd === 0) return request.outputTokensMax;
  return Math.min(request.outputTokensMax, Math.floor((leftMicroUsd * 1_000_000) / millionMicroUsd));
}

/** An upper estimate from the length of what is sent: cheap, and never asks the API. */
export function estimateInputTokens({ system, tools, turns }: ModelRequest): number {
  let bytes = Buffer.byteLength(system);
  for (const tool of tools) {
    bytes += Buffer.byteLength(tool.name) + Buffer.byteLength(tool.description) + jsonBytes(tool.inputSchema);
  }
  for (const { blocks } of turns) for (const block of blocks) bytes += bytesOf(block);
  return Math.ceil(bytes / BYTES_PER_TOKEN) + OVERHEAD_TOKENS + TURN_TOKENS * turns.length;
}

/** The same for what was written. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

function bytesOf(block: Block): number {
  switch (block.kind) {
    case 'text':
      return Buffer.byteLength(block.text);
    case 'tool-use':
      return block.id.length + block.name.length + jsonBytes(block.input);
    case 'tool-result':
      return block.id.length + Buffer.byteLength(block.text);
    default:
      return jsonBytes(block.block);
  }
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

function requirePrice(model: string, prices: Prices): ListedPrice {
  const price = priceOf(model, prices);
  if (price !== undefined) return price;
  const message = `the price of the model ${JSON.stringify(model)} is not known; expected it under models.prices, such as { input: 0, output: 0 }`;
  throw new KairosError('MODEL_UNKNOWN', message, { model });
}

function priceOf(model: string, { own }: Prices): ListedPrice | undefined {
  const bare = model.replace(SNAPSHOT, '');
  const mine = ownEntry(own, model) ?? ownEntry(own, bare);
  if (mine === undefined) return ownEntry(PRICE_LIST, bare);
  const { input, output, cacheWrite, cacheRead = input } = mine;
  const writes = { cacheWrite5m: cacheWrite ?? input * 1.25, cacheWrite1h: cacheWrite ?? input * 2 };
  return { bands: [{ input, output, cacheRead, ...writes }] };
}

/** Not what an object has from its prototype: a model may be called anything. */
function ownEntry<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function millionthsOf(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1_000_000);
}
