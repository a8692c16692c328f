import type { Json, Usage } from '../core/agent.ts';
import type { Block, ModelDelta, ModelReply } from './model.ts';
import { estimateTokens } from './prices.ts';

type Loose = Readonly<Record<string, unknown>>;

/** A reply as it comes together. Believes nothing about what a server sends: what is missing or strange is made up for. */
export interface Assembly {
  /** The next event of the stream. */
  take(event: unknown): void;
  /** The model has said that it is done; what breaks afterwards changes nothing. */
  readonly finished: boolean;
  /** Whether anything came at all. */
  readonly begun: boolean;
  /** @param inputTokens What the request was estimated to hold, for servers that don't count. */
  reply(requestId: string | null, inputTokens: number): ModelReply;
  /** What had been said when it broke: text only. Calls that were never run and thinking without its end can't be sent back. */
  partial(): Block[];
  /** As far as it was counted, output estimated upwards from what came. */
  usage(inputTokens: number): Usage;
}

interface Growing {
  readonly start: Loose;
  text: string;
  thinking: string;
  signature: string;
  json: string;
}

/** Counters of the API; undefined until one is told. */
interface Counted {
  input: number | undefined;
  output: number | undefined;
  cacheWrite: number | undefined;
  cacheRead: number | undefined;
}

/**
 * @param model The name the request was sent to: its opaque blocks are marked with it.
 */
export function startAssembly(model: string, onDelta: (delta: ModelDelta) => void): Assembly {
  const growing = new Map<number, Growing>();
  const counted: Counted = { input: undefined, output: undefined, cacheWrite: undefined, cacheRead: undefined };
  let answeredBy = model;
  let stop: string | undefined;
  let finished = false;
  let begun = false;

  const blockAt = (index: unknown, start: Loose = {}): Growing => {
    const key = typeof index === 'number' ? index : growing.size;
    const known = growing.get(key);
    if (known !== undefined) return known;
    const signature = textOf(start['signature']);
    const fresh = { start, text: textOf(start['text']), thinking: textOf(start['thinking']), signature, json: '' };
    growing.set(key, fresh);
    return fresh;
  };
  const take = (given: unknown): void => {
    const event = objectOf(given);
    begun = true;
    switch (event['type']) {
      case 'message_start': {
        const message = objectOf(event['message']);
        answeredBy = textOf(message['model']) || model;
        count(counted, message['usage']);
        return;
      }
      case 'content_block_start': {
        const { start, text } = blockAt(event['index'], objectOf(event['content_block']));
        if (start['type'] === 'tool_use') onDelta({ kind: 'tool', name: textOf(start['name']) });
        if (text !== '') onDelta({ kind: 'text', text });
        return;
      }
      case 'content_block_delta': {
        const said = grow(event['index'], objectOf(event['delta']), blockAt);
        if (said !== '') onDelta({ kind: 'text', text: said });
        return;
      }
      case 'message_delta':
        stop = textOf(objectOf(event['delta'])['stop_reason']) || stop;
        count(counted, event['usage']);
        return;
      case 'message_stop':
        finished = true;
        return;
    }
  };
  const parts = (): Growing[] => [...growing].toSorted(([a], [b]) => a - b).map(([, part]) => part);
  const usage = (inputTokens: number): Usage =>
    toUsage(counted, parts(), { inputTokens, finished: finished || stop !== undefined });

  return {
    take,
    get finished() {
      return finished || stop !== undefined;
    },
    get begun() {
      return begun;
    },
    reply(requestId, inputTokens) {
      const blocks = parts().flatMap((part) => toBlock(part, model, stop));
      return { blocks, stop: stopOf(stop, blocks), usage: usage(inputTokens), model: answeredBy, requestId };
    },
    partial: () => parts().flatMap(({ text }): Block[] => (text.trim() === '' ? [] : [{ kind: 'text', text }])),
    usage,
  };
}

/** @returns The text that was added, if it was text. */
function grow(index: unknown, delta: Loose, blockAt: (index: unknown, start?: Loose) => Growing): string {
  switch (delta['type']) {
    case 'text_delta':
      blockAt(index, { type: 'text' }).text += textOf(delta['text']);
      return textOf(delta['text']);
    case 'thinking_delta':
      blockAt(index, { type: 'thinking' }).thinking += textOf(delta['thinking']);
      return '';
    case 'signature_delta':
      blockAt(index, { type: 'thinking' }).signature += textOf(delta['signature']);
      return '';
    case 'input_json_delta':
      blockAt(index).json += textOf(delta['partial_json']);
      return '';
    default:
      return '';
  }
}

function toBlock(
  { start, text, thinking, signature, json }: Growing,
  model: string,
  stop: string | undefined,
): Block[] {
  switch (start['type']) {
    case 'text':
      return text === '' ? [] : [{ kind: 'text', text }];
    case 'thinking':
      return [{ kind: 'opaque', model, block: { ...(start as Record<string, Json>), thinking, signature } }];
    case 'tool_use': {
      const input = inputOf(json, start['input']);
      // Cut off by the limit of the reply: what it was to be is not known, so it must not run.
      if (input === undefined && stop === 'max_tokens') return [];
      const invalid = { invalid_json: json.slice(0, 1_000) };
      return [{ kind: 'tool-use', id: textOf(start['id']), name: textOf(start['name']), input: input ?? invalid }];
    }
    default:
      return [{ kind: 'opaque', model, block: start as Record<string, Json> }];
  }
}

/** @returns undefined when it is not an object of JSON. */
function inputOf(json: string, given: unknown): Json | undefined {
  if (json.trim() === '') return objectOf(given) as Record<string, Json>;
  try {
    const parsed: unknown = JSON.parse(json);
    return isObject(parsed) ? (parsed as Record<string, Json>) : undefined;
  } catch {
    return undefined;
  }
}

/** What no one has listed counts as an end, and a reply with calls in it asks for them whatever it says. */
function stopOf(stop: string | undefined, blocks: readonly Block[]): ModelReply['stop'] {
  switch (stop) {
    case 'max_tokens':
      return 'length';
    case 'pause_turn':
      return 'pause';
    case 'refusal':
      return 'refusal';
    case 'model_context_window_exceeded':
      return 'too-long';
    default:
      return blocks.some(({ kind }) => kind === 'tool-use') ? 'tool-use' : 'end';
  }
}

/** Later numbers replace earlier ones (they are totals); with `iterations` the request is their sum. */
function count(counted: Counted, given: unknown): void {
  const usage = objectOf(given);
  const iterations = Array.isArray(usage['iterations']) ? usage['iterations'].map(objectOf) : [];
  const of = (key: string): number | undefined => {
    if (iterations.length === 0) return countOf(usage[key]);
    return iterations.reduce((sum, iteration) => sum + (countOf(iteration[key]) ?? 0), 0);
  };
  counted.input = of('input_tokens') ?? counted.input;
  counted.output = of('output_tokens') ?? counted.output;
  counted.cacheWrite = of('cache_creation_input_tokens') ?? counted.cacheWrite;
  counted.cacheRead = of('cache_read_input_tokens') ?? counted.cacheRead;
}

interface Known {
  readonly inputTokens: number;
  readonly finished: boolean;
}

/** A stream that broke was counted at its start only: what came since is estimated. */
function toUsage(counted: Counted, parts: readonly Growing[], { inputTokens, finished }: Known): Usage {
  const { input, output, cacheWrite = 0, cacheRead = 0 } = counted;
  const cameTokens = estimateTokens(parts.reduce((sum, part) => sum + bytesOf(part), 0));
  return {
    inputTokens: input ?? inputTokens,
    outputTokens: finished ? (output ?? cameTokens) : Math.max(output ?? 0, cameTokens),
    cacheWriteTokens: cacheWrite,
    cacheReadTokens: cacheRead,
  };
}

function bytesOf({ text, thinking, signature, json }: Growing): number {
  return Buffer.byteLength(text) + Buffer.byteLength(thinking) + signature.length + Buffer.byteLength(json);
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.ceil(value) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Loose {
  return isObject(value) ? value : {};
}
